"""Processes of our command line that need not import it first: they are forked from one that has.

Tests of crashes start it two hundred times, and nine tenths of what a start computes is imports. A forked process has
the arguments, the environment, the files and the end of one that was started as usual, which ``tests/cli`` does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

__all__ = ["Forked", "command_line", "end_fork_server", "run_command"]

IMPORTED = (
    "apportion.cli.main", "apportion.server.app", "apportion.storage.sqlite.store", "apportion.storage.sqlite.upkeep",
    "apportion.storage.postgres.store", "apportion.server.timeouts", "uvicorn",
)  # fmt: skip
"""Modules that have everything else imported that a server or command needs."""


# What a test has of it


class Forked:
    """A process, as ``subprocess.Popen`` shows it."""

    def __init__(self, pid: int, ended: int, stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended
        self._asking = threading.Lock()

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code, negative if a signal ended it."""
        with self._asking:
            if self.returncode is None:
                ready = select.poll()
                ready.register(self._ended, select.POLLIN)
                if not ready.poll(None if timeout is None else 1000 * timeout):
                    raise subprocess.TimeoutExpired("apportion", timeout or 0.0)
                status = os.read(self._ended, 32)
                os.close(self._ended)
                self.returncode = os.waitstatus_to_exitcode(int(status)) if status else -signal.SIGKILL
            return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _ForkServer:
    """The process from which others are forked, seen from the tests."""

    def __init__(self) -> None:
        self._link, far_end = socket.socketpair()
        with far_end:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(far_end.fileno())],
                pass_fds=[far_end.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def fork(self, wanted: Mapping[str, Any], files: Sequence[int]) -> int:
        """Have a process forked with these files as its input, output, errors and the place to report its end."""
        socket.send_fds(self._link, [json.dumps(wanted).encode() + b"\n"], files)
        return int(self._link.recv(32))

    def end(self) -> None:
        self._link.close()
        self._process.wait()


_SERVERS: list[_ForkServer] = []
_STARTING = threading.Lock()


def end_fork_server() -> None:
    """End what this process started; nothing happens if it started none."""
    while _SERVERS:
        _SERVERS.pop().end()


def command_line(
    words: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    stdout: int | None = None,
    stderr: int | None = None,
    open_files: int | None = None,
) -> Forked:
    """Start ``apportion`` with these words; its output goes to these descriptors, else into ``stdout`` of the result.

    ``open_files``: how many files it may have open.
    """
    output = None
    with contextlib.ExitStack() as stack:

        def pipe() -> tuple[int, int]:
            read, write = os.pipe()
            stack.callback(os.close, write)
            return read, write

        if stdout is None:
            read, stdout = pipe()
            output = os.fdopen(read, encoding="utf-8")
        ended, report = pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        stack.callback(os.close, nothing)
        wanted = {"words": [*map(str, words)], "env": dict(env), "cwd": str(Path.cwd()), "files": open_files}
        with _STARTING:
            if not _SERVERS:
                _SERVERS.append(_ForkServer())
            pid = _SERVERS[0].fork(wanted, [nothing, stdout, stdout if stderr is None else stderr, report])
    return Forked(pid, ended, output)


def run_command(
    words: Sequence[str | Path], *, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run ``apportion`` with these words to its end."""
    with contextlib.ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(2))
        process = command_line(words, env=env, stdout=out.fileno(), stderr=err.fileno())
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([*words], process.wait(), out.read(), err.read())


# The process itself


def _serve(link: socket.socket) -> list[str] | None:
    """Fork a process for each request. Return None at the end, and in a forked process its words."""
    reports: dict[int, int] = {}
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    while True:
        ready, _, _ = select.select([link.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _report_ends(reports)
        if link.fileno() not in ready:
            continue
        sent, files, _, _ = socket.recv_fds(link, 1 << 20, 4)
        while sent and not sent.endswith(b"\n"):
            sent += link.recv(1 << 20)
        if not sent:
            return None
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (link.detach(), woken, wakes, files[3], *reports.values()):
                os.close(each)
            return _become(json.loads(sent), files[:3])
        reports[pid] = files[3]
        for each in files[:3]:
            os.close(each)
        link.sendall(b"%d" % pid)


def _report_ends(reports: dict[int, int]) -> None:
    while reports:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        place = reports.pop(pid)
        with contextlib.suppress(BrokenPipeError):  # nobody waits any more
            os.write(place, b"%d" % status)
        os.close(place)


def _become(wanted: dict[str, Any], files: Sequence[int]) -> list[str]:
    """Make this process what was asked for."""
    for number, each in enumerate(files):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(wanted["env"])
    time.tzset()
    os.chdir(wanted["cwd"])
    if wanted["files"] is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted["files"], wanted["files"]))
    return list(wanted["words"])


def _main(number: int) -> None:
    for each in IMPORTED:
        import_module(each)
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the tests
    words = _serve(socket.socket(fileno=number))
    if words is not None:
        from apportion.cli.main import main

        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["apportion", *words]
        main(prog_name="apportion")


if __name__ == "__main__":
    _main(int(sys.argv[1]))
