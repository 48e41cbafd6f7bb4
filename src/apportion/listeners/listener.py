"""Listeners ask the server at intervals, and call a function when what they find meets a condition."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread, current_thread
from typing import Any

from apportion.sdk.api import load
from apportion.sdk.errors import NotFoundApiError, ServerTimeoutError, ServerUnreachableError
from apportion.sdk.session import active_client

__all__ = ["Metrics", "RGDatasetListener", "RGListenerContext", "Search", "listener"]

_log = logging.getLogger("apportion")


class Metrics(dict[str, Any]):
    """Figures by the id of their metric; each is an attribute, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no metric {name!r}; asked for were {list(self)}") from None


@dataclass
class Search:
    """The search whose result a condition is asked about."""

    total: int
    """The number of records that match now."""
    query_params: dict[str, Any] = field(default_factory=dict)
    """The parameters of the query."""


@dataclass
class RGListenerContext:
    """The cycle that an action is called in."""

    __listener__: RGDatasetListener = field(repr=False)
    query_params: dict[str, Any] = field(default_factory=dict)
    """The parameters of the query; what the action changes in them holds for the next cycle."""
    search: Search | None = None
    """Search that the condition was checked with; None without a condition."""
    metrics: Metrics | None = None
    """The figures that were asked for; None if none were."""

    @property
    def dataset(self) -> str:
        """The dataset that is listened to."""
        return self.__listener__.dataset

    @property
    def query(self) -> str | None:
        """The query with its parameters filled in."""
        return self.__listener__.formatted_query


@dataclass
class RGDatasetListener:
    """A function and what it waits for; ``start`` begins, ``stop`` ends.

    ``error`` is what ended it, if an action or a condition raised.
    """

    dataset: str
    action: Callable[..., Any]
    metrics: Sequence[str] | None = None
    query: str | None = None
    query_params: dict[str, Any] = field(default_factory=dict)
    condition: Callable[..., Any] | None = None
    query_records: bool = True
    interval_in_seconds: float = 30
    error: BaseException | None = field(default=None, init=False)
    _thread: Thread | None = field(default=None, init=False, repr=False)
    _stopping: Event = field(default_factory=Event, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.interval_in_seconds <= 0:
            raise ValueError(f"the interval is a number of seconds above 0; got {self.interval_in_seconds!r}")
        _ = self.formatted_query  # a missing parameter raises now, not in a thread

    @property
    def formatted_query(self) -> str | None:
        """The query with its parameters filled in. Raises ``KeyError`` for one that is missing."""
        return None if self.query is None else self.query.format(**self.query_params)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, now."""
        return self.action(*args, **kwargs)

    def is_running(self) -> bool:
        """Return True from ``start`` until ``stop``, or until something raised."""
        return self._thread is not None and self._thread.is_alive() and not self._stopping.is_set()

    def start(self, *args: Any, **kwargs: Any) -> None:
        """Begin to listen, in a thread that ends with the program. The first cycle runs one interval from now.

        The arguments are passed to the function: positional ones before the records and the context.

        Raises ``ValueError`` if it is listening already.
        """
        if self.is_running():
            raise ValueError(f"The listener of {self.dataset} is running already.")
        self.error = None
        self._stopping = Event()
        self._thread = Thread(
            target=self._listen,
            args=(self._stopping, args, kwargs),
            name=f"apportion-listener-{self.dataset}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; a cycle that is under way is waited for, unless this is called from it.

        Raises ``ValueError`` if it is not listening.
        """
        if not self.is_running():
            raise ValueError(f"The listener of {self.dataset} is not running.")
        self._stopping.set()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join()

    def _listen(self, stopping: Event, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        while not stopping.wait(self.interval_in_seconds):
            try:
                self._cycle(args, kwargs)
            except Exception as problem:
                self.error = problem
                _log.exception("The listener of %s has stopped.", self.dataset)
                stopping.set()

    def _cycle(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        query = self.formatted_query
        context = RGListenerContext(self, self.query_params)
        try:
            workspace = self._look(query, context)
        except (ServerUnreachableError, ServerTimeoutError) as away:  # it may be back by the next cycle
            _log.warning("The listener of %s looks again later: %s", self.dataset, away)
            return
        if workspace is None or not self._is_met(context):
            return
        records = [load(self.dataset, workspace, query)] if self.query_records else []
        self.action(*args, *records, context, **kwargs)

    def _look(self, query: str | None, context: RGListenerContext) -> str | None:
        """Ask for what the condition is about; return the dataset's workspace, None if there is no such dataset."""
        client = active_client()
        try:
            found = client.datasets.find_by_name(self.dataset)
        except NotFoundApiError as missing:
            _log.warning("The listener of %s looks again later: %s", self.dataset, missing)
            return None
        if self.metrics:
            context.metrics = Metrics(
                (metric, client.metrics.metric_summary(self.dataset, found.task, metric, query))
                for metric in self.metrics
            )
        if self.condition is not None:
            total = client.search(self.dataset, query, found.workspace, limit=0, facets=False).total
            context.search = Search(total, dict(self.query_params))
        return found.workspace

    def _is_met(self, context: RGListenerContext) -> bool:
        if self.condition is None:
            return True
        figures = [context.metrics] if self.metrics else []
        return bool(self.condition(context.search, *figures))


def listener(
    dataset: str,
    query: str | None = None,
    metrics: list[str] | None = None,
    condition: Callable[..., Any] | None = None,
    with_records: bool = True,
    execution_interval_in_seconds: int = 30,
    **query_params: Any,
) -> Callable[[Callable[..., Any]], RGDatasetListener]:
    """Turn a function into a listener, which calls it at intervals while what it asks for is so.

    In each cycle the records that match ``query`` are counted, the ``metrics`` computed over them, and both given to
    ``condition``; if that is true, or there is none, the function is called with the records, unless
    ``with_records=False``, and a context: ``ctx.search.total``, ``ctx.metrics.F1``, ``ctx.query``, ``ctx.dataset``.
    ``query_params`` fill the query's ``{names}``; ``ctx.query_params`` changes them for the next cycle.

    >>> @rg.listener("reviews", query="status:Validated", condition=lambda search: search.total > 100)  # doctest: +SKIP
    ... def retrain(records, ctx):
    ...     ctx.__listener__.stop()
    >>> retrain.start()  # doctest: +SKIP

    If the function or the condition raises, that is logged, kept in ``error``, and the listener stops; while the
    dataset is missing or the server away, it goes on. Raises ``KeyError`` for a name in the query without a parameter.
    """

    def listening(action: Callable[..., Any]) -> RGDatasetListener:
        return RGDatasetListener(
            dataset=dataset,
            action=action,
            metrics=metrics,
            query=query,
            query_params=query_params,
            condition=condition,
            query_records=with_records,
            interval_in_seconds=execution_interval_in_seconds,
        )

    return listening
