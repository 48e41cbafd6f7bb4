"""What a clock that jumps would end too early or too late goes along with it: leases, and what lies in the trash."""

from __future__ import annotations

from apportion.ports.store import Transaction

__all__ = ["downtime", "shift_deadlines"]


def shift_deadlines(tx: Transaction, jump: int) -> None:
    """Whatever has some time left has as much of it after a clock was set ahead by ``jump`` microseconds."""
    tx.assignments.postpone_leases(jump)
    tx.datasets.postpone_purges(jump)


def downtime(tx: Transaction, *, last: int | None, now: int, least: int) -> int:
    """How long no server ran, if that was longer than ``least``: deleted datasets are kept that much longer.

    ``last`` is when one last ran; where that is unknown, when something was last written. While no server runs nobody
    can bring anything back; and a clock that was wrong when the server started looks the same.
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
