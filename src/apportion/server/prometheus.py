"""Metrics of the server in the Prometheus format. ``RequestStats`` counts; the library only formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from apportion.ports.upkeep import SearchCondition, StoreCondition
from apportion.version import __version__

from .request_stats import BOUNDS, RequestStats, Timings

__all__ = ["ServerStats", "render_metrics"]

_HELD = {
    "users": "Users who may sign in.",
    "workspaces": "Workspaces.",
    "sessions": "Sessions that have not expired.",
    "datasets": "Datasets, without deleted ones.",
    "records": "Records of these datasets.",
    "annotations": "Annotations, drafts and withdrawn ones too.",
    "leases": "Records someone has taken from a queue and not given back.",
    "jobs": "Jobs that wait or run.",
}


def render_metrics(
    stats: ServerStats, condition: StoreCondition, counts: Mapping[str, int], accept: str
) -> tuple[bytes, str]:
    """Return the metrics in the format that ``accept`` asks for, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatsCollector(stats, condition, counts))
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


@dataclass(frozen=True)
class ServerStats:
    """The figures of one process. ``server`` is its number where several share a store: then each has it as label."""

    requests: RequestStats
    lost_lines: int
    server: int | None = None


class _StatsCollector:
    """Collector of all metrics at one moment."""

    def __init__(self, stats: ServerStats, condition: StoreCondition, counts: Mapping[str, int]) -> None:
        self._stats = stats.requests
        self._condition = condition
        self._counts = counts
        self._lost_lines = stats.lost_lines
        self._server = stats.server
        self._process = ProcessCollector(registry=None)

    def collect(self) -> Iterable[Metric]:
        for metric in (*self._process.collect(), *self._figures()):
            if self._server is not None:
                for sample in metric.samples:
                    sample.labels["server"] = str(self._server)
            yield metric

    def _figures(self) -> Iterable[Metric]:
        yield InfoMetricFamily("apportion_build", "Which version this is.", {"version": __version__})
        yield from self._requests()
        yield from self._store()
        for name, about in _HELD.items():
            yield _gauge(name, about, self._counts[name])

    def _requests(self) -> Iterable[Metric]:
        stats = self._stats
        total = CounterMetricFamily(
            "apportion_http_requests", "Requests answered.", labels=("method", "route", "status")
        )
        for (method, route, status), number in list(stats.requests.items()):
            total.add_metric((method, route, str(status)), number)
        yield total
        times = HistogramMetricFamily(
            "apportion_http_request_duration_seconds",
            "How long answers took, streams apart.",
            labels=("method", "route"),
        )
        for key, timings in list(stats.timings.items()):
            times.add_metric(key, _buckets(timings), timings.seconds)
        yield times
        yield _gauge("http_requests_in_progress", "Requests being answered.", stats.running)
        yield _gauge("event_streams", "Browsers that listen to events.", stats.streams)
        yield _counter("sign_in_refused", "Attempts to sign in that were refused.", stats.refused_sign_ins)
        yield _counter("log_lines_lost", "Lines of the log that no one took.", self._lost_lines)

    def _store(self) -> Iterable[Metric]:
        found = self._condition
        yield _gauge("writer_up", "1 while the writer lives.", int(found.writing))
        waiting = GaugeMetricFamily("apportion_writer_waiting", "Writes in line.", labels=("urgent",))
        waiting.add_metric(("true",), found.urgent)
        waiting.add_metric(("false",), found.waiting - found.urgent)
        yield waiting
        yield _gauge("writer_busy_seconds", "How long the transaction at hand has taken so far.", found.busy)
        yield _gauge("database_bytes", "Size of the database.", found.size)
        yield _gauge("database_log_bytes", "Size of its write-ahead log.", found.log_size)
        if found.search is not None:
            yield from _search(found.search)
        if found.free is not None:
            yield _gauge("disk_free_bytes", "Left on the disk of the database.", found.free)


def _search(found: SearchCondition) -> Iterable[Metric]:
    yield _gauge("search_up", "1 while OpenSearch answers searches.", int(not found.problem))
    yield _gauge("search_datasets", "Datasets with a search index in use.", found.indexed)
    yield _gauge("search_datasets_building", "Datasets whose search index is being built.", found.building)
    yield _gauge("search_lag_records", "Records that are not in the search indexes yet.", found.lag)
    yield _counter("searches_indexed", "Searches that a search index has answered.", found.answered)
    yield _counter("searches_left", "Searches left to the database in spite of an index.", found.left)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"apportion_{name}", about, value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"apportion_{name}", about, value)


def _buckets(timings: Timings) -> list[tuple[str, float]]:
    found, seen = [], 0
    for bound, number in zip((*map(repr, BOUNDS), "+Inf"), list(timings.classes), strict=True):
        seen += number
        found.append((bound, float(seen)))
    return found
