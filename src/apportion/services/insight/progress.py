"""Progress of a team, the work of one person, and the events of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.annotations import Event
from apportion.ports.plans import PlanPhase
from apportion.ports.queue import Active
from apportion.ports.records import Criteria
from apportion.ports.slots import SlotCount
from apportion.ports.store import Transaction
from apportion.services.answers.eligibility import eligibility_of
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import Status

__all__ = [
    "DAY",
    "PACE_DAYS",
    "PeopleCounts",
    "PersonProgress",
    "Progress",
    "WorkItem",
    "events",
    "finish_dates",
    "my_work",
    "people_of",
    "progress",
    "progress_of",
]

_SECOND = 1_000_000
DAY = 24 * 3600 * _SECOND
PACE_DAYS = 7
"""Days whose answers a pace is computed from."""
_ENOUGH = 5
"""Fewest answers that a pace is computed from."""


@dataclass(frozen=True, slots=True)
class PersonProgress:
    """One person's assigned and completed records. Times are microseconds since 1970 in UTC.

    ``median_seconds`` is there only where it was asked for, and where the answers have the time they took.
    """

    annotator: str
    assigned: int = 0
    done: int = 0
    drafts: int = 0
    skipped: int = 0
    seconds: float = 0.0
    last_active: int | None = None
    finish_at: int | None = None
    median_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A dataset's progress, by person and as a whole; ``open`` counts slots that nobody has taken yet."""

    annotators: tuple[PersonProgress, ...]
    records: int
    complete: int
    in_conflict: int
    open: int
    finish_at: int | None


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A person's work in one dataset."""

    dataset: Dataset
    mine: PersonProgress
    left: int


def progress(
    tx: Transaction, actor: Actor, address: DatasetAddress, *, now: int, median: bool = False
) -> Progress:
    """Return the progress of a dataset; annotators see their own. A ``median`` of times reads every answer."""
    access = open_dataset(tx, actor, address, Action.ANNOTATE)
    dataset, everybody = access.dataset, access.may(Action.SEE_PROGRESS)
    only = None if everybody else actor.username
    people = _people(tx, dataset, now, only)
    if median:
        spent = tx.assignments.median_seconds(dataset, only)
        people = [replace(each, median_seconds=spent.get(each.annotator)) for each in people]
    counted = tx.records.search(
        dataset, Criteria(viewer=access.viewer), limit=0, facets=frozenset({"status"})
    )
    statuses = counted.facets.get("status", {})
    torn = tx.annotations.conflicts(dataset) if everybody else 0
    return progress_of(dataset, people, statuses, torn, _live(tx, dataset))


def progress_of(
    dataset: Dataset,
    people: Sequence[PersonProgress],
    statuses: Mapping[str, int],
    conflicts: int,
    live: Sequence[SlotCount],
) -> Progress:
    """Return a dataset's progress from that of its people; ``live`` counts the slots of its plans."""
    complete = sum(statuses.get(each.value, 0) for each in (Status.VALIDATED, Status.DISCARDED))
    free = sum(each.n for each in live if each.annotator is None and each.state in _TO_DO)
    latest = [each.finish_at for each in people if each.assigned > each.done + each.skipped]
    finish = (
        None if not latest or any(each is None for each in latest) else max(each for each in latest if each)
    )
    return Progress(tuple(people), dataset.records, complete, conflicts, free, finish)


_TO_DO = frozenset({RowState.PENDING, RowState.LEASED})


