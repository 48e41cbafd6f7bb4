"""Overview for those who lead teams: people who are stuck or out of work, work that will be late or has nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apportion.domain.assignment.queue import release
from apportion.domain.assignment.spec import LEASE_MINUTES
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError
from apportion.domain.ids import RESOLVED
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.domain.times import parse_date_bounds
from apportion.ports.plans import PlanPhase
from apportion.ports.slots import SlotCount
from apportion.ports.store import Transaction
from apportion.ports.totals import Lease, PlanDates, Seen
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import EventCode, MembershipRole, Role

from .progress import DAY, PACE_DAYS, PeopleCounts, PersonProgress, Progress, people_of, progress_of

__all__ = ["HeldRecords", "TeamDataset", "TeamMember", "TeamOverview", "release_for", "team_overview"]

_TO_DO = frozenset({RowState.PENDING, RowState.LEASED})


@dataclass(frozen=True, slots=True)
class HeldRecords:
    """Records leased to a person: how many, when their browser last renewed a lease, and when the last one expires."""

    records: int
    seen: int
    until: int


@dataclass(frozen=True, slots=True)
class TeamDataset:
    """A dataset with assigned work. ``due`` is the next due date with work left; ``free`` slots have nobody yet."""

    dataset: Dataset
    progress: Progress
    holds: dict[str, HeldRecords]
    gone: frozenset[str]
    free: int
    due: int | None


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A person who annotates in a workspace."""

    workspace: str
    username: str
    full_name: str


@dataclass(frozen=True, slots=True)
class TeamOverview:
    """All assigned work in the workspaces that a user leads, and the people who could work there."""

    datasets: tuple[TeamDataset, ...]
    members: tuple[TeamMember, ...]


def team_overview(tx: Transaction, actor: Actor, *, now: int) -> TeamOverview:
    """Return the overview of all teams that ``actor`` leads; an empty one for those who lead none."""
    led = [
        each.name
        for each in tx.people.workspaces()
        if allowed(actor, Action.SEE_PROGRESS, each.name) and allowed(actor, Action.SEE_MEMBERS, each.name)
    ]
    members = [each for name in led for each in _annotators(tx, name)]
    there = {(each.workspace, each.username) for each in members}
    led_datasets = [each for each in tx.datasets.list(led) if not each.closed]
    return TeamOverview(tuple(_led(tx, led_datasets, there, now)), tuple(members))


def _led(
    tx: Transaction, datasets: Sequence[Dataset], there: set[tuple[str, str]], now: int
) -> Iterator[TeamDataset]:
    """Yield the overview of each dataset with live plans; ``there`` has pairs of workspace and annotator."""
    totals = tx.totals
    plans = totals.plans()
    datasets = [each for each in datasets if any(_is_live(plan) for plan in plans.get(each.no, ()))]
    numbers = [each.no for each in datasets]
    slots, active, conflicts = totals.slots(), totals.active(numbers), totals.conflicts()
    paces, leases, assigned = totals.paces(now - PACE_DAYS * DAY), totals.leases(), totals.assigned(numbers)
    statuses = totals.statuses([Seen(each, RESOLVED) for each in datasets])
    belongs, passed_on = _Belonging(tx, there), totals.passed_on()
    for dataset, counted in zip(datasets, statuses, strict=True):
        no = dataset.no
        written = {plan.no for plan in plans[no] if plan.phase is not PlanPhase.WRITING}
        live = [each for each in slots.get(no, ()) if each.plan in written]
        counts = PeopleCounts(live, active.get(no, {}), paces.get(no, {}), passed_on.get(no, {}))
        people = people_of(counts, now=now)
        gone = frozenset(
            each.annotator
            for each in people
            if _remaining(each) > 0 and not belongs.here(dataset.workspace, each.annotator)
        )
        holds = _holds(plans[no], leases.get(no, ()), now)
        known = {each.annotator for each in people}
        people += [PersonProgress(name) for name in sorted(holds.keys() - known)]  # with leases on open slots
        ours = progress_of(dataset, people, counted, conflicts.get(no, 0), live)
        free = dataset.records - assigned.get(no, 0)
        yield TeamDataset(dataset, ours, holds, gone, free, _due(plans[no], live))


@dataclass(slots=True)
class _Belonging:
    """Cache of who may work in a workspace, each read once; ``there`` has pairs of workspace and annotator."""

    tx: Transaction
    there: set[tuple[str, str]]
    known: dict[str, Actor | None] = field(default_factory=dict)

    def here(self, workspace: str, username: str) -> bool:
        """Return whether a user annotates there, leads there or is an administrator."""
        if (workspace, username) in self.there:
            return True
        if username not in self.known:
            self.known[username] = self.tx.people.actor(username)
        actor = self.known[username]
        return actor is not None and (actor.is_admin or workspace in actor.workspaces)


def _annotators(tx: Transaction, workspace: str) -> list[TeamMember]:
    found = tx.people.workspace_named(workspace)
    members = [] if found is None else tx.people.members(found.id)
    return [
        TeamMember(workspace, who.username, who.user.full_name)
        for who, role in members
        if role is MembershipRole.ANNOTATOR and who.user.role is not Role.ADMIN
    ]


def _remaining(each: PersonProgress) -> int:
    return each.assigned - each.done - each.skipped


def _is_live(plan: PlanDates) -> bool:
    return plan.phase is PlanPhase.LIVE


def _holds(plans: Sequence[PlanDates], leases: Sequence[Lease], now: int) -> dict[str, HeldRecords]:
    """Return the leased records by person. Browsers renew leases regularly, each time for the rule's minutes."""
    minutes = {(plan.no, rule): each for plan in plans for rule, each in enumerate(plan.minutes)}
    found: dict[str, HeldRecords] = {}
    for lease in leases:
        if lease.until > now:
            seen = lease.until - minutes.get((lease.plan, lease.rule), LEASE_MINUTES) * 60_000_000
            before = found.get(lease.annotator, HeldRecords(0, seen, lease.until))
            found[lease.annotator] = HeldRecords(
                before.records + 1, max(before.seen, seen), max(before.until, lease.until)
            )
    return found


def _due(plans: Sequence[PlanDates], live: Sequence[SlotCount]) -> int | None:
    """Return the earliest due date of a rule that has work left."""
    left = {(each.plan, each.rule) for each in live if each.state in _TO_DO and each.n}
    dates = [
        parse_date_bounds(due)[1]
        for plan in plans
        for rule, due in enumerate(plan.due)
        if due is not None and (plan.no, rule) in left
    ]
    return min(dates, default=None)


def release_for(
    tx: Transaction, actor: Actor, address: DatasetAddress, annotators: Sequence[str], *, now: int
) -> list[str]:
    """Release the leases of these people; return the ids of the records that are free again. Drafts stay theirs."""
    dataset = open_dataset(tx, actor, address, Action.ASSIGN).dataset
    if not annotators:
        raise BadRequestError(
            "Name at least one person whose open records are to be released. Nothing was changed."
        )
    freed: list[str] = []
    changed = []
    for who in dict.fromkeys(annotators):
        before = len(freed)
        for slot in tx.assignments.leased(dataset, who):
            after = release(slot, slot.lease.token) if slot.lease is not None else None
            if after is not None:
                changed.append((slot, after))
                freed.append(slot.record)
        if len(freed) > before:
            detail = {"annotator": who, "records": len(freed) - before}
            tx.annotations.log_event(
                dataset, actor.username, EventCode.TOOK_RECORDS_BACK, at=now, detail=detail
            )
    tx.assignments.save(dataset, changed)
    return freed
