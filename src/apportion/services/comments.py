"""Say something about a record, to somebody or to all who may read it."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ValidationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.annotations import Comment
from apportion.ports.store import Work
from apportion.vocabulary import EventCode

from .annotate import record_case, sees_others
from .manage_datasets import find_dataset

__all__ = ["add_comment", "comments"]


def comments(work: Work, actor: Actor, workspace: str, name: str, id: str) -> list[Comment]:
    """What was said about a record. Who annotates blind reads what they wrote and what was written to them."""
    dataset = find_dataset(work, actor, workspace, name, Action.ANNOTATE)
    case = record_case(work, dataset, actor, id)
    found = work.annotations.comments(dataset, case)
    if sees_others(actor, dataset):
        return found
    return [each for each in found if actor.username in (each.author, each.to)]


def add_comment(
    work: Work, actor: Actor, workspace: str, name: str, id: str, text: str, to: str | None, *, now: int
) -> Comment:
    """Say something about a record; ``to`` must be somebody who may see the dataset."""
    dataset = find_dataset(work, actor, workspace, name, Action.ANNOTATE)
    case = record_case(work, dataset, actor, id)
    if to is not None:
        _check(work, dataset, to)
    found = Comment(actor.username, to, text, now)
    work.annotations.add_comment(dataset, case, found)
    work.annotations.note(
        dataset, actor.username, EventCode.COMMENTED, at=now, record=case, detail={"to": to}
    )
    return found


def _check(work: Work, dataset: Dataset, name: str) -> None:
    actor = work.people.actor(name)
    if actor is None or not allowed(actor, Action.SEE_DATASET, dataset.workspace):
        error = {"loc": ["body", "to"], "msg": f"{name} does not belong here", "type": "value_error"}
        raise ValidationError([error])
