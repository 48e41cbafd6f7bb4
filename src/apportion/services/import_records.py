"""Bring records in from a file, with everybody's answers and gold if the file has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from apportion.domain.datasets import Dataset, Settings
from apportion.domain.errors import BadRequestError, ConflictError, ValidationError
from apportion.domain.individual.case import Annotation, Case, Gold, Origin
from apportion.domain.individual.resolution import resolve, same_value
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.domain.policies import Annotation as Kind
from apportion.domain.policies import Policies
from apportion.domain.records import Record, TextClassificationRecord, Value
from apportion.ports.annotations import Settled
from apportion.ports.store import Work
from apportion.vocabulary import AnnotationState, Status, Task

from .annotate import checked_value
from .individual import Prepare
from .log_records import Logging, labels_of, log_records
from .manage_datasets import allow, blank_dataset, new_dataset, require_workspace
from .policies import set_policies

__all__ = ["AT_ONCE", "Answer", "Imported", "begin_import", "import_some", "make_dataset", "parts"]

AT_ONCE = 500
"""Records to a transaction: nobody annotating waits long."""


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
    individual = any(each.individual for each in found)
    if dataset is not None:
        allow(dataset, actor, Action.CREATE_BY_LOGGING, task=task, open_only=True)
        if individual and not Policies.of(dataset.policies).individual:
            raise ConflictError(
                f"The file has answers of several people, and dataset {name} is shared: it keeps one a record. "
                "Set its policy 'annotation' to 'individual' first, or import under another name."
            )
    multi_label = dataset.multi_label if dataset is not None and dataset.records else None
    if dataset is None:
        blank = blank_dataset(actor, workspace, name, task, tags={}, metadata={}, now=0)
        dataset = replace(blank, settings=settings)
    return [(place, why) for place, each in enumerate(found) if (why := _misfit(dataset, multi_label, each))]


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


def make_dataset(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    found: Sequence[Imported],
    *,
    now: int,
    settings: Settings | None = None,
) -> None:
    """The dataset that a file is brought into, where there was none; wants as many answers as records have."""
    if work.datasets.find(workspace, name) is not None:
        return
    require_workspace(work, workspace)
    dataset = new_dataset(work, actor, workspace, name, task, tags={}, metadata={}, now=now)
    if settings is not None:
        dataset = work.datasets.update(dataset, settings=settings)
    if any(each.individual for each in found):
        want = max(sum(answer.counted for answer in each.answers) for each in found)
        policies = replace(Policies.of({"annotation": "individual"}), required=max(1, want))
        assert policies.annotation is Kind.INDIVIDUAL
        set_policies(work, dataset, policies, by=actor.username, now=now)


def parts(found: Sequence[Imported]) -> Iterator[Sequence[Imported]]:
    """What goes into one transaction each."""
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def import_some(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    found: Sequence[Imported],
    *,
    now: int,
    prepare: Prepare,
) -> None:
    """Log the records and set what people said."""
    records = [each.record for each in found]
    log_records(work, actor, Logging(workspace, name, task, records, {}, {}, None), now=now, prepare=prepare)
    dataset = work.datasets.find(workspace, name)
    assert dataset is not None
    if not dataset.individual:
        return
    cases = {case.id: case for case in work.annotations.cases(dataset, [each.id for each in records])}
    changes = [_with_answers(dataset, cases[each.record.id], each, now) for each in found]
    work.annotations.settle(dataset, changes, at=now)


def _with_answers(dataset: Dataset, case: Case, each: Imported, now: int) -> Settled:
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
    view = resolve(after, rule=policies.resolution, required=policies.required)
    settled = (each.status, each.agent) if each.status is not Status.EDITED else None
    if (
        after.gold is None
        and each.agent is not None
        and settled is not None
        and settled != (view.status, view.agent)
    ):
        # The file stands by a value that its answers alone do not make here: it stays until they do.
        gold = Gold(each.value, Origin.EARLIER, each.agent, None, 1, now)
        after = replace(after, gold=gold)
        view = resolve(after, rule=policies.resolution, required=policies.required)
    return Settled(case, after, view, "imported")
