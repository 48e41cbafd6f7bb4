"""Comment on a record, to one person or to all who may read it."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import Dataset, RecordAddress
from apportion.domain.errors import ValidationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.annotations import Comment, CommentPage
from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import record_case
from apportion.services.answers.own_annotations import sees_others
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import EventCode

__all__ = ["NewComment", "add_comment", "comments"]


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment as it is sent; ``to`` is the person it is for, None for all who may read it."""

    text: str
    to: str | None = None


def comments(
    tx: Transaction, actor: Actor, address: RecordAddress, page: CommentPage
) -> list[tuple[int, Comment]]:
    """Return a page of the comments on a record. Blind annotators read those that they wrote or that were written
    to them.
    """
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    case = record_case(access, address.id)
    page = page._replace(reader=None if sees_others(access) else actor.username)
    return tx.annotations.comments(access.dataset, case, page)


def add_comment(
    tx: Transaction, actor: Actor, address: RecordAddress, comment: NewComment, *, now: int
) -> Comment:
    """Add a comment to a record; whoever it is for must be somebody who may see the dataset."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    dataset, case, to = access.dataset, record_case(access, address.id), comment.to
    if to is not None:
        _check(tx, dataset, to)
    found = Comment(actor.username, to, comment.text, now)
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
