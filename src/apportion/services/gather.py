"""Bring copies together that were logged into each person's own workspace: one dataset, everybody's annotations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apportion.domain.arrays import np
from apportion.domain.assignment.people import Person
from apportion.domain.assignment.rows import Rows, RowsBuilder
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.state import PlanState, RuleState, tally_pairs
from apportion.domain.assignment.words import Phase, Reason
from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ValidationError,
)
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, asked
from apportion.ports.assignments import PlanPhase
from apportion.ports.store import Work
from apportion.vocabulary import AnnotationState, Status

from .annotate import set_answer
from .individual import Prepare, own_state
from .make_plan import NEVER, dealing_of, numbered
from .manage_datasets import find_dataset, new_dataset, require_workspace
from .policies import set_policies

__all__ = ["Gathered", "gather"]

_PAGE = 500


@dataclass(slots=True)
class Gathered:
    """What came together: records, annotations, and who has which copy."""

    dataset: str
    workspace: str
    records: int = 0
    annotations: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def show(self) -> dict[str, Any]:
        return {
            "dataset": self.dataset,
            "workspace": self.workspace,
            "records": self.records,
            "annotations": self.annotations,
            "loads": dict(sorted(self.people.items())),
        }


@dataclass(slots=True)
class _Copy:
    state: AnnotationState
    value: Value | None


def gather(
    work: Work,
    actor: Actor,
    name: str,
    workspaces: Sequence[str],
    *,
    into_workspace: str,
    into_name: str,
    dry_run: bool,
    now: int,
    prepare: Prepare,
) -> Gathered:
    """One individual dataset of all datasets called ``name`` in these workspaces, joined by record id.

    The annotation of a copy is that of the user its workspace is named after. Refused when copies of one id differ
    in what annotators were shown; the copies stay as they are in any case.
    """
    if len(set(workspaces)) != len(workspaces) or not workspaces:
        raise BadRequestError("Name each workspace to gather from once. Nothing was gathered.")
    sources = [find_dataset(work, actor, each, name, Action.COPY_DATASET) for each in workspaces]
    require_workspace(work, into_workspace)
    require(actor, Action.CREATE_DATASET, into_workspace)
    if work.datasets.find(into_workspace, into_name) is not None:
        raise EntityAlreadyExistsError(into_name, "ServiceDataset", into_workspace)
    if len({each.task for each in sources}) > 1:
        raise BadRequestError(f"The datasets called {name} are of several tasks. Nothing was gathered.")
    owners = [_owner(work, each, place) for place, each in enumerate(workspaces)]
    records, copies = _joined(work, sources, owners)
    found = Gathered(into_name, into_workspace, len(records))
    for held in copies.values():
        for owner, copy in held.items():
            found.people[owner] = found.people.get(owner, 0) + 1
            found.annotations += copy.state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
    if not dry_run:
        _make(work, actor, sources, records, copies, found, now, prepare)
    return found


def _owner(work: Work, workspace: str, place: int) -> str:
    """Whose copy lies in a workspace: the user it is named after, or the only annotator who belongs to it."""
    if work.people.named(workspace) is not None:
        return workspace
    there = work.people.workspace_named(workspace)
    if there is None:
        raise EntityNotFoundError(workspace, "Workspace")
    members = [actor.username for actor, _ in work.people.members(there.id) if not actor.is_admin]
    if len(members) == 1:
        return members[0]
    raise ValidationError(
        [
            {
                "loc": ["body", "workspaces", place],
                "msg": f"nobody is called {workspace}, and it has {len(members)} members: whose copies these are "
                "cannot be told; nothing was gathered",
                "type": "value_error",
            }
        ]
    )


def _joined(
    work: Work, sources: Sequence[Dataset], owners: Sequence[str]
) -> tuple[dict[str, Record], dict[str, dict[str, _Copy]]]:
    records: dict[str, Record] = {}
    copies: dict[str, dict[str, _Copy]] = {}
    differing: list[str] = []
    for source, owner in zip(sources, owners, strict=True):
        for record in work.records.iterate(source):
            first = records.setdefault(record.id, record)
            if asked(first) != asked(record):
                differing.append(record.id)
                continue
            value = None if record.annotation is None else record.annotation.value
            state = own_state(record.status, value is not None)
            copies.setdefault(record.id, {})[owner] = _Copy(state, value)
    if differing:
        named = ", ".join(differing[:5]) + (" …" if len(differing) > 5 else "")
        raise ConflictError(
            f"{len(differing)} records have one id but different texts in different workspaces: {named}. "
            "Nothing was gathered."
        )
    return records, copies


def _make(
    work: Work,
    actor: Actor,
    sources: Sequence[Dataset],
    records: Mapping[str, Record],
    copies: Mapping[str, Mapping[str, _Copy]],
    found: Gathered,
    now: int,
    prepare: Prepare,
) -> None:
    first = sources[0]
    names = {"gathered_from": [each.workspace for each in sources]}
    target = new_dataset(
        work, actor, found.workspace, found.dataset, first.task, tags=first.tags,
        metadata={**first.metadata, **names}, now=now,
    )  # fmt: skip
    target = work.datasets.update(target, settings=first.settings, multi_label=first.multi_label)
    policies = replace(Policies.of({"annotation": "individual"}))
    target = set_policies(work, target, policies, by=actor.username, now=now)
    bare = [replace(record, status=Status.DEFAULT, annotation=None) for record in records.values()]
    for start in range(0, len(bare), _PAGE):
        work.records.log(target, prepare(target.task, bare[start : start + _PAGE]), at=now)
    _adopt(work, actor, target, copies, now)
    ids = list(copies)
    for start in range(0, len(ids), _PAGE):
        for case in work.annotations.cases(target, ids[start : start + _PAGE]):
            for owner, copy in sorted(copies[case.id].items()):
                if copy.state is AnnotationState.NONE:
                    continue
                now_case = work.annotations.case(target, case.id)
                assert now_case is not None
                settled, _ = set_answer(work, target, now_case, owner, copy.state, copy.value, now=now)
                work.annotations.settle(target, [settled], at=now)
    work.annotations.note(target, actor.username, "gathered", at=now, detail=found.show())


def _adopt(
    work: Work, actor: Actor, target: Dataset, copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    """Everybody's copies become their slots, so that each record wants exactly the answers it was copied for."""
    people = sorted({owner for held in copies.values() for owner in held})
    rows = _rows(people, copies)
    loads = {name: sum(name in held for held in copies.values()) for name in people}
    state = PlanState({0: RuleState(loads=loads)}, tally_pairs(copies.values()))
    spec = PlanSpec(rules=(RuleSpec(users=tuple(map(UserEntry, people))),), seed=0)
    figures = {"records": len(copies), "slots": len(rows), "loads": loads, "seed": 0, "unassigned": []}
    stored = work.assignments.add_plan(
        target,
        str(uuid.uuid4()),
        spec,
        [[Person(name) for name in people]],
        state,
        figures,
        phase=PlanPhase.LIVE,
        by=actor.username,
        at=now,
    )
    of = work.assignments.numbers(target)
    numbers = np.array([of[id] for id in rows.records], dtype=np.int64)
    dealing = numbered(work, stored, dealing_of(rows, numbers, {}, [NEVER]))
    work.assignments.deal(target, stored, dealing, 0, len(rows))
    work.assignments.offer(target, stored, dealing, 0, len(rows))


def _rows(people: Sequence[str], copies: Mapping[str, Mapping[str, _Copy]]) -> Rows:
    place = {name: number for number, name in enumerate(people)}
    builder = RowsBuilder(people)
    builder.add_records(list(copies), np.arange(len(copies), dtype=np.int64))
    record, person, slot = [], [], []
    for number, held in enumerate(copies.values()):
        for nth, owner in enumerate(sorted(held)):
            record.append(number)
            person.append(place[owner])
            slot.append(nth)
    builder.add(
        np.array(record, dtype=np.int64),
        np.array(person, dtype=np.int32),
        np.array(slot, dtype=np.int32),
        builder.reason(Reason("adopted", ("workspace",))),
        rule=0,
        phase=Phase.ADOPTED,
        inclusion=np.ones(len(record)),
    )
    return builder.finish()
