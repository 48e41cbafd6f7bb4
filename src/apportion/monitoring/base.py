"""The base of all monitors: whose predictions are logged, which of them, and where to."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

from apportion.sdk.client import Client
from apportion.sdk.records import Record
from apportion.sdk.session import active_client

from ._consumer import DatasetRecordsConsumer
from ._proxy import Proxy

__all__ = ["BaseMonitor", "DatasetRecordsConsumer", "ModelNotSupportedError"]

T = TypeVar("T")


class ModelNotSupportedError(Exception):
    """A model whose predictions no monitor can read."""


class BaseMonitor(Proxy):
    """A model that logs a sample of what it predicts.

    It is used like the model and returns what the model returns, whatever becomes of the log. Beside the model's own
    attributes it has ``dataset``, ``sample_rate``, ``agent``, ``tags``, ``dropped`` (how many records were not
    logged), ``send_records`` and ``shutdown``.
    """

    def __init__(
        self,
        model: Any,
        *,
        dataset: str,
        sample_rate: float = 0.3,
        agent: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        log_interval: float = 5,
        client: Client | None = None,
    ) -> None:
        super().__init__(model)
        if not dataset:
            raise AssertionError("dataset is the name of the dataset to log to; it is empty")
        if not 0 < sample_rate <= 1:
            raise AssertionError(f"sample_rate is a share above 0, up to 1; got {sample_rate!r}")
        self._self_dataset = dataset
        self._self_sample_rate = sample_rate
        self._self_agent = agent
        self._self_tags = {name: value for name, value in (tags or {}).items() if isinstance(value, str)}
        self._self_metadata = plain(metadata or {})
        self._self_log_interval = log_interval
        self._self_client = active_client() if client is None else client
        self._self_consumers: dict[str, DatasetRecordsConsumer] = {}
        weakref.finalize(self, _stop, self._self_consumers)
        self._consumer(dataset)

    @property
    def dataset(self) -> str:
        """The dataset that predictions are logged to."""
        return self._self_dataset

    @property
    def sample_rate(self) -> float:
        """The share of predictions that are logged."""
        return self._self_sample_rate

    @property
    def agent(self) -> str | None:
        """The name that predictions are logged under."""
        return self._self_agent

    @property
    def tags(self) -> dict[str, str]:
        """The tags that the dataset is given."""
        return dict(self._self_tags)

    @property
    def dropped(self) -> int:
        """The number of records that were not logged so far."""
        return sum(each.dropped.total for each in self._self_consumers.values())

    def is_record_accepted(self) -> bool:
        """Return True for a share of ``sample_rate`` of the calls, at random."""
        return random.uniform(0, 1) <= self._self_sample_rate  # noqa: S311

    def send_records(self, records: Record | Iterable[Record]) -> None:
        """Log records, all of them, in the background."""
        self._consumer(self._self_dataset).put([records] if isinstance(records, Record) else list(records))

    def shutdown(self) -> None:
        """Send what is waiting, and return when it has been sent. This happens by itself when the program ends."""
        for consumer in list(self._self_consumers.values()):
            consumer.shutdown()

    def _consumer(self, dataset: str) -> DatasetRecordsConsumer:
        found = self._self_consumers.get(dataset)
        if found is None:
            found = self._self_consumers[dataset] = DatasetRecordsConsumer(
                dataset,
                client=self._self_client,
                tags=self._self_tags,
                metadata=self._self_metadata,
                log_interval=self._self_log_interval,
            )
        return found

    def _watch(self, make: Callable[[], Record], dataset: str | None = None) -> None:
        """Log one prediction if it is in the sample. Never raises: the model's user is not to notice."""
        if not self.is_record_accepted():
            return
        consumer = self._consumer(dataset or self._self_dataset)
        try:
            consumer.put([make()])
        except Exception as problem:
            consumer.dropped.add(1, problem)


def now() -> datetime:
    """Return the time of a prediction: naive UTC, as in 1.x."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def plain(value: Any) -> Any:
    """Return a model's description as JSON holds it; what JSON does not know becomes text."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _stop(consumers: Mapping[str, DatasetRecordsConsumer]) -> None:
    for consumer in consumers.values():
        consumer.stop()
