"""What somebody who leads teams asks first: who is stuck or out of work, what will be late, what lies unattended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apportion.domain.assignment.queue import release
from apportion.domain.assignment.spec import LEASE_MINUTES
from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.domain.ids import RESOLVED
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.domain.times import parse_date_bounds
from apportion.ports.assignments import Count, PlanPhase
from apportion.ports.store import Work
from apportion.ports.totals import Lease, PlanDates, Seen
from apportion.vocabulary import EventCode, MembershipRole, Role

from .manage_datasets import find_dataset
from .progress import DAY, PACE_DAYS, PersonProgress, Progress, people_of, progress_of

__all__ = ["Hold", "LedDataset", "Overview", "TeamMember", "take_back", "team_overview"]

_TO_DO = frozenset({RowState.PENDING, RowState.LEASED})


@dataclass(frozen=True, slots=True)
class Hold:
    """Records somebody has before them: how many, when their screen last said so, and until when they keep them."""

    records: int
    seen: int
    until: int


@dataclass(frozen=True, slots=True)
class LedDataset:
    """A dataset with work that is shared out. ``due`` is the next due date with work left; ``free`` has nobody yet."""

    dataset: Dataset
    progress: Progress
    holds: dict[str, Hold]
    gone: frozenset[str]
    free: int
    due: int | None


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody who annotates in a workspace."""

    workspace: str
    username: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that is shared out in the workspaces somebody leads, and who could work there."""

    datasets: tuple[LedDataset, ...]
    members: tuple[TeamMember, ...]


def team_overview(work: Work, actor: Actor, *, now: int) -> Overview:
    """What there is to know of all teams somebody leads; nothing for those who lead none."""
    led = [
        each.name
        for each in work.people.workspaces()
        if allowed(actor, Action.SEE_PROGRESS, each.name) and allowed(actor, Action.SEE_MEMBERS, each.name)
    ]
    members = [each for name in led for each in _annotators(work, name)]
    there = {(each.workspace, each.username) for each in members}
    led_datasets = [each for each in work.datasets.list(led) if not each.closed]
    return Overview(tuple(_led(work, led_datasets, there, now)), tuple(members))


def _led(
    work: Work, datasets: Sequence[Dataset], there: set[tuple[str, str]], now: int
) -> Iterator[LedDataset]:
    """Yield what there is to know of datasets with live plans; ``there`` has who annotates in which workspace."""
    totals = work.totals
    plans = totals.plans()
    datasets = [each for each in datasets if any(_is_live(plan) for plan in plans.get(each.no, ()))]
    numbers = [each.no for each in datasets]
    slots, active, conflicts = totals.slots(), totals.active(numbers), totals.conflicts()
    paces, leases, assigned = totals.paces(now - PACE_DAYS * DAY), totals.leases(), totals.assigned(numbers)
    statuses = totals.statuses([Seen(each, RESOLVED) for each in datasets])
    belongs = _Belonging(work, there)
    for dataset, counted in zip(datasets, statuses, strict=True):
        no = dataset.no
        written = {plan.no for plan in plans[no] if plan.phase is not PlanPhase.WRITING}
        live = [each for each in slots.get(no, ()) if each.plan in written]
        people = people_of(live, active.get(no, {}), paces.get(no, {}), now=now)
        gone = frozenset(
            each.annotator
            for each in people
            if _left(each) > 0 and not belongs.here(dataset.workspace, each.annotator)
        )
        holds = _holds(plans[no], leases.get(no, ()), now)
        known = {each.annotator for each in people}
        people += [PersonProgress(name) for name in sorted(holds.keys() - known)]  # with open places
        ours = progress_of(dataset, people, counted, conflicts.get(no, 0), live)
        free = dataset.records - assigned.get(no, 0)
        yield LedDataset(dataset, ours, holds, gone, free, _due(plans[no], live))


@dataclass(slots=True)
class _Belonging:
    """Whether people may work in a workspace, each looked up once; ``there`` has who annotates where."""

    work: Work
    there: set[tuple[str, str]]
    known: dict[str, Actor | None] = field(default_factory=dict)

    def here(self, workspace: str, username: str) -> bool:
        """Return whether somebody annotates there, leads there or is an administrator."""
        if (workspace, username) in self.there:
            return True
        if username not in self.known:
            self.known[username] = self.work.people.actor(username)
        actor = self.known[username]
        return actor is not None and (actor.is_admin or workspace in actor.workspaces)


def _annotators(work: Work, workspace: str) -> list[TeamMember]:
    found = work.people.workspace_named(workspace)
    members = [] if found is None else work.people.members(found.id)
    return [
        TeamMember(workspace, who.username, who.user.full_name)
        for who, role in members
        if role is MembershipRole.ANNOTATOR and who.user.role is not Role.ADMIN
    ]


def _left(each: PersonProgress) -> int:
    return each.assigned - each.done - each.skipped


def _is_live(plan: PlanDates) -> bool:
    return plan.phase is PlanPhase.LIVE


def _holds(plans: Sequence[PlanDates], leases: Sequence[Lease], now: int) -> dict[str, Hold]:
    """Return who has records before them. Screens say so regularly, each time for the minutes of the rule."""
    minutes = {(plan.no, rule): each for plan in plans for rule, each in enumerate(plan.minutes)}
    found: dict[str, Hold] = {}
    for lease in leases:
        if lease.until > now:
            seen = lease.until - minutes.get((lease.plan, lease.rule), LEASE_MINUTES) * 60_000_000
            before = found.get(lease.annotator, Hold(0, seen, lease.until))
            found[lease.annotator] = Hold(
                before.records + 1, max(before.seen, seen), max(before.until, lease.until)
            )
    return found


def _due(plans: Sequence[PlanDates], live: Sequence[Count]) -> int | None:
    """Return the earliest due date of a rule that has work left."""
    left = {(each.plan, each.rule) for each in live if each.state in _TO_DO and each.n}
    dates = [
        parse_date_bounds(due)[1]
        for plan in plans
        for rule, due in enumerate(plan.due)
        if due is not None and (plan.no, rule) in left
    ]
    return min(dates, default=None)


def take_back(
    work: Work, actor: Actor, workspace: str, name: str, annotators: Sequence[str], *, now: int
) -> list[str]:
    """Give back what these people have before them; ids of the records that are free again. Drafts stay theirs."""
    dataset = find_dataset(work, actor, workspace, name, Action.ASSIGN)
    if not annotators:
        raise BadRequestError("Nobody is named from whom to take records back. Nothing was changed.")
    freed: list[str] = []
    changed = []
    for who in dict.fromkeys(annotators):
        before = len(freed)
        for slot in work.assignments.leased(dataset, who):
            after = release(slot, slot.lease.token) if slot.lease is not None else None
            if after is not None:
                changed.append((slot, after))
                freed.append(slot.record)
        if len(freed) > before:
            detail = {"annotator": who, "records": len(freed) - before}
            work.annotations.note(dataset, actor.username, EventCode.TOOK_RECORDS_BACK, at=now, detail=detail)
    work.assignments.save(dataset, changed)
    return freed
