"""Comment on a record, to one person or to all who may read it."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ValidationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.annotations import Comment
from apportion.ports.store import Transaction
from apportion.services.answers.own_annotations import record_case, sees_others
from apportion.services.datasets.access import find_dataset
from apportion.vocabulary import EventCode

__all__ = ["add_comment", "comments"]


def comments(tx: Transaction, actor: Actor, workspace: str, name: str, id: str) -> list[Comment]:
    """Return the comments on a record. Blind annotators read those that they wrote or that were written to them."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    case = record_case(tx, dataset, actor, id)
    found = tx.annotations.comments(dataset, case)
    if sees_others(actor, dataset):
        return found
    return [each for each in found if actor.username in (each.author, each.to)]


def add_comment(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str, text: str, to: str | None, *, now: int
) -> Comment:
    """Add a comment to a record; ``to`` must be somebody who may see the dataset."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    case = record_case(tx, dataset, actor, id)
    if to is not None:
        _check(tx, dataset, to)
    found = Comment(actor.username, to, text, now)
    tx.annotations.add_comment(dataset, case, found)
    tx.annotations.log_event(
        dataset, actor.username, EventCode.COMMENTED, at=now, record=case, detail={"to": to}
    )
    return found


def _check(tx: Transaction, dataset: Dataset, name: str) -> None:
    actor = tx.people.actor(name)
    if actor is None or not allowed(actor, Action.SEE_DATASET, dataset.workspace):
        error = {"loc": ["body", "to"], "msg": f"{name} does not belong here", "type": "value_error"}
        raise ValidationError([error])
