"""The comments that somebody is to read, in all datasets: with a mark for those that are dealt with."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.errors import EntityNotFoundError
from apportion.domain.ids import DatasetNo
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.annotations import CommentFilter, SentComment
from apportion.ports.store import Transaction
from apportion.services.datasets.access import dataset_by_number
from apportion.vocabulary import EventCode

__all__ = ["InboxComment", "inbox", "mark_done"]


@dataclass(frozen=True, slots=True)
class InboxComment:
    """A comment and the dataset that its record belongs to."""

    dataset: Dataset
    comment: SentComment


def inbox(tx: Transaction, actor: Actor, *, done: bool, before: int | None, limit: int) -> list[InboxComment]:
    """Return comments to ``actor``, and those to all in the workspaces they lead, newest first; none of their own."""
    datasets = {each.no: each for each in tx.datasets.list(None if actor.is_admin else actor.workspaces)}
    led = [no for no, each in datasets.items() if _leads(actor, each)]
    wanted = CommentFilter(actor.username, list(datasets), led, done, before, limit)
    found = tx.annotations.comments_to(wanted)
    return [InboxComment(datasets[DatasetNo(each.dataset)], each) for each in found]


def mark_done(tx: Transaction, actor: Actor, no: int, *, done: bool, now: int) -> InboxComment:
    """Mark a comment as dealt with, or as open again; for whom it is meant, and for who leads."""
    found = tx.annotations.comment_numbered(no)
    dataset = None if found is None else dataset_by_number(tx, found.dataset)
    mine = (
        found is not None
        and dataset is not None
        and allowed(actor, Action.SEE_DATASET, dataset.workspace)
        and (found.to == actor.username or _leads(actor, dataset))
    )
    if found is None or dataset is None or not mine:
        raise EntityNotFoundError(str(no), "Comment")
    by, at = (actor.username, now) if done else (None, None)
    tx.annotations.mark_comment(no, by, at)
    if not done and found.done_by is not None:  # who had dealt with it would wonder
        case = tx.annotations.case(dataset, found.record)
        tx.annotations.log_event(dataset, actor.username, EventCode.REOPENED_COMMENT, at=now, record=case)
    return InboxComment(dataset, found._replace(done_by=by, done_at=at))


def _leads(actor: Actor, dataset: Dataset) -> bool:
    return allowed(actor, Action.SEE_ANNOTATIONS, dataset.workspace)
