"""Rights of annotators besides annotating: the policy ``annotators_may`` of a dataset."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.domain.permissions import EffectiveRole, effective_role
from apportion.domain.policies import Policies

__all__ = ["require_right"]

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
