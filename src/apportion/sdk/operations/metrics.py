"""Operations of 1.x on metrics and labeling rules of the active workspace, under the names they had there.

Failures raise an error, where 1.x wrote a line to the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import UnknownMetricError
from apportion.sdk.results import (
    LabelingRule,
    LabelingRuleMetricsSummary,
    MetricInfo,
    MetricResults,
    read_rule,
    read_rule_metrics,
)
from apportion.vocabulary import Task

from .datasets import find_dataset

__all__ = [
    "add_dataset_labeling_rules",
    "compute_metric",
    "dataset_metrics",
    "delete_dataset_labeling_rules",
    "fetch_dataset_labeling_rules",
    "get_metric",
    "metric_summary",
    "rule_metrics_for_dataset",
    "update_dataset_labeling_rules",
]

_RULES = "/api/datasets/{}/TextClassification/labeling/rules"


def dataset_metrics(connection: Connection, name: str) -> Steps[list[MetricInfo]]:
    """Return the metrics that the server computes for a dataset. Raises ``NotFoundApiError``."""
    dataset = yield from find_dataset(connection, name, None)
    where = {"workspace": dataset.workspace}
    body = yield Request("GET", path("/api/datasets/{}/{}/metrics", name, dataset.task.value), where)
    return [MetricInfo(each["id"], each["name"], each.get("description")) for each in loads(body)]


def get_metric(connection: Connection, name: str, metric: str) -> Steps[MetricInfo | None]:
    """Return one of these metrics by its id; None if there is no such one. Raises ``NotFoundApiError``."""
    known = yield from dataset_metrics(connection, name)
    return next((each for each in known if each.id == metric), None)


def metric_summary(
    connection: Connection,
    name: str,
    task: Task,
    metric: str,
    query: str | None,
    params: Mapping[str, Any],
) -> Steps[dict[str, Any]]:
    """Return a metric as the server computes it. Raises ``NotFoundApiError`` for one it does not know."""
    where = yield from connection.where(None)
    route = path("/api/datasets/{}/{}/metrics/{}:summary", check_name(name), task.value, metric)
    body = msgspec.json.encode({"query_text": query})
    found: dict[str, Any] = loads((yield Request("POST", route, {"workspace": where, **params}, body)))
    return found


def compute_metric(
    connection: Connection,
    name: str,
    metric: str,
    query: str | None = None,
    interval: float | None = None,
    size: int | None = None,
) -> Steps[MetricResults]:
    """Compute a metric of the records that match.

    ``interval`` is the width of the bars of a histogram, in the metric's own unit; ``size`` how many of the most
    frequent values are counted.

    Raises ``UnknownMetricError`` (an ``AssertionError``), ``NotFoundApiError``, ``BadRequestApiError``.
    """
    known = yield from dataset_metrics(connection, name)
    info = next((each for each in known if each.id == metric), None)
    if info is None:
        there = ", ".join(each.id for each in known) or "none"
        raise UnknownMetricError(f"There is no metric {metric!r} for dataset {name!r}; there are: {there}.")
    dataset = yield from find_dataset(connection, name, None)
    params = {"interval": interval, "size": size}
    results = yield from metric_summary(connection, name, dataset.task, metric, query, params)
    return MetricResults(info.id, info.name, info.description, results)


def fetch_dataset_labeling_rules(connection: Connection, dataset: str) -> Steps[list[LabelingRule]]:
    """Return the labeling rules of a dataset. Raises ``NotFoundApiError``."""
    where = yield from connection.where(None)
    body = yield Request("GET", path(_RULES, check_name(dataset)), {"workspace": where})
    return [read_rule(each) for each in loads(body)]


def add_dataset_labeling_rules(
    connection: Connection, dataset: str, rules: Iterable[LabelingRule]
) -> Steps[None]:
    """Store labeling rules. Raises ``AlreadyExistsApiError``, ``NotFoundApiError``, ``ForbiddenApiError``."""
    for rule in rules:
        yield from _change_rule(connection, "POST", dataset, rule)


def update_dataset_labeling_rules(
    connection: Connection, dataset: str, rules: Iterable[LabelingRule]
) -> Steps[None]:
    """Change the labels of labeling rules. Raises ``NotFoundApiError``, ``ForbiddenApiError``."""
    for rule in rules:
        yield from _change_rule(connection, "PATCH", dataset, rule)


def delete_dataset_labeling_rules(
    connection: Connection, dataset: str, rules: Iterable[LabelingRule]
) -> Steps[None]:
    """Delete labeling rules; it is no error if there are none. Raises ``ForbiddenApiError``."""
    for rule in rules:
        yield from _change_rule(connection, "DELETE", dataset, rule)


def rule_metrics_for_dataset(
    connection: Connection, dataset: str, rule: LabelingRule
) -> Steps[LabelingRuleMetricsSummary]:
    """Return a labeling rule's coverage of a dataset and its precision, as shares from 0 to 1.

    Raises ``NotFoundApiError``.
    """
    where = yield from connection.where(None)
    route = path(_RULES + "/{}/metrics", check_name(dataset), rule.query)
    body = yield Request("GET", route, {"workspace": where, "label": rule.label})
    return read_rule_metrics(loads(body))


def _change_rule(connection: Connection, method: str, dataset: str, rule: LabelingRule) -> Steps[None]:
    """Add (``POST``), change (``PATCH``) or delete (``DELETE``) a rule."""
    where = yield from connection.where(None)
    route = path(_RULES, check_name(dataset))
    body = None
    if method != "POST":
        route += path("/{}", rule.query)
    if method != "DELETE":
        fields = {"query": rule.query, "labels": list(rule.labels), "description": rule.description}
        body = msgspec.json.encode(fields)
    yield Request(method, route, {"workspace": where}, body, repeatable=False)
