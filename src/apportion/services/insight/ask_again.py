"""Ask somebody to answer a record again, with the reason as a comment to them."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import RecordAddress
from apportion.domain.errors import BadRequestError, ConflictError
from apportion.domain.individual.case import ANSWERED
from apportion.domain.people import Actor
from apportion.ports.annotations import CommentFilter
from apportion.ports.store import Transaction
from apportion.services.answers.adjudicate import open_adjudicable, remove_gold
from apportion.services.answers.answer_change import AnswerChange, record_case
from apportion.services.answers.answer_mode import answer_mode
from apportion.vocabulary import AnnotationState

from .comments import NewComment, add_comment

__all__ = ["SecondRequest", "ask_again", "undo_ask_again"]

_LATEST = 50
"""Comments to look through for the one that said why."""


@dataclass(frozen=True, slots=True)
class SecondRequest:
    """A request to somebody to answer a record again, and its reason."""

    annotator: str
    reason: str


def ask_again(
    tx: Transaction, actor: Actor, address: RecordAddress, asked: SecondRequest, *, now: int
) -> None:
    """Send a record back to somebody who answered it: their answer becomes a draft, their slot is open for them again,
    and they are told the reason in a comment. A decision about the record is removed.
    """
    access, case = open_adjudicable(tx, actor, address)
    name = asked.annotator
    before = case.of(name)
    if before is None or not before.answered:
        raise BadRequestError(
            f"{name} has no answer to record {address.id} to be asked again for. Nothing was changed."
        )
    if case.gold is not None:
        remove_gold(tx, actor, address, None, now=now)
        case = record_case(access, address.id)
    change = AnswerChange(name, AnnotationState.DRAFT, before.value, now, by=actor.username)
    answer_mode(tx, access.dataset).save(case, change)
    add_comment(tx, actor, address, NewComment(asked.reason, name), now=now)


def undo_ask_again(
    tx: Transaction, actor: Actor, address: RecordAddress, annotator: str, *, now: int
) -> None:
    """Restore an answer that was sent back, as long as its author has not begun another; the comment is dealt with."""
    access, case = open_adjudicable(tx, actor, address)
    before = case.of(annotator)
    past = next(iter(tx.annotations.history(access.dataset, address.id, annotator, limit=1)), None)
    untouched = (
        before is not None
        and before.state is AnnotationState.DRAFT
        and past is not None
        and past.state in ANSWERED
        and (past.version + 1, past.value) == (before.version, before.value)
    )
    if past is None or not untouched:
        raise ConflictError(
            f"{annotator} has answered record {address.id} since, or was not asked again. Nothing was changed."
        )
    change = AnswerChange(annotator, past.state, past.value, now, by=actor.username)
    answer_mode(tx, access.dataset).save(case, change)
    wanted = CommentFilter(annotator, [access.dataset.no], [], False, None, _LATEST)
    for each in tx.annotations.comments_to(wanted):
        if (each.record, each.author) == (address.id, actor.username):
            tx.annotations.mark_comment(each.no, actor.username, now)
            break
