"""Metrics of 1.x as functions: figures over a dataset, shown as bars in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .records._values import warn
from .session import active_client

__all__ = [
    "Annotations",
    "ComputeFor",
    "MetricSummary",
    "Predictions",
    "entity_capitalness",
    "entity_consistency",
    "entity_density",
    "entity_labels",
    "f1",
    "f1_multilabel",
    "keywords",
    "mention_length",
    "records_status",
    "span_f1",
    "text_length",
    "token_capitalness",
    "token_frequency",
    "token_length",
    "tokens_length",
    "top_k_mentions",
]


class ComputeFor(Enum):
    """The answers a metric is computed for: predictions or annotations."""

    ANNOTATIONS = "annotations"
    PREDICTIONS = "predictions"


Annotations = ComputeFor.ANNOTATIONS
Predictions = ComputeFor.PREDICTIONS


@dataclass(frozen=True)
class MetricSummary:
    """A computed metric: ``data`` has the figures. A notebook shows it as bars."""

    data: Mapping[str, Any]
    title: str = ""

    def visualize(self) -> MetricSummary:
        """Return itself, which a notebook shows as bars when it is the last value in a cell."""
        return self

    def _repr_html_(self) -> str:
        from .records._html import bars_html

        return bars_html(self.title, self.data)


# All tasks


def text_length(name: str, query: str | None = None) -> MetricSummary:
    """Count records by the number of characters of their text.

    >>> text_length("reviews", query="status:Default").data  # doctest: +SKIP
    {'11.0': 1, '12.0': 0, '13.0': 4}
    """
    return _computed(name, "text_length", query)


def records_status(name: str, query: str | None = None) -> MetricSummary:
    """Count records by status."""
    return _computed(name, "status_distribution", query)


def keywords(name: str, query: str | None = None, size: int = 20) -> MetricSummary:
    """Count the words that most records have, by the records that have them."""
    if size <= 0:
        raise AssertionError(f"size is how many words to tell; got {size}")
    return _computed(name, "words_cloud", query, size=size)


# Text classification


def f1(name: str, query: str | None = None) -> MetricSummary:
    """Compute precision, recall and F1 of the label predicted best, per label and on average."""
    return _computed(name, "F1", query)


def f1_multilabel(name: str, query: str | None = None) -> MetricSummary:
    """Compute precision, recall and F1 of all predicted labels, per label and on average."""
    return _computed(name, "MultiLabelF1", query)


# Token classification


def tokens_length(name: str, query: str | None = None, interval: float = 1) -> MetricSummary:
    """Count records by their number of tokens."""
    return _computed(name, "tokens_length", query, interval=interval)


def token_frequency(name: str, query: str | None = None, tokens: int = 1000) -> MetricSummary:
    """Count the most frequent tokens."""
    return _computed(name, "token_frequency", query, size=tokens)


def token_length(name: str, query: str | None = None) -> MetricSummary:
    """Count tokens by their number of characters."""
    return _computed(name, "token_length", query)


def token_capitalness(name: str, query: str | None = None) -> MetricSummary:
    """Count tokens by upper and lower case."""
    return _computed(name, "token_capitalness", query)


def mention_length(
    name: str,
    query: str | None = None,
    level: str = "token",
    compute_for: str | ComputeFor = Predictions,
    interval: int = 1,
) -> MetricSummary:
    """Count mentions by their number of tokens, or of characters with ``level="char"``."""
    if level not in ("token", "char"):
        raise ValueError(f'level is "token" or "char"; got {level!r}')
    return _computed(name, f"{_side(compute_for)}_mention_{level}_length", query, interval=interval)


def entity_labels(
    name: str, query: str | None = None, compute_for: str | ComputeFor = Predictions, labels: int = 50
) -> MetricSummary:
    """Count mentions by label."""
    return _computed(name, f"{_side(compute_for)}_entity_labels", query, size=labels)


def entity_density(
    name: str, query: str | None = None, compute_for: str | ComputeFor = Predictions, interval: float = 0.005
) -> MetricSummary:
    """Count mentions by their share of the tokens of the record."""
    return _computed(name, f"{_side(compute_for)}_entity_density", query, interval=interval)


def entity_capitalness(
    name: str, query: str | None = None, compute_for: str | ComputeFor = Predictions
) -> MetricSummary:
    """Count mentions by upper and lower case."""
    return _computed(name, f"{_side(compute_for)}_entity_capitalness", query)


def entity_consistency(*args: Any, **kwargs: Any) -> MetricSummary:  # noqa: ARG001
    """Return no figures, as in 1.x. Deprecated: use ``top_k_mentions``."""
    warn("entity_consistency computes nothing; use top_k_mentions.", DeprecationWarning)
    return MetricSummary({})


def top_k_mentions(
    name: str,
    query: str | None = None,
    compute_for: str | ComputeFor = Predictions,
    k: int = 100,
    threshold: int = 2,
    post_label_filter: Set[str] | None = None,
) -> MetricSummary:
    """Return those of the ``k`` most frequent mentions with ``threshold`` labels or more, most ambiguous first.

    ``post_label_filter`` keeps these labels only.
    """
    metric = f"{_side(compute_for)}_top_k_mentions_consistency"
    found = _computed(name, metric, query, size=k, interval=max(1, threshold))
    if post_label_filter is None:
        return found
    mentions = [
        {**each, "entities": [one for one in each["entities"] if one["label"] in post_label_filter]}
        for each in found.data["mentions"]
    ]
    return MetricSummary({"mentions": [each for each in mentions if each["entities"]]}, found.title)


def span_f1(name: str, query: str | None = None) -> MetricSummary:
    """Compute precision, recall and F1 of spans, which are right if start, end and label are."""
    return _computed(name, "F1", query)


def _computed(name: str, metric: str, query: str | None, **params: Any) -> MetricSummary:
    found = active_client().compute_metric(name, metric, query=query, **params)
    return MetricSummary(found.results, found.description or found.name)


def _side(compute_for: str | ComputeFor | None) -> str:
    """Return the prefix of metrics of predictions or of annotations."""
    wanted = compute_for.value if isinstance(compute_for, ComputeFor) else str(compute_for or "predictions")
    try:
        side = ComputeFor(wanted.lower())
    except ValueError:
        raise ValueError(f'compute_for is "annotations" or "predictions"; got {compute_for!r}') from None
    return "annotated" if side is Annotations else "predicted"
