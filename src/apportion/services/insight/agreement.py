"""Agreement between annotators, and their conflicts. Imports numpy: to be imported only when it is needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from apportion.domain.agreement.aligning import can_align
from apportion.domain.agreement.compute import IntervalSpec, agreement, agreement_by
from apportion.domain.agreement.conflicts import Confusion, confusion
from apportion.domain.agreement.figures import Figure
from apportion.domain.agreement.label_counts import count_labels
from apportion.domain.agreement.measures import (
    AnswerKind,
    By,
    Interval,
    Measure,
    default_measure,
    fits,
    kind_of,
)
from apportion.domain.agreement.measures import measures_of as measures
from apportion.domain.agreement.ratings import Ratings, ratings
from apportion.domain.consensus.dawid_skene import AnnotatorAccuracy, dawid_skene
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.numpy_types import Column, np
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, MatchAll, Phrase, Query, Range, Term, all_of, show
from apportion.domain.times import week_bounds
from apportion.ports.answers import AnswerColumns
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess, open_dataset

__all__ = [
    "MODEL_AT_MOST",
    "AgreementFigures",
    "AnnotatorReport",
    "FigureRequest",
    "NamedFigure",
    "RecordConflict",
    "annotator_report",
    "conflicts",
    "measure",
    "ratings_of",
]

MODEL_AT_MOST = 300_000
"""Answers up to which a request fits a model; above, nobody is to wait for that, and only a job fits it."""


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """A request for a figure: its measure (None: the usual one of the task) and how to compute it."""

    measure: Measure | None = None
    by: By | None = None
    interval: Interval | None = Interval.JACKKNIFE
    level: float = 0.95
    seed: int = 0
    query: Query = field(default_factory=MatchAll)


@dataclass(frozen=True, slots=True)
class NamedFigure:
    """A figure, and the query that opens the records behind it."""

    figure: Figure
    query: str


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """One figure over everything, and the same by label, pair, week or person where that was asked for."""

    whole: NamedFigure
    by: Sequence[NamedFigure] | None


def measure(tx: Transaction, actor: Actor, address: DatasetAddress, asked: FigureRequest) -> AgreementFigures:
    """Return the agreement of people's answers on the records that match."""
    access = open_dataset(tx, actor, address, Action.SEE_AGREEMENT)
    dataset, columns = access.dataset, _read(access, asked.query, times=asked.by is By.WEEK)
    kind = _kind(dataset)
    which = asked.measure or default_measure(kind)
    if not fits(which, kind):
        raise BadRequestError(
            f"The measure {which} does not compare the answers of this dataset, which are {_NAMES[kind]}. "
            f"Measures that do: {', '.join(map(str, measures(kind)))}."
        )
    if which is Measure.GAMMA and not can_align():
        raise BadRequestError(
            "This server can't compute gamma, which needs a solver: install it with the extra, "
            "`pip install 'apportion[gamma]'`, or ask for another measure."
        )
    if asked.by is By.LABEL and kind is AnswerKind.TEXT:
        raise BadRequestError("The answers of this dataset are texts, which have no labels to go by.")
    data = ratings_of(tx, dataset, columns, which)
    whole = agreement(data, which, interval=asked.interval, level=asked.level, seed=asked.seed)
    parts = None
    if asked.by is not None:
        found = agreement_by(data, asked.by, which, IntervalSpec(asked.interval, asked.level, asked.seed))
        parts = [NamedFigure(each, _opens(each, asked.query)) for each in found]
    return AgreementFigures(NamedFigure(whole, _opens(whole, asked.query)), parts)


_NAMES = {
    AnswerKind.LABEL: "single labels",
    AnswerKind.LABELS: "any number of labels",
    AnswerKind.SPANS: "spans",
    AnswerKind.TEXT: "texts",
}


def _kind(dataset: Dataset) -> AnswerKind:
    return kind_of(dataset.task, multi_label=bool(dataset.multi_label))


def _read(access: DatasetAccess, query: Query, *, times: bool = False) -> AnswerColumns:
    return access.tx.answers.columns(access.dataset, within=_within(access, query), times=times)


def _within(access: DatasetAccess, query: Query) -> Collection[int] | None:
    if isinstance(query, MatchAll):
        return None
    return access.tx.records.ids(access.dataset, access.seen(Criteria(query))).logged


def ratings_of(
    tx: Transaction, dataset: Dataset, columns: AnswerColumns, which: Measure | None = None
) -> Ratings:
    """Return the answers as measures and models take them: labels in the order of the dataset's schema."""
    kind = _kind(dataset)
    records, unit = np.unique(columns.record, return_inverse=True)
    values, value = columns.values, columns.value
    if kind is AnswerKind.LABEL:
        values, value = _in_order(dataset, columns)
    extents = tokens = None
    if which in (Measure.ALPHA_U, Measure.GAMMA, Measure.TOKEN_ALPHA):
        texts = tx.answers.texts(dataset, records.tolist())
        extents = [texts[n][0] for n in records.tolist()]
        if all(texts[n][1] is not None for n in records.tolist()):
            tokens = [texts[n][1] or [] for n in records.tolist()]
    return ratings(
        kind,
        unit=unit,
        annotator=columns.annotator,
        value=value,
        annotators=columns.annotators,
        values=values,
        units=len(records),
        independent=columns.independent,
        instants=columns.at,
        extents=extents,
        tokens=tokens,
    )


