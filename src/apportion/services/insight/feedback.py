"""Decisions about one's own answers, in all datasets."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.individual.record_view import same_value
from apportion.domain.people import Actor
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.shown_gold import gold_shown_to

__all__ = ["DatasetFeedback", "feedback"]

MOST = 200
"""Decisions looked at in each dataset, the newest ones."""


@dataclass(frozen=True, slots=True)
class DatasetFeedback:
    """Decisions about somebody's answers in a dataset: those that confirm them, and records where they differ, by when
    that was decided, newest first.
    """

    dataset: Dataset
    confirmed: int
    changed: tuple[tuple[str, int], ...]


def feedback(tx: Transaction, actor: Actor) -> list[DatasetFeedback]:
    """Return what was decided about the answers of ``actor``, as far as they may know; datasets without any are left
    out.
    """
    found = []
    for dataset in tx.datasets.list(None if actor.is_admin else actor.workspaces):
        if dataset.closed or not answer_mode(tx, dataset).keeps_gold:
            continue
        ids = tx.annotations.decided(dataset, actor.username, MOST)
        confirmed, changed = 0, []
        for case in tx.annotations.cases(dataset, ids):
            own, gold = case.of(actor.username), gold_shown_to(case, actor.username)
            if own is None or gold is None:
                continue
            answer = own.value if own.state.value == "submitted" else None
            if (gold.value is None) == (answer is None) and same_value(case.record, gold.value, answer):
                confirmed += 1
            else:
                changed.append((case.id, gold.at))
        if confirmed or changed:
            found.append(DatasetFeedback(dataset, confirmed, tuple(changed)))
    return found
