"""Import gold values: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import BadRequestError, Refusal, ValidationError
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import GoldValue, Origin
from apportion.domain.individual.record_view import same_value
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.records import Value
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.checked_value import checked_value
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

__all__ = ["GoldImport", "ImportedGold", "import_gold"]


class ImportedGold(NamedTuple):
    """The gold value of one record; None: it is unusable."""

    id: str
    value: Value | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class GoldImport:
    """Gold values to import; ``overwrite``: also those of records that have a human's decision made here."""

    entries: Sequence[ImportedGold]
    overwrite: bool = False


def import_gold(
    tx: Transaction, actor: Actor, address: DatasetAddress, wanted: GoldImport, *, now: int
) -> dict[str, int]:
    """Store gold values; return how many were stored, and how many records kept a human's decision made here."""
    access = open_dataset(tx, actor, address, Action.ADJUDICATE, open_only=True)
    dataset, policies, entries = access.dataset, access.policies, wanted.entries
    if not answer_mode(tx, dataset).keeps_gold:
        raise BadRequestError(
            f"Dataset {address.name} is shared and keeps no gold values. Set the policy 'annotation' to "
            "'individual' first."
        )
    cases = {case.id: case for case in tx.annotations.cases(dataset, [each.id for each in entries])}
    wrong: list[dict[str, Any]] = []
    changes, kept, seen = [], 0, set()
    for place, each in enumerate(entries):
        case = cases.get(each.id)
        if case is None or each.id in seen:
            problem = "is named twice" if each.id in seen else "is not in the dataset"
            wrong.append(_item(place, "id", f"record {each.id} {problem}; nothing was stored"))
            continue
        seen.add(each.id)
        value = None
        if each.value is not None:
            try:
                value = checked_value(dataset, case.record, each.value, AnnotationState.SUBMITTED)
            except Refusal as refused:
                wrong.append(_item(place, "value", f"record {each.id}: {refused}; nothing was stored"))
                continue
        there = case.gold
        if there is not None and there.origin is Origin.ADJUDICATED and not wanted.overwrite:
            kept += 1
            continue
        if (
            there is not None
            and there.origin is Origin.IMPORTED
            and same_value(case.record, there.value, value)
        ):
            continue
        version = 1 if there is None else there.version + 1
        after = set_gold(case, GoldValue(value, Origin.IMPORTED, actor.username, each.reason, version, now))
        view = policies.resolve(after)
        changes.append(CaseChange(case, after, view, HistoryReason.IMPORTED, by=actor.username))
    if wrong:
        raise ValidationError(wrong[:100], model="Gold")
    tx.annotations.save_cases(dataset, changes, at=now)
    detail = {"records": len(changes)}
    tx.annotations.log_event(dataset, actor.username, EventCode.IMPORTED_GOLD, at=now, detail=detail)
    return {"imported": len(changes), "kept": kept}


def _item(place: int, member: str, message: str) -> dict[str, Any]:
    return {"loc": ["body", "gold", place, member], "msg": message, "type": "value_error"}
