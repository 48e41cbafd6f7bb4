"""A team at three servers on one database, one of which is killed again and again: nothing is lost or done twice."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest
from benchmarks import cluster as of_servers
from benchmarks.cluster import Cluster, Database, Survived, kill_servers, lines_of, settings_of
from benchmarks.gathering import team_home

from patience import patience

say = partial(print, flush=True)
pytestmark = pytest.mark.usefixtures("forked_servers")


@pytest.fixture(autouse=True)
def slow_machines_may_clear_up_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_servers, "CLEARED_WITHIN", patience(of_servers.CLEARED_WITHIN))


def survived(found: Survived, kills: int) -> None:
    for line in lines_of(found, kills):
        say(" | ".join(line.cells()))
    for problem in found.problems[:10]:
        say(problem)
    assert found.problems == []
    assert found.acknowledged
    assert found.batches


@pytest.mark.timeout(300)
def test_servers_that_are_killed_lose_and_double_nothing(postgres: Database) -> None:
    with ExitStack() as stack:
        home = stack.enter_context(team_home(6, **settings_of(postgres)))
        cluster = Cluster(home, postgres, 3)
        stack.callback(cluster.close)
        survived(kill_servers(cluster, 6, 600, 2, seed=71, every=(1.0, 2.0), database_too=True), 2)


@pytest.mark.soak
@pytest.mark.timeout(3_000)
def test_twenty_servers_killed_under_a_team_of_thirty_lose_and_double_nothing(postgres: Database) -> None:
    with ExitStack() as stack:
        home = stack.enter_context(team_home(30, **settings_of(postgres)))
        cluster = Cluster(home, postgres, 3)
        stack.callback(cluster.close)
        survived(kill_servers(cluster, 30, 10_000, 20, seed=72, every=(15.0, 20.0), pace=1.0, tell=say), 20)
