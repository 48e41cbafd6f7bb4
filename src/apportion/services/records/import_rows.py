"""Import records from a file, with everybody's answers and gold if the file has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from apportion.domain.assignment.queue import submit
from apportion.domain.datasets import Dataset, DatasetAddress, LabelSettings
from apportion.domain.errors import BadRequestError, ConflictError, ValidationError
from apportion.domain.individual.carry_value import earlier_value
from apportion.domain.individual.case import Annotation, Case, GoldValue
from apportion.domain.individual.record_view import ResolvedView, Rule, build_view, same_value
from apportion.domain.individual.required_answers import RequiredAnswers
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.domain.policies import AnnotationMode as Kind
from apportion.domain.policies import Policies
from apportion.domain.records import Record, TextClassificationRecord, Value
from apportion.ports.annotations import CaseChange
from apportion.ports.events import About
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.services.answers.checked_value import checked_value
from apportion.services.answers.eligibility import eligibility_of
from apportion.services.answers.log_request import Prepare
from apportion.services.assignments.policies import PolicyCause, set_policies
from apportion.services.datasets.access import (
    DatasetAccess,
    check_free,
    open_if_there,
)
from apportion.services.datasets.manage import NewDataset, blank_dataset, require_workspace
from apportion.services.datasets.staging import StagedDataset, publish
from apportion.services.operations import Step
from apportion.vocabulary import AnnotationState, CountDecision, EventCode, HistoryReason, Status, Task

from .input_parts import in_parts
from .log import LogRequest, labels_of, log_into

__all__ = [
    "EncodedRows",
    "ImportNew",
    "ImportRequest",
    "ImportedAnswer",
    "ImportedRows",
    "add_rows",
    "begin_import",
    "check_kind",
    "counts_of",
    "log_import",
    "members_of",
    "required_answers",
    "size_of",
]

AT_ONCE = 500
"""Records whose answers are read and written together."""


@dataclass(frozen=True, slots=True)
class ImportedAnswer:
    """A person's answer in a file; ``at`` and ``seconds`` where the file has them."""

    annotator: str
    value: Value | None
    state: AnnotationState
    counted: bool = True
    seconds: float | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """A record of a file. ``value``, ``agent`` and ``status`` are its resolved value as the file has it."""

    record: Record
    answers: Sequence[ImportedAnswer] = ()
    gold: GoldValue | None = None
    status: Status = Status.DEFAULT
    agent: str | None = None
    value: Value | None = None

    @property
    def individual(self) -> bool:
        """Return whether it has people's own answers or gold, which a record of 1.x could not have."""
        return bool(self.answers) or self.gold is not None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A request to import records. ``settings`` are those of a dataset that is not there yet.

    ``checked`` is the dataset that ``begin_import`` checked the records against; None: there was none.
    """

    address: DatasetAddress
    task: Task
    found: Sequence[ImportedRows]
    settings: LabelSettings | None = None
    checked: Dataset | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def members_of(each: ImportedRows) -> tuple[Any, ...]:
    """Return the members of a row in their order, which are its stored form."""
    return each.record, each.answers, each.gold, each.status, each.agent, each.value


def size_of(each: ImportedRows) -> int:
    """Return about how many bytes a row takes."""
    record = each.record
    rest = (record.metadata, record.prediction, record.vectors, each.answers, each.gold)
    return len(record.text) + sum(len(repr(one)) for one in rest if one)


def begin_import(
    tx: Transaction, actor: Actor, asked: ImportRequest
) -> tuple[Dataset | None, list[tuple[int, str]]]:
    """Check what can be checked before anything is stored.

    Return the dataset if there is one, and the indices of records that do not fit, and why.
    """
    address, found = replace(asked.address, task=asked.task), asked.found
    require(actor, Action.CREATE_BY_LOGGING, address.workspace)
    require_workspace(tx, address.workspace)
    check_name(address.name, "path", "name")
    people = sorted({answer.annotator for each in found for answer in each.answers})
    unknown = [each for each in people if tx.people.user_by_name(each) is None]
    if unknown:
        raise ValidationError(
            [
                {
                    "loc": ["body", "answers"],
                    "msg": f"there are no users {', '.join(unknown)}; create them first. Nothing was stored",
                    "type": "value_error",
                }
            ]
        )
    access = open_if_there(tx, actor, address, Action.CREATE_BY_LOGGING, open_only=True)
    if access is None:
        blank = blank_dataset(actor, NewDataset(address, asked.task), now=0)
        dataset, multi_label = replace(blank, settings=asked.settings), None
    else:
        dataset = access.dataset
        check_kind(dataset, found)
        multi_label = dataset.multi_label if dataset.records else None
    each_deadline = enumerate(tx.deadline.each(found))
    misfits = [(place, why) for place, each in each_deadline if (why := _misfit(dataset, multi_label, each))]
    return None if access is None else dataset, misfits


def check_kind(dataset: Dataset, found: Sequence[ImportedRows]) -> None:
    """Refuse answers of several people for a dataset that keeps one answer per record."""
    if any(each.individual for each in found) and not dataset.individual:
        raise ConflictError(
            f"The file has answers of several people, and dataset {dataset.name} is shared: it keeps one a record. "
            "Set its policy 'annotation' to 'individual' first, or import under another name."
        )


def _misfit(dataset: Dataset, multi_label: bool | None, each: ImportedRows) -> str | None:
    """Return why a record does not fit the dataset as it is; None if it fits."""
    record = each.record
    if isinstance(record, TextClassificationRecord) and multi_label not in (None, record.multi_label):
        here, there = (
            ("several labels", "one label") if record.multi_label else ("one label", "several labels")
        )
        return f"the record has {here}, those of the dataset have {there} each"
    if dataset.settings is not None and dataset.task is not Task.TEXT2TEXT:
        unknown = dataset.settings.unknown(labels_of(record))
        if unknown:
            return f"the labels of the dataset do not have {', '.join(unknown)}"
    try:
        for answer in each.answers:
            checked_value(dataset, record, answer.value, answer.state)
    except (BadRequestError, ValidationError) as refused:
        return str(refused)
    return None


class ImportNew(StagedDataset):
    """The steps that create a dataset of the records: it is filled some at a time, and seen once it is whole."""

    name = "import new dataset"

    def __init__(self, store: Store, actor: Actor, asked: ImportRequest, *, now: int) -> None:
        self._store = store
        self._actor = actor
        self._asked = asked
        self._now = now

    def _begin(self, tx: Transaction) -> Dataset:
        """Add a hidden dataset to import a file into; it requires as many answers as the records have."""
        asked, actor, now = self._asked, self._actor, self._now
        require_workspace(tx, asked.address.workspace)
        check_free(tx, asked.address)
        made = NewDataset(asked.address, asked.task, asked.tags, asked.metadata)
        dataset = tx.datasets.add_hidden(blank_dataset(actor, made, now=now))
        if asked.settings is not None:
            dataset = tx.datasets.update(dataset, settings=asked.settings)
        if not any(each.individual for each in asked.found):
            return dataset
        wanted = required_answers(asked.found)
        usual = Policies.of({"annotation": "individual"})
        policies = replace(usual, required=wanted.required(max(1, wanted.most_settled)))
        assert policies.annotation is Kind.INDIVIDUAL
        return set_policies(tx, dataset, policies, PolicyCause(actor.username, now))

    def _fill(self) -> Iterator[Step]:
        encode, found = self._store.encode_records, self._asked.found
        for part in in_parts(found, size_of):
            rows = EncodedRows(part, encode(self._asked.task, [each.record for each in part]), encode)
            yield partial(self._add, rows)
        yield self._finish

    def _add(self, rows: EncodedRows, tx: Transaction) -> None:
        add_rows(DatasetAccess(tx, self._actor, self.target), rows, self._now)

    def _finish(self, tx: Transaction) -> None:
        shown, who = publish(tx, self.target), self._actor.username
        after = {"task": str(shown.task)}
        tx.events.add(EventCode.CREATED, About(shown), who=who, at=self._now, after=after)
        self._note(DatasetAccess(tx, self._actor, shown))

    def _note(self, access: DatasetAccess) -> None:
        log_import(access, counts_of(self._asked.found), self._now)


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Some of the records of a file, encoded for the store; ``encode`` does that again for those that change."""

    found: Sequence[ImportedRows]
    ready: Sequence[EncodedRecord]
    encode: Prepare


