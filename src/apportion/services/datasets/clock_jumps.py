"""Shift deadlines by the jump of a clock: those of leases, and of deleted datasets that wait to be purged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from apportion.domain.datasets import Dataset
from apportion.ports.store import Transaction

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = ["DeadlineShift", "postpone_by_downtime"]


class DeadlineShift:
    """Shift all leases and purges, one dataset to a transaction, so that a clock set ahead leaves them the same time.

    What was shifted before one of them failed is not shifted again when the rest is tried.
    """

    def __init__(self) -> None:
        self._leases: dict[int, int] = {}
        self._purges: dict[int, int] = {}
        """By the number of a dataset, the microseconds by which its deadlines were shifted."""

    def run(self, store: Store, jump: int) -> None:
        """Shift by ``jump`` microseconds."""
        with store.read() as tx:
            leased, deleted = (
                tx.assignments.leased_datasets(),
                [each.dataset for each in tx.datasets.deleted()],
            )
        for no in leased:
            by = jump - self._leases.get(no, 0)
            store.write(partial(_postpone_leases, no, by)).result()
            self._leases[no] = jump
        for dataset in deleted:
            by = jump - self._purges.get(dataset.no, 0)
            store.write(partial(_postpone_purge, dataset, by)).result()
            self._purges[dataset.no] = jump
        self._leases.clear()
        self._purges.clear()


def _postpone_leases(dataset: int, by: int, tx: Transaction) -> None:
    tx.assignments.postpone_leases(dataset, by)


def _postpone_purge(dataset: Dataset, by: int, tx: Transaction) -> None:
    tx.datasets.postpone_purge(dataset, by)


def postpone_by_downtime(store: Store, *, last: int | None, now: int, least: int) -> int:
    """Postpone purges by the time that no server ran, if it was longer than ``least``; return it, else 0.

    ``last`` is when one last ran; where that is unknown, when something was last written. While no server runs nobody
    can restore anything; and a clock that was wrong when the server started looks the same. Microseconds.
    """
    with store.read() as tx:
        trash, live = tx.datasets.deleted(), tx.datasets.list()
    if not trash:
        return 0
    if last is None:
        last = max(*(each.at for each in trash), *(each.last_updated for each in live), 0)
    away = now - last
    if abs(away) <= least:
        return 0
    for each in trash:
        store.write(partial(_postpone_purge, each.dataset, away)).result()
    return away
