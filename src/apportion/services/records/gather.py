"""Gather copies that were logged into each person's own workspace into one dataset with everybody's annotations."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from apportion.domain.assignment.rows import PlanRows, RowFacts, RowsBuilder
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.state import PlanState, RuleState, count_pairs
from apportion.domain.assignment.states import Phase, Reason
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError, ConflictError, EntityNotFoundError, ValidationError
from apportion.domain.numpy_types import np
from apportion.domain.parts import parts_of
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, shown_content
from apportion.ports.plans import PlanPhase
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.services.answers.answer_change import AnswerChange
from apportion.services.answers.apply_answer import apply_answer
from apportion.services.answers.bulk_individual import own_state
from apportion.services.assignments.apply_plan import slot_batch_of, with_numbers
from apportion.services.assignments.policies import PolicyCause, set_policies
from apportion.services.datasets.access import check_free, open_dataset
from apportion.services.datasets.manage import NewDataset, blank_dataset, require_workspace
from apportion.services.datasets.staging import StagedDataset, publish
from apportion.services.operations import Step
from apportion.vocabulary import UNBOUNDED, AnnotationState, EventCode, Status

__all__ = ["Copies", "GatherCopies", "GatherRequest", "Gathered", "read_copies"]

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
class GatherRequest:
    """A request to gather all datasets called ``name`` in these workspaces into one."""

    actor: Actor
    name: str
    workspaces: Sequence[str]
    into: DatasetAddress


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies to gather: the datasets, their records by id, and everybody's copies by record and owner."""

    sources: Sequence[Dataset]
    records: Mapping[str, Record]
    by_owner: Mapping[str, Mapping[str, _Copy]]

    def counted(self, into: DatasetAddress) -> Gathered:
        """Return what gathering them results in."""
        found = Gathered(into.name, into.workspace, len(self.records))
        for held in self.by_owner.values():
            for owner, copy in held.items():
                found.people[owner] = found.people.get(owner, 0) + 1
                found.annotations += copy.state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
        return found


def read_copies(tx: Transaction, asked: GatherRequest) -> Copies:
    """Return the copies as of one moment, joined by record id.

    The annotation of a copy is that of the user its workspace is named after. Refused when copies of one id differ
    in what annotators were shown.
    """
    sources = _sources(tx, asked)
    owners = [_owner(tx, each, place) for place, each in enumerate(asked.workspaces)]
    return Copies(sources, *_joined(tx, sources, owners))


class GatherCopies(StagedDataset):
    """The steps that create one individual dataset of all copies, visible once complete; the copies stay."""

    name = "gather copies"

    def __init__(self, store: Store, asked: GatherRequest, copies: Copies, *, now: int) -> None:
        self._store = store
        self._asked = asked
        self._copies = copies
        self._now = now

    def _begin(self, tx: Transaction) -> Dataset:
        actor, first = self._asked.actor, self._copies.sources[0]
        names = {"gathered_from": [each.workspace for each in self._copies.sources]}
        wanted = NewDataset(self._asked.into, first.task, first.tags, {**first.metadata, **names})
        target = tx.datasets.add_hidden(blank_dataset(actor, wanted, now=self._now))
        target = tx.datasets.update(target, settings=first.settings, multi_label=first.multi_label)
        policies = Policies.of({"annotation": "individual"})
        return set_policies(tx, target, policies, PolicyCause(actor.username, self._now))

    def _fill(self) -> Iterator[Step]:
        by_owner, actor, now = self._copies.by_owner, self._asked.actor, self._now
        bare = [
            replace(record, status=Status.DEFAULT, annotation=None)
            for record in self._copies.records.values()
        ]
        for part in parts_of(bare, _PAGE):
            yield partial(self._log, self._store.encode_records(self.target.task, part))
        yield lambda tx: _adopt(tx, actor, self.target, by_owner, now)
        for ids in parts_of(list(by_owner), _PAGE):
            yield partial(self._answer, ids)
        yield self._finish

    def _log(self, ready: Sequence[EncodedRecord], tx: Transaction) -> None:
        tx.records.log(self.target, ready, at=self._now)

    def _answer(self, ids: Sequence[str], tx: Transaction) -> None:
        _answer(tx, self.target, ids, self._copies.by_owner, self._now)

    def _finish(self, tx: Transaction) -> None:
        shown, by, now = publish(tx, self.target), self._asked.actor.username, self._now
        detail = self._copies.counted(self._asked.into).show()
        tx.annotations.log_event(shown, by, EventCode.GATHERED, at=now, detail=detail)
        for source in self._copies.sources:
            copied = {"into": shown.id, "records": source.records}
            tx.annotations.log_event(source, by, EventCode.COPIED, at=now, detail=copied)


def _sources(tx: Transaction, asked: GatherRequest) -> list[Dataset]:
    """Return the datasets to gather, once everything that can be refused has been checked."""
    name, workspaces = asked.name, asked.workspaces
    if len(set(workspaces)) != len(workspaces) or not workspaces:
        raise BadRequestError("Name each workspace to gather from once. Nothing was gathered.")
    sources = [
        open_dataset(tx, asked.actor, DatasetAddress(each, name), Action.COPY_DATASET).dataset
        for each in workspaces
    ]
    require_workspace(tx, asked.into.workspace)
    require(asked.actor, Action.CREATE_DATASET, asked.into.workspace)
    check_free(tx, asked.into, "ServiceDataset")
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
                "msg": f"no one is called {workspace}, and it has {len(members)} members, so it is not clear whose "
                "copies these are; nothing was gathered",
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


def _answer(
    tx: Transaction, target: Dataset, ids: Sequence[str], copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    for case in tx.annotations.cases(target, ids):
        for owner, copy in sorted(copies[case.id].items()):
            if copy.state is AnnotationState.NONE:
                continue
            now_case = tx.annotations.case(target, case.id)
            assert now_case is not None
            answer = AnswerChange(owner, copy.state, copy.value, now)
            change, _ = apply_answer(tx, target, now_case, answer)
            tx.annotations.save_cases(target, [change], at=now)


def _adopt(
    tx: Transaction, actor: Actor, target: Dataset, copies: Mapping[str, Mapping[str, _Copy]], now: int
) -> None:
    """Add a plan whose slots are the copies, so that each record wants exactly the answers it was copied for."""
    people = sorted({owner for held in copies.values() for owner in held})
    rows = _rows(people, copies)
    loads = {name: sum(name in held for held in copies.values()) for name in people}
    state = PlanState({0: RuleState(loads=loads)}, count_pairs(copies.values()))
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
    batch = with_numbers(tx, stored, slot_batch_of(rows, numbers, {}, [UNBOUNDED]))
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
        RowFacts(0, Phase.ADOPTED, np.ones(len(record))),
    )
    return builder.finish()
