"""The thread in which a server follows changes, and where searches wait for what their caller has just written."""

from __future__ import annotations

import logging
import threading
import time

from apportion.domain.errors import StoreUnavailableError

from .client import BadAnswerError, UnavailableError
from .indexer import Indexer, Round

__all__ = ["IndexingThread"]

log = logging.getLogger("apportion.search")

EVERY, WHILE_WAITED_FOR = 1.0, 0.02
"""Seconds between two rounds, and between two while a search waits for what another server is indexing."""
AFTER_FAILURE = 5.0
ENDS_WITHIN = 5.0
"""Seconds for which whoever closes the thread waits for the end of a step, which a node may not answer."""


_FLOODED = "disk usage exceeded"
_FULL_DISK = (
    "A disk of OpenSearch is full: free some space there, or raise cluster.routing.allocation.disk.watermark. Then "
    "indexing goes on by itself; until then searches ask the database, or do not find what was logged last."
)


class IndexingThread:
    """A thread that indexes until it is closed. ``seen`` is what its last round saw; ``problem`` why it failed."""

    def __init__(self, indexer: Indexer) -> None:
        self.seen = Round(more=False, building=0, lag={}, holds={}, broken=[])
        self.problem = ""
        self._indexer = indexer
        self._closing = False
        self._waiting = 0
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="apportion-indexer", daemon=True)

    def start(self) -> None:
        """Begin to index."""
        self._thread.start()

    def close(self) -> None:
        """End after the present step; one that takes long is left behind, as by a process that was killed."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(ENDS_WITHIN)
        if not self._thread.is_alive():
            self._indexer.source.close()

    def wait_for(self, dataset: int, written: int, seconds: float) -> bool:
        """Wait until the index of a dataset holds what was written up to there; return whether it does."""
        until = time.monotonic() + seconds
        with self._changed:
            self._waiting += 1
            try:
                while self.seen.holds.get(dataset, 0) < written:
                    left = until - time.monotonic()
                    if left <= 0 or self.problem or self._closing:
                        return False
                    self._wake.set()
                    self._changed.wait(left)
                return True
            finally:
                self._waiting -= 1

    def _run(self) -> None:
        while not self._closing:
            # before the round: whoever wakes it during one must not be missed
            self._wake.clear()
            began = time.monotonic()
            try:
                # how much is missing has to be known, too, while OpenSearch lets the round wait or fail
                seen, problem = self._indexer.round(lambda known: self._publish(known, self.problem)), ""
            except Exception as failure:
                seen, problem = self.seen._replace(more=False), _explained(failure)
                if problem != self.problem:
                    log.warning("indexing goes on later: %s", problem)
                self._indexer.source.close()  # and the locks with it
            if not problem and (self.problem or time.monotonic() - began > AFTER_FAILURE):
                # searches may have given it up meanwhile
                self._indexer.indexes.client.circuit.try_now()
            self._publish(seen, problem)
            if problem:
                self._rest(AFTER_FAILURE)
            elif not seen.more:
                self._rest(WHILE_WAITED_FOR if self._waiting else EVERY)

    def _publish(self, seen: Round, problem: str) -> None:
        with self._changed:
            self.seen, self.problem = seen, problem
            self._changed.notify_all()

    def _rest(self, seconds: float) -> None:
        # whoever waits has set the event, so that waiting for it would not rest at all
        if self._waiting and seconds < EVERY:
            time.sleep(seconds)
        elif not self._closing:
            self._wake.wait(seconds)


def _explained(failure: Exception) -> str:
    if not isinstance(failure, (UnavailableError, BadAnswerError, StoreUnavailableError)):
        log.error("indexing failed", exc_info=failure)
    found = str(failure) or type(failure).__name__
    return f"{found} {_FULL_DISK}" if _FLOODED in found else found
