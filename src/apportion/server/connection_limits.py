"""Limits on open connections, so that files are left for the store; idle ones are closed to make room for new ones."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["ACCEPTED_AT_ONCE", "Connections", "connections_within", "quiet_about_files", "raise_file_limit"]

log = logging.getLogger("apportion.server")

ACCEPTED_AT_ONCE = 16
"""Connections accepted in one turn of the event loop, before any of them can be counted."""
MOST_FILES = 1 << 20
"""Largest limit of open files to ask for: some systems have none, and some programs loop over all descriptors."""
RESERVE = 256
"""Files kept for the store, its caches and the log; half of them if there are few."""
_NO_FILES_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def raise_file_limit() -> int | None:
    """Raise the limit of open files as far as the system allows; return it, or None if there is none."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError) as refused:
            log.warning("the limit of %d open files couldn't be raised: %s", soft, refused)
            wanted = soft
        else:
            log.info("limit of open files raised from %d to %d", soft, wanted)
        return wanted
    return None if soft == resource.RLIM_INFINITY else soft


def connections_within(files: int | None) -> int | None:
    """Return the number of connections that fit into a limit of open files.

    >>> connections_within(1024), connections_within(256), connections_within(None)
    (768, 128, None)
    """
    return None if files is None else files - min(RESERVE, files // 2)


class Connection(Protocol):
    """One connection, as seen by the code that counts them."""

    address: str
    """Address of the caller; empty for a trusted proxy, since many people connect through it."""

    def give_way(self) -> None:
        """Close the connection, which is idle."""
        ...


class Connections:
    """All open connections. When there are too many, the one that has been idle for longest is closed for a new one."""

    def __init__(self, most: int | None, per_address: int) -> None:
        """Allow ``most`` in all, and ``per_address`` of one address; 0 and None mean no limit."""
        self._most = most
        self._per_address = per_address
        self._idle: dict[str, OrderedDict[Connection, None]] = {}
        self._all_idle: OrderedDict[Connection, None] = OrderedDict()
        self._counts: dict[str, int] = {}
        self._count = 0

    def opened(self, new: Connection) -> bool:
        """Count a new connection; return False if it must be refused, since all others are busy."""
        address = new.address
        if self._per_address and address and self._counts.get(address, 0) >= self._per_address:
            if not self._close_one(self._idle.get(address)):
                return False
        elif self._most is not None and self._count >= self._most and not self._close_one(self._all_idle):
            return False
        self._count += 1
        self._counts[address] = self._counts.get(address, 0) + 1
        self.idle(new)
        return True

    def closed(self, gone: Connection) -> None:
        """Stop counting a connection that was ``opened``."""
        self.busy(gone)
        self._count -= 1
        left = self._counts[gone.address] - 1
        if left:
            self._counts[gone.address] = left
        else:
            del self._counts[gone.address]

    def idle(self, which: Connection) -> None:
        """Mark a connection as waiting for a request, from now on."""
        self._all_idle[which] = None
        self._all_idle.move_to_end(which)
        of_address = self._idle.setdefault(which.address, OrderedDict())
        of_address[which] = None
        of_address.move_to_end(which)

    def busy(self, which: Connection) -> None:
        """Mark a connection as in the middle of a request."""
        self._all_idle.pop(which, None)
        of_address = self._idle.get(which.address)
        if of_address is not None:
            of_address.pop(which, None)
            if not of_address:
                del self._idle[which.address]

    def _close_one(self, among: OrderedDict[Connection, None] | None) -> bool:
        if not among:
            return False
        oldest = next(iter(among))
        self.busy(oldest)
        oldest.give_way()
        return True


def quiet_about_files(loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic) -> None:
    """Make the event loop log at most once a second, in one line, that no more files can be opened."""
    last, left_out = -1.0, 0

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal last, left_out
        failure = context.get("exception")
        if not (isinstance(failure, OSError) and failure.errno in _NO_FILES_LEFT):
            loop.default_exception_handler(context)
            return
        if clock() - last < 1:
            left_out += 1
            return
        log.warning("no connection can be taken: %s (%d such lines left out)", failure.strerror, left_out)
        last, left_out = clock(), 0

    loop.set_exception_handler(handle)
