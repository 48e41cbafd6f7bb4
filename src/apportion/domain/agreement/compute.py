"""Compute one figure of agreement over some answers, or one per label, per pair of people, per week, per person.

Every case in which a measure is undefined is a figure that says why. Nothing here raises for what people answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.numpy_types import Column, np

from .aligning import TooManyGroupsError
from .alpha import OrdinalAlpha, alpha_of_rows
from .by_person import PersonAgainstOthers, against_others, person_measure
from .cautions import ENOUGH, caution_of
from .distances import Distance, Nominal, Squared, jaccard, linear, masi, numbers, ratio
from .figures import Figure, Undefined, sentence
from .gamma import ALIGNMENTS_AT_MOST, alignments_of, gamma
from .intervals import Statistic, all_alike, bounds
from .kappa import cohen, shares
from .measures import PAIRS, AnswerKind, By, Interval, Measure, default_measure, fits, records_needed
from .patterns import count_alike
from .ratings import Ratings, iso_week, pair_up
from .spans import span_labels, spans_f1, token_alpha
from .texts import text_alpha
from .unitizing import crossing, unitizing_alpha

__all__ = ["IntervalSpec", "agreement", "agreement_by", "distance_of"]

_COHEN = {Measure.COHEN, Measure.COHEN_LINEAR, Measure.COHEN_QUADRATIC}
_SHARES = {
    Measure.PERCENT: "none",
    Measure.FLEISS: "fleiss",
    Measure.AC1: "gwet",
    Measure.AC2_LINEAR: "gwet",
    Measure.AC2_QUADRATIC: "gwet",
}
_F1 = {Measure.SPAN_F1, Measure.SPAN_BOUNDARY_F1, Measure.SPAN_LABEL_F1, Measure.SPAN_OVERLAP_F1}
_SHARE_OF = _F1 | {Measure.PERCENT}


@dataclass(frozen=True, slots=True)
class _FigureRequest:
    """The parameters of one call, the same for all its figures."""

    measure: Measure
    interval: Interval | None
    level: float
    seed: int


def agreement(
    data: Ratings,
    measure: Measure | None = None,
    *,
    interval: Interval | None = Interval.JACKKNIFE,
    level: float = 0.95,
    seed: int = 0,
) -> Figure:
    """Return the agreement of the answers, by the default measure of their kind unless another is given.

    ``interval=None`` leaves the interval out. ``seed`` matters to the bootstrap, to the sample that the expectation
    over many texts is taken from, and to what gamma takes for chance.
    """
    return _figure(data, _asked(data, measure, interval, level, seed))


@dataclass(frozen=True, slots=True)
class IntervalSpec:
    """The interval that comes with a figure, None for none; its level, and the seed of what is drawn for it."""

    interval: Interval | None = Interval.JACKKNIFE
    level: float = 0.95
    seed: int = 0


def agreement_by(
    data: Ratings,
    by: By,
    measure: Measure | None = None,
    how: IntervalSpec | None = None,
    *,
    pairs: int = PAIRS,
) -> list[Figure]:
    """Return one figure for every label, every pair of people, every week in which a shared record was last answered,
    or every person against all others.

    Labels are taken one at a time against all others: given or not, or for spans, the spans of that label alone; their
    ``records`` are the shared ones on which somebody gave the label. Pairs come with most shared records first, those
    without any included, and at most ``pairs`` of them. Weeks are ISO weeks in UTC, in order, those with a shared
    record only. A person's figure is percent agreement or F1 (``person_measure``) with whoever answered the same
    records; everybody who answered is there, by name.

    Raises ``ValueError`` for weeks without the instants of the answers, and for labels of texts.
    """
    how = how or IntervalSpec()
    asked = _asked(data, measure, how.interval, how.level, how.seed)
    if by is By.LABEL:
        return list(_by_label(data, asked))
    if by is By.PAIR:
        return list(_by_pair(data, asked, pairs))
    if by is By.PERSON:
        return list(_by_person(data, asked))
    return list(_by_week(data, asked))


def _asked(
    data: Ratings, measure: Measure | None, interval: Interval | None, level: float, seed: int
) -> _FigureRequest:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    if interval is Interval.EXACT:
        raise ValueError("an exact interval is given where there is one; ask for jackknife or bootstrap")
    return _FigureRequest(measure or default_measure(data.kind), interval, level, seed)


def _by_label(data: Ratings, asked: _FigureRequest) -> Iterator[Figure]:
    values: Sequence[Any] = data.values
    if data.kind is AnswerKind.TEXT:
        raise ValueError("texts have no labels")
    if data.kind is AnswerKind.SPANS:
        for label in span_labels(data):
            has = np.array([any(span[2] == label for span in each) for each in values], dtype=np.bool_)
            yield _of_label(_figure(data, asked, only=label), label, _units_with(data, has))
        return
    # Given or not is a nominal answer: distances between labels or sets no longer apply.
    measure = asked.measure
    if fits(measure, data.kind) and not fits(measure, AnswerKind.LABELS):
        measure = Measure.COHEN if measure in _COHEN else Measure.AC1 if measure in _SHARES else Measure.ALPHA
    if measure in (Measure.ALPHA_MASI, Measure.ALPHA_JACCARD):
        measure = Measure.ALPHA
    of_label = replace(asked, measure=measure)
    labels = sorted(set().union(*values)) if data.kind is AnswerKind.LABELS else list(values)
    for label in labels:
        given = [(label in each if data.kind is AnswerKind.LABELS else each == label) for each in values]
        coded = data.recoded(np.array(given, dtype=np.int64), (False, True), AnswerKind.LABEL)
        has = np.array(given, dtype=np.bool_)
        yield _of_label(_figure(coded, of_label), str(label), _units_with(data, has))


def _of_label(figure: Figure, label: str, records: int) -> Figure:
    """Return the figure of one label, which rests on the records on which somebody gave it."""
    if figure.undefined in (Undefined.ONE_CATEGORY, Undefined.NO_SPANS) and not records:
        why = sentence(Undefined.NOT_GIVEN, records=figure.records)
        figure = replace(figure, undefined=Undefined.NOT_GIVEN, why=why)
    return replace(figure, label=label, records=records)


def _units_with(data: Ratings, has: Column) -> int:
    """Return the number of shared units on which somebody gave one of the values."""
    shared = data.shared()
    return len(np.unique(shared.unit[has[shared.value]]))


def _by_pair(data: Ratings, asked: _FigureRequest, most: int) -> Iterator[Figure]:
    people = len(data.annotators)
    one, other = pair_up(data)
    keys = data.annotator[one] * people + data.annotator[other]
    order = np.argsort(keys, kind="stable")
    met, starts = np.unique(keys[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    left = most
    for place in np.argsort(starts - ends, kind="stable")[:most].tolist():
        mine = order[starts[place] : ends[place]]
        both = np.sort(np.concatenate([one[mine], other[mine]]))
        first, second = divmod(int(met[place]), people)
        yield replace(_figure(data.where(both), asked), pair=_names(data, first, second))
        left -= 1
    unmet = np.setdiff1d(np.arange(people * people), met) if people * people <= 4 * most else ()
    for key in unmet:
        first, second = divmod(int(key), people)
        if first < second and left:
            both = (data.annotator == first) | (data.annotator == second)
            yield replace(_figure(data.where(both), asked), pair=_names(data, first, second))
            left -= 1


def _names(data: Ratings, one: int, other: int) -> tuple[str, str]:
    return data.annotators[one], data.annotators[other]


def _by_week(data: Ratings, asked: _FigureRequest) -> Iterator[Figure]:
    if data.instants is None:
        raise ValueError("nothing says when the answers were given")
    shared = data.shared()
    weeks = shared.weeks()
    of_answer = weeks[shared.unit]
    for week in np.unique(of_answer).tolist():
        yield replace(_figure(shared.where(of_answer == week), asked), week=iso_week(week))


def _by_person(data: Ratings, asked: _FigureRequest) -> Iterator[Figure]:
    of_person = replace(asked, measure=person_measure(asked.measure, data.kind))
    found = sorted(against_others(data, of_person.measure), key=lambda each: data.annotators[each.annotator])
    for each in found:
        yield _of_person(data, of_person, each)


def _of_person(data: Ratings, asked: _FigureRequest, mine: PersonAgainstOthers) -> Figure:
    facts = {
        "measure": asked.measure,
        "records": mine.records,
        "annotators": mine.others + 1,
        "needed": _needed(asked.measure),
        "kind": data.kind,
    }
    figure = Figure(
        asked.measure,
        None,
        None,
        None,
        asked.level,
        mine.records,
        mine.others + 1 if mine.records else 0,
        mine.records + mine.pairs,
        left_out=data.left_out,
        person=data.annotators[mine.annotator],
    )
    if mine.records < records_needed(asked.measure):
        reason = Undefined.FEW_SHARED_RECORDS
        return replace(figure, undefined=reason, why=sentence(reason, **facts))
    estimate = mine.found.value(mine.found.weight)
    if not np.isfinite(estimate):
        return replace(figure, undefined=Undefined.NO_SPANS, why=sentence(Undefined.NO_SPANS, **facts))
    return _bounded(replace(figure, estimate=float(estimate)), mine.found, asked, facts)


def _figure(data: Ratings, asked: _FigureRequest, *, only: str | None = None) -> Figure:
    shared = data.shared()
    records = int((shared.answers() > 1).sum())
    people = np.unique(shared.annotator)
    facts = {
        "measure": asked.measure,
        "records": records,
        "annotators": len(people),
        "answers": len(data),
        "needed": _needed(asked.measure),
        "kind": data.kind,
    }
    figure = Figure(
        asked.measure,
        None,
        None,
        None,
        asked.level,
        records,
        len(people),
        len(shared),
        left_out=data.left_out,
    )

    def without(reason: Undefined) -> Figure:
        return replace(figure, undefined=reason, why=sentence(reason, **facts))

    if not fits(asked.measure, data.kind):
        return without(Undefined.OTHER_ANSWERS)
    if not len(data):
        return without(Undefined.NO_ANSWERS)
    if not records and len(np.unique(data.annotator)) == 1:
        return without(Undefined.ONE_ANNOTATOR)
    if records < records_needed(asked.measure):
        return without(Undefined.FEW_SHARED_RECORDS)
    if asked.measure in _COHEN and len(people) > 2:
        return without(Undefined.TWO_ANNOTATORS_ONLY)
    made = _statistic(data, shared, asked, only)
    if isinstance(made, Undefined):
        return without(made)
    estimate = made.value(made.weight)
    if not np.isfinite(estimate):
        return without(Undefined.NO_SPANS if asked.measure in _F1 else Undefined.ONE_CATEGORY)
    figure = _cautioned(replace(figure, estimate=float(estimate)), shared, only)
    return _bounded(figure, made, asked, facts)


def _needed(measure: Measure) -> str:
    return "1 is" if records_needed(measure) == 1 else f"{records_needed(measure)} are"


def _cautioned(figure: Figure, shared: Ratings, only: str | None) -> Figure:
    found = caution_of(shared, figure.measure, only)
    if found is None or figure.records < 2:  # one text has no interval to beware of
        return figure
    caution, records = found
    facts = {"found": records, "have": "has" if records == 1 else "have", "enough": ENOUGH}
    return replace(figure, caution=caution, caution_why=sentence(caution, **facts))


def _bounded(figure: Figure, made: Statistic, asked: _FigureRequest, facts: Mapping[str, object]) -> Figure:
    """Return the figure with its interval, if one was requested, or with the reason why there is none."""
    if asked.interval is None:
        return figure
    estimate = figure.estimate or 0.0
    found = bounds(made, estimate, asked.interval, asked.level, asked.seed)
    if found is None or found[0] == found[1]:
        exact = all_alike(estimate, figure.records, asked.level) if asked.measure is Measure.PERCENT else None
        if exact is not None:
            return replace(figure, low=exact[0], high=exact[1], interval=Interval.EXACT)
        reason = Undefined.NO_SPREAD
        if found is None:
            reason = Undefined.ONE_TEXT if figure.records == 1 else Undefined.RESTS_ON_ONE_RECORD
        return replace(figure, no_interval=reason, why=sentence(reason, **facts))
    # a share is never below nothing; the others are below -1 only where people answered very unequally many records
    lowest = 0.0 if asked.measure in _SHARE_OF else min(-1.0, estimate)
    return replace(figure, low=max(lowest, found[0]), high=found[1], interval=asked.interval)


def _statistic(
    data: Ratings, shared: Ratings, asked: _FigureRequest, only: str | None
) -> Statistic | Undefined:
    """Return the statistic that computes the measure, or the reason why it is undefined."""
    measure = asked.measure
    if data.kind is AnswerKind.TEXT and measure is Measure.ALPHA_EDIT:
        return text_alpha(shared, seed=asked.seed)
    if data.kind is AnswerKind.SPANS and measure is not Measure.PERCENT:
        return _span_statistic(shared, asked, only)
    if only is not None:
        shared = data = _only(shared, only)
    metric = distance_of(data, measure)
    if isinstance(metric, Undefined):
        return metric
    if measure in _COHEN:
        one, other = pair_up(shared)
        return cohen(shared.value[one], shared.value[other], metric, len(shared.values))
    if measure in _SHARES:
        # Shares of the values count all records, but percent agreement has no use for those with one answer.
        return shares(count_alike(shared if measure is Measure.PERCENT else data), _SHARES[measure], metric)
    rows = count_alike(shared)
    return OrdinalAlpha(rows) if measure is Measure.ALPHA_ORDINAL else alpha_of_rows(rows, metric)


def distance_of(data: Ratings, measure: Measure) -> Distance | Undefined:
    """Return the distance that a measure of labels or sets uses, or the reason why there is none."""
    values: Sequence[Any] = data.values
    if measure in (Measure.ALPHA_INTERVAL, Measure.ALPHA_RATIO):
        found = numbers(values)
        if found is None:
            return Undefined.NOT_NUMBERS
        if measure is Measure.ALPHA_INTERVAL:
            return Squared(found)
        return Undefined.NEGATIVE_NUMBERS if (found < 0).any() else ratio(found)
    if measure in (Measure.COHEN_LINEAR, Measure.AC2_LINEAR):
        return linear(len(values))
    if measure in (Measure.COHEN_QUADRATIC, Measure.AC2_QUADRATIC, Measure.ALPHA_ORDINAL):
        return Squared(np.arange(len(values), dtype=np.float64))
    if measure is Measure.ALPHA_MASI:
        return masi(values)
    return jaccard(values) if measure is Measure.ALPHA_JACCARD else Nominal()


def _span_statistic(shared: Ratings, asked: _FigureRequest, only: str | None) -> Statistic | Undefined:
    measure = asked.measure
    if measure in _F1:
        return spans_f1(shared if only is None else _only(shared, only), measure)
    sets: Sequence[Any] = shared.values
    used = np.unique(shared.value).tolist()
    labels = sorted({span[2] for code in used for span in sets[code]}) if only is None else [only]
    if not any(span[2] in labels for code in used for span in sets[code]):
        return Undefined.NO_SPANS
    if measure is Measure.TOKEN_ALPHA:
        if shared.tokens is None:
            return Undefined.NO_TOKENS
        return token_alpha(shared if only is None else _only(shared, only))
    if shared.extents is None:
        return Undefined.NO_EXTENTS
    if measure is Measure.ALPHA_U and any(crossing(sets[code]) for code in used):
        return Undefined.CROSSING_SPANS
    ends = np.array([max((span[1] for span in each), default=0) for each in sets], dtype=np.int64)
    if (ends[shared.value] > shared.extents[shared.unit]).any():
        return Undefined.OUTSIDE_TEXT
    if measure is Measure.GAMMA:
        return _gamma(shared if only is None else _only(shared, only), asked.seed)
    return unitizing_alpha(shared, labels)


def _gamma(shared: Ratings, seed: int) -> Statistic | Undefined:
    if alignments_of(shared) > ALIGNMENTS_AT_MOST:
        return Undefined.TOO_MUCH
    try:
        return gamma(shared, seed=seed)
    except TooManyGroupsError:
        return Undefined.TOO_MUCH


def _only(data: Ratings, label: str) -> Ratings:
    """Return the same answers with the spans of one label alone."""
    sets: Sequence[Any] = data.values
    left = [frozenset(span for span in each if span[2] == label) for each in sets]
    place = {each: number for number, each in enumerate(dict.fromkeys(left))}
    codes: Column = np.array([place[each] for each in left] or [0], dtype=np.int64)
    return data.recoded(codes, list(place), AnswerKind.SPANS)
