"""Overview of all datasets that a user may see, with their progress."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.ports.totals import Seen
from apportion.services.datasets.access import DatasetAccess
from apportion.vocabulary import Status

__all__ = ["DatasetOverview", "overview"]


@dataclass(frozen=True, slots=True)
class DatasetOverview:
    """A dataset as its list shows it. ``statuses`` is in the user's own view; ``mine`` counts their slots."""

    dataset: Dataset
    statuses: dict[str, int]
    mine: dict[str, int]
    slots: dict[str, int]


def overview(tx: Transaction, actor: Actor) -> list[DatasetOverview]:
    """Return every dataset that ``actor`` may see, in order of creation."""
    datasets = tx.datasets.list(None if actor.is_admin else actor.workspaces)
    views = [DatasetAccess(tx, actor, dataset).seen(Criteria()) for dataset in datasets]
    seen = [
        Seen(dataset, view.viewer, view.assigned_to) for dataset, view in zip(datasets, views, strict=True)
    ]
    leads = [allowed(actor, Action.SEE_PROGRESS, each.workspace, each.created_by) for each in datasets]
    counts = tx.totals.slots(None if any(leads) else actor.username)
    found = []
    for dataset, counted, lead in zip(datasets, tx.totals.statuses(seen), leads, strict=True):
        statuses = {status.value: counted.get(status.value, 0) for status in Status}
        mine = {str(state): 0 for state in RowState}
        slots = dict(mine)
        for count in counts.get(dataset.no, ()):
            slots[str(count.state)] += count.n
            if count.annotator == actor.username:
                mine[str(count.state)] += count.n
        found.append(DatasetOverview(dataset, statuses, mine, slots if lead else {}))
    return found
