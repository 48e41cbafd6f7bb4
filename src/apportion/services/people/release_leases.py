"""Release the leases of a user who leaves a workspace, or the server."""

from __future__ import annotations

from apportion.domain.assignment.queue import release
from apportion.ports.store import Transaction

__all__ = ["release_leases"]


def release_leases(tx: Transaction, username: str, workspace: str | None = None) -> int:
    """Release all leases of a user, in one workspace or in all; return how many.

    Slots assigned to them stay theirs and pending, where a rebalance finds them and reassigns them.
    """
    held = set(tx.assignments.datasets_held(username))
    if not held:
        return 0
    freed = 0
    for dataset in tx.datasets.list(None if workspace is None else [workspace]):
        if dataset.no not in held:
            continue
        changed = []
        for slot in tx.assignments.leased(dataset, username):
            after = release(slot, slot.lease.token) if slot.lease is not None else None
            if after is not None:
                changed.append((slot, after))
        tx.assignments.save(dataset, changed)
        freed += len(changed)
    return freed
