"""Plans, slots, queue items and progress as replies show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from apportion.domain.assignment.states import RowState
from apportion.domain.policies import Policies
from apportion.domain.sentences import WHY_EMPTY
from apportion.domain.times import utc_iso
from apportion.ports.plans import StoredPlan
from apportion.ports.slots import SlotCount, SlotRow
from apportion.server.convert.records_out import search_record
from apportion.services.insight.overview import DatasetOverview
from apportion.services.insight.progress import PersonProgress, Progress, WorkItem
from apportion.wire.assignments import ReasonOut, SlotOut, SlotStates
from apportion.wire.progress import (
    AnnotatorProgress,
    OverviewDataset,
    ProgressOut,
    StatusCounts,
    WorkItemOut,
)
from apportion.wire.queue import AssignmentOut

if TYPE_CHECKING:
    from apportion.services.assignments.queue import Queue, QueueItem

__all__ = ["overview_out", "plan_json", "progress_out", "queue_json", "row_out", "work_out"]

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


def row_out(row: SlotRow) -> SlotOut:
    """Return a slot with the reason why it exists."""
    return SlotOut(
        plan=row.plan,
        record=row.record,
        annotator=row.annotator,
        state=str(row.state),
        rule=row.rule,
        phase=str(row.phase),
        reason=str(row.reason),
        reason_code=ReasonOut(**row.reason.show()),
        inclusion=row.inclusion,
        lease_until=_time(row.lease_until),
        note=row.why,
    )


def _time(at: int | None) -> str | None:
    return None if at is None else utc_iso(at)


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
    assignment = AssignmentOut(
        id=item.slot.record,  # always text, whatever the record's own member looks like
        plan=None if item.why is None else item.why.plan,
        lease_until=None if lease is None else utc_iso(lease.until),
        token=None if lease is None else lease.token or None,
        reason=None if item.why is None else str(item.why.reason),
        version=item.version,
        due=_time(item.slot.due),
    )
    return b'%b,"assignment":%b}' % (record[:-1], _encode(assignment))


def _person(person: PersonProgress) -> dict[str, Any]:
    return {
        "assigned": person.assigned,
        "done": person.done,
        "drafts": person.drafts,
        "skipped": person.skipped,
        "seconds": round(float(person.seconds), 3),
        "last_active": _time(person.last_active),
        "finish_at": _time(person.finish_at),
    }


def progress_out(found: Progress) -> ProgressOut:
    """Return a dataset's progress."""
    people = [
        AnnotatorProgress(
            annotator=each.annotator,
            median_seconds=None if each.median_seconds is None else float(each.median_seconds),
            **_person(each),
        )
        for each in found.annotators
    ]
    return ProgressOut(
        annotators=people,
        records=found.records,
        complete=found.complete,
        in_conflict=found.in_conflict,
        open=found.open,
        finish_at=_time(found.finish_at),
    )


def work_out(item: WorkItem) -> WorkItemOut:
    """Return a person's work in one dataset."""
    return WorkItemOut(
        workspace=item.dataset.workspace,
        name=item.dataset.name,
        dataset=item.dataset.uuid,
        task=item.dataset.task,
        left=item.left,
        **_person(item.mine),
    )


def overview_out(each: DatasetOverview) -> OverviewDataset:
    """Return a dataset as the overview shows it."""
    dataset, policies = each.dataset, Policies.of(each.dataset.policies).show()
    return OverviewDataset(
        workspace=dataset.workspace,
        name=dataset.name,
        dataset=dataset.uuid,
        task=dataset.task,
        tags=dict(dataset.tags),
        records=dataset.records,
        closed=dataset.closed,
        created_by=dataset.created_by,
        created_at=utc_iso(dataset.created_at),
        last_updated=utc_iso(dataset.last_updated),
        statuses=StatusCounts(**{name.lower(): n for name, n in each.statuses.items()}),
        mine=SlotStates(**each.mine),
        slots=SlotStates(**each.slots) if each.slots else None,
        annotation=policies["annotation"],
        blind=policies["blind"],
    )
