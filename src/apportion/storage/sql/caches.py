"""The caches of the datasets that were used last, and what writers remember between transactions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from apportion.ports.plans import StoredPlan
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction

from .agents import AgentRegistry
from .cache_delta import CacheDelta
from .connection import SqlConnection
from .feed import Feed
from .index.terms import TermRegistry

if TYPE_CHECKING:
    from .index.cache import DatasetCache

__all__ = ["WARM_FROM", "Caches", "warm"]

WARM_FROM, WARM_UP_TO = 20_000, 3_000_000
"""The least records of a dataset that is warmed; and the most records in all, at some 300 bytes each."""


class Caches:
    """Everything kept in memory between transactions; all of it can be thrown away and read again."""

    def __init__(
        self,
        connect: Callable[[], SqlConnection],
        release: Callable[[Any], None],  # takes what ``connect`` returned
        feed: Feed,
        most: int,
    ) -> None:
        """``connect`` lends a connection to a cache; ``feed`` is what caches follow; ``most`` datasets are kept, the
        least recently used being dropped first."""
        self.registry = TermRegistry()
        self.agents = AgentRegistry()
        self.plans: dict[int, StoredPlan] = {}
        self.feed = feed
        self.most = most
        self._connect = connect
        self._release = release
        self._caches: OrderedDict[int, DatasetCache] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, dataset: int) -> DatasetCache:
        """Return the cache of a dataset, opened when needed."""
        dropped = None
        with self._lock:
            cache = self._caches.get(dataset)
            if cache is None:
                from .index.cache import DatasetCache  # brings numpy along

                cache = DatasetCache(dataset, self._connect, self._release, self.feed)
                self._caches[dataset] = cache
                if len(self._caches) > self.most:
                    dropped = self._caches.popitem(last=False)[1]
            else:
                self._caches.move_to_end(dataset)
        if dropped is not None:  # outside the lock: somebody may be searching in it
            dropped.close()
        return cache

    def apply(self, changes: CacheDelta, number: int) -> None:
        """Apply what a transaction of this process changed to the cache, if there is one."""
        if changes.gone:
            self.forget(changes.dataset)
            return
        with self._lock:
            cache = self._caches.get(changes.dataset)
        if cache is not None:
            cache.apply(changes, number)

    def forget_terms(self) -> None:
        """Forget the numbers of all values, which may be given out again."""
        self.registry.forget_values()

    def forget_all(self) -> None:
        """Forget everything, as it is unknown what was committed."""
        self.registry.fields = {}
        self.forget_terms()
        self.plans.clear()
        with self._lock:
            dropped, self._caches = self._caches, OrderedDict()
        # Outside the lock, as in ``of``: closing waits for whoever searches in it
        for cache in dropped.values():
            cache.close()

    def forget(self, dataset: int) -> None:
        """Forget a dataset that is gone."""
        self.registry.fields = {
            key: value for key, value in self.registry.fields.items() if key[0] != dataset
        }
        self.forget_terms()
        with self._lock:
            # Not closed: somebody may be searching in it. It gives its connection back when it is collected
            self._caches.pop(dataset, None)


def warm(
    read: Callable[[], AbstractContextManager[Transaction]], caches: Caches, *, least: int = WARM_FROM
) -> Iterator[None]:
    """Fill the caches of large datasets, the last changed ones first, as many as fit in memory."""
    with read() as tx:
        found = [each for each in tx.datasets.list() if each.records >= least]
    left = WARM_UP_TO
    for dataset in sorted(found, key=lambda each: -each.last_updated)[: caches.most]:
        left -= dataset.records
        if left < 0:
            break
        yield
        yield from caches.of(dataset.no).warm()
        yield
        # Computes also what is kept of facets over all records, such as words and histograms
        with read() as tx:
            tx.records.search(dataset, Criteria(), limit=1, facets=None)
