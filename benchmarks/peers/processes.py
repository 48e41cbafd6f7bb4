"""Processes of a tool, watched from outside, and a client that asks them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

__all__ = ["Asker", "Processes", "Refused", "free_port", "until"]

_TICKS = os.sysconf("SC_CLK_TCK")


class Refused(Exception):
    """The tool answered, but not as it should."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(there: Callable[[], Any], seconds: float, wait: float = 0.05) -> Any:
    """Return what the function returns, once it is something; call it again and again, but not for ever."""
    end = time.monotonic() + seconds
    while not (found := there()):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {seconds:.0f} s")
        time.sleep(wait)
    return found


class Processes:
    """Processes that were started, each in a session of its own, with all that it started itself."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab")
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
        self._started.append(
            subprocess.Popen(
                [str(each) for each in command], env=dict(environment), cwd=folder, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            )
        )  # fmt: skip

    def _all(self) -> list[tuple[int, list[str]]]:
        """Number and fields of ``/proc/N/stat`` from the state on, of each living process."""
        sessions, found = {each.pid for each in self._started}, []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    stat = (entry / "stat").read_text().rpartition(")")[2].split()
                    if int(stat[3]) in sessions:
                        found.append((int(entry.name), stat))
        return found

    def cpu(self) -> float:
        """Seconds of processor time so far, of children that have ended, too."""
        return sum(sum(map(int, stat[11:15])) for _, stat in self._all()) / _TICKS

    def memory(self) -> float:
        """MB, what processes share counted once."""
        total = 0
        for pid, _ in self._all():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total / 1024

    def close(self) -> None:
        for each in self._started:
            for how in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    each.wait(10)
                    break
        self._log.close()


class Asker:
    """One user of a tool. ``keep``: one connection for everything, else a new one for each request."""

    def __init__(self, port: int, headers: Mapping[str, str], *, keep: bool) -> None:
        self._port, self._headers, self._keep = port, dict(headers), keep
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, sent: Any = None, *, raw: bytes | None = None, kind: str = "application/json",
        **params: Any,
    ) -> bytes:  # fmt: skip
        """The body of an answer that has to be a good one."""
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)
        body = raw if sent is None else json.dumps(sent).encode()
        headers = self._headers if body is None else {**self._headers, "Content-Type": kind}
        connection.request(method, f"{path}?{urlencode(params)}" if params else path, body, headers)
        answer = connection.getresponse()
        found = answer.read()
        if self._keep and not answer.will_close:
            self._connection = connection
        else:
            connection.close()
            self._connection = None
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {found[:500]!r}")
        return found

    def json(self, method: str, path: str, sent: Any = None, **params: Any) -> Any:
        """The same, decoded."""
        found = self.ask(method, path, sent, **params)
        return json.loads(found) if found else None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
