"""Distance between the answers of one record, updated with each submit so that conflicts can be ordered and searched.

The same figure as ``agreement.conflicts.disagreement`` has for a whole dataset at once: the mean distance over all
pairs of answers. Labels differ or not; sets by MASI (Passonneau, LREC 2006); spans by one minus exact F1; texts by
their edit distance. A discard has distance 1 from every other answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from apportion.domain.agreement.edits import edit_distance
from apportion.domain.agreement.measures import AnswerKind

from .answers import UNUSABLE, ConsensusAnswer, Given

__all__ = ["dispute"]


def dispute(answers: Sequence[ConsensusAnswer], kind: AnswerKind) -> float | None:
    """Return the mean distance of the answers, from 0, all the same, to 1; None with fewer than two answers.

    >>> answers = [ConsensusAnswer(who, given) for who, given in (("ana", "good"), ("ben", "bad"), ("cy", "bad"))]
    >>> dispute(answers, AnswerKind.LABEL)
    0.6666666666666666
    """
    if len(answers) < 2:
        return None
    votes = list(Counter(answer.given for answer in answers).items())
    pairs = len(answers) * (len(answers) - 1) / 2
    return sum(m * n * _apart(one, other, kind) for (one, m), (other, n) in combinations(votes, 2)) / pairs


def _apart(one: Given, other: Given, kind: AnswerKind) -> float:
    """Return the distance of two answers that are not the same."""
    if one is UNUSABLE or other is UNUSABLE or kind is AnswerKind.LABEL:
        return 1.0
    if isinstance(one, str) and isinstance(other, str):
        return edit_distance(one, other)
    assert isinstance(one, frozenset)
    assert isinstance(other, frozenset)
    common = len(one & other)
    if kind is AnswerKind.SPANS:
        return 1 - 2 * common / (len(one) + len(other))
    contained = 2 / 3 if common == min(len(one), len(other)) else 1 / 3
    return 1 - common / len(one | other) * contained
