"""Compute an assignment plan, or the extension of one.

The preview and the plan that is applied are the same computation; applying compares its digest with the preview's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.assignment.figures import PlanningCase
from apportion.domain.assignment.planning import Plan, RuleInput, check_digest, plan
from apportion.domain.assignment.spec import FromMetadata, PlanSpec, RuleSpec, WorkspaceEntry, show_plan
from apportion.domain.assignment.states import Visibility
from apportion.domain.assignment.team import Person, expand_team, named_people
from apportion.domain.assignment.team import PlanningRecords as PlanRecords
from apportion.domain.datasets import Dataset, DatasetAddress, PlanAddress
from apportion.domain.errors import BadRequestError, EntityNotFoundError, ValidationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import AnnotationMode, Policies
from apportion.domain.query import MatchAll, parse
from apportion.ports.plans import StoredPlan
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.answers.reresolve import many_answered
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import MembershipRole, Role

from .policies import policies_of

__all__ = [
    "ComputedPlan",
    "compute_extension",
    "compute_plan",
    "find_plan",
    "inputs_version",
    "policies_after",
    "present_team_of",
    "team_of",
]


@dataclass(frozen=True, slots=True)
class ComputedPlan:
    """A plan computed on one snapshot, and what it takes to store it."""

    dataset: Dataset
    spec: PlanSpec
    plan: Plan
    teams: tuple[tuple[Person, ...], ...]
    given: tuple[RuleInput, ...]
    warnings: tuple[str, ...]
    mark: tuple[Any, ...]
    """The version of the inputs in that snapshot; where it has changed, the plan has to be computed again."""
    many_answered: bool
    """True where more records have answers than are resolved in one transaction."""
    into: StoredPlan | None = None
    """The plan that is extended."""

    def show(self) -> dict[str, Any]:
        """Return the preview as JSON."""
        shown = self.plan.show()
        return {**show_plan(self.spec), **shown, "warnings": [*shown["warnings"], *self.warnings]}


def compute_plan(
    tx: Transaction, actor: Actor, address: DatasetAddress, spec: PlanSpec, *, digest: str | None = None
) -> ComputedPlan:
    """Compute a plan. Nothing is written. With ``digest``, refused unless the result is what the preview showed."""
    dataset = open_dataset(tx, actor, address, Action.ASSIGN, open_only=True).dataset
    _check_mirror(tx, dataset, spec)
    if spec.checks is not None and not policies_after(policies_of(dataset), spec).blind:
        raise BadRequestError(
            "Check questions only work where no one can look up other people's answers: make the plan blind. "
            "Nothing was planned."
        )
    held = tx.assignments.assignees(dataset) if tx.assignments.plans(dataset) else {}
    given, warnings = _inputs(tx, dataset, spec, _Scope(held))
    found = plan(spec, given, policies=policies_of(dataset).show()).predicting(_case(dataset))
    check_digest(digest, found.digest)
    return ComputedPlan(
        dataset,
        spec,
        found,
        tuple(each.people for each in given),
        tuple(given),
        tuple(warnings),
        inputs_version(tx, dataset),
        many_answered(tx, dataset),
    )


def _case(dataset: Dataset) -> PlanningCase:
    labels = None if dataset.settings is None else dataset.settings.labels
    return PlanningCase.of(None if labels is None else len(labels))


def compute_extension(
    tx: Transaction, dataset: Dataset, stored: StoredPlan, ids: Sequence[str] | None = None
) -> ComputedPlan:
    """Compute how the records that a plan has not allocated yet join it: of all, or of these. Nothing is written.

    People who have left since keep what they have and get nothing.
    """
    teams = [_deactivate_leavers(tx, dataset, team) for team in stored.teams]
    planned = frozenset() if ids is not None else tx.assignments.planned_ids(stored)
    held: Mapping[str, set[str]] = {}
    if len(tx.assignments.plans(dataset)) > 1:  # nobody gets a record twice, by two plans
        held = tx.assignments.assignees(dataset, ids)
        held = {id: names for id, names in held.items() if id not in planned}
    given, warnings = _inputs(tx, dataset, stored.spec, _Scope(held, ids, teams))
    taken = sorted(planned)
    found = plan(
        stored.spec,
        given,
        state=tx.assignments.state_of(stored),
        taken=taken,
        policies=policies_of(dataset).show(),
    ).predicting(_case(dataset))
    # Records that were just logged are few: a count of all the others would make everybody who logs wait for it.
    many = ids is None and many_answered(tx, dataset)
    return ComputedPlan(
        dataset,
        stored.spec,
        found,
        tuple(each.people for each in given),
        tuple(given),
        tuple(warnings),
        inputs_version(tx, dataset),
        many,
        stored,
    )


def inputs_version(tx: Transaction, dataset: Dataset) -> tuple[Any, ...]:
    """Return the version of everything a plan is computed from: when it changes, so may the plan."""
    plans = tx.assignments.plans(dataset)
    latest = max((each.changed_at for each in plans), default=0)
    written = dataset.last_updated if dataset.individual else 0  # in a shared dataset every answer changes it
    return dataset.uuid, dataset.records, written, dict(dataset.policies), len(plans), latest


# The records and people of each rule


@dataclass(frozen=True, slots=True)
class _Scope:
    """The records that a plan is about, None for all; the people who have them already; the teams, where known."""

    held: Mapping[str, set[str]]
    ids: Sequence[str] | None = None
    teams: Sequence[tuple[Person, ...]] | None = None


def _inputs(
    tx: Transaction, dataset: Dataset, spec: PlanSpec, scope: _Scope
) -> tuple[list[RuleInput], list[str]]:
    held, teams = scope.held, scope.teams
    given = []
    warnings: list[str] = []
    known = tx.answers.known(dataset) if spec.checks is not None else {}
    for number, rule in enumerate(spec.rules):
        records = _matching(tx, dataset, rule, scope.ids)
        team = teams[number] if teams is not None else team_of(tx, dataset, rule, number, warnings)
        here = {id: names for id in records.ids if (names := held.get(id))} if held else {}
        gold = {id: names for id in records.ids if (names := known.get(id))} if known else {}
        given.append(RuleInput(replace(records, held=here, gold=gold), team))
    return given, list(dict.fromkeys(warnings))


def _matching(tx: Transaction, dataset: Dataset, rule: RuleSpec, ids: Sequence[str] | None) -> PlanRecords:
    some = rule.where is not None and bool(rule.where.strip())
    query = parse(rule.where or "") if some else MatchAll()
    criteria = Criteria(ids=tuple(ids)) if ids is not None and not some else Criteria(query)
    found = tx.records.ids(dataset, criteria, rule.keys)
    if ids is None or not some:
        return PlanRecords(found.ids, found.values, found.logged)
    wanted = set(ids)
    places = [place for place, id in enumerate(found.ids) if id in wanted]
    return PlanRecords(
        [found.ids[place] for place in places],
        {key: [values[place] for place in places] for key, values in found.values.items()},
        [found.logged[place] for place in places],
    )


def team_of(
    tx: Transaction, dataset: Dataset, rule: RuleSpec, number: int, warnings: list[str]
) -> tuple[Person, ...]:
    """Return the people of a rule, who must all be members of the workspace; add what a manager should know of them."""
    team, outsiders = _team_and_outsiders(tx, dataset, rule, number, warnings)
    if outsiders:
        raise ValidationError([_not_a_member(tx, rule, number, name, dataset) for name in outsiders[:50]])
    return team


def present_team_of(tx: Transaction, dataset: Dataset, rule: RuleSpec, number: int) -> tuple[Person, ...]:
    """Return the people of a rule, with those inactive who are no members of the workspace any more."""
    team, outsiders = _team_and_outsiders(tx, dataset, rule, number, [])
    return tuple(replace(each, active=each.active and each.name not in outsiders) for each in team)


def _team_and_outsiders(
    tx: Transaction, dataset: Dataset, rule: RuleSpec, number: int, warnings: list[str]
) -> tuple[tuple[Person, ...], list[str]]:
    workspace = tx.people.workspace_named(dataset.workspace)
    assert workspace is not None
    members = {actor.username: (actor, role) for actor, role in tx.people.members(workspace.id)}
    annotators = sorted(
        name
        for name, (actor, role) in members.items()
        if role is MembershipRole.ANNOTATOR and actor.user.role is Role.ANNOTATOR
    )
    workspaces = _workspaces(tx, rule)
    team = expand_team(rule, annotators, workspaces, "body", "rules", number)
    outsiders = []
    for person in team:
        if person.name in members:
            if person.name not in annotators:
                role = (
                    "an administrator" if members[person.name][0].is_admin else f"a {members[person.name][1]}"
                )
                warnings.append(
                    f"{person.name} is {role} of this workspace: outside the queue they see everyone's answers."
                )
            continue
        actor = tx.people.actor(person.name)
        if actor is not None and actor.is_admin:
            warnings.append(
                f"{person.name} is an administrator: outside the queue they see everyone's answers."
            )
            continue
        outsiders.append(person.name)
    return team, outsiders


def _deactivate_leavers(tx: Transaction, dataset: Dataset, team: Sequence[Person]) -> tuple[Person, ...]:
    """Return a plan's team with everybody who does not belong to the workspace any more made inactive."""
    workspace = tx.people.workspace_named(dataset.workspace)
    assert workspace is not None
    there = {actor.username for actor, _ in tx.people.members(workspace.id)}

    def stays(name: str) -> bool:
        actor = None if name in there else tx.people.actor(name)
        return name in there or (actor is not None and actor.is_admin)

    return tuple(each if stays(each.name) else replace(each, active=False) for each in team)


