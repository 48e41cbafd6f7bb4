"""Tests of who goes first when several requests compute at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apportion.domain.errors import QueryTooSlowError
from apportion.ports import deadline as deadlines
from apportion.ports.deadline import Deadline, Foreground
from apportion.server.readers import Readers
from patience import patience


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds; none of them takes any time."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(made))
    monkeypatch.setattr(Foreground, "wait_until_idle", lambda self, seconds: made.append(seconds * self.busy))
    return made


def _computing(foreground: Foreground, *, long: bool = False) -> Deadline:
    """A deadline by which 10 ms of computing go by between two looks at it."""
    ticks = iter(range(100_000))
    return Deadline(1_000, foreground=foreground, long=long, clock=lambda: next(ticks) * 0.01)


def _begun(foreground: Foreground, *, long: bool = False) -> Deadline:
    deadline = _computing(foreground, long=long)
    deadline.start()
    return deadline


def test_older_work_rests_as_long_as_a_younger_request_is_at_work(rests: list[float]) -> None:
    foreground = Foreground()
    old = _begun(foreground, long=True)
    old.check()
    alone = sum(rests)
    young = _begun(foreground)
    old.check()
    assert sum(rests) - alone > alone
    assert sum(rests) - alone <= deadlines.LONGEST_REST + 2 * deadlines.PAUSE  # it goes on nevertheless
    young.finish()
    before = sum(rests)
    old.check()
    assert sum(rests) - before == pytest.approx(alone)


def test_a_request_that_has_computed_for_long_lets_others_go_first(rests: list[float]) -> None:
    foreground = Foreground()
    deadline = _begun(foreground)
    busy = [foreground.busy]
    for _ in range(int(deadlines.YOUNG / 0.01) + 2):
        deadline.check()
    busy.append(foreground.busy)
    deadline.start()  # the next part of the same work
    assert [*busy, foreground.busy] == [True, False, False]


def test_work_that_gives_way_lets_others_go_first_from_the_start(rests: list[float]) -> None:
    foreground = Foreground()
    deadline = _computing(foreground)
    deadline.give_way()
    deadline.start()
    assert not foreground.busy


def test_work_that_gives_way_rests_longer_than_other_old_work(rests: list[float]) -> None:
    foreground = Foreground()
    _begun(foreground)
    _begun(foreground, long=True).check()
    usual = sum(rests)
    one_of_many = _computing(foreground)
    one_of_many.give_way()
    one_of_many.start()
    one_of_many.check()
    assert sum(rests) - usual > 2 * usual


def test_work_gives_way_once_there_is_reason_to(rests: list[float]) -> None:
    foreground = Foreground()
    crowd: list[int] = []
    first = _computing(foreground)
    first.give_way(lambda: len(crowd) > 1)
    first.start()
    first.check()
    busy = [foreground.busy]
    crowd += [1, 2]
    first.check()
    assert [*busy, foreground.busy] == [True, False]
    _begun(foreground)
    before = sum(rests)
    first.check()
    assert sum(rests) - before > deadlines.LONGEST_REST + 2 * deadlines.PAUSE


def test_work_that_ends_leaves_the_foreground_once(rests: list[float]) -> None:
    foreground = Foreground()
    _begun(foreground)
    second = _begun(foreground)
    second.finish()
    second.finish()
    assert foreground.busy  # the first one


def test_nobody_rests_for_long_while_others_wait_for_the_lock_it_holds(rests: list[float]) -> None:
    foreground = Foreground()
    _begun(foreground)
    old = _begun(foreground, long=True)
    with old.hurried():
        old.check()
    assert sum(rests) == deadlines.PAUSE


def test_what_another_thread_computes_counts_like_the_work_itself(rests: list[float]) -> None:
    deadline = Deadline(1, foreground=Foreground(), long=True, clock=lambda: 0.0)
    deadline.start()
    deadline.check()
    before = len(rests)
    deadline.add(0.5)
    deadline.check()
    assert (before, len(rests) > 0) == (0, True)
    deadline.add(0.6)
    with pytest.raises(QueryTooSlowError):
        deadline.check()


def test_a_thread_waits_until_nobody_is_at_work_any_more_but_not_for_ever() -> None:
    foreground = Foreground()
    foreground.enter()
    foreground.wait_until_idle(0.001)  # somebody is at work the whole time
    foreground.enter()
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(foreground.wait_until_idle, patience(60))
        foreground.leave()
        busy = not waiting.done()
        foreground.leave()
        waiting.result(patience(20))
    assert busy


def test_who_hung_up_is_not_kept_resting(rests: list[float]) -> None:
    foreground = Foreground()
    _begun(foreground)
    old = _begun(foreground, long=True)
    old.cancel()
    assert old.over()
    assert not rests
    assert time.monotonic() == 0


@pytest.mark.parametrize("crowded", [False, True])
def test_reads_of_somebody_with_many_in_line_give_way(
    client_as: Any, monkeypatch: pytest.MonkeyPatch, crowded: bool
) -> None:
    gave_way: list[bool] = []
    monkeypatch.setattr(Readers, "crowded", lambda *_: crowded)
    monkeypatch.setattr(Deadline, "give_way", lambda _, when=None: gave_way.append(when is None or when()))
    assert client_as("ana").get("/api/me/work").status_code == 200
    assert gave_way == [crowded]
