"""Ask somebody to answer a record again, with the reason as a comment to them."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import RecordAddress
from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.ports.store import Transaction
from apportion.services.answers.adjudicate import open_adjudicable, remove_gold
from apportion.services.answers.answer_change import AnswerChange, record_case
from apportion.services.answers.answer_mode import answer_mode
from apportion.vocabulary import AnnotationState

from .comments import NewComment, add_comment

__all__ = ["SecondRequest", "ask_again"]


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
