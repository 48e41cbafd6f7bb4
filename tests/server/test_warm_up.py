"""Reading ahead after a start: requests go first."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from apportion.ports.deadline import Foreground
from apportion.server import housekeeping


def test_reading_ahead_rests_while_requests_are_at_work_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping, "_SHORT_PAUSE", 0.001)
    foreground, read = Foreground(), list[int]()

    def pieces() -> Any:
        for number in range(3):
            read.append(number)
            yield

    state: Any = SimpleNamespace(
        store=SimpleNamespace(warm=pieces),
        share=SimpleNamespace(foreground=foreground),
        run_in_thread=asyncio.to_thread,
    )

    async def begin() -> None:
        foreground.enter()
        warming = asyncio.create_task(housekeeping.warm_up(state))
        while not read:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert read == [0]
        foreground.leave()
        await warming
        assert read == [0, 1, 2]

    asyncio.run(begin())
    monkeypatch.setattr(housekeeping, "_LONGEST_PAUSE", 0.01)
    read.clear()
    foreground.enter()
    asyncio.run(housekeeping.warm_up(state))
    assert read == [0, 1, 2]
