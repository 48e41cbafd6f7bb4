"""A real server in a process of its own, watched from outside, and a client that costs little."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlencode

import msgspec

__all__ = [
    "API_KEY",
    "NAME",
    "WORKSPACE",
    "Client",
    "Refused",
    "Server",
    "environment",
    "furnish",
    "made_command",
    "made_home",
]

NAME = "bench-admin"
"""The admin who logs, searches and annotates."""

WORKSPACE = NAME
API_KEY = f"{NAME}.apikey"
_PASSWORD = "only-for-benchmarks"
_TICKS = os.sysconf("SC_CLK_TCK")
_LONGEST_START = 180.0
_READ_AT_ONCE = 1 << 20


class Refused(Exception):
    """The server answered, but not as it should."""


class Client:
    """One kept connection. The plainest there is, so that what is measured is the server."""

    def __init__(self, port: int, *, key: str = API_KEY, timeout: float = 600) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._headers = {"X-Argilla-Api-Key": key, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None = None, **params: Any) -> bytes:
        """The body of the answer; ``start`` stands for ``from``."""
        return self._answer(method, path, body, params).read()

    def download(self, method: str, path: str, body: bytes | None = None, **params: Any) -> int:
        """Read an answer that may be larger than the memory; return its size in bytes."""
        answer, size = self._answer(method, path, body, params), 0
        while part := answer.read(_READ_AT_ONCE):
            size += len(part)
        return size

    def _answer(
        self, method: str, path: str, body: bytes | None, params: dict[str, Any]
    ) -> http.client.HTTPResponse:
        query = urlencode({"workspace": WORKSPACE, **params})
        try:
            self._connection.request(method, f"{path}?{query}", body, self._headers)
            answer = self._connection.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            self._connection.close()  # the server ends connections that were idle for some seconds
            self._connection.request(method, f"{path}?{query}", body, self._headers)
            answer = self._connection.getresponse()
        if answer.status != 200:
            raise Refused(f"{method} {path}: {answer.status} {answer.read()[:500]!r}")
        return answer

    def log(self, dataset: str, task: str, body: bytes) -> None:
        """Log the records of a request."""
        self.ask("POST", f"/api/datasets/{dataset}/{task}:bulk", body)

    def search(self, dataset: str, task: str, query: str | None, **params: Any) -> Any:
        """The decoded reply to a search by query text."""
        body = msgspec.json.encode({"query": {"query_text": query} if query else {}})
        return msgspec.json.decode(self.ask("POST", f"/api/datasets/{dataset}/{task}:search", body, **params))

    def close(self) -> None:
        self._connection.close()


def made_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "apportion.cli.main", *arguments]


def environment(home: Path, **more: str) -> dict[str, str]:
    foreign = ("APPORTION_", "ARGILLA_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "APPORTION_HOME": str(home), **more}


@contextlib.contextmanager
def made_home() -> Iterator[Path]:
    """A temporary home with one admin in it."""
    home = Path(tempfile.mkdtemp(prefix="apportion-bench-"))
    try:
        furnish(home)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def furnish(home: Path, **settings: str) -> None:
    """Create the admin. ``settings`` are environment variables of the server."""
    create = made_command(
        "users", "create", "--username", NAME, "--first-name", "Bench", "--role", "admin",
        "--password", _PASSWORD, "--api-key", API_KEY,
    )  # fmt: skip
    subprocess.run(create, env=environment(home, **settings), check=True, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process(Protocol):
    """A process that was started, as ``subprocess`` shows it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def start_process(arguments: Sequence[str], env: dict[str, str], log: IO[bytes]) -> Process:
    """Start a server; tests replace this by what starts it sooner."""
    return subprocess.Popen(arguments, env=env, stdout=log, stderr=log)


class Server:
    """A running server. ``cpu`` and ``memory`` are the operating system's word, not the server's.

    ``bytecode``: where Python keeps what it has compiled, and finds it the next time. ``port``: any free one, unless
    the server before had it. ``command``: the program to run instead of our own. ``settings``: environment variables.
    """

    def __init__(
        self,
        home: Path,
        *,
        bytecode: Path | None = None,
        port: int | None = None,
        command: Sequence[str] = (),
        **settings: str,
    ) -> None:
        compiled = {"PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONDONTWRITEBYTECODE": ""} if bytecode else {}
        self.port = port or _free_port()
        began = time.perf_counter()
        with (home / "server.log").open("ab") as log:
            start = [*(command or made_command()), "server", "start", "--port", str(self.port)]
            self._process = start_process(start, environment(home, **compiled, **settings), log)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        self.seconds_to_start = time.perf_counter() - began

    def _wait(self) -> None:
        until = time.monotonic() + _LONGEST_START
        while True:
            try:
                with contextlib.closing(self.client()) as client:
                    client.ask("GET", "/api/_info")
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def client(self) -> Client:
        """A connection of its own."""
        return Client(self.port)

    def cpu(self) -> float:
        """Seconds of processor time, user and system, of all threads so far."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS

    def come_to_rest(self) -> float:
        """Wait until nothing is read ahead any more; how many seconds that took."""
        before, began = self.cpu(), time.perf_counter()
        while True:
            time.sleep(1)
            now = self.cpu()
            if now - before < 0.05:
                return time.perf_counter() - began - 1
            before = now

    def memory(self, which: str = "VmRSS") -> float:
        """Resident memory in MB: now, or at its highest (``VmHWM``)."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) / 1024
        raise KeyError(which)

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
