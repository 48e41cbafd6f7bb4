"""Gather copies that were logged into each person's own workspace into one dataset with everybody's annotations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apportion.domain.assignment.rows import PlanRows, RowsBuilder
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.state import PlanState, RuleState, tally_pairs
from apportion.domain.assignment.states import Phase, Reason
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, ConflictError, EntityNotFoundError, ValidationError
from apportion.domain.numpy_types import np
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, shown_content
from apportion.ports.assignments import PlanPhase
from apportion.ports.store import Store, Transaction
from apportion.services.answers.bulk_individual import own_state
from apportion.services.answers.own_annotations import apply_answer
from apportion.services.assignments.apply_plan import NEVER, slot_batch_of, with_numbers
from apportion.services.assignments.policies import set_policies
from apportion.services.datasets.access import blank_dataset, find_dataset, require_workspace
from apportion.services.datasets.staging import check_free, publish, staged_dataset
from apportion.vocabulary import AnnotationState, EventCode, Status

__all__ = ["GatherInProgress", "Gathered", "gather"]

_PAGE = 500
"""Records per transaction: few, so that nobody annotating waits long."""


@dataclass(slots=True)
class Gathered:
    """The result of gathering: records, annotations, and the owner of each copy."""

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
class GatherInProgress:
    """A request to gather all datasets called ``name`` in these workspaces into one."""

    actor: Actor
    name: str
    workspaces: Sequence[str]
    into_workspace: str
    into_name: str


def gather(store: Store, asked: GatherInProgress, *, dry_run: bool, now: int) -> Gathered:
    """Create one individual dataset of all copies, as of one moment, joined by record id; visible once complete.

    The annotation of a copy is that of the user its workspace is named after. Refused when copies of one id differ
    in what annotators were shown; the copies stay as they are in any case. To be called from a thread of its own.
    """
    with store.read() as tx:
        sources = _sources(tx, asked)
        owners = [_owner(tx, each, place) for place, each in enumerate(asked.workspaces)]
        records, copies = _joined(tx, sources, owners)
    found = Gathered(asked.into_name, asked.into_workspace, len(records))
    for held in copies.values():
        for owner, copy in held.items():
            found.people[owner] = found.people.get(owner, 0) + 1
            found.annotations += copy.state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
    if not dry_run:
        _make(store, asked, sources, records, copies, found, now)
    return found


def _sources(tx: Transaction, asked: GatherInProgress) -> list[Dataset]:
    """Return the datasets to gather, once everything that can be refused has been checked."""
    name, workspaces = asked.name, asked.workspaces
    if len(set(workspaces)) != len(workspaces) or not workspaces:
        raise BadRequestError("Name each workspace to gather from once. Nothing was gathered.")
    sources = [find_dataset(tx, asked.actor, each, name, Action.COPY_DATASET) for each in workspaces]
    require_workspace(tx, asked.into_workspace)
    require(asked.actor, Action.CREATE_DATASET, asked.into_workspace)
    check_free(tx, asked.into_workspace, asked.into_name, "ServiceDataset")
    if len({each.task for each in sources}) > 1:
        raise BadRequestError(f"The datasets called {name} are of several tasks. Nothing was gathered.")
    return sources


def _owner(tx: Transaction, workspace: str, place: int) -> str:
    """Return the owner of the copy in a workspace: the user it is named after, or its only annotator."""
    if tx.people.user_by_name(workspace) is not None:
        return workspace
    there = tx.people.workspace_named(workspace)
    if there is None:
        raise EntityNotFoundError(workspace, "Workspace")
    members = [actor.username for actor, _ in tx.people.members(there.id) if not actor.is_admin]
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
    tx: Transaction, sources: Sequence[Dataset], owners: Sequence[str]
) -> tuple[dict[str, Record], dict[str, dict[str, _Copy]]]:
    records: dict[str, Record] = {}
    copies: dict[str, dict[str, _Copy]] = {}
    differing: list[str] = []
    for source, owner in zip(sources, owners, strict=True):
        for record in tx.records.iterate(source):
            first = records.setdefault(record.id, record)
            if shown_content(first) != shown_content(record):
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
    asked: GatherInProgress,
    sources: Sequence[Dataset],
    records: Mapping[str, Record],
    copies: Mapping[str, Mapping[str, _Copy]],
    found: Gathered,
    now: int,
) -> None:
    bare = [replace(record, status=Status.DEFAULT, annotation=None) for record in records.values()]
    with staged_dataset(store, lambda tx: _begin(tx, asked, sources[0], sources, now)) as target:
        for start in range(0, len(bare), _PAGE):
            ready = store.encode_records(target.task, bare[start : start + _PAGE])
            store.write(
                lambda tx, ready=ready: tx.records.log(target, ready, at=now)  # type: ignore[misc]
            ).result()
        store.write(lambda tx: _adopt(tx, asked.actor, target, copies, now)).result()
        ids = list(copies)
        for start in range(0, len(ids), _PAGE):
            part = ids[start : start + _PAGE]
            store.write(
                lambda tx, part=part: _answer(tx, target, part, copies, now)  # type: ignore[misc]
            ).result()
        store.write(lambda tx: _finish(tx, asked, target, sources, found, now)).result()


def _begin(
    tx: Transaction, asked: GatherInProgress, first: Dataset, sources: Sequence[Dataset], now: int
) -> Dataset:
    names = {"gathered_from": [each.workspace for each in sources]}
    blank = blank_dataset(
        asked.actor, asked.into_workspace, asked.into_name, first.task, tags=first.tags,
        metadata={**first.metadata, **names}, now=now,
    )  # fmt: skip
    target = tx.datasets.add_hidden(blank)
    target = tx.datasets.update(target, settings=first.settings, multi_label=first.multi_label)
    policies = Policies.of({"annotation": "individual"})
    return set_policies(tx, target, policies, by=asked.actor.username, now=now)


def _answer(
    tx: Transaction, target: Dataset, ids: Sequence[str], copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    for case in tx.annotations.cases(target, ids):
        for owner, copy in sorted(copies[case.id].items()):
            if copy.state is AnnotationState.NONE:
                continue
            now_case = tx.annotations.case(target, case.id)
            assert now_case is not None
            change, _ = apply_answer(tx, target, now_case, owner, copy.state, copy.value, now=now)
            tx.annotations.save_cases(target, [change], at=now)


def _finish(
    tx: Transaction,
    asked: GatherInProgress,
    target: Dataset,
    sources: Sequence[Dataset],
    found: Gathered,
    now: int,
) -> None:
    shown = publish(tx, target)
    tx.annotations.log_event(shown, asked.actor.username, EventCode.GATHERED, at=now, detail=found.show())
    for source in sources:
        detail = {"into": shown.id, "records": source.records}
        tx.annotations.log_event(source, asked.actor.username, EventCode.COPIED, at=now, detail=detail)


def _adopt(
    tx: Transaction, actor: Actor, target: Dataset, copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    """Add a plan whose slots are the copies, so that each record wants exactly the answers it was copied for."""
    people = sorted({owner for held in copies.values() for owner in held})
    rows = _rows(people, copies)
    loads = {name: sum(name in held for held in copies.values()) for name in people}
    state = PlanState({0: RuleState(loads=loads)}, tally_pairs(copies.values()))
    spec = PlanSpec(rules=(RuleSpec(users=tuple(map(UserEntry, people))),), seed=0)
    figures = {"records": len(copies), "slots": len(rows), "loads": loads, "seed": 0, "unassigned": []}
    stored = tx.assignments.add_plan(
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
    of = tx.assignments.record_numbers(target)
    numbers = np.array([of[id] for id in rows.records], dtype=np.int64)
    batch = with_numbers(tx, stored, slot_batch_of(rows, numbers, {}, [NEVER]))
    tx.assignments.insert_slots(target, stored, batch, 0, len(rows))
    tx.assignments.enqueue_slots(target, stored, batch, 0, len(rows))


def _rows(people: Sequence[str], copies: Mapping[str, Mapping[str, _Copy]]) -> PlanRows:
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
