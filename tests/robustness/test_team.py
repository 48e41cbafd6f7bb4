"""A team at a real server: people, managers and a notebook at once, and the same with a server that is killed.

Each in a short form and in a long one, of ten minutes and a hundred crashes (``make soak``). Speed is printed, not
asserted.
"""

from __future__ import annotations

from functools import partial

import pytest
from benchmarks.crashes import Survived, crash_often
from benchmarks.gathering import team_home
from benchmarks.team import Day, figures_of, one_day

say = partial(print, flush=True)
pytestmark = pytest.mark.usefixtures("forked_servers")


@pytest.mark.deep  # what is wrong with one of these operations fails the tests of that operation first
@pytest.mark.timeout(300)
def test_a_day_of_annotating_managing_and_logging_loses_and_doubles_nothing() -> None:
    with team_home(12) as home:
        looked_at(one_day(home, 12, 15, 4_000, records=2_000, pace=10))


@pytest.mark.soak
@pytest.mark.timeout(3_000)
def test_ten_minutes_of_thirty_people_and_a_notebook_lose_and_double_nothing() -> None:
    with team_home(30) as home:
        looked_at(one_day(home, 30, 600, 200_000, records=10_000))


def looked_at(day: Day) -> None:
    for line in figures_of(day):
        say(" | ".join(line.cells()))
    assert day.problems == []
    done = day.gathering.times()
    assert done >= {"claim", "draft", "submit", "undo", "search", "progress", "agreement", "rebalance"}
    assert len(day.gathering.kept) > 50


@pytest.mark.timeout(300)
def test_killed_under_that_load_it_has_everything_it_acknowledged() -> None:
    with team_home(12) as home:
        survived(crash_often(home, 12, 1_000, 3, seed=71))


@pytest.mark.soak
@pytest.mark.timeout(6_000)
def test_killed_a_hundred_times_it_has_everything_it_acknowledged() -> None:
    with team_home(30) as home:
        survived(crash_often(home, 30, 4_000, 100, seed=72, tell=say))


def survived(found: Survived) -> None:
    say(f"{found.acknowledged} annotations and {found.batches} batches; {dict(found.noted)}")
    assert found.problems == []
    assert found.acknowledged
    assert found.batches
