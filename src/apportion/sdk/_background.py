"""A worker thread beside the caller's, so that network and processor work at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, TypeVar

__all__ = ["BackgroundWorker", "in_background"]

T = TypeVar("T")


class BackgroundWorker:
    """A thread that runs one task at a time, in the order given.

    Not a ``ThreadPoolExecutor``: that refuses work once the interpreter ends, while logs in the background
    may go on until they are done. Where Python starts no thread any more (3.12.0 and 3.12.1, while a program ends),
    tasks run at once in the caller's.
    """

    def __init__(self) -> None:
        self._given: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._has_thread = True
        try:
            Thread(target=self._work, name="apportion-network", daemon=True).start()
        except RuntimeError:
            self._has_thread = False

    def __enter__(self) -> BackgroundWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given.put(None)

    def start(self, act: Callable[..., T], *arguments: Any) -> Future[T]:
        """Queue a call; return a future for its result."""
        promise: Future[T] = Future()
        if self._has_thread:
            self._given.put(lambda: _keep(promise, act, *arguments))
        else:
            _keep(promise, act, *arguments)
        return promise

    def _work(self) -> None:
        while (todo := self._given.get()) is not None:
            todo()
            del todo  # release it now, not only when the next one comes


def in_background(act: Callable[[], T]) -> Future[T]:
    """Run a call in a thread of its own, which the interpreter waits for before it exits."""
    promise: Future[T] = Future()
    Thread(target=_keep, args=(promise, act), name="apportion-background").start()
    return promise


def _keep(promise: Future[T], act: Callable[..., T], *arguments: Any) -> None:
    if not promise.set_running_or_notify_cancel():
        return
    try:
        result = act(*arguments)
    except BaseException as problem:
        promise.set_exception(problem)
    else:
        promise.set_result(result)
