"""Names that 1.x notebooks import from `argilla.utils`."""

from __future__ import annotations

import asyncio
from threading import Thread

from apportion.sdk.span_utils import SpanUtils

__all__ = ["SpanUtils", "setup_loop_in_thread"]


def setup_loop_in_thread() -> tuple[asyncio.AbstractEventLoop, Thread]:
    """Start an event loop in a thread of its own, running until the program ends; return both.

    >>> loop, _ = setup_loop_in_thread()  # doctest: +SKIP
    >>> asyncio.run_coroutine_threadsafe(rg.log_async(records, "reviews"), loop)  # doctest: +SKIP
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="apportion-loop", daemon=True)
    thread.start()
    return loop, thread
