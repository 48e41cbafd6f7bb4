"""Long operations: work in bounded steps, each a transaction of its own, so that nobody who annotates waits for long.

There is one protocol, ``LongOperation``, and one runner, ``run_operation``. What a stop of the server leaves half done
is found and finished by ``background/recovery.py``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from apportion.domain.errors import StoreUnavailableError
from apportion.ports.store import Store, Transaction

__all__ = ["LongOperation", "OperationStoppedError", "Step", "run_operation"]

log = logging.getLogger("apportion.operations")
T = TypeVar("T")
Step = Callable[[Transaction], object]


class OperationStoppedError(Exception):
    """The server is about to stop, and the operation with it."""


class LongOperation(Protocol):
    """Work that takes more than one transaction.

    Each step writes what is done so far, so that a stop after any of them loses nothing: what it leaves is invisible
    and deleted, or visible and finished, by the next start. A step may run twice if the transaction it shared was
    lost; it has no effects outside but those that a second run replaces.
    """

    @property
    def name(self) -> str:
        """Return the name of the operation, for the log."""
        ...

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        ...

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed: they undo, or leave the rest to a job."""
        ...


def run_operation(
    store: Store,
    operation: LongOperation,
    *,
    checkpoint: Callable[[], None] = lambda: None,
    count: Callable[[float], None] = lambda _: None,
    cleanup: Store | None = None,
) -> None:
    """Run an operation to its end, in this thread; after a failure, give it up and raise what failed.

    ``checkpoint`` is called before every step and raises ``OperationStoppedError`` to stop: giving up may take long,
    and is left to the next start. ``count`` is called after every step with the seconds that it computed, in the
    thread that writes. A ``store`` that checks rights ends the operation with them; ``cleanup`` is then the
    store without checks, as what was begun has to be given up in any case.

    Where this server lost its proof that it is alive, another one gives the operation up, or finishes it.
    """
    owner = store.server
    if not owner:
        raise StoreUnavailableError
    steps = operation.steps()
    try:
        for step in steps:
            checkpoint()
            count(store.write(partial(_as_owner, store, owner, step)).result())
    except BaseException as failure:
        close = getattr(steps, "close", None)
        if close is not None:
            close()  # ends a snapshot that the steps read from
        if isinstance(failure, OperationStoppedError) or store.server != owner:
            raise
        try:
            for step in operation.give_up():
                (cleanup or store).write(step).result()
        except Exception:
            log.exception("couldn't give up %s; the next start does it", operation.name)
        raise


def _as_owner(store: Store, owner: int, step: Step, tx: Transaction) -> float:
    """Run a step; return the seconds that it computed."""
    if store.server != owner:
        raise StoreUnavailableError
    began = time.thread_time()
    step(tx)
    return time.thread_time() - began
