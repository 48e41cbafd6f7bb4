"""Audit events that are no changes of data: scans that begin, and sign-ins that are refused."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from apportion.ports.events import REQUEST, About, RequestMark
from apportion.ports.security import Clock
from apportion.vocabulary import SOMEBODY_UNKNOWN, EventCode

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = ["Refusals", "Scans"]

log = logging.getLogger("apportion.security")
MINUTE = 60_000_000
MOST = 2_000
"""Pairs of person and dataset, or kinds of refusal, that are remembered at a time."""


class Scans:
    """Tell a scan that begins from one that continues."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()

    def begun(self, username: str, dataset: str, *, first: bool) -> bool:
        """Note a page; return True for a first page, and for any page without another one in the ten minutes before.

        So nobody can read on without an event from a cursor they made up.
        """
        now, key = self._clock.now(), (username, dataset)
        last = self._last.pop(key, None)
        self._last[key] = now
        if len(self._last) > MOST:
            self._last.popitem(last=False)
        return first or last is None or now - last > 10 * MINUTE


@dataclass(slots=True)
class _Seen:
    since: int
    request: RequestMark | None
    more: int = 0


class Refusals:
    """Write refused sign-ins: the first of a kind at once, those of the minute after as one event with their number.

    So nobody fills the log, or keeps the writer busy, by guessing passwords.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kinds: OrderedDict[tuple[str, str, str | None], _Seen] = OrderedDict()
        self._lock = threading.Lock()

    def refused(self, who: str, why: str) -> Future[None] | None:
        """Note a refusal; return the future of its write, or None if it is written later.

        ``who`` must be an existing user: a name that nobody has may be a password typed into the wrong field.
        """
        mark = REQUEST.get()
        with self._lock:
            key = (who, why, None if mark is None else mark.address)
            if key not in self._kinds and len(self._kinds) >= MOST:
                key = (SOMEBODY_UNKNOWN, why, None)
            seen = self._kinds.get(key)
            if seen is not None:
                seen.more += 1
                return None
            self._kinds[key] = _Seen(self._clock.now(), mark)
        return self._write(who, why, 1)

    def flush(self, *, all: bool = False) -> list[Future[None]]:
        """Write what was collected for a minute, or ``all`` of it; return the futures of the writes."""
        now = self._clock.now()
        with self._lock:
            old = [key for key, seen in self._kinds.items() if all or now - seen.since > MINUTE]
            found = [(key, self._kinds.pop(key)) for key in old]
        writing = []
        for (who, why, _), seen in found:
            if seen.more:
                token = REQUEST.set(seen.request)
                try:
                    writing.append(self._write(who, why, seen.more))
                finally:
                    REQUEST.reset(token)
        return writing

    def _write(self, who: str, why: str, attempts: int) -> Future[None]:
        detail = {"why": why, "attempts": attempts}
        about = About(object=None if who == SOMEBODY_UNKNOWN else who)

        def add(tx: Transaction, at: int) -> None:
            tx.events.add(EventCode.SIGN_IN_REFUSED, about, who=who, at=at, detail=detail)

        add_now: Callable[[Transaction], None] = partial(add, at=self._clock.now())
        try:
            written = self._store.write(add_now)
        except Exception as failure:  # the store is closing; the sign-in is refused in any case
            written = Future()
            written.set_exception(failure)
        written.add_done_callback(_complain)
        return written


def _complain(written: Future[None]) -> None:
    if not written.cancelled() and (failure := written.exception()) is not None:
        log.error("a refused sign-in couldn't be put in the audit log: %s", failure)
