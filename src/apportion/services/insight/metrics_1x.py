"""Metrics of 1.x: list those of a task, and compute one over the records that match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import EntityNotFoundError
from apportion.domain.metrics import consistency, histogram, label_f1, most_frequent, span_f1
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, MatchAll, Query, Term, all_of, any_of, parse
from apportion.domain.records import AgentValues, Entities, Value, chosen_labels
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.store import Transaction
from apportion.services.datasets.access import open_dataset
from apportion.spans import Entity
from apportion.vocabulary import Task

__all__ = ["Details", "Metric", "MetricRequest", "metric_summary", "metrics_of"]

Details: TypeAlias = Callable[[StoredRecord, Task], Mapping[str, Any]]
"""A function that returns the ``metrics`` of a stored record, as replies show them."""

_PAGE = 500
_MOST_VALUES = 5_000
_MOST_LABELS = 1_000


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """A metric by its name, and its parameters; ``details`` is how it reads a stored record.

    Parameters about labeling rules are a query with labels, or several queries.
    """

    metric: str
    details: Details
    interval: float | None = None
    size: int | None = None
    entity_size: int | None = None
    rule: str | None = None
    labels: Sequence[str] = ()
    queries: Sequence[str] = ()

    def most(self, otherwise: int = 1_000) -> int:
        """Return the largest number of values to return."""
        return min(self.size or otherwise, _MOST_VALUES)


class _Matches:
    """The records a metric is about, as its reader sees them: counted by the store, or read one by one."""

    def __init__(self, tx: Transaction, dataset: Dataset, seen: Criteria, details: Details) -> None:
        self._tx = tx
        self._seen = seen
        self._details = details
        self.dataset = dataset

    def counted(self, facet: str) -> Mapping[str, Any]:
        """Return the counts of a search facet."""
        return self.counted_of_all(facet)[1]

    def counted_of_all(self, facet: str) -> tuple[int, Mapping[str, Any]]:
        """Return how many records there are, and the counts of a search facet."""
        hits = self._tx.records.search(self.dataset, self._seen, limit=0, facets=frozenset([facet]))
        return hits.total, hits.facets.get(facet) or {}

    def number(self, *parts: Query) -> int:
        """Count the records that all of these queries match."""
        seen = self._seen
        if seen.ids is None:
            return self._tx.records.count(self.dataset, replace(seen, query=all_of([seen.query, *parts])))
        among = self._tx.records.numbers(self.dataset, replace(seen, query=all_of(parts), ids=None))
        return len(set(among).intersection(self._tx.records.numbers(self.dataset, seen)))

    def rows(self) -> Iterator[StoredRecord]:
        """Yield every record."""
        after: str | None = None
        while rows := self._tx.records.scan(self.dataset, self._seen, after=after, limit=_PAGE):
            yield from rows
            after = rows[-1].id

    def details(self) -> Iterator[Mapping[str, Any]]:
        """Return the ``metrics`` of every record."""
        return (self._details(row, self.dataset.task) for row in self.rows())

    def answers(self) -> Iterator[tuple[AgentValues | None, AgentValues | None]]:
        """Return the prediction and the annotation of every record."""
        return (row.values(self.dataset.task) for row in self.rows())

    def labels(self) -> list[str]:
        """Return every label that some prediction or annotation has, with any score."""
        if self._seen.ids is None and isinstance(self._seen.query, MatchAll):
            return self._tx.records.labels(self.dataset, self._seen.viewer)
        values = (answers for both in self.answers() for answers in both if answers is not None)
        return sorted(
            {label for each in values for value in each.by_agent.values() for label in _labels(value)}
        )


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by its name of 1.x."""

    id: str
    name: str
    description: str
    compute: Callable[[_Matches, MetricRequest], Mapping[str, Any]]


def metrics_of(tx: Transaction, actor: Actor, address: DatasetAddress) -> Sequence[Metric]:
    """Return the metrics that a dataset has."""
    dataset = open_dataset(tx, actor, address, Action.SEE_METRICS).dataset
    return list(_METRICS[dataset.task].values())


def metric_summary(
    tx: Transaction, actor: Actor, address: DatasetAddress, criteria: Criteria, wanted: MetricRequest
) -> Mapping[str, Any]:
    """Return one metric of the records that match, in the view of ``actor``."""
    access = open_dataset(tx, actor, address, Action.SEE_METRICS)
    found = _METRICS[access.dataset.task].get(wanted.metric)
    if found is None:
        raise EntityNotFoundError(wanted.metric, "ServiceBaseMetric")
    return found.compute(_Matches(tx, access.dataset, access.seen(criteria), wanted.details), wanted)


# Computation of each metric


def _labels(value: Value) -> list[str]:
    """Return all labels of a value, whatever their score."""
    return (
        [span.label for span in value.spans] if isinstance(value, Entities) else [label for label, _ in value]
    )