def _live(tx: Transaction, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
    written = {plan.no for plan in tx.assignments.plans(dataset) if plan.phase is not PlanPhase.WRITING}
    return [each for each in tx.assignments.slot_counts(dataset, annotator) if each.plan in written]


def _people(
    tx: Transaction,
    dataset: Dataset,
    now: int,
    only: str | None,
    passed_on: Mapping[int, Mapping[str, int]] | None = None,
) -> list[PersonProgress]:
    active = tx.assignments.last_active(dataset, only)
    paces = tx.annotations.paces(dataset, now - PACE_DAYS * DAY, only)
    skipped = (tx.totals.passed_on() if passed_on is None else passed_on).get(dataset.no, {})
    return people_of(PeopleCounts(_live(tx, dataset, only), active, paces, skipped), only, now=now)


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """Counts of everybody's slots in one dataset, and what they did when.

    ``passed_on`` counts the slots they skipped that are for others now: of these, too, they were assigned and skipped
    each.
    """

    live: Sequence[SlotCount]
    active: Mapping[str, Active]
    paces: Mapping[str, tuple[int, int]]
    passed_on: Mapping[str, int]


def people_of(counts: PeopleCounts, only: str | None = None, *, now: int) -> list[PersonProgress]:
    """Return everybody's progress, or that of one person."""
    active, paces, passed_on = counts.active, counts.paces, counts.passed_on
    assigned: dict[str, dict[RowState, int]] = {}
    for count in counts.live:
        if count.annotator is not None and count.state is not RowState.WITHDRAWN:
            states = assigned.setdefault(count.annotator, {})
            states[count.state] = states.get(count.state, 0) + count.n
    names = sorted({*assigned, *active, *passed_on} if only is None else {only})
    found = []
    for name in names:
        states = assigned.get(name, {})
        last, seconds, drafts = active.get(name, Active(None, 0.0, 0))
        done, skipped = states.get(RowState.DONE, 0), states.get(RowState.SKIPPED, 0) + passed_on.get(name, 0)
        total = sum(states.values()) + passed_on.get(name, 0)
        found.append(
            PersonProgress(
                name, total, done, drafts, skipped, seconds, last,
                _finish(now, total - done - skipped, paces.get(name), seconds / done if done else 0.0),
            )
        )  # fmt: skip
    return found


def _finish(now: int, left: int, pace: tuple[int, int] | None, each: float) -> int | None:
    """Return when a person will be done at the pace of the last days; None if there are too few answers to tell.

    Answers may arrive faster than they were given (a browser that was offline, a notebook), so nobody is assumed
    to take less than the seconds that they reported for each.
    """
    if left <= 0:
        return now
    if pace is None or pace[0] < _ENOUGH:
        return None
    answers, since = pace
    return now + int(left * max((now - since) / answers, each * _SECOND))


def finish_dates(
    tx: Transaction, dataset: Dataset, more: Mapping[str, int], *, now: int
) -> dict[str, int | None]:
    """Return when people would be done with their records in a dataset and ``more`` of them; None: no pace yet."""
    paces = tx.annotations.paces(dataset, now - PACE_DAYS * DAY)
    people = {each.annotator: each for each in _people(tx, dataset, now, None)}
    found = {}
    for name, n in more.items():
        mine = people.get(name, PersonProgress(name))
        left = n + mine.assigned - mine.done - mine.skipped
        found[name] = _finish(now, left, paces.get(name), mine.seconds / mine.done if mine.done else 0.0)
    return found


def my_work(tx: Transaction, actor: Actor, *, now: int) -> list[WorkItem]:
    """Return the remaining work of ``actor`` in all datasets, most left first."""
    numbers = set(tx.assignments.datasets_with_work(actor.username))
    places = None if actor.is_admin else actor.workspaces
    passed_on = tx.totals.passed_on()
    found = []
    for dataset in tx.datasets.list(places):
        if dataset.no not in numbers or dataset.closed:
            continue
        (mine,) = _people(tx, dataset, now, actor.username, passed_on)
        left = tx.assignments.remaining(
            dataset, eligibility_of(tx, dataset, actor.username, now).claimant, now
        )
        total = left.own + left.open
        if mine.assigned or total:
            found.append(WorkItem(dataset, mine, total))
    return sorted(found, key=lambda item: (-item.left, item.dataset.id))


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events: those after a number in order, or those before one, newest first; ``who`` only theirs."""

    limit: int
    after: int = 0
    before: int | None = None
    who: str | None = None


def events(tx: Transaction, actor: Actor, address: DatasetAddress, page: EventPage) -> Sequence[Event]:
    """Return the events of a dataset; annotators see their own.

    Raises ``ForbiddenOperationError`` for annotators who ask for somebody else's.
    """
    access, who = open_dataset(tx, actor, address, Action.ANNOTATE), page.who
    if not access.may(Action.SEE_EVENTS):
        if who not in (None, actor.username):
            raise ForbiddenOperationError(
                f"Operation not allowed: annotators see only their own activity in dataset {address.name}. "
                "Leave out 'annotator', or name yourself."
            )
        who = actor.username
    return tx.annotations.events(
        access.dataset, after=page.after, before=page.before, who=who, limit=page.limit
    )
