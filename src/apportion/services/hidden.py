"""A dataset while it is being made, some records to a transaction: nobody sees it before it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from apportion.domain.datasets import Dataset
from apportion.domain.errors import EntityAlreadyExistsError
from apportion.ports.store import Store, Work

from .acting import unchecked
from .trash import purge_some

__all__ = ["check_free", "gone_unless_whole", "show"]


def check_free(work: Work, workspace: str, name: str, type: str = "Dataset") -> None:
    """Refuse a name that another dataset of the workspace has; ``type`` is what clients of 1.x expect it called."""
    if work.datasets.find(workspace, name) is not None:
        raise EntityAlreadyExistsError(name, type, workspace)


def show(work: Work, target: Dataset) -> Dataset:
    """Let everybody see it, unless somebody took the name meanwhile."""
    check_free(work, target.workspace, target.name)
    return work.datasets.restore(target, name=target.name)


@contextlib.contextmanager
def gone_unless_whole(store: Store, begin: Callable[[Work], Dataset]) -> Iterator[Dataset]:
    """A hidden dataset to put records in. It is removed again if that breaks off, by the next start if need be.

    To be used from a thread of its own; whoever has filled it calls ``show`` in a last transaction.
    """
    target = store.write(begin).result()
    try:
        yield target
    except BaseException:
        with contextlib.suppress(Exception):  # else the next start does it
            while not unchecked(store).write(lambda work: purge_some(work, target.no)).result():
                pass
        raise
