"""People who computed much lately go after all others, and get on nevertheless."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from apportion.ports.deadline import CROWD_REST, Deadline, Foreground
from apportion.server.fair_share import (
    A_REQUEST,
    APART,
    HALF_LIFE,
    LONGEST_WAIT,
    MUCH,
    MUCH_OF_A_CROWD,
    FairShare,
    Pace,
)
from apportion.server.readers import Readers
from apportion.services.records.input_parts import AT_ONCE


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Clock:
    return Clock()


@pytest.fixture
def share(ticks: Clock, monkeypatch: pytest.MonkeyPatch) -> FairShare:
    """A share by a clock that only goes on while somebody waits."""

    async def sleep(seconds: float) -> None:
        ticks.now += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return FairShare(Foreground(), ticks)


def waited(share: FairShare, ticks: Clock, person: str, *, crowded: bool = False) -> float:
    began = ticks.now
    asyncio.run(share.turn(person, crowded=crowded))
    return ticks.now - began


def test_what_was_taken_is_forgotten_soon(share: FairShare, ticks: Clock) -> None:
    share.take("ana", 1.5 * MUCH)
    seen = [share.took_much("ana"), share.took_much("ben")]
    ticks.now += HALF_LIFE
    assert [*seen, share.took_much("ana")] == [True, False, False]


def test_who_took_much_waits_while_others_are_at_work_but_not_for_ever(
    share: FairShare, ticks: Clock
) -> None:
    share.take("ana", 100 * MUCH)
    alone = waited(share, ticks, "ana")
    share.foreground.enter()
    among_others, light = waited(share, ticks, "ana"), waited(share, ticks, "ben")
    assert (alone, light) == (0, 0)
    assert LONGEST_WAIT <= among_others < 2 * LONGEST_WAIT


def test_requests_of_who_took_much_come_apart_while_others_pause_for_a_moment(
    share: FairShare, ticks: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    share.take("ana", 100 * MUCH)
    monkeypatch.setattr(Foreground, "busy_within", lambda *_: True)
    waits = [waited(share, ticks, "ana") for _ in range(3)]
    assert waits[0] == 0
    assert all(APART / 2 < each < 2 * APART for each in waits[1:])


@pytest.mark.parametrize("crowded", [True, False])
def test_a_burst_of_a_crowd_comes_apart_before_it_is_much(
    share: FairShare, ticks: Clock, crowded: bool
) -> None:
    share.foreground.enter()
    at_once = int(MUCH_OF_A_CROWD / A_REQUEST)
    waits = [waited(share, ticks, "ana", crowded=crowded) for _ in range(int(MUCH / A_REQUEST / 2))]
    assert sum(waits[:at_once]) == 0
    assert (min(waits[at_once + 1 :]) > 0) == crowded
    assert max(waits) < APART


def test_many_small_requests_are_much_as_well(share: FairShare) -> None:
    for _ in range(int(MUCH / A_REQUEST) + 1):
        asyncio.run(share.turn("ana"))
    assert share.took_much("ana")


def test_a_computation_counts_even_if_it_fails(share: FairShare, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, MUCH + 1])
    monkeypatch.setattr(time, "thread_time", lambda: next(times))
    with pytest.raises(ZeroDivisionError):
        share.counted("ana", lambda: 1 // 0)
    assert share.took_much("ana")


def test_a_body_comes_no_faster_than_it_is_the_turn_of_its_sender(share: FairShare, ticks: Clock) -> None:
    class Request:
        async def stream(self) -> Any:
            for _ in range(40):
                yield bytes(100_000)

    async def read() -> int:
        request: Any = Request()
        return sum([len(part) async for parts in share.parts("ana", request) for part in parts])

    share.take("ana", 100 * MUCH)
    share.foreground.enter()
    assert asyncio.run(read()) == 4_000_000
    assert ticks.now >= 3 * LONGEST_WAIT


@pytest.mark.parametrize("much", [False, True])
def test_reads_of_who_took_much_give_way(client_as: Any, monkeypatch: pytest.MonkeyPatch, much: bool) -> None:
    gave_way: list[bool] = []
    monkeypatch.setattr(FairShare, "took_much", lambda *_: much)
    monkeypatch.setattr(Deadline, "give_way", lambda _, when=None: gave_way.append(when is None or when()))
    assert client_as("ana").get("/api/me/work").status_code == 200
    assert any(gave_way) == much


@pytest.mark.parametrize("much", [False, True])
def test_long_queries_of_who_took_much_are_read_once_others_pause(
    client_as: Any, monkeypatch: pytest.MonkeyPatch, much: bool
) -> None:
    rested: list[FairShare] = []
    monkeypatch.setattr(FairShare, "took_much", lambda *_: much)
    monkeypatch.setattr(FairShare, "rest", lambda self: rested.append(self))
    body = {"query": {"query_text": " ".join(f"w{n}" for n in range(3_000))}}
    assert client_as("ana").post("/api/datasets/d/TextClassification:search", json=body).status_code == 400
    assert len(rested) == much


def test_a_thread_rests_while_others_are_at_work_a_moment_at_most(
    share: FairShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(Foreground, "wait_until_idle", lambda _, seconds: waited.append(seconds))
    share.rest()
    assert waited == [LONGEST_WAIT]


def test_what_is_written_for_somebody_counts_for_them_and_paces_what_follows(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[float] = []
    waited: list[float] = []
    add = Pace.add

    def much(pace: Pace, seconds: float) -> None:
        counted.append(seconds)
        add(pace, 2 * MUCH)

    monkeypatch.setattr(Pace, "add", much)
    monkeypatch.setattr(Foreground, "wait_until_idle", lambda _, seconds: waited.append(seconds))
    rows = b"".join(b'{"text": "row %d"}\n' % n for n in range(3 * AT_ONCE))
    params = {"workspace": "shared", "task": "TextClassification", "format": "jsonl"}
    answer = client_as("max").post("/api/datasets/many/import", params=params, content=rows)
    assert answer.status_code == 200, answer.text
    assert len(counted) > 3  # each part is written in a transaction of its own
    assert all(counted)
    assert waited.count(CROWD_REST) >= len(counted) - 1  # before each step but the first


def test_requests_know_whether_their_sender_has_many_in_line(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []
    turn = FairShare.turn

    async def seen(share: FairShare, person: str, *seconds: float, crowded: bool = False) -> None:
        found.append(crowded)
        await turn(share, person, *seconds, crowded=crowded)

    monkeypatch.setattr(FairShare, "turn", seen)
    for crowd in (False, True):
        monkeypatch.setattr(Readers, "crowded", lambda *_, crowd=crowd: crowd)
        assert client_as("ana").get("/api/me/work").status_code == 200
        assert client_as("ana").get("/api/overview").status_code == 200
    assert found == [False, False, True, True]
