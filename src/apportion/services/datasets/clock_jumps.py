"""Shift deadlines by the jump of a clock: those of leases, and of deleted datasets that wait to be purged."""

from __future__ import annotations

from apportion.ports.store import Transaction

__all__ = ["downtime", "shift_deadlines"]


def shift_deadlines(tx: Transaction, jump: int) -> None:
    """Postpone leases and purges by ``jump`` microseconds, so that a clock set ahead leaves them the same time."""
    tx.assignments.postpone_leases(jump)
    tx.datasets.postpone_purges(jump)


def downtime(tx: Transaction, *, last: int | None, now: int, least: int) -> int:
    """Postpone purges by the time that no server ran, if it was longer than ``least``; return it, else 0.

    ``last`` is when one last ran; where that is unknown, when something was last written. While no server runs nobody
    can restore anything; and a clock that was wrong when the server started looks the same. Microseconds.
    """
    trash = [each.at for each in tx.datasets.deleted()]
    if not trash:
        return 0
    if last is None:
        last = max(*trash, *(each.last_updated for each in tx.datasets.list()), 0)
    away = now - last
    if abs(away) <= least:
        return 0
    tx.datasets.postpone_purges(away)
    return away
