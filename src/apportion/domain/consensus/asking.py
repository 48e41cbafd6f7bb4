"""Adaptive overlap: one more person answers a record only where people disagree, one at a time, up to a cap.

Sheng, Provost and Ipeirotis, KDD 2008, on selective repetition; Dai, Lin, Mausam and Weld, Artificial Intelligence 202,
2013, on stopping by the posterior. Whoever is asked here is asked because of what others answered, so these answers
must not count in agreement: their assignment rows are of a phase of their own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from apportion.domain.agreement.measures import AnswerKind

from .answers import UNUSABLE, ConsensusAnswer
from .deciding import RecordToResolve, decide
from .resolution import ResolutionRule, ResolutionStatus

__all__ = ["ACCURACY", "LEAD", "AdaptiveDecision", "AdaptiveReason", "decide_one_more", "vote_posterior"]

ACCURACY = 0.8
"""Assumed share of right answers while nothing is known about them."""

LEAD = 2
"""By how many votes a label must lead to be settled, once people disagreed and no probability is asked for."""


class AdaptiveReason(str, Enum):
    """The reason for asking for one more answer, or for not asking."""

    WAITING = "waiting"
    """Wanted answers are still to come."""
    AGREED = "agreed"
    SURE = "sure"
    CAP = "cap"
    DISAGREE = "disagree"
    UNSURE = "unsure"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class AdaptiveDecision:
    """The decision whether to ask one more person, with its reason."""

    ask: bool
    why: AdaptiveReason


def decide_one_more(
    answers: Sequence[ConsensusAnswer], about: RecordToResolve, *, most: int, until: float | None = None
) -> AdaptiveDecision:
    """Decide whether the record should get one more slot.

    It wants some answers so far, and gets at ``most`` that many. Nobody is asked while wanted answers are out.
    With a posterior from a model, people are asked until the best label has probability ``until``. Without one,
    they are asked where answers differ: for single labels until one leads by two votes, or has probability ``until``
    if all people were equally good (``vote_posterior``); for other answers until the votes settle every part. Whether a
    record is unusable is a vote like any other.

    >>> answers = [ConsensusAnswer("ana", "good"), ConsensusAnswer("ben", "bad")]
    >>> decide_one_more(answers, RecordToResolve(AnswerKind.LABEL, 2), most=5).ask
    True
    """
    if len(answers) < max(about.want, 1):
        return AdaptiveDecision(False, AdaptiveReason.WAITING)
    settled, unsettled = _judge(answers, about, until)
    if settled is not None:
        return AdaptiveDecision(False, settled)
    if len(answers) >= most:
        return AdaptiveDecision(False, AdaptiveReason.CAP)
    return AdaptiveDecision(True, unsettled)


def _judge(
    answers: Sequence[ConsensusAnswer], about: RecordToResolve, until: float | None
) -> tuple[AdaptiveReason | None, AdaptiveReason]:
    """Return the reason for which the record is resolved, if it is, and the reason to give if it is not."""
    votes = Counter(answer.given for answer in answers)
    unusable, posterior = votes[UNUSABLE], about.posterior
    if posterior is not None and until is not None and not unusable:
        return AdaptiveReason.SURE if max(posterior.values()) >= until else None, AdaptiveReason.UNSURE
    if len(votes) == 1:
        return AdaptiveReason.AGREED, AdaptiveReason.DISAGREE
    if about.kind is AnswerKind.LABEL or unusable:
        first, second = (count for _, count in votes.most_common(2))
        if until is not None:
            sure = vote_posterior([first, second]) >= until
            return AdaptiveReason.SURE if sure else None, AdaptiveReason.DISAGREE
        return AdaptiveReason.SURE if first - second >= LEAD else None, AdaptiveReason.DISAGREE
    found = decide(
        answers,
        ResolutionRule.MAJORITY,
        RecordToResolve(about.kind, len(answers), tokens=about.tokens),
    )
    return (
        AdaptiveReason.SURE if found.outcome is ResolutionStatus.RESOLVED else None,
        AdaptiveReason.DISAGREE,
    )


def vote_posterior(votes: Sequence[int], *, accuracy: float = ACCURACY) -> float:
    """The probability of the label with most votes, if all labels were equally likely and all people equally good.

    ``votes`` has the counts of all labels there are, zeros included; wrong answers are spread evenly over them.

    >>> round(vote_posterior([2, 1]), 2), round(vote_posterior([2, 0]), 2)
    (0.8, 0.94)
    """
    odds = math.log(accuracy * max(1, len(votes) - 1) / (1 - accuracy))
    most = max(votes)
    return 1 / sum(math.exp(odds * (count - most)) for count in votes)
