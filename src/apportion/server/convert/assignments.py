"""Plans, slots, queue items and progress as replies show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from apportion.domain.assignment.states import RowState
from apportion.domain.sentences import WHY_EMPTY
from apportion.domain.times import utc_iso
from apportion.ports.assignments import SlotCount, SlotRow, StoredPlan
from apportion.server.convert.records_out import search_record
from apportion.services.insight.overview import DatasetOverview
from apportion.services.insight.progress import PersonProgress, Progress, WorkItem

if TYPE_CHECKING:
    from apportion.services.assignments.queue import Queue, QueueItem

__all__ = ["overview_json", "plan_json", "progress_json", "queue_json", "row_json", "work_json"]

_encode = msgspec.json.Encoder().encode


def plan_json(stored: StoredPlan, counts: list[SlotCount]) -> dict[str, Any]:
    """Return an applied plan as JSON, with its progress."""
    states: dict[str, int] = {str(state): 0 for state in RowState}
    people: dict[str, dict[str, int]] = {}
    for count in counts:
        if count.plan != stored.no:
            continue
        states[str(count.state)] += count.n
        own = people.setdefault(count.annotator or "", {str(state): 0 for state in RowState})
        own[str(count.state)] += count.n
    return {
        **stored.figures,
        "id": stored.id,
        "state": str(stored.phase),
        "created_by": stored.created_by,
        "created_at": utc_iso(stored.created_at),
        "changed_at": utc_iso(stored.changed_at),
        "progress": {**states, "annotators": {name: people[name] for name in sorted(people) if name}},
    }


def row_json(row: SlotRow) -> dict[str, Any]:
    """Return a slot as JSON, with the reason why it exists."""
    return {
        "plan": row.plan,
        "record": row.record,
        "annotator": row.annotator,
        "state": str(row.state),
        "rule": row.rule,
        "phase": str(row.phase),
        "reason": str(row.reason),
        "reason_code": row.reason.show(),
        "inclusion": row.inclusion,
        "lease_until": None if row.lease_until is None else utc_iso(row.lease_until),
        "note": row.why,
    }


def queue_json(queue: Queue) -> bytes:
    """Return a person's queue as JSON: each record as in a search, with its ``assignment``."""
    records = b",".join(_item(queue, item) for item in queue.items)
    more = {"left": queue.left, "dataset": queue.dataset.uuid}
    if queue.why_empty is not None:
        more |= {"why_empty": str(queue.why_empty), "why_empty_text": WHY_EMPTY[queue.why_empty]}
    return b'{"records":[%b],%b' % (records, _encode(more)[1:])


def _item(queue: Queue, item: QueueItem) -> bytes:
    record = search_record(item.row, queue.dataset.task, metrics=False)
    lease = item.slot.lease
    assignment = {
        "id": item.slot.record,  # always text, whatever the record's own member looks like
        "plan": None if item.why is None else item.why.plan,
        "lease_until": None if lease is None else utc_iso(lease.until),
        "token": None if lease is None else lease.token or None,
        "reason": None if item.why is None else str(item.why.reason),
        "version": item.version,
        "due": None if item.slot.due is None else utc_iso(item.slot.due),
    }
    return b'%b,"assignment":%b}' % (record[:-1], _encode(assignment))


def _person(person: PersonProgress) -> dict[str, Any]:
    return {
        "annotator": person.annotator,
        "assigned": person.assigned,
        "done": person.done,
        "drafts": person.drafts,
        "skipped": person.skipped,
        "seconds": round(person.seconds, 3),
        "last_active": None if person.last_active is None else utc_iso(person.last_active),
        "finish_at": None if person.finish_at is None else utc_iso(person.finish_at),
        "median_seconds": person.median_seconds,
    }


def progress_json(found: Progress) -> dict[str, Any]:
    """Return a dataset's progress as JSON."""
    return {
        "annotators": [_person(each) for each in found.annotators],
        "records": found.records,
        "complete": found.complete,
        "in_conflict": found.in_conflict,
        "open": found.open,
        "finish_at": None if found.finish_at is None else utc_iso(found.finish_at),
    }


def work_json(item: WorkItem) -> dict[str, Any]:
    """Return a person's work in one dataset as JSON."""
    return {
        "workspace": item.dataset.workspace,
        "name": item.dataset.name,
        "dataset": item.dataset.uuid,
        "task": str(item.dataset.task),
        "left": item.left,
        **{
            key: value
            for key, value in _person(item.mine).items()
            if key not in ("annotator", "median_seconds")
        },
    }


def overview_json(each: DatasetOverview) -> dict[str, Any]:
    """Return a dataset as JSON, as the overview shows it."""
    dataset = each.dataset
    return {
        "workspace": dataset.workspace,
        "name": dataset.name,
        "dataset": dataset.uuid,
        "task": str(dataset.task),
        "tags": dict(dataset.tags),
        "records": dataset.records,
        "closed": dataset.closed,
        "created_by": dataset.created_by,
        "created_at": utc_iso(dataset.created_at),
        "last_updated": utc_iso(dataset.last_updated),
        "statuses": each.statuses,
        "mine": each.mine,
        "slots": each.slots or None,
        "annotation": str(dataset.policies.get("annotation", "shared")),
        "blind": bool(dataset.policies.get("blind", False)),
    }
