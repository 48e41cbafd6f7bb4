"""Rights of annotators besides annotating: the policy ``annotators_may`` of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.domain.permissions import EffectiveRole, effective_role
from apportion.domain.policies import RIGHTS, Policies
from apportion.domain.records import Record
from apportion.ports.store import Transaction

__all__ = ["check_logging", "require_right"]

_SHOWN = 5
_WHAT = {
    "add_records": "add records",
    "edit_metadata": "change the metadata of records",
    "edit_tags": "change tags or metadata of the dataset",
    "discard_by_query": "discard records by query",
    "write_rules": "write labeling rules",
}


def require_right(actor: Actor, dataset: Dataset, right: str, detail: str = "") -> None:
    """Refuse an annotator to whom the dataset does not give the right; everybody else has them all."""
    if effective_role(actor, dataset.workspace) is not EffectiveRole.MEMBER or Policies.of(
        dataset.policies
    ).may(right):
        return
    raise ForbiddenOperationError(
        f"Operation not allowed: annotators of dataset {dataset.name} may not {_WHAT[right]}{detail}. "
        "Nothing was changed."
    )


def check_logging(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    records: Sequence[Record],
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
) -> None:
    """Refuse an annotator's request to log changes that a shared dataset does not let them make."""
    if set(RIGHTS) <= set(Policies.of(dataset.policies).annotators_may):
        return
    if {**dataset.tags, **tags} != dataset.tags or {**dataset.metadata, **metadata} != dataset.metadata:
        require_right(actor, dataset, "edit_tags")
    stored = {
        case.id: case.record.metadata
        for case in tx.annotations.cases(dataset, [record.id for record in records])
    }
    added = [record.id for record in records if record.id not in stored]
    if added:
        require_right(actor, dataset, "add_records", _named(added))
    changed = [
        record.id
        for record in records
        if record.id in stored and (record.metadata or {}) != (stored[record.id] or {})
    ]
    if changed:
        require_right(actor, dataset, "edit_metadata", _named(changed))


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f" ({', '.join(map(repr, ids[:_SHOWN]))}{more})"
