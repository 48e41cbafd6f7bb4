"""Ask somebody to answer a record again, with the reason as a comment to them."""

from __future__ import annotations

from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.ports.store import Transaction
from apportion.services.answers.adjudicate import adjudicable, remove_gold
from apportion.services.answers.own_annotations import record_case, save_own_annotation
from apportion.vocabulary import AnnotationState

from .comments import add_comment

__all__ = ["ask_again"]


def ask_again(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    annotator: str,
    reason: str,
    *,
    now: int,
) -> None:
    """Send a record back to somebody who answered it: their answer becomes a draft, their slot is open for them again,
    and they are told the reason in a comment. A decision about the record is removed.
    """
    dataset, case = adjudicable(tx, actor, workspace, name, id)
    before = case.of(annotator)
    if before is None or not before.answered:
        raise BadRequestError(
            f"{annotator} has no answer to record {id} to be asked again for. Nothing was changed."
        )
    if case.gold is not None:
        remove_gold(tx, actor, workspace, name, id, None, now=now)
        case = record_case(tx, dataset, actor, id)
    save_own_annotation(
        tx, dataset, case, annotator, AnnotationState.DRAFT, before.value, now, by=actor.username
    )
    add_comment(tx, actor, workspace, name, id, reason, annotator, now=now)
