"""Logging of the server: readable lines or JSON, written without blocking any request."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
import time
from collections import deque
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

import msgspec

from apportion.domain.errors import StoreUnavailableError

__all__ = [
    "BackgroundHandler",
    "JsonLines",
    "PlainLines",
    "log_failure",
    "one_line",
    "request_id",
    "start_logging",
    "stop_logging",
]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that is being answered: every line logged meanwhile carries it."""

GATHER = 0.02
"""Seconds the writing thread waits for more lines before it writes them in one piece."""
MOST_WAITING = 10_000
PATIENCE = 1.0
"""Seconds that a stop waits for the last lines to be written."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str) -> str:
    """Escape text from outside, so that it cannot forge a log line or move a terminal's cursor.

    >>> one_line("ana\\n2026-01-01 INFO all is well")
    'ana\\\\n2026-01-01 INFO all is well'
    """
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def log_failure(log: logging.Logger, what: str) -> None:
    """Log the exception being handled: with its traceback, or in one line where the database is merely away."""
    failure = sys.exc_info()[1]
    if isinstance(failure, StoreUnavailableError):
        log.warning("%s: the database can't be reached", what)
    else:
        log.exception(what)


_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _escaped(character: str) -> str:
    """Return a character as Python escapes it; without a codec, which would have to be loaded from a file first."""
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def _instant(created: float) -> str:
    return datetime.fromtimestamp(created, timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of a line besides its message: for a request its method, route, status and so on."""
    found: dict[str, Any] = dict(getattr(record, "fields", None) or {})
    if "request" not in found and (known := request_id.get()) is not None:
        found["request"] = known
    return found


class PlainLines(logging.Formatter):
    """Formatter for people. Only log lines begin with a time, whatever a traceback or a value holds."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={each}" for name, each in _fields(record).items() if each is not None)
        line = f"{_instant(record.created)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        line = one_line(f"{line} {fields}" if fields else line)
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    | {one_line(each)}" for each in re.split("\r?\n", trace))
        return line


class JsonLines(logging.Formatter):
    """Formatter for programs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _instant(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: each for name, each in _fields(record).items() if each is not None},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        whole = {name: _whole(each) if isinstance(each, str) else each for name, each in line.items()}
        return msgspec.json.encode(whole).decode()


def _whole(text: str) -> str:
    """Return a text with lone surrogates escaped, since JSON cannot hold them."""
    return text.encode("utf-8", "backslashreplace").decode()


class BackgroundHandler(logging.Handler):
    """Handler that writes in a thread of its own, so that a stalled pipe or a slow disk blocks no request.

    Lines that cannot be written are dropped after some thousands, and the log says how many. It writes to the
    descriptor itself: a lock of Python's files, held by a thread that waits for the reader, would keep the process
    from ending.
    """

    def __init__(self, descriptor: int = 2, *, most: int = MOST_WAITING) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most = most
        self._lines: deque[bytes] = deque()
        self._wake = threading.Event()
        self._ending = False
        self.lost = 0
        """Number of lines dropped so far."""
        self._reported = 0
        self._thread = threading.Thread(target=self._run, name="apportion-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        except Exception:
            self.handleError(record)
            return
        if len(self._lines) >= self._most:
            self.lost += 1
            return
        self._lines.append(line)
        self._wake.set()

    def _run(self) -> None:
        while not self._ending:
            self._wake.wait()
            if not self._ending:
                time.sleep(GATHER)
            self._wake.clear()
            self._write()

    def _write(self) -> None:
        if self.lost > self._reported:
            line = f"{_instant(time.time())} WARNING apportion.log: {self.lost - self._reported} lines were lost\n"
            self._reported = self.lost
            self._lines.append(line.encode())
        with contextlib.suppress(IndexError, OSError):
            while True:
                piece = b"".join(self._lines.popleft() for _ in range(min(len(self._lines), 200)))
                if not piece:
                    return
                while piece:
                    piece = piece[os.write(self._descriptor, piece) :]

    def close(self) -> None:
        """Write the lines that wait, unless that takes too long."""
        self._ending = True
        self._wake.set()
        self._thread.join(PATIENCE)
        super().close()


def start_logging(level: str, form: str) -> BackgroundHandler:
    """Start logging for this process: our loggers from ``level`` up, others from warnings up."""
    handler = BackgroundHandler()
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("apportion").setLevel(level.upper())
    return handler


def stop_logging(handler: BackgroundHandler) -> None:
    """Write the lines that wait, and restore Python's default logging."""
    logging.getLogger().removeHandler(handler)
    handler.close()
