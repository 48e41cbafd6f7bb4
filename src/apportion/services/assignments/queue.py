"""Claim the next records of an annotator; renew and release their leases, skip records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from apportion.domain.assignment.queue import (
    CLAIM_LIMIT,
    Lease,
    Slot,
    claim,
    expire,
    heartbeat,
    release,
    skip,
    take_skip_back,
)
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import Mode, RowState, holding
from apportion.domain.datasets import Dataset, DatasetAddress, RecordAddress
from apportion.domain.errors import ConflictError, RecordNotFound
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role
from apportion.domain.query import parse
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.slots import SlotRow
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.eligibility import Eligibility, eligibility_of
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_dataset
from apportion.vocabulary import EventCode, WhyEmpty

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = [
    "ClaimRequest",
    "LeaseGoneError",
    "PeekRequest",
    "Queue",
    "QueueItem",
    "SkipRequest",
    "claim_next",
    "peek",
    "release_expired",
    "release_records",
    "renew",
    "shortlist",
    "skip_record",
    "take_skipped_back",
]


_AT_ONCE = 500
_MINUTE = 60_000_000
SHORTLIST = 200
"""Records found for a claim before the writer is asked: others may take some of them meanwhile."""


class LeaseGoneError(ConflictError):
    """The lease has expired or was released; another annotator may have the record now."""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A record leased to an annotator, and the slot it fills."""

    row: StoredRecord
    slot: Slot
    why: SlotRow | None
    version: int
    """The version of their own annotation so far; 0 for none."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Records leased to an annotator, how many more there are, and if there are none, why."""

    dataset: Dataset
    items: tuple[QueueItem, ...]
    left: int
    why_empty: WhyEmpty | None


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """A claim of an annotator: one token for each record, at most ``limit`` of them.

    ``among``: only slots with these numbers, which ``shortlist`` found a moment ago. Each is checked to be still
    free; whether its record still matches is not checked again.
    """

    tokens: Sequence[str]
    limit: int
    among: Collection[int] | None = None


def claim_next(
    tx: Transaction, actor: Actor, address: DatasetAddress, asked: ClaimRequest, *, now: int
) -> Queue:
    """Lease the next records to an annotator, in this one transaction. Claiming again renews the leases they hold."""
    access = open_dataset(tx, actor, address, Action.ANNOTATE, open_only=True)
    return _claim(access, asked, None, now, keep=True)


def shortlist(tx: Transaction, actor: Actor, address: DatasetAddress, *, where: str, now: int) -> list[int]:
    """Return numbers of slots that match a query, more than one claim takes. Not to be run on the writer thread."""
    access = open_dataset(tx, actor, address, Action.ANNOTATE, open_only=True)
    dataset, within = access.dataset, _matching(access, where)
    eligibility = eligibility_of(tx, dataset, actor.username, now)
    slots = tx.assignments.candidates(dataset, eligibility.claimant, limit=SHORTLIST, now=now, within=within)
    return [slot.id for slot in slots]


def _matching(access: DatasetAccess, where: str) -> set[str]:
    """Return the ids of the records that match a query as an annotator sees them."""
    seen = access.seen(Criteria(parse(where)))
    return set(access.tx.records.ids(access.dataset, replace(seen, assigned_to=None)).ids)


@dataclass(frozen=True, slots=True)
class PeekRequest:
    """A look at the first records of a queue, of those that match a query."""

    limit: int
    where: str | None = None


def peek(tx: Transaction, actor: Actor, address: DatasetAddress, asked: PeekRequest, *, now: int) -> Queue:
    """Return what a claim would return; nothing is leased."""
    access = open_dataset(tx, actor, address, Action.ANNOTATE, open_only=True)
    where = asked.where
    within = _matching(access, where) if where is not None and where.strip() else None
    return _claim(access, ClaimRequest([""] * asked.limit, asked.limit), within, now, keep=False)


