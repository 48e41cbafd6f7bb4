"""Show what records stand by, for those who see everybody's answers: a page of them in one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.consensus.resolution import Resolution
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.individual.record_view import build_view
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset

__all__ = ["RecordResolution", "find_resolutions"]


@dataclass(frozen=True, slots=True)
class RecordResolution:
    """A record's answers, its gold value, and the decision that follows; None where no answer decided."""

    id: str
    annotations: Sequence[Annotation]
    gold: GoldValue | None
    resolution: Resolution | None


def find_resolutions(
    tx: Transaction, actor: Actor, workspace: str, name: str, ids: Sequence[str]
) -> tuple[Dataset, list[RecordResolution]]:
    """Return the resolutions of these records in that order; those that are not there are left out. No drafts."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEE_ANNOTATIONS)
    policies = Policies.of(dataset.policies)
    found = []
    for case in tx.annotations.cases(dataset, list(dict.fromkeys(ids))):
        answers = [each for _, each in sorted(case.annotations.items()) if each.answered]
        resolution = None
        if policies.individual:
            resolution = build_view(case, rule=policies.resolution, required=policies.required).resolution
        found.append(RecordResolution(case.id, answers, case.gold, resolution))
    return dataset, found
