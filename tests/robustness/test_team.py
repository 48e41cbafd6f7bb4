"""A team at a real server: people, managers and a notebook at once, and the same with a server that is killed.

The short form; ``make soak`` has the long one, of ten minutes and a hundred crashes. Speed is printed, not asserted.
"""

from __future__ import annotations

import os

import pytest
from benchmarks.crashes import crash_often
from benchmarks.gathering import team_home
from benchmarks.team import figures_of, one_day

KILLS = int(os.environ.get("TEAM_KILLS", "3"))
SECONDS = float(os.environ.get("TEAM_SECONDS", "0"))


@pytest.mark.timeout(180 + 3 * SECONDS)
def test_a_day_of_annotating_managing_and_logging_loses_and_doubles_nothing() -> None:
    with team_home(30) as home:
        if SECONDS:
            day = one_day(home, 30, SECONDS, 200_000, records=10_000)
        else:
            day = one_day(home, 12, 15, 4_000, records=2_000, pace=10)
        assert day.problems == []
        done = {kind: len(day.gathering.took(kind)) for kind in day.gathering.times()}
        assert done.keys() >= {
            "claim",
            "draft",
            "submit",
            "undo",
            "search",
            "progress",
            "agreement",
            "rebalance",
        }
        assert len(day.gathering.kept) > 50
    for line in figures_of(day):
        print(" | ".join(line.cells()))


@pytest.mark.timeout(120 + 20 * KILLS)
def test_killed_under_that_load_it_has_everything_it_acknowledged() -> None:
    with team_home(12) as home:
        found = crash_often(home, 12, 1_000, KILLS, seed=71)
    assert found.problems == []
    assert found.acknowledged
    assert found.batches
    print(f"\n{found.acknowledged} annotations and {found.batches} batches; {dict(found.noted)}")
