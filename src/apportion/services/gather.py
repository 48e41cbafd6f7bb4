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
    EntityNotFoundError,
    ValidationError,
)
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, asked
from apportion.ports.assignments import PlanPhase
from apportion.ports.store import Store, Work
from apportion.vocabulary import AnnotationState, EventCode, Status

from .annotate import set_answer
from .hidden import check_free, gone_unless_whole, show
from .individual import own_state
from .make_plan import NEVER, dealing_of, numbered
from .manage_datasets import blank_dataset, find_dataset, require_workspace
from .policies import set_policies

__all__ = ["Gathered", "Gathering", "gather"]

_PAGE = 500
"""Records to a transaction: nobody annotating waits long."""


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


@dataclass(frozen=True, slots=True)
class Gathering:
    """Who brings which copies together, and where: all datasets called ``name`` in these workspaces."""

    actor: Actor
    name: str
    workspaces: Sequence[str]
    into_workspace: str
    into_name: str


def gather(store: Store, asked: Gathering, *, dry_run: bool, now: int) -> Gathered:
    """One individual dataset of all copies, as of one moment, joined by record id; visible once it is whole.

    The annotation of a copy is that of the user its workspace is named after. Refused when copies of one id differ
    in what annotators were shown; the copies stay as they are in any case. To be called from a thread of its own.
    """
    with store.read() as work:
        sources = _sources(work, asked)
        owners = [_owner(work, each, place) for place, each in enumerate(asked.workspaces)]
        records, copies = _joined(work, sources, owners)
    found = Gathered(asked.into_name, asked.into_workspace, len(records))
    for held in copies.values():
        for owner, copy in held.items():
            found.people[owner] = found.people.get(owner, 0) + 1
            found.annotations += copy.state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
    if not dry_run:
        _make(store, asked, sources, records, copies, found, now)
    return found


def _sources(work: Work, asked: Gathering) -> list[Dataset]:
    """The datasets that come together, once everything has been asked that can be refused."""
    name, workspaces = asked.name, asked.workspaces
    if len(set(workspaces)) != len(workspaces) or not workspaces:
        raise BadRequestError("Name each workspace to gather from once. Nothing was gathered.")
    sources = [find_dataset(work, asked.actor, each, name, Action.COPY_DATASET) for each in workspaces]
    require_workspace(work, asked.into_workspace)
    require(asked.actor, Action.CREATE_DATASET, asked.into_workspace)
    check_free(work, asked.into_workspace, asked.into_name, "ServiceDataset")
    if len({each.task for each in sources}) > 1:
        raise BadRequestError(f"The datasets called {name} are of several tasks. Nothing was gathered.")
    return sources


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
    store: Store,
    asked: Gathering,
    sources: Sequence[Dataset],
    records: Mapping[str, Record],
    copies: Mapping[str, Mapping[str, _Copy]],
    found: Gathered,
    now: int,
) -> None:
    bare = [replace(record, status=Status.DEFAULT, annotation=None) for record in records.values()]
    with gone_unless_whole(store, lambda work: _begin(work, asked, sources[0], sources, now)) as target:
        for start in range(0, len(bare), _PAGE):
            ready = store.prepare(target.task, bare[start : start + _PAGE])
            store.write(
                lambda work, ready=ready: work.records.log(target, ready, at=now)  # type: ignore[misc]
            ).result()
        store.write(lambda work: _adopt(work, asked.actor, target, copies, now)).result()
        ids = list(copies)
        for start in range(0, len(ids), _PAGE):
            part = ids[start : start + _PAGE]
            store.write(
                lambda work, part=part: _answer(work, target, part, copies, now)  # type: ignore[misc]
            ).result()
        store.write(lambda work: _finish(work, asked, target, sources, found, now)).result()


def _begin(work: Work, asked: Gathering, first: Dataset, sources: Sequence[Dataset], now: int) -> Dataset:
    names = {"gathered_from": [each.workspace for each in sources]}
    blank = blank_dataset(
        asked.actor, asked.into_workspace, asked.into_name, first.task, tags=first.tags,
        metadata={**first.metadata, **names}, now=now,
    )  # fmt: skip
    target = work.datasets.add_hidden(blank)
    target = work.datasets.update(target, settings=first.settings, multi_label=first.multi_label)
    policies = Policies.of({"annotation": "individual"})
    return set_policies(work, target, policies, by=asked.actor.username, now=now)


def _answer(
    work: Work, target: Dataset, ids: Sequence[str], copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    for case in work.annotations.cases(target, ids):
        for owner, copy in sorted(copies[case.id].items()):
            if copy.state is AnnotationState.NONE:
                continue
            now_case = work.annotations.case(target, case.id)
            assert now_case is not None
            settled, _ = set_answer(work, target, now_case, owner, copy.state, copy.value, now=now)
            work.annotations.settle(target, [settled], at=now)


def _finish(
    work: Work, asked: Gathering, target: Dataset, sources: Sequence[Dataset], found: Gathered, now: int
) -> None:
    shown = show(work, target)
    work.annotations.note(shown, asked.actor.username, EventCode.GATHERED, at=now, detail=found.show())
    for source in sources:
        detail = {"into": shown.id, "records": source.records}
        work.annotations.note(source, asked.actor.username, EventCode.COPIED, at=now, detail=detail)


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
