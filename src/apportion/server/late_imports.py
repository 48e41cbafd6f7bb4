"""Modules that are imported when they are first needed, and not on the event loop: numpy takes 0.25 seconds."""

from __future__ import annotations

import asyncio
from importlib import import_module

__all__ = ["imported"]

_IMPORTED: set[str] = set()


async def imported(*modules: str) -> None:
    """Import modules in a thread, unless that was done before; an ``import`` of them costs nothing from then on."""
    for module in modules:
        if module not in _IMPORTED:
            await asyncio.to_thread(import_module, module)
            _IMPORTED.add(module)