def _terms(facet: str, matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    return most_frequent(matches.counted(facet), wanted.most())


def _words(matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    return most_frequent(matches.counted("words"), wanted.most(80))


def _scores(matches: _Matches, _: MetricRequest) -> Mapping[str, Any]:
    return matches.counted("score")


def _text_length(matches: _Matches, _: MetricRequest) -> dict[str, int]:
    return histogram((each["text_length"] for each in matches.details()), 1)


def _outcomes(matches: _Matches, _: MetricRequest) -> dict[str, int]:
    total, known = matches.counted_of_all("predicted")
    unknown = total - sum(known.values())
    return most_frequent({**known, **({"unknown": unknown} if unknown else {})}, 3)


def _metadata(matches: _Matches, wanted: MetricRequest) -> dict[str, Any]:
    counted = matches.counted("metadata")
    return {
        key: values if "argilla:stats" in values else most_frequent(values, wanted.most())
        for key, values in counted.items()
    }


def _dataset_labels(matches: _Matches, _: MetricRequest) -> dict[str, Any]:
    return {"labels": matches.labels()}


def _judged(matches: _Matches) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the labels predicted and annotated, of records that have both answers."""
    multi_label = bool(matches.dataset.multi_label)
    for predicted, annotated in matches.answers():
        if predicted is not None and annotated is not None:
            yield (
                chosen_labels(predicted.value, multi_label=multi_label),
                chosen_labels(annotated.value, multi_label=multi_label),
            )


def _first_label_f1(matches: _Matches, _: MetricRequest) -> dict[str, float]:
    return label_f1((predicted[:1], annotated[:1]) for predicted, annotated in _judged(matches))


def _multi_label_f1(matches: _Matches, _: MetricRequest) -> dict[str, float]:
    return label_f1(_judged(matches))


def _spans(answers: AgentValues | None) -> Sequence[Entity]:
    return answers.value.spans if answers is not None and isinstance(answers.value, Entities) else ()


def _span_f1(matches: _Matches, _: MetricRequest) -> dict[str, float]:
    # A prediction that nobody annotated is neither right nor wrong.
    pairs = ((p, a) for p, a in matches.answers() if a is not None)
    return span_f1((_spans(predicted), _spans(annotated)) for predicted, annotated in pairs)


def _tokens_length(matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    return histogram((each["tokens_length"] for each in matches.details()), wanted.interval or 0.1)


def _of_tokens(matches: _Matches, name: str) -> Iterator[Any]:
    return (token[name] for each in matches.details() for token in each["tokens"])


def _token_terms(name: str, matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    return most_frequent(Counter(_given(_of_tokens(matches, name))), wanted.most())


def _token_length(matches: _Matches, _: MetricRequest) -> dict[str, int]:
    return histogram(_of_tokens(matches, "length"), 1)


def _mentions(side: str, matches: _Matches) -> Iterator[Mapping[str, Any]]:
    return (mention for each in matches.details() for mention in each[side]["mentions"])


def _mention_terms(side: str, name: str, matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    return most_frequent(Counter(_given(each[name] for each in _mentions(side, matches))), wanted.most())


def _mention_histogram(
    side: str, name: str, interval: float | None, matches: _Matches, wanted: MetricRequest
) -> dict[str, int]:
    return histogram((each[name] for each in _mentions(side, matches)), interval or wanted.interval or 0.1)


def _mentions_distribution(side: str, matches: _Matches, wanted: MetricRequest) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for each in _mentions(side, matches):
        counted.setdefault(each["label"], Counter())[each["value"]] += 1
    return {label: most_frequent(counts, wanted.most()) for label, counts in sorted(counted.items())}


def _mentions_consistency(side: str, matches: _Matches, wanted: MetricRequest) -> dict[str, Any]:
    return _consistency(((each["value"], each["label"]) for each in _mentions(side, matches)), wanted)


def _tag_consistency(side: str, matches: _Matches, wanted: MetricRequest) -> dict[str, Any]:
    tagged = (token for each in matches.details() for token in each[side]["tags"])
    return _consistency(((token["value"], token["tag"]) for token in tagged), wanted)


def _consistency(pairs: Iterable[tuple[str, str]], wanted: MetricRequest) -> dict[str, Any]:
    """Return the consistency of labels; as in 1.x, the interval is how many labels a text needs at least."""
    return consistency(
        pairs,
        size=wanted.most(50),
        at_least=int(wanted.interval or 1),
        labels=min(wanted.entity_size or _MOST_LABELS, _MOST_LABELS),
    )


def _given(values: Iterable[str | None]) -> Iterator[str]:
    return (value for value in values if value is not None)


def _rule(matches: _Matches, wanted: MetricRequest) -> dict[str, Any]:
    """Return what a rule covers and, by label, how often that is right; nothing unless a rule is asked for."""
    if wanted.rule is None:
        return {}
    rule, annotated = parse(wanted.rule), Exists("annotated_as")
    judged = matches.number(rule, annotated)
    right = {each: matches.number(rule, annotated, Term("annotated_as", each)) for each in wanted.labels}
    by_label = {each: _judged_label(n, judged - n) for each, n in right.items()}
    return {
        **by_label,
        "covered_records": matches.number(rule),
        "annotated_covered_records": judged,
        "correct_records": sum(right.values()),
        "incorrect_records": sum(judged - n for n in right.values()),
        **({"precision": sum(right.values()) / (judged * len(right))} if judged and right else {}),
    }


def _judged_label(correct: int, incorrect: int) -> dict[str, int | float]:
    judged = correct + incorrect
    share = {"precision": correct / judged} if judged else {}
    return {"correct_records": correct, "incorrect_records": incorrect, "annotated": judged, **share}


def _rules(matches: _Matches, wanted: MetricRequest) -> dict[str, int]:
    """Return what several rules cover together; nothing unless some are asked for."""
    if not wanted.queries:
        return {}
    rules = any_of(parse(each) for each in wanted.queries)
    return {
        "covered_records": matches.number(rules),
        "annotated_covered_records": matches.number(rules, Exists("annotated_as")),
    }


# Metrics of each task

_COMMON = (
    Metric(
        "text_length", "Length of texts", "Records by the number of characters of their text", _text_length
    ),
    Metric(
        "error_distribution",
        "Right and wrong",
        "Records by whether the annotation is as predicted",
        _outcomes,
    ),
    Metric("status_distribution", "Status", "Records by status", partial(_terms, "status")),
    Metric("words_cloud", "Words", "The words that most records have", _words),
    Metric("metadata", "Metadata", "Records by the values of their metadata", _metadata),
    Metric("predicted_by", "Predicted by", "Records by who predicted", partial(_terms, "predicted_by")),
    Metric("annotated_by", "Annotated by", "Records by who annotated", partial(_terms, "annotated_by")),
    Metric("score", "Scores", "Records by the score of their prediction", _scores),
)
_LABELS = (
    Metric(
        "dataset_labels",
        "The dataset's labels",
        "Every label that predictions or annotations of the dataset have",
        _dataset_labels,
    ),
    Metric(
        "predicted_as",
        "Predicted as",
        "Records by what they are predicted as",
        partial(_terms, "predicted_as"),
    ),
    Metric(
        "annotated_as",
        "Annotated as",
        "Records by what they are annotated as",
        partial(_terms, "annotated_as"),
    ),
)
_TEXT = (
    Metric("F1", "F1 by label", "Precision, recall and F1 of the predicted label", _first_label_f1),
    Metric("MultiLabelF1", "F1 of several labels", "Precision, recall and F1 of all labels", _multi_label_f1),
)
_RULES = (
    Metric(
        "labeling_rule", "A labeling rule", "What a query covers, and how often its labels are right", _rule
    ),
    Metric("dataset_labeling_rules", "Labeling rules", "What several queries cover together", _rules),
)
_TOKENS = (
    Metric("F1", "F1 by span", "Precision, recall and F1 of spans, right if border and label are", _span_f1),
    Metric("tokens_length", "Tokens per record", "Records by how many tokens they have", _tokens_length),
    Metric("token_frequency", "Tokens", "How often each token occurs", partial(_token_terms, "value")),
    Metric("token_length", "Length of tokens", "Tokens by their number of characters", _token_length),
    Metric(
        "token_capitalness",
        "Case of tokens",
        "Tokens by upper and lower case",
        partial(_token_terms, "capitalness"),
    ),
)


def _of_mentions(side: str) -> Iterator[Metric]:
    """Yield the metrics that predicted and annotated spans both have; ``side`` is one of the two."""

    def made(id: str, name: str, description: str, compute: Any, *args: Any) -> Metric:
        full = f"{description}, {side}"
        return Metric(f"{side}_{id}", f"{name} ({side})", full, partial(compute, side, *args))

    yield made(
        "entity_density",
        "Density",
        "Mentions by their share of the tokens",
        _mention_histogram,
        "density",
        None,
    )
    yield made("entity_labels", "Labels", "Mentions by label", _mention_terms, "label")
    yield made(
        "entity_capitalness", "Case", "Mentions by upper and lower case", _mention_terms, "capitalness"
    )
    yield made(
        "mention_token_length",
        "Tokens",
        "Mentions by number of tokens",
        _mention_histogram,
        "tokens_length",
        None,
    )
    yield made(
        "mention_char_length",
        "Characters",
        "Mentions by number of characters",
        _mention_histogram,
        "chars_length",
        1,
    )
    yield made("mentions_distribution", "Mentions", "What is mentioned by label", _mentions_distribution)
    yield made(
        "top_k_mentions_consistency", "Consistency", "Mentions with several labels", _mentions_consistency
    )
    yield made("tag_consistency", "Consistency of tags", "Tokens with several tags", _tag_consistency)


_METRICS: dict[Task, dict[str, Metric]] = {
    task: {each.id: each for each in metrics}
    for task, metrics in (
        (Task.TEXT_CLASSIFICATION, (*_COMMON, *_TEXT, *_LABELS, *_RULES)),
        (
            Task.TOKEN_CLASSIFICATION,
            (*_COMMON, *_TOKENS, *_LABELS, *_of_mentions("predicted"), *_of_mentions("annotated")),
        ),
        (Task.TEXT2TEXT, _COMMON),
    )
}
