"""Tests of who goes first when several people's requests compute at once."""

from __future__ import annotations

import time

import pytest

from apportion.ports import deadline as deadlines
from apportion.ports.deadline import Deadline, FairShare


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds; none of them takes any time."""
    made: list[float] = []
    monkeypatch.setattr(deadlines.time, "sleep", made.append)
    monkeypatch.setattr(deadlines.time, "monotonic", lambda: sum(made))
    return made


def _begun(share: FairShare, person: str, *, long: bool = False) -> Deadline:
    """A deadline by which 10 ms of computing go by between two looks at it."""
    ticks = iter(range(100_000))
    deadline = Deadline(1_000, share=share, person=person, long=long, clock=lambda: next(ticks) * 0.01)
    deadline.start()
    return deadline


def _rested(deadline: Deadline, rests: list[float]) -> float:
    before = sum(rests)
    deadline.check()
    return round(sum(rests) - before, 6)


def test_who_computed_more_rests_as_long_as_somebody_who_computed_less_is_at_work(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    share.use("ana", 1.0)
    greedy = _begun(share, "ana")
    assert _rested(greedy, rests) == deadlines.PAUSE
    modest = _begun(share, "ben")
    assert deadlines.LONGEST_REST <= _rested(greedy, rests) <= deadlines.LONGEST_REST + 2 * deadlines.PAUSE
    assert _rested(modest, rests) == deadlines.PAUSE
    modest.finish()
    assert _rested(greedy, rests) == deadlines.PAUSE


def test_a_new_request_of_somebody_who_computed_much_does_not_go_first(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    for _ in range(50):  # each of them short, a second in all
        request = _begun(share, "ana")
        request.check()
        request.finish()
    share.use("ben", 0.2)
    modest, new = _begun(share, "ben"), _begun(share, "ana")
    assert _rested(modest, rests) == deadlines.PAUSE
    assert _rested(new, rests) >= deadlines.LONGEST_REST


def test_what_another_thread_began_is_not_counted_by_the_wrong_clock(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    ticks = iter([50.0, 0.0, 0.01])  # the second thread has computed nothing yet
    deadline = Deadline(1_000, share=share, person="ana", clock=lambda: next(ticks))
    deadline.start()
    deadline.start()
    deadline.finish()
    share.enter("ben")
    share.use("ana", deadlines.MARGIN)
    assert share.others_first("ana")  # 10 ms and no debt of 50 s to be paid off first


def test_computing_is_forgotten(rests: list[float]) -> None:
    now = [0.0]
    share = FairShare(lambda: now[0])
    share.enter("ben")
    share.use("ana", 1.0)
    assert share.others_first("ana")
    now[0] = 10 * deadlines.HALF_LIFE
    assert not share.others_first("ana")


def test_long_work_rests_for_everybody_and_nobody_for_it(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    long = _begun(share, "ben", long=True)
    assert _rested(long, rests) == deadlines.PAUSE
    greedy = _begun(share, "ana")
    share.use("ana", 1.0)
    assert _rested(greedy, rests) == deadlines.PAUSE
    assert _rested(long, rests) >= deadlines.LONGEST_REST


def test_work_that_ends_leaves_once(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    _begun(share, "ben")
    second = _begun(share, "ben")
    second.finish()
    second.finish()
    assert share.others_first(None)  # the first one is still there


def test_nobody_rests_for_long_while_others_wait_for_the_lock_it_holds(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    share.use("ana", 1.0)
    _begun(share, "ben")
    greedy = _begun(share, "ana")
    with greedy.hurried():
        assert _rested(greedy, rests) == deadlines.PAUSE


def test_who_hung_up_is_not_kept_resting(rests: list[float]) -> None:
    share = FairShare(lambda: 0.0)
    share.use("ana", 1.0)
    _begun(share, "ben")
    greedy = _begun(share, "ana")
    greedy.cancel()
    assert greedy.over()
    assert not rests
    assert time.monotonic() == 0
