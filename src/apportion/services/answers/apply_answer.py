"""Compute what a person's answer changes in a record of an individual dataset."""

from __future__ import annotations

from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.individual.answering import Answering, record_answer
from apportion.domain.individual.case import ANSWERED, Case
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Transaction
from apportion.vocabulary import CountDecision

from .adaptive_overlap import next_adaptive_slot
from .answer_change import AnswerChange
from .eligibility import eligibility_of

__all__ = ["apply_answer"]


def apply_answer(
    tx: Transaction, dataset: Dataset, case: Case, change: AnswerChange
) -> tuple[CaseChange, CountDecision | None]:
    """Return the changed case, and whether the answer counts; nothing is written."""
    policies, name, now = Policies.of(dataset.policies), change.annotator, change.at
    # Without slots no plan can matter, so that reading the plans is spared.
    eligibility = eligibility_of(tx, dataset, name, now, None if case.slots else ())
    answering = Answering(
        eligibility.person,
        now,
        policies.required,
        eligibility.loads if case.slots else None,
        eligibility.teams if case.slots else None,
    )
    answered = record_answer(case, answering, change.state, change.value, seconds=change.seconds)
    after = answered.case
    if change.state in ANSWERED and answered.annotation.counted:
        more = next_adaptive_slot(tx, dataset, after, policies, now)
        if more is not None:
            after = replace(after, slots=(*after.slots, more))
    return CaseChange(case, after, policies.resolve(after)), answered.why
