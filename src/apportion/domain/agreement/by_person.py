"""Compare one person's answers with everybody else's on the records that they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .measures import AnswerKind, Measure
from .ratings import Ratings, pair_up
from .spans import SpanMatches, span_scores

__all__ = ["PersonAgainstOthers", "against_others", "person_measure"]

_OF_SPANS = frozenset(
    {Measure.SPAN_F1, Measure.SPAN_BOUNDARY_F1, Measure.SPAN_LABEL_F1, Measure.SPAN_OVERLAP_F1}
)


@dataclass(frozen=True, slots=True)
class PersonAgainstOthers:
    """Agreement of one annotator (a code) with all others: the matches, the shared records, the number of others."""

    annotator: int
    found: SpanMatches
    records: int
    others: int
    pairs: int


def person_measure(asked: Measure, kind: AnswerKind) -> Measure:
    """Return the measure for one person against others: percent agreement, or F1 where spans are compared.

    Measures that correct for chance do so by how often everybody gives each answer. For one person against changing
    others there is no such expectation, so the observed agreement is not corrected.
    """
    if asked is Measure.PERCENT or (asked in _OF_SPANS and kind is AnswerKind.SPANS):
        return asked
    return Measure.SPAN_F1 if kind is AnswerKind.SPANS else Measure.PERCENT


def against_others(data: Ratings, measure: Measure) -> Iterator[PersonAgainstOthers]:
    """Compare everybody who answered, by code, with all others on each record; percent and F1 of spans only.

    Every record counts once for percent, whatever the number of others there: with two people it is what percent
    agreement is between them. For F1 the spans are added up. Costs one sort of all pairs of answers.
    """
    one, other = pair_up(data)
    first, second = data.annotator[one], data.annotator[other]
    if measure is Measure.PERCENT:
        unit = data.unit[one]
        again = (data.value[one] == data.value[other]).astype(np.float64)
        there: Column = np.ones(len(again))
    else:
        unit, again, there = span_scores(data, measure)
    who, whom = np.concatenate([first, second]), np.concatenate([second, first])
    keys, place = np.unique(who * max(1, data.units) + np.tile(unit, 2), return_inverse=True)
    pairs = np.bincount(place, minlength=len(keys))
    agains: Column = np.bincount(place, weights=np.tile(again, 2), minlength=len(keys))
    theres = np.bincount(place, weights=np.tile(there, 2), minlength=len(keys))
    if measure is Measure.PERCENT:
        agains, theres = agains / pairs, np.ones_like(theres)
    people = max(1, len(data.annotators))
    met = np.unique(who * people + whom) // people
    owner = keys // max(1, data.units)
    for person in np.unique(data.annotator).tolist():
        mine = slice(*np.searchsorted(owner, [person, person + 1]).tolist())
        yield PersonAgainstOthers(
            person,
            SpanMatches(agains[mine], theres[mine]),
            mine.stop - mine.start,
            int((met == person).sum()),
            int(pairs[mine].sum()),
        )
