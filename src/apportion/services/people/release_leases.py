"""Somebody leaves, for good or a workspace: what lay open before them is free again."""

from __future__ import annotations

from apportion.domain.assignment.queue import release
from apportion.ports.store import Transaction

__all__ = ["release_leases"]


def release_leases(tx: Transaction, username: str, workspace: str | None = None) -> int:
    """Give back all leases somebody has, in one workspace or in all; how many.

    What was planned for them stays theirs and pending, where a rebalance finds it and hands it on.
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