def _in_order(dataset: Dataset, columns: AnswerColumns) -> tuple[list[str], Column]:
    """Return labels in the order of the schema, others after them: ordinal and weighted measures depend on it."""
    settings = dataset.settings
    known = [each.name for each in settings.labels] if settings and settings.labels else []
    there = [str(each) for each in columns.values]
    numbers = all(_is_number(each) for each in there)
    others = sorted(set(there) - set(known), key=float if numbers else str)
    ordered = [*known, *others]
    place = {label: code for code, label in enumerate(ordered)}
    codes = np.array([place[label] for label in there], dtype=np.int64)
    return ordered, codes[columns.value] if len(there) else columns.value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _opens(figure: Figure, query: Query) -> str:
    """Return the query that opens the records behind a figure."""
    parts: list[Query] = [] if isinstance(query, MatchAll) else [query]
    if figure.pair is not None:
        parts += [Term("compared", name) for name in figure.pair]
    elif figure.person is not None:
        parts.append(Term("compared", figure.person))
    elif figure.label is not None:
        parts.append(Phrase("compared.label", figure.label))
    elif figure.week is not None:
        low, high = week_bounds(figure.week)
        parts.append(Range("compared.at", low, high))
    else:
        parts.append(Exists("compared"))
    return show(all_of(parts))


# Conflicts


@dataclass(frozen=True, slots=True)
class RecordConflict:
    """A record whose answers differ: how close they are, everybody's answers, and its resolution."""

    id: str
    agreement: float
    view: ResolvedView
    answers: Sequence[Annotation]
    gold: GoldValue | None


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """A page of the records in conflict that match a query; ``open_only``: those that are not decided yet."""

    query: Query
    limit: int
    after: tuple[float, int] | None = None
    open_only: bool = False


def conflicts(
    tx: Transaction, actor: Actor, address: DatasetAddress, asked: ConflictPage
) -> tuple[Dataset, int, list[RecordConflict], tuple[float, int] | None]:
    """Return the number of records in conflict, a page of them, most disputed first, and where the next begins."""
    access = open_dataset(tx, actor, address, Action.SEE_AGREEMENT)
    dataset, query = access.dataset, asked.query
    if asked.open_only:
        query = all_of([Term("conflict", "true"), *([] if isinstance(query, MatchAll) else [query])])
    within = _within(access, query)
    total, page = tx.answers.disputed(dataset, within=within, after=asked.after, limit=asked.limit)
    policies = access.policies
    cases = {case.id: case for case in tx.annotations.cases(dataset, [each.id for each in page])}
    found = [
        RecordConflict(
            each.id,
            each.agreement,
            policies.resolve(cases[each.id]),
            cases[each.id].counted(),
            cases[each.id].gold,
        )
        for each in page
    ]
    last = page[-1] if len(page) == asked.limit else None
    return dataset, total, found, None if last is None else (last.agreement, last.number)


# Quality of annotators


@dataclass(frozen=True, slots=True)
class AnnotatorReport:
    """Everybody's quality under a model of all answers, or why there is none, and the labels that people confuse."""

    answers: dict[str, int]
    quality: Sequence[AnnotatorAccuracy]
    labels: Sequence[str]
    why: str | None
    confusions: Sequence[Confusion]
    checks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By annotator: checks answered, and those of them whose first answer was the gold value."""
    given: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By annotator: how often they gave each label."""


def annotator_report(tx: Transaction, actor: Actor, address: DatasetAddress, query: Query) -> AnnotatorReport:
    """Return everybody's number of answers, how often they are right, and the labels that pairs differ on."""
    access = open_dataset(tx, actor, address, Action.SEE_AGREEMENT)
    dataset, columns = access.dataset, _read(access, query)
    checks: dict[str, tuple[int, int]] = {}
    for each in tx.answers.checked(dataset):
        answered, right = checks.get(each.annotator, (0, 0))
        checks[each.annotator] = answered + 1, right + (each.given == each.gold)
    given = count_labels(_kind(dataset), columns.annotator, columns.value, columns.annotators, columns.values)
    return replace(_team(tx, dataset, columns), checks=checks, given=given)


def _team(tx: Transaction, dataset: Dataset, columns: AnswerColumns) -> AnnotatorReport:
    counts = np.bincount(columns.annotator, minlength=len(columns.annotators)).tolist()
    answers = dict(zip(columns.annotators, counts, strict=True))
    kind = _kind(dataset)
    if kind is not AnswerKind.LABEL:
        return AnnotatorReport(
            answers, (), (), f"models are about single labels; these answers are {_NAMES[kind]}", ()
        )
    data = ratings_of(tx, dataset, columns)
    shared = data.shared()
    labels = [str(each) for each in data.values]
    why = None
    if not len(shared):
        why = "no record has answers by two people, so there is nothing to compare"
    elif len(shared) > MODEL_AT_MOST:
        why = (
            f"{len(shared):,} answers would take too long here; set the policy resolution to dawid_skene, "
            "and its job reports how accurate everyone is"
        )
    if why is not None:
        return AnnotatorReport(answers, (), labels, why, confusion(data))
    model = dawid_skene(shared)
    quality = [replace(each, answers=answers[each.annotator]) for each in model.quality() if each.answers]
    return AnnotatorReport(answers, quality, [str(each) for each in model.labels], None, confusion(data))
