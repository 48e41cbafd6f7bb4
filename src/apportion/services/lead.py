"""What somebody who leads teams asks first: who is stuck or out of work, what will be late, what lies unattended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apportion.domain.assignment.queue import release
from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.domain.query import parse
from apportion.domain.times import parse_date_bounds
from apportion.ports.assignments import PlanPhase
from apportion.ports.records import Criteria
from apportion.ports.store import Work
from apportion.vocabulary import EventCode, MembershipRole, Role

from .manage_datasets import find_dataset
from .progress import PersonProgress, Progress, progress

__all__ = ["Hold", "LedDataset", "Overview", "TeamMember", "take_back", "team_overview"]

_FREE = "NOT _exists_:assigned_to"
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
    admins = {each.username for each in work.people.users() if each.is_admin}
    found = []
    for dataset in work.datasets.list(led):
        if dataset.closed or not any(_live_plans(work, dataset)):
            continue
        ours = progress(work, actor, dataset.workspace, dataset.name, now=now)
        gone = {
            each.annotator
            for each in ours.annotators
            if _left(each) > 0
            and (dataset.workspace, each.annotator) not in there
            and each.annotator not in admins
            and not _belongs(work, dataset.workspace, each.annotator)
        }
        free = work.records.search(dataset, Criteria(query=parse(_FREE)), limit=0).total
        holds = _holds(work, dataset, now)
        known = {each.annotator for each in ours.annotators}
        others = [
            PersonProgress(name) for name in sorted(holds.keys() - known)
        ]  # with open places before them
        everybody = replace(ours, annotators=(*ours.annotators, *others))
        found.append(LedDataset(dataset, everybody, holds, frozenset(gone), free, _due(work, dataset)))
    return Overview(tuple(found), tuple(members))


def _annotators(work: Work, workspace: str) -> list[TeamMember]:
    found = work.people.workspace_named(workspace)
    members = [] if found is None else work.people.members(found.id)
    return [
        TeamMember(workspace, who.username, who.user.full_name)
        for who, role in members
        if role is MembershipRole.ANNOTATOR and who.user.role is not Role.ADMIN
    ]


def _belongs(work: Work, workspace: str, username: str) -> bool:
    actor = work.people.actor(username)
    return actor is not None and workspace in actor.workspaces


def _left(each: PersonProgress) -> int:
    return each.assigned - each.done - each.skipped


def _live_plans(work: Work, dataset: Dataset) -> list[int]:
    return [plan.no for plan in work.assignments.plans(dataset) if plan.phase is PlanPhase.LIVE]


def _holds(work: Work, dataset: Dataset, now: int) -> dict[str, Hold]:
    found = {}
    for name in work.assignments.holders(dataset):
        slots = [slot for slot in work.assignments.leased(dataset, name) if slot.leased(now)]
        leases = [(slot.lease.until, slot.minutes) for slot in slots if slot.lease is not None]
        if leases:
            seen = max(until - minutes * 60_000_000 for until, minutes in leases)
            found[name] = Hold(len(leases), seen, max(until for until, _ in leases))
    return found


def _due(work: Work, dataset: Dataset) -> int | None:
    """The earliest due date of a rule that has work left."""
    left = {
        (each.plan, each.rule) for each in work.assignments.counts(dataset) if each.state in _TO_DO and each.n
    }
    dates = [
        parse_date_bounds(rule.due)[1]
        for plan in work.assignments.plans(dataset)
        if plan.phase is PlanPhase.LIVE
        for place, rule in enumerate(plan.spec.rules)
        if rule.due is not None and (plan.no, place) in left
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
