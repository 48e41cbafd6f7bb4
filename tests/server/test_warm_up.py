"""Work ahead after a start: a server reads while no request is at work, and imports what takes long."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.ports.deadline import Foreground
from apportion.server import housekeeping
from dataset_client import DatasetClient


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


def test_what_logging_into_a_standing_plan_needs_is_imported_where_there_is_one(
    app: FastAPI, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def imported(*modules: str) -> None:
        asked.extend(modules)

    monkeypatch.setattr(housekeeping, "imported", imported)
    asyncio.run(housekeeping.import_for_standing_plans(app.state.app_state))
    assert asked == []
    rule = {"users": ["ana", "ben"], "overlap": 2, "where": "*:*"}
    sent = {"rules": [rule], "seed": 7, "standing": True}
    DatasetClient(client_as, annotation="individual", required=1).ask("max", "POST", "assignments", json=sent)
    asyncio.run(housekeeping.import_for_standing_plans(app.state.app_state))
    assert asked == ["apportion.services.assignments.standing_plans"]
