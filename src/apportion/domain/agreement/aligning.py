"""Find the best alignment of several people's spans of one text: the cheapest grouping of spans meant as one.

A group has at most one span of each person. It costs the mean dissimilarity of all pairs of its people, where a span
and none, and none and none, are 1 apart (Mathet, Widlöcher and Métivier, Computational Linguistics 41(3), 2015, section
4). Two spans are apart by the square of the differences of their ends over the sum of their lengths, and by 1 more if
their labels differ. Every span is in exactly one group, and a group of one costs 1.

For two people this is an assignment problem; for more it is a set packing, solved as a linear program of many texts at
once. Where that leaves halves of groups, which is rare, the text is solved by branch and bound. The results are exact.

The solvers are SciPy's (HiGHS for the programs), which is an extra: it is imported when the first text is aligned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import combinations
from typing import TypeAlias

from apportion.domain.numpy_types import Column, np

__all__ = ["GROUPS_AT_MOST", "Marked", "TooManyGroupsError", "align", "can_align"]

GROUPS_AT_MOST = 200_000
"""Groups of spans in one text that might be meant as one; above this, the best of them would take too long to find."""

_AT_ONCE = 20_000
"""Groups in one linear program."""
_SLACK = 1e-9

Marked: TypeAlias = Column
"""One person's spans of a text: a row ``start, end, label`` each, the label as a code."""


class TooManyGroupsError(Exception):
    """A text has more than ``GROUPS_AT_MOST`` groups of spans to choose from."""


def can_align() -> bool:
    """Return whether the solvers are installed."""
    try:
        return find_spec("scipy") is not None
    except ValueError:  # it was kept from being imported
        return False


