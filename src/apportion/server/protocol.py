"""How HTTP comes in from the network: with a limit on the head of a request and on waiting for it."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BODY_SECONDS", "HEAD_SECONDS", "MOST_HEAD", "CarefulProtocol"]

MOST_HEAD = 64 * 1024
"""Bytes of address and headers together; the parser itself would keep whatever comes."""
HEAD_SECONDS = 30.0
"""So long may the head of a request take, from the first byte or the start of the connection on."""
BODY_SECONDS = 120.0
"""So long may a body pause."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class CarefulProtocol(HttpToolsProtocol):
    """Ends connections that send endless heads, or hold a place without saying anything."""

    _head = 0
    _heading = True
    _raw = 0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._heading:
            self._raw += len(data)
        if max(self._head, self._raw) > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._head = self._raw = 0
        self._heading = True
        self._wait(HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head += len(url)
        if self._head <= MOST_HEAD:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value) + 4
        if self._head <= MOST_HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._heading = False
        self._raw = 0
        if self._head > MOST_HEAD:
            return
        self._wait(BODY_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._head > MOST_HEAD:
            return
        self._wait(BODY_SECONDS)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._wait(None)
        if self._head <= MOST_HEAD:
            super().on_message_complete()

    def _wait(self, seconds: float | None) -> None:
        """From now on, end the connection when nothing has come within so many seconds."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self.flow.read_paused:  # nobody here has taken what came: that is not the caller's fault
            self._wait(BODY_SECONDS)
        elif not self.transport.is_closing():
            self.transport.close()
