"""Fill a dataset some records to a transaction, hidden from everybody until it is complete."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from apportion.domain.datasets import Dataset
from apportion.domain.errors import EntityAlreadyExistsError
from apportion.ports.store import Store, Transaction
from apportion.services.people.acting import unchecked

from .trash import purge_some

__all__ = ["check_free", "publish", "staged_dataset"]


def check_free(tx: Transaction, workspace: str, name: str, type: str = "Dataset") -> None:
    """Refuse a name that another dataset of the workspace has; ``type`` is what clients of 1.x expect it called."""
    if tx.datasets.find(workspace, name) is not None:
        raise EntityAlreadyExistsError(name, type, workspace)


def publish(tx: Transaction, target: Dataset) -> Dataset:
    """Make a hidden dataset visible; refused where its name was taken meanwhile."""
    check_free(tx, target.workspace, target.name)
    return tx.datasets.restore(target, name=target.name)


@contextlib.contextmanager
def staged_dataset(store: Store, begin: Callable[[Transaction], Dataset]) -> Iterator[Dataset]:
    """Create a hidden dataset to fill. It is removed if filling fails, by the next start if need be.

    To be used from a thread of its own; the caller calls ``publish`` in a last transaction.
    """
    target = store.write(begin).result()
    try:
        yield target
    except BaseException:
        with contextlib.suppress(Exception):  # else the next start does it
            while not unchecked(store).write(lambda tx: purge_some(tx, target.no)).result():
                pass
        raise
