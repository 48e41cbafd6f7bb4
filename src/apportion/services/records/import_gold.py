"""Import gold values: all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError, Refusal, ValidationError
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Case, GoldValue, Origin
from apportion.domain.individual.record_view import same_value
from apportion.domain.jobs import Job, JobKind
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies
from apportion.domain.records import Value
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Store, Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.checked_value import checked_value
from apportion.services.datasets.access import dataset_by_number, open_dataset
from apportion.services.operations import Step
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

from .input_parts import PartedInput, StoredInput, in_parts

__all__ = ["GoldImport", "ImportFewGold", "ImportedGold", "check_gold", "finished_gold", "import_gold"]


class ImportedGold(NamedTuple):
    """The gold value of one record; None: it is unusable."""

    id: str
    value: Value | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class GoldImport:
    """Gold values to import; ``overwrite``: also those of records that have a human's decision made here."""

    address: DatasetAddress
    entries: Sequence[ImportedGold]
    overwrite: bool = False


def check_gold(tx: Transaction, actor: Actor, wanted: GoldImport) -> None:
    """Refuse values that do not fit their records, before any is stored."""
    access = open_dataset(tx, actor, wanted.address, Action.ADJUDICATE, open_only=True)
    _check_keeps_gold(tx, access.dataset)
    wrong: list[dict[str, Any]] = []
    seen: set[str] = set()
    for start in range(0, len(wanted.entries), _AT_ONCE):
        tx.deadline.check()
        some = wanted.entries[start : start + _AT_ONCE]
        cases = _cases(tx, access.dataset, some)
        for place, each in enumerate(some, start):
            if (problem := _problem(access.dataset, cases.get(each.id), each, seen)) is not None:
                wrong.append(_item(place, *problem))
            seen.add(each.id)
    if wrong:
        raise ValidationError(wrong[:100], model="Gold")


def _problem(
    dataset: Dataset, case: Case | None, each: ImportedGold, seen: set[str]
) -> tuple[str, str] | None:
    """Return the member that is wrong and why; None if the value can be stored."""
    if case is None or each.id in seen:
        problem = "is named twice" if each.id in seen else "is not in the dataset"
        return "id", f"record {each.id} {problem}; nothing was stored"
    try:
        _checked(dataset, case, each)
    except Refusal as refused:
        return "value", f"record {each.id}: {refused}; nothing was stored"
    return None


def _item(place: int, member: str, message: str) -> dict[str, Any]:
    return {"loc": ["body", "gold", place, member], "msg": message, "type": "value_error"}


def _checked(dataset: Dataset, case: Case, each: ImportedGold) -> Value | None:
    if each.value is None:
        return None
    return checked_value(dataset, case.record, each.value, AnnotationState.SUBMITTED)


def _cases(tx: Transaction, dataset: Dataset, some: Sequence[ImportedGold]) -> dict[str, Case]:
    return {case.id: case for case in tx.annotations.cases(dataset, [each.id for each in some])}


def _check_keeps_gold(tx: Transaction, dataset: Dataset) -> None:
    if not answer_mode(tx, dataset).keeps_gold:
        raise BadRequestError(
            f"Dataset {dataset.name} is shared and keeps no gold values. Set the policy 'annotation' to "
            "'individual' first."
        )


