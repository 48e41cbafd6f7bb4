"""Recover after a stop of the server: find every operation that it left half done, and finish it.

Whoever adds a long operation that a stop can leave half done registers here how its remains are found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from apportion.ports.security import Clock
from apportion.ports.store import Store, Transaction
from apportion.services.assignments.recover import unfinished_plans
from apportion.services.datasets.trash import unfinished_purges
from apportion.services.operations import LongOperation, OperationStoppedError, run_operation

from .worker import interrupted_jobs

__all__ = ["JOBS", "OTHERS", "recover", "unfinished_operations"]

log = logging.getLogger("apportion.operations")
Alive = Callable[[int], bool]
_FINDERS: Mapping[str, Callable[[Transaction, Clock, Alive], Sequence[LongOperation]]] = {
    "jobs": lambda tx, clock, alive: interrupted_jobs(tx, clock.now(), alive),
    "plans": lambda tx, _, alive: unfinished_plans(tx, alive),
    "datasets": lambda tx, _, alive: unfinished_purges(tx, alive),
}
"""By what a stop leaves half done: how to find the operations that finish it."""
JOBS = ("jobs",)
"""Has to be finished before the first job runs."""
OTHERS = tuple(name for name in _FINDERS if name not in JOBS)
"""May be finished while people work: nobody sees what is half done."""


def unfinished_operations(
    store: Store, clock: Clock, alive: Alive, what: Sequence[str] = tuple(_FINDERS)
) -> list[LongOperation]:
    """Return the operations that finish what servers left half done which are not ``alive`` any more."""
    with store.read() as tx:
        return [operation for name in what for operation in _FINDERS[name](tx, clock, alive)]


def recover(
    store: Store, operations: Sequence[LongOperation], checkpoint: Callable[[], None] = lambda: None
) -> None:
    """Run these operations one after the other; one that fails does not keep back the others."""
    for operation in operations:
        try:
            run_operation(store, operation, checkpoint=checkpoint)
        except OperationStoppedError:
            return
        except Exception:
            log.exception("couldn't %s; the next start tries again", operation.name)