def _not_a_member(
    tx: Transaction, rule: RuleSpec, number: int, name: str, dataset: Dataset
) -> dict[str, Any]:
    known = tx.people.user_by_name(name)
    if known is None:
        why = f"there is no user {name}"
    elif not known.active:
        why = f"{name} has been deactivated"
    else:
        why = f"{name} does not belong to workspace {dataset.workspace}"
    place = named_people(rule).index(name) if name in named_people(rule) else 0
    return {
        "loc": ["body", "rules", number, "users", place],
        "msg": f"{why}; nothing was planned",
        "type": "value_error",
    }


def _workspaces(tx: Transaction, rule: RuleSpec) -> dict[str, list[str]]:
    found = {}
    for entry in rule.users if isinstance(rule.users, tuple) else ():
        if isinstance(entry, WorkspaceEntry):
            workspace = tx.people.workspace_named(entry.workspace)
            if workspace is None:
                raise EntityNotFoundError(entry.workspace, "Workspace")
            found[entry.workspace] = [
                actor.username
                for actor, role in tx.people.members(workspace.id)
                if role is MembershipRole.ANNOTATOR and actor.user.role is Role.ANNOTATOR
            ]
    return found


def _check_mirror(tx: Transaction, dataset: Dataset, spec: PlanSpec) -> None:
    if spec.mirror is None:
        return
    kinds_there = tx.records.metadata_kinds(dataset)
    adopted = any(
        isinstance(rule.users, FromMetadata) and rule.users.key == spec.mirror for rule in spec.rules
    )
    if spec.mirror in kinds_there and not spec.mirror_overwrite and not adopted:
        raise BadRequestError(
            f"Records of dataset {dataset.name} have values under metadata key {spec.mirror!r}, which would be "
            "hidden behind the names of the assignees. Choose another key, or send 'mirror_overwrite': true. "
            "Nothing was planned."
        )
    if spec.mirror not in kinds_there and len(kinds_there) >= 50:
        raise BadRequestError(
            f"Dataset {dataset.name} has {len(kinds_there)} metadata keys already; a mirror would be one too many."
        )


def policies_after(before: Policies, spec: PlanSpec) -> Policies:
    """Return a dataset's policies as a plan needs them: two people on one record need individual annotations."""
    after = before
    if spec.individual and not before.individual:
        usual = Policies.of({"annotation": "individual"})
        after = replace(after, annotation=AnnotationMode.INDIVIDUAL, resolution=usual.resolution)
    if spec.blind:
        after = replace(after, blind=True)
    if spec.visibility is not None:
        after = replace(after, visibility=spec.visibility)
    elif spec.blind:
        after = replace(after, visibility=Visibility.ASSIGNED)
    return after


def find_plan(
    tx: Transaction, actor: Actor, address: PlanAddress, action: Action = Action.ASSIGN
) -> tuple[Dataset, StoredPlan]:
    """Find a dataset's plan."""
    dataset = open_dataset(tx, actor, address.dataset, action).dataset
    stored = tx.assignments.plan(dataset, address.id)
    if stored is None:
        raise EntityNotFoundError(address.id, "AssignmentPlan")
    return dataset, stored