def align(texts: Sequence[Sequence[Marked]]) -> Column:
    """Return the cost of the best alignment of each text, from the spans of each person.

    Raises ``TooManyGroupsError``.
    """
    found = np.zeros(len(texts))
    several: list[_Packing] = []
    waiting = 0
    pairs: dict[tuple[int, int], list[int]] = {}
    for number, people in enumerate(texts):
        if len(people) == 2:
            pairs.setdefault((len(people[0]), len(people[1])), []).append(number)
            continue
        # Start from the cost of every span alone; the chosen groups are subtracted from it.
        found[number] = sum(len(spans) for spans in people)
        packing = _packing(number, people)
        several.append(packing)
        waiting += len(packing.saved)
        if waiting >= _AT_ONCE:
            _subtract_savings(several, found)
            several, waiting = [], 0
    _subtract_savings(several, found)
    for sizes, numbers in pairs.items():
        step = max(1, _AT_ONCE // max(1, sizes[0] * sizes[1]))
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            found[some] = _of_two(
                [texts[number][0] for number in some], [texts[number][1] for number in some]
            )
    return found


def _of_two(ones: Sequence[Marked], others: Sequence[Marked]) -> Column:
    """Return the costs of texts by two people; the number of spans of each person is the same in all texts."""
    one, other = np.stack(ones), np.stack(others)
    alone = float(abs(one.shape[1] - other.shape[1]))
    if not one.shape[1] or not other.shape[1]:
        return np.full(len(ones), alone)
    # Two spans further apart than 2 are cheaper alone (1 each), so a pair never costs more than that.
    apart = np.minimum(_apart(one, other), 2.0)
    if min(apart.shape[1:]) == 1:
        return np.asarray(apart.min(axis=(1, 2)) + alone)
    from scipy.optimize import linear_sum_assignment

    return np.array([each[linear_sum_assignment(each)].sum() for each in apart]) + alone


def _apart(one: Marked, other: Marked) -> Column:
    """Return the dissimilarity of each span of one person and each of the other, of one text or of many."""
    one, other = one[..., :, None, :], other[..., None, :, :]
    ends = np.abs(one[..., 0] - other[..., 0]) + np.abs(one[..., 1] - other[..., 1])
    lengths = one[..., 1] - one[..., 0] + other[..., 1] - other[..., 0]
    return np.asarray((ends / np.maximum(lengths, 1)) ** 2 + (one[..., 2] != other[..., 2]))


@dataclass(frozen=True, slots=True)
class _Packing:
    """The groups of one text that save something, and the spans of each: ``group[i]`` contains ``span[i]``."""

    text: int
    saved: Column
    group: Column
    span: Column
    spans: int


def _packing(text: int, people: Sequence[Marked]) -> _Packing:
    sizes = [len(spans) for spans in people]
    first = np.cumsum([0, *sizes])
    groups, cost = _groups(people)
    members = groups >= 0
    saved = members.sum(axis=1) - cost
    worth = saved > _SLACK
    groups, members = groups[worth], members[worth]
    group, person = np.nonzero(members)
    return _Packing(text, saved[worth], group, first[person] + groups[group, person], int(first[-1]))


def _groups(people: Sequence[Marked]) -> tuple[Column, Column]:
    """Return every group of two spans or more that a best alignment may have, and the cost of each.

    A group is a row with the place of a span for each person, or -1. One that would cost less with one of its spans
    alone is left out, and so is every group that such a start can lead to.
    """
    many = len(people)
    pairs = many * (many - 1) // 2
    between: dict[tuple[int, int], Column] = {}
    for i, j in combinations(range(many), 2):
        # The last row and column stand for no span at all.
        between[i, j] = np.zeros((len(people[i]) + 1, len(people[j]) + 1))
        between[i, j][:-1, :-1] = _apart(people[i], people[j])
    groups = np.empty((1, 0), dtype=np.int64)
    own = np.zeros((1, 0))
    for person, spans in enumerate(people):
        if len(groups) * (len(spans) + 1) > 8 * GROUPS_AT_MOST:
            raise TooManyGroupsError
        new = np.tile(np.append(np.arange(len(spans)), -1), len(groups))
        before = np.repeat(np.arange(len(groups)), len(spans) + 1)
        # Distances of the new span from each of the others.
        apart = np.zeros((len(new), person))
        for i in range(person):
            apart[:, i] = between[i, person][groups[before, i], new]
        own = np.concatenate([own[before] + apart, apart.sum(axis=1, keepdims=True)], axis=1)
        groups = np.concatenate([groups[before], new[:, None]], axis=1)
        most = (groups >= 0).sum(axis=1) + (many - person - 1) - 1 + pairs
        keep = (own <= most[:, None] + _SLACK).all(axis=1)
        groups, own = groups[keep], own[keep]
        if len(groups) > GROUPS_AT_MOST:
            raise TooManyGroupsError
    size = (groups >= 0).sum(axis=1)
    cost = (own.sum(axis=1) / 2 + pairs - size * (size - 1) / 2) / pairs
    several = size > 1
    return groups[several], cost[several]


def _subtract_savings(texts: Sequence[_Packing], found: Column) -> None:
    """Subtract the savings of the best groups from the cost that the spans of each text have alone."""
    texts = [each for each in texts if len(each.saved)]
    if not texts:
        return
    chosen = _solve(texts, whole=False)
    for packing, share in zip(texts, _parts(texts, chosen), strict=True):
        # The linear program may choose fractions of groups; only then is the slower whole-number program needed.
        if np.abs(share - np.round(share)).max() > 1e-6:
            share = _solve([packing], whole=True)
        found[packing.text] -= packing.saved @ np.round(share)


def _parts(texts: Sequence[_Packing], chosen: Column) -> Iterator[Column]:
    ends = np.cumsum([len(each.saved) for each in texts])
    yield from np.split(chosen, ends[:-1])


def _solve(texts: Sequence[_Packing], *, whole: bool) -> Column:
    """Choose the groups that save most, no span in two of them; shares of groups unless ``whole``."""
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import csr_array

    groups = np.cumsum([0, *(len(each.saved) for each in texts)])
    spans = np.cumsum([0, *(each.spans for each in texts)])
    column = np.concatenate([each.group + start for each, start in zip(texts, groups, strict=False)])
    row = np.concatenate([each.span + start for each, start in zip(texts, spans, strict=False)])
    has = csr_array((np.ones(len(row)), (row, column)), shape=(spans[-1], groups[-1]))
    saved = np.concatenate([each.saved for each in texts])
    solved = milp(
        -saved,
        integrality=np.full(len(saved), int(whole)),
        bounds=(0, 1),
        constraints=LinearConstraint(has, ub=1),
        # By default the solver stops at a near-optimum, and alignments have to be exact.
        options={"mip_rel_gap": 0},
    )
    if solved.x is None:
        raise RuntimeError(f"no best alignment: {solved.message}")
    return np.asarray(solved.x)
