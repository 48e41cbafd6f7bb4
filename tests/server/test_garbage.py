"""Garbage is collected while nobody waits for it, or after a long time."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from types import SimpleNamespace
from typing import Any

import pytest

from apportion.server import housekeeping


@pytest.mark.parametrize(
    ("busy", "anyhow", "collected"),
    [(False, 1e9, True), (True, 1e9, False), (True, 0.0, True)],
    ids=["nobody at work", "somebody at work", "somebody at work for long"],
)
def test_old_objects_are_collected_when_nobody_waits_or_after_long(
    monkeypatch: pytest.MonkeyPatch, busy: bool, anyhow: float, collected: bool
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(housekeeping, "COLLECT", 0.001)
    monkeypatch.setattr(housekeeping, "COLLECT_ANYHOW", anyhow)
    monkeypatch.setattr(gc, "collect", lambda: calls.append(1))
    state: Any = SimpleNamespace(foreground=SimpleNamespace(busy_within=lambda _: busy))

    async def some_rounds() -> None:
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(housekeeping.collect_garbage(state), 0.1)

    asyncio.run(some_rounds())
    # once: nothing has grown old since then
    assert len(calls) == int(collected)
