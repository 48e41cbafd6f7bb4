"""Show what records stand by, for those who see everybody's answers: a page of them in one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.consensus.resolution import Resolution
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.store import Transaction
from apportion.services.datasets.access import open_dataset

from .answer_mode import answer_mode

__all__ = ["RecordResolution", "find_resolutions"]


@dataclass(frozen=True, slots=True)
class RecordResolution:
    """A record's answers, its gold value, and the decision that follows; None where no answer decided."""

    id: str
    annotations: Sequence[Annotation]
    gold: GoldValue | None
    resolution: Resolution | None


def find_resolutions(
    tx: Transaction, actor: Actor, address: DatasetAddress, ids: Sequence[str]
) -> tuple[Dataset, list[RecordResolution]]:
    """Return the resolutions of these records in that order; those that are not there are left out. No drafts."""
    access = open_dataset(tx, actor, address, Action.SEE_ANNOTATIONS)
    dataset = access.dataset
    resolved = answer_mode(tx, dataset).keeps_gold
    found = []
    for case in tx.annotations.cases(dataset, list(dict.fromkeys(ids))):
        answers = [each for _, each in sorted(case.annotations.items()) if each.answered]
        resolution = access.policies.resolve(case).resolution if resolved else None
        found.append(RecordResolution(case.id, answers, case.gold, resolution))
    return dataset, found
