"""Read the audit log: everything for administrators, their workspaces' part of it for managers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.events import AUDIT_OF_WORKSPACE
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed, require
from apportion.domain.times import utc_iso
from apportion.ports.events import About, AuditedEvent, AuditFilter
from apportion.ports.store import Store, Transaction
from apportion.vocabulary import SERVER, EventCode

__all__ = ["begin_export", "count_audit", "export_audit", "last_event", "prune_some", "read_audit"]

PAGE = 1_000
PRUNED_AT_ONCE = 5_000
"""Events deleted in one transaction: few, so that nobody annotating waits long."""


def read_audit(
    tx: Transaction, actor: Actor, wanted: AuditFilter, *, below: int | None, limit: int
) -> Sequence[AuditedEvent]:
    """Return the events that match and that ``actor`` may read, newest first.

    The origin of requests is for administrators: managers get neither addresses nor ids of requests.
    """
    seen = _may_read(actor, wanted)
    found = tx.events.search(seen, below=below, limit=limit)
    if actor.is_admin:
        return found
    return [each._replace(address=None, request=None) for each in found]


def count_audit(tx: Transaction, actor: Actor, wanted: AuditFilter) -> int:
    """Return how many events match that ``actor`` may read."""
    return tx.events.count(_may_read(actor, wanted))


def _may_read(actor: Actor, wanted: AuditFilter) -> AuditFilter:
    """Return the filter limited to what ``actor`` may read."""
    if wanted.workspace is not None:
        require(actor, Action.SEE_AUDIT, wanted.workspace)
    if actor.is_admin:
        return wanted
    managed = [each for each in actor.workspaces if allowed(actor, Action.SEE_AUDIT, each)]
    if not managed:
        require(actor, Action.SEE_AUDIT)
    codes = AUDIT_OF_WORKSPACE if wanted.codes is None else AUDIT_OF_WORKSPACE & set(wanted.codes)
    return replace(wanted, codes=codes, workspaces=managed, with_requests=False)


def last_event(tx: Transaction) -> int:
    """Return the number of the newest event."""
    return tx.events.last()


def begin_export(tx: Transaction, actor: Actor, asked: Mapping[str, Any], *, now: int) -> None:
    """Log the event of an export of the log, before the first page is sent."""
    detail = {name: value for name, value in asked.items() if value not in (None, [])}
    about = About(workspace=asked.get("workspace"))
    tx.events.add(EventCode.EXPORTED_AUDIT_LOG, about, who=actor.username, at=now, detail=detail)


def export_audit(
    store: Store, actor: Actor, wanted: AuditFilter, *, upto: int
) -> Iterator[Sequence[AuditedEvent]]:
    """Yield pages of the events that match, newest first, from the one with the number ``upto`` down.

    Each page is read by itself, so that a slow reader keeps no snapshot open.
    """
    below = upto + 1
    while True:
        with store.read() as tx:
            page = read_audit(tx, actor, wanted, below=below, limit=PAGE)
        if not page:
            return
        yield page
        below = page[-1].no


def prune_some(tx: Transaction, *, before: int, now: int) -> bool:
    """Delete some of the events that are older than an instant, and log that; return False once there are none."""
    gone = tx.events.prune(before=before, limit=PRUNED_AT_ONCE)
    if gone:
        detail = {"events": gone, "before": utc_iso(before)}
        tx.events.add(EventCode.PRUNED_AUDIT_LOG, About(), who=SERVER, at=now, detail=detail)
    return gone == PRUNED_AT_ONCE
