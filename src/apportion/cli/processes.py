"""Run several server processes on one listening socket, and start one that ends anew."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from types import FrameType

from .output import CannotStartError, notice

__all__ = ["run_processes"]

_PAUSE = 1.0
"""Seconds before a process that ended is started anew."""
Serve = Callable[[bool, Callable[[], None]], int]
"""Serves until a signal to stop; is told if it is the first process, and tells once it accepts requests."""


def run_processes(serve: Serve, number: int) -> int:
    """Run ``serve`` in so many processes until a signal to stop; return the status to exit with.

    The first one accepts requests before the others are started; where it cannot start, none is.
    """
    if not hasattr(os, "fork"):
        raise CannotStartError(
            "Several processes on one socket are not possible on this system. Start one of them."
        )
    return _Processes(serve, number).run()


class _Processes:
    def __init__(self, serve: Serve, number: int) -> None:
        self._serve = serve
        self._number = number
        self._running: dict[int, bool] = {}
        """By process id, whether a process was the first one."""
        self._stopping = threading.Event()
        # Nobody writes to it: a process reads its end once this one is gone, however it ended
        self._life, self._held = os.pipe()

    def run(self) -> int:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        if not self._accepts(self._start(first=True)):
            return self._wait_for_all() or 1
        for _ in range(self._number - 1):
            if not self._stopping.is_set():
                os.close(self._start(first=False))
        return self._supervise()

    def _stop(self, number: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002
        self._stopping.set()
        for process in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    def _start(self, *, first: bool) -> int:
        """Start a process; return the end of a pipe in which it tells that it accepts requests."""
        ready, tell = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(ready)
            self._be_a_process(first, tell)
        os.close(tell)
        self._running[process] = first
        if self._stopping.is_set():  # the signal came before there was a process to pass it on to
            self._stop()
        return ready

    def _accepts(self, ready: int) -> bool:
        """Wait until a process accepts requests; return False if it ended before."""
        accepts = os.read(ready, 1) != b""
        os.close(ready)
        return accepts

    def _be_a_process(self, first: bool, tell: int) -> None:
        status = 1
        try:
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            os.close(self._held)
            threading.Thread(target=self._end_with_parent, name="apportion-parent", daemon=True).start()
            status = self._serve(first, partial(_tell, tell))
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # what follows is the business of the process that started this one

    def _end_with_parent(self) -> None:
        os.read(self._life, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _supervise(self) -> int:
        while not self._stopping.is_set():
            process, status = os.wait()
            first = self._running.pop(process, False)
            if self._stopping.is_set():
                break
            ended = os.waitstatus_to_exitcode(status)
            notice(f"Process {process} ended with status {ended}. It is started again.")
            time.sleep(_PAUSE)
            if not self._stopping.is_set():
                os.close(self._start(first=first))
        return self._wait_for_all()

    def _wait_for_all(self) -> int:
        worst = 0
        while self._running:
            try:
                process, status = os.wait()
            except ChildProcessError:
                break
            if process in self._running:
                del self._running[process]
                worst = max(worst, abs(os.waitstatus_to_exitcode(status)))
        return worst


def _tell(pipe: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it
        os.write(pipe, b"1")
    os.close(pipe)
