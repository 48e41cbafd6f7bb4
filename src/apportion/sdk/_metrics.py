"""Requests about metrics and labeling rules, as steps that both clients run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from apportion.vocabulary import Task

from ._connection import Connection, check_name, loads
from ._datasets import find_dataset
from ._http import Request, Steps, path
from .errors import UnknownMetricError
from .results import (
    LabelingRule,
    LabelingRuleMetricsSummary,
    MetricInfo,
    MetricResults,
    read_rule,
    read_rule_metrics,
)

__all__ = ["change_rule", "compute", "list_metrics", "list_rules", "rule_metrics", "summary"]

_RULES = "/api/datasets/{}/TextClassification/labeling/rules"


def list_metrics(connection: Connection, name: str) -> Steps[list[MetricInfo]]:
    dataset = yield from find_dataset(connection, name, None)
    where = {"workspace": dataset.workspace}
    body = yield Request("GET", path("/api/datasets/{}/{}/metrics", name, dataset.task.value), where)
    return [MetricInfo(each["id"], each["name"], each.get("description")) for each in loads(body)]


def summary(
    connection: Connection,
    name: str,
    task: Task,
    metric: str,
    query: str | None,
    params: Mapping[str, Any],
) -> Steps[dict[str, Any]]:
    where = yield from connection.where(None)
    route = path("/api/datasets/{}/{}/metrics/{}:summary", check_name(name), task.value, metric)
    body = msgspec.json.encode({"query_text": query})
    found: dict[str, Any] = loads((yield Request("POST", route, {"workspace": where, **params}, body)))
    return found


def compute(
    connection: Connection,
    name: str,
    metric: str,
    query: str | None,
    interval: float | None,
    size: int | None,
) -> Steps[MetricResults]:
    known = yield from list_metrics(connection, name)
    info = next((each for each in known if each.id == metric), None)
    if info is None:
        there = ", ".join(each.id for each in known) or "none"
        raise UnknownMetricError(f"There is no metric {metric!r} for dataset {name!r}; there are: {there}.")
    dataset = yield from find_dataset(connection, name, None)
    params = {"interval": interval, "size": size}
    results = yield from summary(connection, name, dataset.task, metric, query, params)
    return MetricResults(info.id, info.name, info.description, results)


def list_rules(connection: Connection, dataset: str) -> Steps[list[LabelingRule]]:
    where = yield from connection.where(None)
    body = yield Request("GET", path(_RULES, check_name(dataset)), {"workspace": where})
    return [read_rule(each) for each in loads(body)]


def change_rule(connection: Connection, method: str, dataset: str, rule: LabelingRule) -> Steps[None]:
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


def rule_metrics(
    connection: Connection, dataset: str, rule: LabelingRule
) -> Steps[LabelingRuleMetricsSummary]:
    where = yield from connection.where(None)
    route = path(_RULES + "/{}/metrics", check_name(dataset), rule.query)
    body = yield Request("GET", route, {"workspace": where, "label": rule.label})
    return read_rule_metrics(loads(body))
