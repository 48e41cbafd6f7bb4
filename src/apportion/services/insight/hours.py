"""Hours that people spent on datasets, as a basis for pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.individual.time_spent import Hours, Period, Span, hours_of
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed, require
from apportion.ports.events import About
from apportion.ports.store import Transaction
from apportion.services.datasets.access import open_dataset
from apportion.services.people.workspaces import find_workspace
from apportion.vocabulary import EventCode

__all__ = ["dataset_hours", "note_dataset_hours", "note_workspace_hours", "workspace_hours"]


def dataset_hours(
    tx: Transaction, actor: Actor, address: DatasetAddress, span: Span, by: Period
) -> list[Hours]:
    """Return everybody's hours on a dataset; annotators see their own."""
    dataset = open_dataset(tx, actor, address, Action.ANNOTATE).dataset
    return _hours(tx, actor, [dataset], span, by)


def workspace_hours(tx: Transaction, actor: Actor, workspace: str, span: Span, by: Period) -> list[Hours]:
    """Return everybody's hours on each dataset of a workspace; annotators see their own."""
    require(actor, Action.ANNOTATE, workspace)  # first: outsiders must not learn whether it exists
    find_workspace(tx.people, workspace)
    return _hours(tx, actor, tx.datasets.list([workspace]), span, by)


def note_dataset_hours(
    tx: Transaction, actor: Actor, address: DatasetAddress, asked: Mapping[str, Any], *, now: int
) -> None:
    """Log the event of a download of hours on a dataset, before it is sent; ``asked`` has its span and rows."""
    dataset = open_dataset(tx, actor, address, Action.ANNOTATE).dataset
    _note(tx, actor, About(dataset, object=dataset.name), asked, now)


def note_workspace_hours(
    tx: Transaction, actor: Actor, workspace: str, asked: Mapping[str, Any], *, now: int
) -> None:
    """Log the event of a download of hours on the datasets of a workspace, before it is sent."""
    require(actor, Action.ANNOTATE, workspace)
    _note(tx, actor, About(workspace=workspace, object=workspace), asked, now)


def _note(tx: Transaction, actor: Actor, about: About, asked: Mapping[str, Any], now: int) -> None:
    detail = {name: value for name, value in asked.items() if value is not None}
    tx.events.add(EventCode.EXPORTED_HOURS, about, who=actor.username, at=now, detail=detail)


def _hours(tx: Transaction, actor: Actor, datasets: Sequence[Dataset], span: Span, by: Period) -> list[Hours]:
    found: list[Hours] = []
    for dataset in datasets:
        quarters = tx.annotations.spent(dataset, span.since, span.until)
        if not allowed(actor, Action.SEE_PROGRESS, dataset.workspace, dataset.created_by):
            quarters = [each for each in quarters if each[0] == actor.username]
        found += hours_of(dataset.name, quarters, by, span.zone)
    return found
