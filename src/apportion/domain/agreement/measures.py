"""The names of the measures, the kind of answers each one compares, and the default measure of each task."""

from __future__ import annotations

from collections.abc import Mapping

from apportion.vocabulary import Task, Word

__all__ = [
    "PAIRS",
    "AnswerKind",
    "By",
    "Interval",
    "Measure",
    "default_measure",
    "fits",
    "kind_of",
    "measures_of",
    "records_needed",
]

PAIRS = 1_000
"""Pairs of people shown, at most: those with most records in common."""


class AnswerKind(Word):
    """The kinds of answers that measures compare."""

    LABEL = "label"
    """A label: a string or a number."""
    LABELS = "labels"
    """Any number of labels: a frozenset of strings."""
    SPANS = "spans"
    """Labelled stretches of the text: a frozenset of ``(start, end, label)``."""
    TEXT = "text"
    """Another text: a string."""


class Measure(Word):
    """The measures of agreement."""

    PERCENT = "percent"
    COHEN = "cohen"
    COHEN_LINEAR = "cohen_linear"
    COHEN_QUADRATIC = "cohen_quadratic"
    FLEISS = "fleiss"
    ALPHA = "alpha"
    ALPHA_ORDINAL = "alpha_ordinal"
    ALPHA_INTERVAL = "alpha_interval"
    ALPHA_RATIO = "alpha_ratio"
    ALPHA_MASI = "alpha_masi"
    ALPHA_JACCARD = "alpha_jaccard"
    AC1 = "ac1"
    AC2_LINEAR = "ac2_linear"
    AC2_QUADRATIC = "ac2_quadratic"
    SPAN_F1 = "span_f1"
    SPAN_BOUNDARY_F1 = "span_boundary_f1"
    SPAN_LABEL_F1 = "span_label_f1"
    SPAN_OVERLAP_F1 = "span_overlap_f1"
    TOKEN_ALPHA = "token_alpha"  # noqa: S105
    ALPHA_U = "alpha_u"
    GAMMA = "gamma"
    ALPHA_EDIT = "alpha_edit"


class By(Word):
    """The ways to break figures down."""

    LABEL = "label"
    PAIR = "pair"
    WEEK = "week"
    PERSON = "person"


class Interval(Word):
    """The methods for intervals: the first two vary which records there are and can be requested."""

    JACKKNIFE = "jackknife"
    BOOTSTRAP = "bootstrap"
    EXACT = "exact"
    """From the binomial distribution, where no record differs from another."""


_ANY = frozenset(AnswerKind)
_LABEL = frozenset({AnswerKind.LABEL})
_CATEGORIES = frozenset({AnswerKind.LABEL, AnswerKind.LABELS})
_SETS = frozenset({AnswerKind.LABELS})
_SPANS = frozenset({AnswerKind.SPANS})

_OF_SPANS = frozenset(
    {
        Measure.SPAN_F1,
        Measure.SPAN_BOUNDARY_F1,
        Measure.SPAN_LABEL_F1,
        Measure.SPAN_OVERLAP_F1,
        Measure.TOKEN_ALPHA,
        Measure.ALPHA_U,
        Measure.GAMMA,
    }
)
"""Measures that compare parts of a text, so that one text with many spans is enough for a figure."""

_COMPARES: Mapping[Measure, frozenset[AnswerKind]] = {
    Measure.PERCENT: _ANY,
    Measure.COHEN: _CATEGORIES,
    Measure.COHEN_LINEAR: _LABEL,
    Measure.COHEN_QUADRATIC: _LABEL,
    Measure.FLEISS: _CATEGORIES,
    Measure.ALPHA: _CATEGORIES,
    Measure.ALPHA_ORDINAL: _LABEL,
    Measure.ALPHA_INTERVAL: _LABEL,
    Measure.ALPHA_RATIO: _LABEL,
    Measure.ALPHA_MASI: _SETS,
    Measure.ALPHA_JACCARD: _SETS,
    Measure.AC1: _CATEGORIES,
    Measure.AC2_LINEAR: _LABEL,
    Measure.AC2_QUADRATIC: _LABEL,
    Measure.SPAN_F1: _SPANS,
    Measure.SPAN_BOUNDARY_F1: _SPANS,
    Measure.SPAN_LABEL_F1: _SPANS,
    Measure.SPAN_OVERLAP_F1: _SPANS,
    Measure.TOKEN_ALPHA: _SPANS,
    Measure.ALPHA_U: _SPANS,
    Measure.GAMMA: _SPANS,
    Measure.ALPHA_EDIT: frozenset({AnswerKind.TEXT}),
}

_DEFAULTS: Mapping[AnswerKind, Measure] = {
    AnswerKind.LABEL: Measure.ALPHA,
    AnswerKind.LABELS: Measure.ALPHA_MASI,
    AnswerKind.SPANS: Measure.SPAN_F1,
    AnswerKind.TEXT: Measure.ALPHA_EDIT,
}

_TASKS: Mapping[Task, AnswerKind] = {
    Task.TEXT_CLASSIFICATION: AnswerKind.LABEL,
    Task.TOKEN_CLASSIFICATION: AnswerKind.SPANS,
    Task.TEXT2TEXT: AnswerKind.TEXT,
}


def kind_of(task: Task, *, multi_label: bool = False) -> AnswerKind:
    """Return the kind of one answer of the task."""
    return AnswerKind.LABELS if multi_label and task is Task.TEXT_CLASSIFICATION else _TASKS[task]


def default_measure(kind: AnswerKind) -> Measure:
    """Return the measure that is used when none is requested.

    Alpha copes with gaps and any number of people; for several labels with the MASI distance, which credits sets that
    nearly agree. For spans F1, since the number of places rightly left unmarked is unknown.
    """
    return _DEFAULTS[kind]


def fits(measure: Measure, kind: AnswerKind) -> bool:
    """Return whether the measure compares such answers."""
    return kind in _COMPARES[measure]


def records_needed(measure: Measure) -> int:
    """Return the least number of records with two answers that a figure takes.

    From one label nothing follows about the next; one text may have any number of spans.
    """
    return 1 if measure in _OF_SPANS else 2


def measures_of(kind: AnswerKind) -> list[Measure]:
    """Return every measure for such answers, the default first."""
    default = default_measure(kind)
    return sorted((each for each in Measure if fits(each, kind)), key=lambda each: each is not default)
