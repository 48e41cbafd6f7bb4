"""Client methods of 1.x for labeling rules and metrics, under the names they had there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from . import _metrics
from ._connection import Connection
from ._http import Steps
from .results import LabelingRule, LabelingRuleMetricsSummary, MetricInfo, MetricResults

__all__ = ["RulesAndMetrics"]

T = TypeVar("T")


class RulesAndMetrics:
    """Methods of a client for metrics and labeling rules of the active workspace.

    Failures raise an error, where 1.x wrote a line to the log.
    """

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    def dataset_metrics(self, name: str) -> list[MetricInfo]:
        """Return the metrics that the server computes for a dataset."""
        return self._run(_metrics.list_metrics(self._connection, name))

    def get_metric(self, name: str, metric: str) -> MetricInfo | None:
        """Return one of these metrics by its id; None if there is no such one."""
        return next((each for each in self.dataset_metrics(name) if each.id == metric), None)

    def compute_metric(
        self,
        name: str,
        metric: str,
        query: str | None = None,
        interval: float | None = None,
        size: int | None = None,
    ) -> MetricResults:
        """Compute a metric of the records that match.

        Raises ``UnknownMetricError`` (an ``AssertionError``).
        """
        return self._run(_metrics.compute(self._connection, name, metric, query, interval, size))

    def fetch_dataset_labeling_rules(self, dataset: str) -> list[LabelingRule]:
        """Return the rules of a dataset."""
        return self._run(_metrics.list_rules(self._connection, dataset))

    def add_dataset_labeling_rules(self, dataset: str, rules: Iterable[LabelingRule]) -> None:
        """Store rules. Raises ``AlreadyExistsApiError``."""
        self._change_rules("POST", dataset, rules)

    def update_dataset_labeling_rules(self, dataset: str, rules: Iterable[LabelingRule]) -> None:
        """Change the labels of rules. Raises ``NotFoundApiError``."""
        self._change_rules("PATCH", dataset, rules)

    def delete_dataset_labeling_rules(self, dataset: str, rules: Iterable[LabelingRule]) -> None:
        """Delete rules; it is no error if there are none."""
        self._change_rules("DELETE", dataset, rules)

    def rule_metrics_for_dataset(self, dataset: str, rule: LabelingRule) -> LabelingRuleMetricsSummary:
        """Return a rule's coverage of a dataset and its precision."""
        return self._run(_metrics.rule_metrics(self._connection, dataset, rule))

    def _change_rules(self, method: str, dataset: str, rules: Iterable[LabelingRule]) -> None:
        for rule in rules:
            self._run(_metrics.change_rule(self._connection, method, dataset, rule))