def _claim(
    access: DatasetAccess, asked: ClaimRequest, within: set[str] | None, now: int, *, keep: bool
) -> Queue:
    tx, dataset, me = access.tx, access.dataset, access.username
    limit = min(asked.limit, CLAIM_LIMIT)
    eligibility = eligibility_of(tx, dataset, me, now)
    slots = tx.assignments.candidates(
        dataset, eligibility.claimant, limit=limit, now=now, within=within, among=asked.among
    )
    ended = {slot.id: slot for slot in expire(slots, now)}
    mine = eligibility.open_to(ended.get(slot.id, slot) for slot in slots)
    found = claim(mine, eligibility.person, now, asked.tokens[:limit], loads=eligibility.loads)
    before = {slot.id: slot for slot in slots}
    if keep:
        # Expired leases on these records are freed too: nobody may hold two slots of one record.
        taken, records = {slot.id for slot in found.slots}, {slot.record for slot in found.slots}
        free = [slot for slot in ended.values() if slot.id not in taken and slot.record in records]
        tx.assignments.save(dataset, [(before[slot.id], slot) for slot in (*found.slots, *free)])
    items = _items(tx, dataset, me, found.slots)  # before counters, which others wait for once they are asked
    # This claim may have filled a rule up to its cap.
    after = eligibility.after_claim(before, found.slots, now) if keep else eligibility
    left = tx.assignments.remaining(dataset, after.claimant, now)
    why = found.why_empty
    if why is not None:
        why = _why(tx, dataset, eligibility, now)
    return Queue(
        dataset,
        items,
        max(0, left.own + left.open - len(found.slots)),
        why,
    )


def _why(tx: Transaction, dataset: Dataset, eligibility: Eligibility, now: int) -> WhyEmpty | None:
    """Return the reason why the queue is empty: what blocks the slots there are, or that there are none."""
    me = eligibility.person.name
    slots = tx.assignments.blocked_slots(dataset, eligibility.claimant, limit=CLAIM_LIMIT)
    found = claim(eligibility.open_to(slots), eligibility.person, now, [""], loads=eligibility.loads)
    why = found.why_empty or WhyEmpty.OTHERS
    if why is not WhyEmpty.NOTHING_PLANNED:
        return why
    counts = tx.assignments.slot_counts(dataset)
    if any(each.annotator == me and each.state in (RowState.DONE, RowState.SKIPPED) for each in counts):
        return WhyEmpty.ALL_DONE
    if eligibility.teams and any(each.annotator is None for each in counts):
        return WhyEmpty.OTHERS
    return why


def _items(tx: Transaction, dataset: Dataset, me: str, slots: Sequence[Slot]) -> tuple[QueueItem, ...]:
    """Return the records of these slots, as their annotator sees them."""
    viewer = answer_mode(tx, dataset).viewer(me)
    ids = tuple(slot.record for slot in slots)
    rows = tx.records.rows(dataset, Criteria(ids=ids, viewer=viewer, me=me, alone=True))
    reasons = {
        no: row._replace(reason=holding(row.reason, ()))  # it names nobody else who has the record
        for no, row in tx.assignments.rows_by_number([slot.id for slot in slots]).items()
    }
    versions = tx.annotations.versions(dataset, ids, me)
    return tuple(
        QueueItem(row, slot, reasons.get(slot.id), versions.get(slot.record, 0))
        for slot in slots
        if (row := rows.get(slot.record)) is not None
    )


def renew(
    tx: Transaction, actor: Actor, address: DatasetAddress, leases: Sequence[tuple[str, str]], *, now: int
) -> list[tuple[str, int | None]]:
    """Renew leases, given as record and token; return when each now expires, None for those that are gone."""
    dataset = open_dataset(tx, actor, address, Action.ANNOTATE).dataset
    found: list[tuple[str, int | None]] = []
    changed = []
    for id, token in leases:
        slot = _held_by(tx, actor, dataset, id, token)
        renewed = None if slot is None else heartbeat(slot, token, now)
        if slot is not None and renewed is not None:
            changed.append((slot, renewed))
        lease = None if renewed is None else renewed.lease
        found.append((id, None if lease is None else lease.until))
    tx.assignments.save(dataset, changed)
    return found


def _held_by(tx: Transaction, actor: Actor, dataset: Dataset, id: str, token: str) -> Slot | None:
    """Return the slot that was leased with this token, if ``actor`` holds it or leads the workspace."""
    slot = tx.assignments.slot_of(dataset, id, token)
    if slot is None or slot.lease is None:
        return None
    leads = effective_role(actor, dataset.workspace) is not EffectiveRole.MEMBER
    return slot if leads or slot.lease.annotator == actor.username else None