def counts_of(found: Sequence[ImportedRows]) -> dict[str, int]:
    return {
        "records": len(found),
        "answers": sum(len(each.answers) for each in found),
        "gold": sum(each.gold is not None for each in found),
    }


def log_import(access: DatasetAccess, counts: Mapping[str, int], now: int) -> None:
    what, detail = EventCode.IMPORTED_RECORDS, dict(counts)
    access.tx.annotations.log_event(access.dataset, access.username, what, at=now, detail=detail)


def required_answers(found: Sequence[ImportedRows]) -> RequiredAnswers:
    """Return how many answers a dataset of these records has to require, so that each resolves as the file says."""
    wanted = RequiredAnswers()
    for each in found:
        answers = {
            one.annotator: Annotation(
                one.annotator, one.state, one.value, 1, one.at or 0, counted=one.counted
            )
            for one in each.answers
        }
        case = Case(each.record, 0, annotations=answers)
        count = len(case.counted())
        if not count or each.gold is not None:
            continue
        if each.status is not Status.EDITED:
            wanted = wanted.resolved(count)
        elif build_view(case, rule=Rule.MAJORITY, required=count).conflict:
            wanted = wanted.in_conflict(count)
        else:  # it would be resolved if no more answers were required
            wanted = wanted.waiting(count)
    return wanted


