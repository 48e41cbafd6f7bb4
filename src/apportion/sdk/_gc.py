"""Garbage collection, paused while very many objects are created at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["gc_paused"]


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection: it takes as long as the work itself, and finds nothing.

    Several threads may do so at a time; whoever found it running sets it going again.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
