"""Compute the figures of all labeling rules at once. Imports numpy: to be imported only when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.consensus.answers import labels_of
from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.numpy_types import Column, np
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.query import Exists, MatchAll, Query, Term, parse
from apportion.domain.rule_votes import RecordSet, SharedVotes, shared_votes
from apportion.domain.rules import LabelingRule, RuleMetrics
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import Task

__all__ = ["AnswerFigures", "RecordSets", "RuleFigures", "RulesReport", "all_rules"]


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """Numbers of all people's answers on the records of a rule that have its label, and that do not."""

    correct: int
    incorrect: int


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The figures of one rule, or of all together, in records; ``conflicts`` is None in a multi-label dataset.

    ``problem`` says why a stored rule cannot be evaluated; it counts as matching nothing.
    """

    metrics: RuleMetrics
    overlaps: int
    conflicts: int | None
    answers: AnswerFigures | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RulesReport:
    """All stored rules with their figures, and the figures of all together."""

    rules: Sequence[tuple[LabelingRule, RuleFigures]]
    together: RuleFigures


def all_rules(
    tx: Transaction, actor: Actor, address: DatasetAddress, *, answers: bool = False
) -> RulesReport:
    """Return the figures of all stored rules, in the view of ``actor``.

    With ``answers`` they are also compared with everybody's answers, which takes the right to see these.
    """
    address = replace(address, task=Task.TEXT_CLASSIFICATION)
    access = open_dataset(tx, actor, address, Action.SEE_RULES, open_only=True)
    dataset = access.dataset
    if answers:
        require(actor, Action.SEE_AGREEMENT, dataset.workspace, dataset.created_by)
    sets = RecordSets(tx, dataset, access.seen(Criteria()))
    given = _Answers(tx, dataset, sets.size) if answers and dataset.individual else None
    matched = [_Matched.of(sets, rule) for rule in dataset.rules]
    shared = shared_votes(((each.records, each.rule.labels) for each in matched), sets.size)
    judged = [(each.rule, _figures(each, sets, shared, dataset, given)) for each in matched]
    return RulesReport(judged, _together([each for _, each in judged], sets, shared, dataset))


class RecordSets:
    """The records that queries match, as one viewer sees them, as sets."""

    def __init__(self, tx: Transaction, dataset: Dataset, seen: Criteria) -> None:
        self._tx = tx
        self._dataset = dataset
        self._seen = seen
        numbers = tx.records.packed_numbers(dataset, replace(seen, query=MatchAll(), ids=None))
        self.size = numbers[-1] + 1 if numbers else 0
        self.total = len(numbers)
        self._labels: dict[str, RecordSet] = {}
        self.annotated = self.matching(Exists("annotated_by"))
        self.labelled = self.matching(Exists("annotated_as"))

    def matching(self, query: Query) -> RecordSet:
        """Return the records that match a query."""
        criteria = replace(self._seen, query=query, ids=None)
        return RecordSet.of(self._tx.records.packed_numbers(self._dataset, criteria), self.size)

    def annotated_as(self, label: str) -> RecordSet:
        """Return the records annotated with a label."""
        found = self._labels.get(label)
        if found is None:
            found = self._labels[label] = self.matching(Term("annotated_as", label))
        return found


@dataclass(frozen=True, slots=True)
class _Matched:
    rule: LabelingRule
    records: RecordSet
    problem: str | None = None

    @staticmethod
    def of(sets: RecordSets, rule: LabelingRule) -> _Matched:
        """Evaluate a rule; one that cannot be must not keep the others from being shown."""
        try:
            return _Matched(rule, sets.matching(parse(rule.query)))
        except InvalidTextSearchError as trouble:
            return _Matched(rule, RecordSet.of((), sets.size), str(trouble))


@dataclass(slots=True)
class _Answers:
    """Everybody's answers: the record and the labels of each."""

    tx: Transaction
    dataset: Dataset
    size: int
    records: Column = field(init=False)
    values: Column = field(init=False)
    labels: list[frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = self.tx.answers.columns(self.dataset)
        known = columns.record < self.size
        self.records, self.values = columns.record[known], columns.value[known]
        kind = AnswerKind.LABELS if self.dataset.multi_label else AnswerKind.LABEL
        self.labels = [labels_of(each, kind) for each in columns.values]

    def judge(self, records: RecordSet, labels: Sequence[str]) -> AnswerFigures:
        """Compare the answers to these records with labels."""
        counts = np.bincount(self.values[records.flags(self.size)[self.records]], minlength=len(self.labels))
        total = int(counts.sum())
        right = [
            sum(int(n) for n, has in zip(counts, self.labels, strict=True) if each in has) for each in labels
        ]
        return AnswerFigures(sum(right), sum(total - n for n in right))


def _figures(
    matched: _Matched, sets: RecordSets, shared: SharedVotes, dataset: Dataset, given: _Answers | None
) -> RuleFigures:
    records, labels = matched.records, matched.rule.labels
    annotated, judged = sets.annotated.count(), records & sets.labelled
    return RuleFigures(
        _judged(
            sets.total, annotated, records, judged, [judged & sets.annotated_as(each) for each in labels]
        ),
        (records & shared.overlapping).count(),
        None if dataset.multi_label else (records & shared.conflicting).count(),
        None if given is None else given.judge(records, labels),
        matched.problem,
    )


def _judged(
    total: int, annotated: int, records: RecordSet, judged: RecordSet, right: Sequence[RecordSet]
) -> RuleMetrics:
    found = RuleMetrics(total, annotated, records.count(), judged.count())
    if not annotated:
        return found
    correct = [each.count() for each in right]
    shares = [n / found.covered_annotated for n in correct if found.covered_annotated]
    return replace(
        found,
        correct=sum(correct),
        incorrect=sum(found.covered_annotated - n for n in correct),
        precision=sum(shares) / len(shares) if shares else None,
    )


def _together(
    rules: Sequence[RuleFigures], sets: RecordSets, shared: SharedVotes, dataset: Dataset
) -> RuleFigures:
    annotated, covered = sets.annotated.count(), shared.covered & sets.labelled
    metrics = RuleMetrics(sets.total, annotated, shared.covered.count(), covered.count())
    if annotated and rules:
        correct = sum(each.metrics.correct or 0 for each in rules)
        incorrect = sum(each.metrics.incorrect or 0 for each in rules)
        share = correct / (correct + incorrect) if correct + incorrect else None
        metrics = replace(metrics, correct=correct, incorrect=incorrect, precision=share)
    answers = [each.answers for each in rules if each.answers is not None]
    return RuleFigures(
        metrics,
        shared.overlapping.count(),
        None if dataset.multi_label else shared.conflicting.count(),
        AnswerFigures(sum(a.correct for a in answers), sum(a.incorrect for a in answers))
        if answers
        else None,
    )
