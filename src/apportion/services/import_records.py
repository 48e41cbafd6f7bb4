"""Bring records in from a file, with everybody's answers and gold if the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apportion.domain.assignment.queue import Verdict, submit
from apportion.domain.datasets import Dataset, Settings
from apportion.domain.errors import BadRequestError, ConflictError, ValidationError
from apportion.domain.individual.case import Annotation, Case, Gold
from apportion.domain.individual.moved import earlier_value
from apportion.domain.individual.resolution import Rule, View, resolve, same_value
from apportion.domain.individual.wanted import Wanted
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Annotation as Kind
from apportion.domain.policies import Policies
from apportion.domain.records import Record, TextClassificationRecord, Value
from apportion.ports.annotations import Settled
from apportion.ports.events import About
from apportion.ports.records import Prepared
from apportion.ports.store import Store, Work
from apportion.vocabulary import AnnotationState, EventCode, Status, Task

from .annotate import checked_value
from .hidden import check_free, gone_unless_whole, show
from .individual import Prepare
from .log_records import Logging, labels_of, log_into
from .manage_datasets import allow, blank_dataset, find_dataset, require_workspace
from .policies import set_policies
from .standing import standing_of

__all__ = ["Answer", "Imported", "Importing", "begin_import", "import_records", "wanted_by"]

AT_ONCE = 500
"""Records of a new dataset to a transaction: nobody annotating waits long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's answer in a file; ``at`` and ``seconds`` where the file says so."""

    annotator: str
    value: Value | None
    state: AnnotationState
    counted: bool = True
    seconds: float | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A record of a file. ``value``, ``agent`` and ``status`` are what it says the record stands by."""

    record: Record
    answers: Sequence[Answer] = ()
    gold: Gold | None = None
    status: Status = Status.DEFAULT
    agent: str | None = None
    value: Value | None = None

    @property
    def individual(self) -> bool:
        """Whether it says more than a record of 1.x could."""
        return bool(self.answers) or self.gold is not None


def begin_import(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    found: Sequence[Imported],
    settings: Settings | None = None,
) -> list[tuple[int, str]]:
    """Check what can be checked before anything is stored; which of the records do not fit, and why not.

    ``settings`` are those of the dataset to be, where there is none yet.
    """
    require(actor, Action.CREATE_BY_LOGGING, workspace)
    require_workspace(work, workspace)
    check_name(name, "path", "name")
    people = sorted({answer.annotator for each in found for answer in each.answers})
    unknown = [each for each in people if work.people.named(each) is None]
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
    dataset = work.datasets.find(workspace, name)
    if dataset is not None:
        allow(dataset, actor, Action.CREATE_BY_LOGGING, task=task, open_only=True)
        _check_kind(dataset, found)
    multi_label = dataset.multi_label if dataset is not None and dataset.records else None
    if dataset is None:
        blank = blank_dataset(actor, workspace, name, task, tags={}, metadata={}, now=0)
        dataset = replace(blank, settings=settings)
    return [(place, why) for place, each in enumerate(found) if (why := _misfit(dataset, multi_label, each))]


def _check_kind(dataset: Dataset, found: Sequence[Imported]) -> None:
    """Refuse answers of several people where a record keeps one."""
    if any(each.individual for each in found) and not Policies.of(dataset.policies).individual:
        raise ConflictError(
            f"The file has answers of several people, and dataset {dataset.name} is shared: it keeps one a record. "
            "Set its policy 'annotation' to 'individual' first, or import under another name."
        )


def _misfit(dataset: Dataset, multi_label: bool | None, each: Imported) -> str | None:
    """Why a record does not go into the dataset as it is."""
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
class Importing:
    """Who brings what in where: records that ``begin_import`` has found nothing wrong with.

    ``settings`` are those of a dataset that is not there yet.
    """

    actor: Actor
    workspace: str
    name: str
    task: Task
    found: Sequence[Imported]
    settings: Settings | None = None


def import_records(store: Store, asked: Importing, *, now: int) -> None:
    """Store all of the records or none, whatever happens meanwhile. To be called from a thread of its own.

    A dataset that is not there yet is filled some records at a time and seen once it is whole; what is there already
    takes all of them in one transaction.
    """
    with store.read() as work:
        there = work.datasets.find(asked.workspace, asked.name) is not None
    if there:
        all_ready = store.prepare(asked.task, [each.record for each in asked.found])
        store.write(lambda work: _add_all(work, asked, now, store.prepare, all_ready)).result()
        return
    with gone_unless_whole(store, lambda work: _begin_hidden(work, asked, now)) as target:
        for start in range(0, len(asked.found), AT_ONCE):
            part = asked.found[start : start + AT_ONCE]
            ready = store.prepare(asked.task, [each.record for each in part])
            store.write(
                lambda work, part=part, ready=ready: _add(  # type: ignore[misc]
                    work, asked.actor, target, part, now, store.prepare, ready
                )
            ).result()
        store.write(lambda work: _finish(work, asked, target, now)).result()


def _finish(work: Work, asked: Importing, target: Dataset, now: int) -> None:
    shown = show(work, target)
    after = {"task": str(shown.task)}
    work.events.add(EventCode.CREATED, About(shown), who=asked.actor.username, at=now, after=after)
    _note(work, asked, shown, now)


def _note(work: Work, asked: Importing, dataset: Dataset, now: int) -> None:
    detail = {
        "records": len(asked.found),
        "answers": sum(len(each.answers) for each in asked.found),
        "gold": sum(each.gold is not None for each in asked.found),
    }
    what = EventCode.IMPORTED_RECORDS
    work.annotations.note(dataset, asked.actor.username, what, at=now, detail=detail)


def _add_all(work: Work, asked: Importing, now: int, prepare: Prepare, ready: Sequence[Prepared]) -> None:
    dataset = find_dataset(
        work,
        asked.actor,
        asked.workspace,
        asked.name,
        Action.CREATE_BY_LOGGING,
        task=asked.task,
        open_only=True,
    )
    _check_kind(dataset, asked.found)
    _add(work, asked.actor, dataset, asked.found, now, prepare, ready)
    _note(work, asked, dataset, now)


def wanted_by(found: Sequence[Imported]) -> Wanted:
    """How many answers a dataset of these records wants, so that each stands as the file says."""
    wanted = Wanted()
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
        elif resolve(case, rule=Rule.MAJORITY, required=count).conflict:
            wanted = wanted.in_conflict(count)
        else:  # it would be settled if no more were wanted
            wanted = wanted.waiting(count)
    return wanted


def _begin_hidden(work: Work, asked: Importing, now: int) -> Dataset:
    """The dataset that a file is brought into, where there was none; wants as many answers as records have."""
    require_workspace(work, asked.workspace)
    check_free(work, asked.workspace, asked.name)
    blank = blank_dataset(asked.actor, asked.workspace, asked.name, asked.task, tags={}, metadata={}, now=now)
    dataset = work.datasets.add_hidden(blank)
    if asked.settings is not None:
        dataset = work.datasets.update(dataset, settings=asked.settings)
    if not any(each.individual for each in asked.found):
        return dataset
    wanted = wanted_by(asked.found)
    usual = Policies.of({"annotation": "individual"})
    policies = replace(usual, required=wanted.required(max(1, wanted.most_settled)))
    assert policies.annotation is Kind.INDIVIDUAL
    return set_policies(work, dataset, policies, by=asked.actor.username, now=now)


def _add(
    work: Work,
    actor: Actor,
    dataset: Dataset,
    found: Sequence[Imported],
    now: int,
    prepare: Prepare,
    ready: Sequence[Prepared] | None = None,
) -> None:
    """Log the records and set what people said."""
    records = [each.record for each in found]
    request = Logging(dataset.workspace, dataset.name, dataset.task, records, prepared=ready)
    log_into(work, actor, dataset, request, now=now, prepare=prepare)
    if not dataset.individual:
        return
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        cases = {case.id: case for case in work.annotations.cases(dataset, [each.record.id for each in some])}
        changes = []
        for each in some:
            case = cases[each.record.id]
            changes.append(_with_answers(work, dataset, case, each, now))
            if case.live_slots():  # the next answer of the same person is to know of this one
                work.annotations.settle(dataset, changes, at=now)
                changes = []
        work.annotations.settle(dataset, changes, at=now)


def _with_answers(work: Work, dataset: Dataset, case: Case, each: Imported, now: int) -> Settled:
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
        after = _in_slots(work, dataset, after, case, now)
    view = resolve(after, rule=policies.resolution, required=policies.required)
    if (
        each.agent is not None or each.status is Status.DISCARDED
    ):  # else the file does not say by what it stands
        said = View(each.status, each.agent, each.value)
        rule, required = policies.resolution, policies.required
        after, view = earlier_value(after, view, said, rule=rule, required=required, now=now)
    return Settled(case, after, view, "imported")


def _in_slots(work: Work, dataset: Dataset, case: Case, before: Case, now: int) -> Case:
    """Return a record that was shared out with each new answer in a slot, or as an extra where there is none for it.

    What the file calls an extra stays one.
    """
    new = [each for name, each in case.annotations.items() if each != before.of(name) and each.answered]
    for each in sorted(new, key=lambda each: (not each.counted, each.updated, each.annotator)):
        standing = standing_of(work, dataset, each.annotator, now)
        outcome = submit(case.slots, standing.person, now, loads=standing.loads, teams=standing.teams)
        counts = outcome.why is Verdict.AGAIN or (each.counted and outcome.why.counted)
        if counts and outcome.slot is not None:
            case = case.with_slot(outcome.slot)
        case = case.with_annotation(replace(each, counted=counts))
    return case
