"""Import records from a file, with everybody's answers and gold if the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apportion.domain.assignment.queue import submit
from apportion.domain.datasets import Dataset, LabelSettings
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
from apportion.services.answers.bulk_individual import Prepare
from apportion.services.answers.eligibility import eligibility_of
from apportion.services.answers.own_annotations import checked_value
from apportion.services.assignments.policies import set_policies
from apportion.services.datasets.access import allow, blank_dataset, find_dataset, require_workspace
from apportion.services.datasets.staging import check_free, publish, staged_dataset
from apportion.vocabulary import AnnotationState, CountDecision, EventCode, HistoryReason, Status, Task

from .log import Logging, labels_of, log_into

__all__ = [
    "ImportInProgress",
    "ImportedAnswer",
    "ImportedRows",
    "begin_import",
    "import_records",
    "required_answers",
]

AT_ONCE = 500
"""Records of a new dataset per transaction: few, so that nobody annotating waits long."""


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


def begin_import(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    found: Sequence[ImportedRows],
    settings: LabelSettings | None = None,
) -> list[tuple[int, str]]:
    """Check what can be checked before anything is stored; return indices of records that do not fit, and why.

    ``settings`` are those of the dataset to be, where there is none yet.
    """
    require(actor, Action.CREATE_BY_LOGGING, workspace)
    require_workspace(tx, workspace)
    check_name(name, "path", "name")
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
    dataset = tx.datasets.find(workspace, name)
    if dataset is not None:
        allow(dataset, actor, Action.CREATE_BY_LOGGING, task=task, open_only=True)
        _check_kind(dataset, found)
    multi_label = dataset.multi_label if dataset is not None and dataset.records else None
    if dataset is None:
        blank = blank_dataset(actor, workspace, name, task, tags={}, metadata={}, now=0)
        dataset = replace(blank, settings=settings)
    return [(place, why) for place, each in enumerate(found) if (why := _misfit(dataset, multi_label, each))]


def _check_kind(dataset: Dataset, found: Sequence[ImportedRows]) -> None:
    """Refuse answers of several people for a dataset that keeps one answer per record."""
    if any(each.individual for each in found) and not Policies.of(dataset.policies).individual:
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


@dataclass(frozen=True, slots=True)
class ImportInProgress:
    """A request to import records that ``begin_import`` has found nothing wrong with.

    ``settings`` are those of a dataset that is not there yet.
    """

    actor: Actor
    workspace: str
    name: str
    task: Task
    found: Sequence[ImportedRows]
    settings: LabelSettings | None = None


def import_records(store: Store, asked: ImportInProgress, *, now: int) -> None:
    """Store all of the records or none, whatever happens meanwhile. To be called from a thread of its own.

    A dataset that is not there yet is filled some records at a time and seen once it is whole; what is there already
    takes all of them in one transaction.
    """
    with store.read() as tx:
        there = tx.datasets.find(asked.workspace, asked.name) is not None
    if there:
        all_ready = store.encode_records(asked.task, [each.record for each in asked.found])
        store.write(lambda tx: _add_all(tx, asked, now, store.encode_records, all_ready)).result()
        return
    with staged_dataset(store, lambda tx: _begin_hidden(tx, asked, now)) as target:
        for start in range(0, len(asked.found), AT_ONCE):
            part = asked.found[start : start + AT_ONCE]
            ready = store.encode_records(asked.task, [each.record for each in part])
            store.write(
                lambda tx, part=part, ready=ready: _add(  # type: ignore[misc]
                    tx, asked.actor, target, part, now, store.encode_records, ready
                )
            ).result()
        store.write(lambda tx: _finish(tx, asked, target, now)).result()


def _finish(tx: Transaction, asked: ImportInProgress, target: Dataset, now: int) -> None:
    shown = publish(tx, target)
    after = {"task": str(shown.task)}
    tx.events.add(EventCode.CREATED, About(shown), who=asked.actor.username, at=now, after=after)
    _log_event(tx, asked, shown, now)


def _log_event(tx: Transaction, asked: ImportInProgress, dataset: Dataset, now: int) -> None:
    detail = {
        "records": len(asked.found),
        "answers": sum(len(each.answers) for each in asked.found),
        "gold": sum(each.gold is not None for each in asked.found),
    }
    what = EventCode.IMPORTED_RECORDS
    tx.annotations.log_event(dataset, asked.actor.username, what, at=now, detail=detail)


def _add_all(
    tx: Transaction, asked: ImportInProgress, now: int, prepare: Prepare, ready: Sequence[EncodedRecord]
) -> None:
    dataset = find_dataset(
        tx,
        asked.actor,
        asked.workspace,
        asked.name,
        Action.CREATE_BY_LOGGING,
        task=asked.task,
        open_only=True,
    )
    _check_kind(dataset, asked.found)
    _add(tx, asked.actor, dataset, asked.found, now, prepare, ready)
    _log_event(tx, asked, dataset, now)


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
            wanted = wanted.settled(count)
        elif build_view(case, rule=Rule.MAJORITY, required=count).conflict:
            wanted = wanted.in_conflict(count)
        else:  # it would be resolved if no more answers were required
            wanted = wanted.waiting(count)
    return wanted


def _begin_hidden(tx: Transaction, asked: ImportInProgress, now: int) -> Dataset:
    """Add a hidden dataset to import a file into; it requires as many answers as the records have."""
    require_workspace(tx, asked.workspace)
    check_free(tx, asked.workspace, asked.name)
    blank = blank_dataset(asked.actor, asked.workspace, asked.name, asked.task, tags={}, metadata={}, now=now)
    dataset = tx.datasets.add_hidden(blank)
    if asked.settings is not None:
        dataset = tx.datasets.update(dataset, settings=asked.settings)
    if not any(each.individual for each in asked.found):
        return dataset
    wanted = required_answers(asked.found)
    usual = Policies.of({"annotation": "individual"})
    policies = replace(usual, required=wanted.required(max(1, wanted.most_settled)))
    assert policies.annotation is Kind.INDIVIDUAL
    return set_policies(tx, dataset, policies, by=asked.actor.username, now=now)


def _add(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    found: Sequence[ImportedRows],
    now: int,
    prepare: Prepare,
    ready: Sequence[EncodedRecord] | None = None,
) -> None:
    """Log the records and set people's answers."""
    records = [each.record for each in found]
    request = Logging(dataset.workspace, dataset.name, dataset.task, records, prepared=ready)
    log_into(tx, actor, dataset, request, now=now, prepare=prepare)
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
    view = build_view(after, rule=policies.resolution, required=policies.required)
    if (
        each.agent is not None or each.status is Status.DISCARDED
    ):  # else the file does not have a resolved value
        stated = ResolvedView(each.status, each.agent, each.value)
        rule, required = policies.resolution, policies.required
        after, view = earlier_value(after, view, stated, rule=rule, required=required, now=now)
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