def release_records(
    tx: Transaction, actor: Actor, address: DatasetAddress, leases: Sequence[tuple[str, str]] | None
) -> list[str]:
    """Release these leases, or all that ``actor`` holds; return the ids of the records that are free again."""
    dataset = open_dataset(tx, actor, address, Action.ANNOTATE).dataset
    if leases is None:
        mine = tx.assignments.leased(dataset, actor.username)
        leases = [(slot.record, slot.lease.token) for slot in mine if slot.lease is not None]
    freed, changed = [], []
    for id, token in leases:
        slot = _held_by(tx, actor, dataset, id, token)
        after = None if slot is None else release(slot, token)
        if slot is not None and after is not None:
            changed.append((slot, after))
            freed.append(id)
    tx.assignments.save(dataset, changed)
    return freed


@dataclass(frozen=True, slots=True)
class SkipRequest:
    """A skip as it is sent: the token of the lease, if there is one, and a reason."""

    token: str | None = None
    reason: str | None = None


def skip_record(
    tx: Transaction, actor: Actor, address: RecordAddress, asked: SkipRequest, *, now: int
) -> Slot:
    """Skip a record: leave it to others, to later, or to nobody, as the rule or dataset says; return the new slot."""
    dataset = open_dataset(tx, actor, address.dataset, Action.ANNOTATE, open_only=True).dataset
    me, id = actor.username, address.id
    case = tx.annotations.case(dataset, id)
    if case is None:
        raise RecordNotFound(dataset.id, id)
    slot = next((each for each in case.slots if _is_mine(each, me, asked.token)), None)
    if slot is None:
        if not case.ever_had(me):
            raise RecordNotFound(dataset.id, id)
        raise LeaseGoneError(f"You no longer have record {id}. Nothing was changed.")
    after = skip(slot, me)
    answer_mode(tx, dataset).skip(case, after, _skipped(asked.reason), now=now)
    detail = {"reason": asked.reason}
    tx.annotations.log_event(dataset, me, EventCode.SKIPPED, at=now, record=case, detail=detail)
    return after


def take_skipped_back(tx: Transaction, actor: Actor, address: RecordAddress, token: str, *, now: int) -> Slot:
    """Give a record back to whoever skipped it, leased with this token, unless somebody else has it by now."""
    dataset = open_dataset(tx, actor, address.dataset, Action.ANNOTATE, open_only=True).dataset
    me, id = actor.username, address.id
    case = tx.annotations.case(dataset, id)
    if case is None or not case.ever_had(me):
        raise RecordNotFound(dataset.id, id)
    rules = {
        RuleId(plan.no, no): each
        for plan in tx.assignments.plans(dataset)
        for no, each in enumerate(plan.spec.rules)
    }
    for slot in case.slots:
        lease = Lease(me, now + slot.minutes * _MINUTE, token)
        pull = slot.rule in rules and rules[slot.rule].mode is Mode.PULL
        after = take_skip_back(slot, me, lease, pull=pull)
        if after is not None:
            answer_mode(tx, dataset).skip(case, after, "skip undone", now=now)
            tx.annotations.log_event(dataset, me, EventCode.TOOK_SKIP_BACK, at=now, record=case)
            return after
    raise LeaseGoneError(f"You can't get record {id} back: someone else has it now. Nothing was changed.")


def _skipped(reason: str | None) -> str:
    return "skipped" if reason is None else f"skipped: {reason}"


def _is_mine(slot: Slot, me: str, token: str | None) -> bool:
    if slot.state not in (RowState.PENDING, RowState.LEASED):
        return False
    held: Lease | None = slot.lease
    if held is not None and held.annotator == me:
        return token is None or held.token == token
    return slot.annotator == me and token is None


def release_expired(store: Store, *, now: int) -> int:
    """Release slots whose lease has expired, so that they do not look as if they were in use; return how many.

    Those of each dataset are released in a transaction of its own.
    """

    def release_some(no: int, tx: Transaction) -> int:
        dataset = dataset_by_number(tx, no)
        if dataset is None:
            return 0
        slots = tx.assignments.expired(dataset, now, _AT_ONCE)
        after = {slot.id: slot for slot in expire(slots, now)}
        tx.assignments.save(dataset, [(slot, after[slot.id]) for slot in slots if slot.id in after])
        return len(after)

    with store.read() as tx:
        leased = set(tx.assignments.leased_datasets())
        held = [
            each.no
            for each in tx.datasets.list()
            if each.no in leased and tx.assignments.expired(each, now, 1)
        ]
    return sum(store.write(partial(release_some, no)).result() for no in held)