class _GoldInto:
    """Gold values to store in a dataset; they have been checked."""

    kind = JobKind.GOLD

    def __init__(
        self, wanted: GoldImport, look_up: Callable[[Transaction], Actor], *, by: str, now: int
    ) -> None:
        self.now = now
        self._wanted = wanted
        self.look_up = look_up
        self._by = by

    def members(self, item: ImportedGold) -> tuple[Any, ...]:
        """Return the members of a value, which are stored."""
        return tuple(item)

    def find(self, tx: Transaction) -> Dataset:
        """Return the dataset, if the caller may set gold there."""
        actor = self.look_up(tx)
        return open_dataset(tx, actor, self._wanted.address, Action.ADJUDICATE, open_only=True).dataset

    def accept(self, tx: Transaction, dataset: Dataset, parts: Sequence[Any]) -> None:  # noqa: ARG002 (each was checked)
        """Refuse the values if the dataset has become shared."""
        _check_keeps_gold(tx, dataset)

    def ready(self, part: Sequence[ImportedGold]) -> Sequence[ImportedGold]:
        """Return the values: they are stored as they are."""
        return part

    def add(self, tx: Transaction, job: Job, part: Sequence[ImportedGold]) -> Mapping[str, int]:
        """Store some values. A record that was deleted meanwhile, or given another content, is left as it is."""
        dataset = dataset_by_number(tx, job.dataset)
        return {} if dataset is None else self.store(tx, dataset, part)

    def store(self, tx: Transaction, dataset: Dataset, some: Sequence[ImportedGold]) -> dict[str, int]:
        """Store values; return how many were stored, and how many records kept a human's decision made here."""
        cases, changes, kept = _cases(tx, dataset, some), [], 0
        for each in some:
            case = cases.get(each.id)
            there = None if case is None else case.gold
            if there is not None and there.origin is Origin.ADJUDICATED and not self._wanted.overwrite:
                kept += 1
            elif case is not None and (change := self._change(dataset, case, each)) is not None:
                changes.append(change)
        tx.annotations.save_cases(dataset, changes, at=self.now)
        return {"imported": len(changes), "kept": kept}

    def _change(self, dataset: Dataset, case: Case, each: ImportedGold) -> CaseChange | None:
        """Return what becomes of a record; None if it has that value already, or it does not fit any more."""
        there = case.gold
        try:
            value = _checked(dataset, case, each)
        except Refusal:
            return None
        if (
            there is not None
            and there.origin is Origin.IMPORTED
            and same_value(case.record, there.value, value)
        ):
            return None
        version = 1 if there is None else there.version + 1
        after = set_gold(case, GoldValue(value, Origin.IMPORTED, self._by, each.reason, version, self.now))
        view = Policies.of(dataset.policies).resolve(after)
        return CaseChange(case, after, view, HistoryReason.IMPORTED, by=self._by)

    def finish(self, tx: Transaction, job: Job, counts: Mapping[str, int]) -> None:
        """Log the event."""
        if (dataset := dataset_by_number(tx, job.dataset)) is not None:
            self.log_event(tx, dataset, counts)

    def log_event(self, tx: Transaction, dataset: Dataset, counts: Mapping[str, int]) -> None:
        """Log the event."""
        detail = {"records": counts.get("imported", 0)}
        tx.annotations.log_event(dataset, self._by, EventCode.IMPORTED_GOLD, at=self.now, detail=detail)


class ImportFewGold:
    """The step that stores few gold values, in one transaction."""

    name = "import gold"

    def __init__(self, gold: _GoldInto, wanted: GoldImport) -> None:
        self._gold = gold
        self._wanted = wanted
        self.counts: Mapping[str, int] = {}

    def steps(self) -> Iterator[Step]:
        """Yield the one step."""
        yield self._store

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: nothing was stored."""
        return iter(())

    def _store(self, tx: Transaction) -> None:
        dataset = self._gold.find(tx)
        check_gold(
            tx, self._gold.look_up(tx), self._wanted
        )  # again: they are few, and may have changed since
        self.counts = self._gold.store(tx, dataset, self._wanted.entries)
        self._gold.log_event(tx, dataset, self.counts)


def import_gold(
    wanted: GoldImport, look_up: Callable[[Transaction], Actor], *, by: str, now: int
) -> ImportFewGold | PartedInput[ImportedGold]:
    """Return the operation that stores gold values in which ``check_gold`` has found nothing wrong: all or none."""
    gold, parts = (
        _GoldInto(wanted, look_up, by=by, now=now),
        in_parts(wanted.entries, lambda each: len(repr(each))),
    )
    if len(parts) < 2:
        return ImportFewGold(gold, wanted)
    return PartedInput(gold, parts, by=by, spec={"overwrite": wanted.overwrite})


def finished_gold(store: Store, job: Job, *, now: int) -> StoredInput:
    """Return the operation that finishes an import of gold which a stop or a failure cut short."""
    wanted = GoldImport(DatasetAddress("", ""), (), job.spec["overwrite"])
    gold = _GoldInto(wanted, _nobody, by=job.by, now=now)
    return StoredInput(store, job, gold, ImportedGold, (str, Value | None, str | None))


def _nobody(_: Transaction) -> Actor:
    raise AssertionError("the rights were checked when the import was accepted")


_AT_ONCE = 500
"""Records that are read together while values are checked."""