def add_rows(access: DatasetAccess, rows: EncodedRows, now: int) -> None:
    """Log the records and set people's answers."""
    tx, dataset, found = access.tx, access.dataset, rows.found
    records = [each.record for each in found]
    request = LogRequest(dataset.address, dataset.task, records, rows.encode, prepared=rows.ready)
    log_into(access, request, now=now)
    if not dataset.individual:
        return
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        cases = {case.id: case for case in tx.annotations.cases(dataset, [each.record.id for each in some])}
        changes = []
        for each in some:
            case = cases[each.record.id]
            changes.append(_with_answers(tx, dataset, case, each, now))
            if case.live_slots():  # the next answer of the same person has to count this one in their load
                tx.annotations.save_cases(dataset, changes, at=now)
                changes = []
        tx.annotations.save_cases(dataset, changes, at=now)


def _with_answers(tx: Transaction, dataset: Dataset, case: Case, each: ImportedRows, now: int) -> CaseChange:
    policies = Policies.of(dataset.policies)
    annotations = dict(case.annotations)
    for answer in each.answers:
        before = case.of(answer.annotator)
        value = checked_value(dataset, case.record, answer.value, answer.state)
        if (
            before is not None
            and before.state is answer.state
            and same_value(case.record, before.value, value)
        ):
            continue
        annotations[answer.annotator] = Annotation(
            answer.annotator,
            answer.state,
            value,
            1 if before is None else before.version + 1,
            answer.at or now,
            answer.seconds,
            answer.counted,
        )
    after = replace(case, annotations=annotations, gold=each.gold or case.gold)
    if case.live_slots():
        after = _in_slots(tx, dataset, after, case, now)
    view = policies.resolve(after)
    if (
        each.agent is not None or each.status is Status.DISCARDED
    ):  # else the file does not have a resolved value
        stated = ResolvedView(each.status, each.agent, each.value)
        after = earlier_value(after, view, stated, rule=policies.resolution, now=now)
        view = policies.resolve(after)
    return CaseChange(case, after, view, HistoryReason.IMPORTED)


def _in_slots(tx: Transaction, dataset: Dataset, case: Case, before: Case, now: int) -> Case:
    """Return an assigned record with each new answer in a slot, or as an extra where there is no slot for it.

    An answer that the file marks as an extra stays one.
    """
    new = [each for name, each in case.annotations.items() if each != before.of(name) and each.answered]
    for each in sorted(new, key=lambda each: (not each.counted, each.updated, each.annotator)):
        eligibility = eligibility_of(tx, dataset, each.annotator, now)
        outcome = submit(
            case.slots, eligibility.person, now, loads=eligibility.loads, teams=eligibility.teams
        )
        counts = outcome.why is CountDecision.AGAIN or (each.counted and outcome.why.counted)
        if counts and outcome.slot is not None:
            case = case.with_slot(outcome.slot)
        case = case.with_annotation(replace(each, counted=counts))
    return case
