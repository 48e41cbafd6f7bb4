"""A team at several servers with OpenSearch: whatever happens to its nodes, no search and nobody's work fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import psycopg
import pytest
from benchmarks.cluster import Cluster, Database, settings_of
from benchmarks.gathering import team_home
from benchmarks.index_away import (
    INDEXED_WITHIN,
    Outage,
    index_settings,
    kill_one_of_three,
    lines_of,
    rebuild_meanwhile,
    stop_the_index,
)
from benchmarks.nodes import Nodes, nodes

from patience import patience

say = partial(print, flush=True)
pytestmark = pytest.mark.usefixtures("forked_servers")


@pytest.fixture(scope="module")
def opensearch() -> Iterator[Nodes]:
    """A node that a test may kill."""
    try:
        with nodes() as found:
            yield found
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@contextmanager
def servers(postgres: Database, opensearch: Nodes, people: int, many: int, **more: str) -> Iterator[Cluster]:
    with psycopg.connect(postgres.url, autocommit=True) as link:
        link.execute("DROP SCHEMA public CASCADE")
        link.execute("CREATE SCHEMA public")
    settings = index_settings(opensearch, **more)
    with (
        team_home(people, **settings_of(postgres)) as home,
        closing(Cluster(home, postgres, many, **settings)) as found,
    ):
        yield found


def worked(outage: Outage, *, statuses: set[int]) -> None:
    for line in lines_of(outage):
        say(" | ".join(line.cells()))
    assert outage.problems == []
    asked = [each for phase in outage.phases for each in outage.searches(phase)]
    assert len(asked) > 20
    assert {each.status for each in asked} <= statuses
    assert len(outage.gathering.took("next")) > 20


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_without_its_node_a_team_works_and_searches_and_later_nothing_is_missing(
    postgres: Database, opensearch: Nodes
) -> None:
    with servers(postgres, opensearch, 6, 2) as cluster:
        within = patience(INDEXED_WITHIN)
        found = stop_the_index(cluster, opensearch, 6, 600, calm=4, away=6, pace=4.0, within=within, tell=say)
    worked(found, statuses={200, 503})
    assert found.highest_lag["killed"] > 0


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_a_team_of_thirty_does_without_its_node_for_a_minute(postgres: Database, opensearch: Nodes) -> None:
    with servers(postgres, opensearch, 30, 3) as cluster:
        found = stop_the_index(cluster, opensearch, 30, 10_000, calm=45, away=60, tell=say)
    worked(found, statuses={200, 503})
    assert found.highest_lag["killed"] > 0


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_while_an_index_is_rebuilt_or_made_from_nothing_no_search_fails(
    postgres: Database, opensearch: Nodes
) -> None:
    with servers(postgres, opensearch, 6, 2) as cluster:
        found = rebuild_meanwhile(cluster, 6, 3_000, rounds=2, pace=4.0, within=patience(60), tell=say)
    worked(found, statuses={200})


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_of_three_nodes_any_may_be_killed_and_no_search_fails(postgres: Database) -> None:
    with (
        three_nodes() as opensearch,
        servers(postgres, opensearch, 6, 2, APPORTION_OPENSEARCH_REPLICAS="1") as cluster,
    ):
        found = kill_one_of_three(
            cluster, opensearch, 6, 600, calm=6, kills=2, pace=4.0, within=patience(INDEXED_WITHIN), tell=say
        )
    worked(found, statuses={200})


@contextmanager
def three_nodes() -> Iterator[Nodes]:
    try:
        with nodes(3) as found:
            yield found
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
