"""Timeouts for clients that send slowly, or nothing at all.

A connection is cheap but not free, and uvicorn itself waits forever: a few thousand clients that send one byte a
minute would lock everybody else out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .addresses import is_among, network_of
from .connection_limits import Connections

__all__ = ["TimeoutProtocol"]

HEADERS_WITHIN = 30.0
"""Seconds for a request's first line and headers, from the start of the connection or the request's first byte."""
LONGEST_HEADERS = 64 * 1024
LONGEST_PAUSE = 30.0
"""Longest pause in seconds between two parts of a body."""
SLOWEST = 1_000
"""Least bytes a second, on average, once a body has taken a minute."""
_MINUTE = 60.0


class TimeoutProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with timeouts for headers and bodies."""

    counted_in: ClassVar[Connections] = Connections(None, 0)
    """All connections of one server."""
    proxies: ClassVar[Sequence[IPv4Network | IPv6Network]] = ()
    """Networks of trusted proxies, through which many people connect."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._in_headers = True
        self._refused = False
        self.address = ""
        self._counted = False
        self._header_bytes = self._head_bytes = self._body_bytes = 0
        self._began = self._last = 0.0

    # Events of the connection

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait(HEADERS_WITHIN, self._headers_late)
        host = self.client[0] if self.client else ""
        self.address = "" if is_among(host, self.proxies) else network_of(host)
        self._counted = self.counted_in.opened(self)
        if not self._counted:
            self._refuse(503, "Service Unavailable")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._counted:
            self.counted_in.closed(self)
        super().connection_lost(exc)

    def give_way(self) -> None:
        """Close the connection, which is idle, in favour of another one."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_headers:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._in_headers and self._header_bytes > LONGEST_HEADERS and not self.transport.is_closing():
            self._refuse(431, "Request Header Fields Too Large")

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()
        if self._timer is None:
            self._wait(HEADERS_WITHIN, self._headers_late)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._stop_waiting()
        # too long headers that came complete, in one piece, were not refused while they came
        if self._head_bytes > LONGEST_HEADERS:
            self._refuse(431, "Request Header Fields Too Large")
        if self._refused:
            return
        self.counted_in.busy(self)
        self._body_bytes = 0
        self._began = self._last = self.loop.time()
        super().on_headers_complete()
        if self._has_body():
            self._wait(LONGEST_PAUSE, self._look_at_body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._counted and not self.pipeline and not self.transport.is_closing():
            self.counted_in.idle(self)

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        self._body_bytes += len(body)
        self._last = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop_waiting()
        self._in_headers, self._header_bytes = True, 0  # of the next request
        if self._refused:
            return
        super().on_message_complete()

    # Waiting

    def _wait(self, seconds: float, then: Any) -> None:
        self._timer = self.loop.call_later(seconds, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _has_body(self) -> bool:
        return any(
            (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
            for name, value in self.headers
        )

    def _headers_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(408, "Request Timeout")

    def _look_at_body(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self.flow.read_paused:  # the server is slow, not the client
            self._last = now
        taken = now - self._began
        if now - self._last >= LONGEST_PAUSE or (taken > _MINUTE and self._body_bytes < SLOWEST * taken):
            self.transport.close()  # the handler gets a disconnect
            return
        self._wait(LONGEST_PAUSE - (now - self._last), self._look_at_body)

    def _refuse(self, status: int, reason: str) -> None:
        """Send a short response to something that never became a request, and close the connection."""
        self._refused = True
        line = f"HTTP/1.1 {status} {reason}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(line.encode("ascii"))
        self.transport.close()
