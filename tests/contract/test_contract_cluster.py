"""Servers on one database: who is alive, who is the keeper, and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apportion.domain.jobs import JobKind, JobState
from apportion.ports.cluster import Cluster
from apportion.ports.plans import PlanPhase
from apportion.server.app import create_app
from apportion.server.housekeeping import catch_up
from apportion.services.background.recovery import recover, unfinished_operations
from apportion.settings import Settings
from method_coverage import watched
from patience import until
from planned import Planned
from postgres_cluster import own_database
from stored_dataset import StoredDataset, new_dataset, read, write
from support import FakeClock

HOUR = 3_600_000_000


class Servers:
    """Servers that a test starts, kills and asks."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url = url
        self._stack = stack

    def start(self) -> Any:
        from apportion.storage.postgres.store import PostgresStore

        return self._stack.enter_context(closing(PostgresStore(self.url, serving=True)))

    def end_session(self, store: Any) -> None:
        """End the session of a server, as a failing network does."""
        with psycopg.connect(self.url, autocommit=True) as link:
            link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 2 "
                "AND objid = %s",
                (store.server,),
            )


@pytest.fixture
def servers() -> Iterator[Servers]:
    with own_database() as url, ExitStack() as stack:
        yield Servers(url, stack)


def shared(store: Any) -> Cluster:
    found: Cluster = watched(Cluster, store.cluster)
    return found


def test_servers_know_each_other_as_long_as_they_live(servers: Servers) -> None:
    one, two = servers.start(), servers.start()

    assert [each.number for each in shared(one).servers()] == [one.server, two.server]
    assert shared(one).id == shared(two).id
    number = two.server
    assert number in one.living()
    two.close()
    until(lambda: number not in one.living())
    assert one.server in one.living()
    assert [each.number for each in shared(one).servers()] == [one.server]


def test_one_server_at_a_time_is_the_keeper(servers: Servers) -> None:
    one, two = servers.start(), servers.start()

    assert [shared(one).keep(), shared(two).keep(), shared(one).keep()] == [True, False, True]
    assert [shared(one).keeping, shared(two).keeping] == [True, False]
    assert [each.keeper for each in shared(two).servers()] == [True, False]
    one.close()
    assert until(lambda: shared(two).keep())


def test_a_server_that_lost_its_session_goes_on_under_another_number(servers: Servers) -> None:
    one, two = servers.start(), servers.start()
    before = one.server
    shared(one).keep()

    servers.end_session(one)

    until(lambda: one.server not in (0, before))
    assert until(lambda: shared(two).keep())
    assert not shared(one).keep()
    until(lambda: before not in two.living())
    assert one.server in two.living()


def test_what_was_begun_before_a_session_was_lost_is_what_a_dead_server_left(servers: Servers) -> None:
    one, two = servers.start(), servers.start()
    stored = StoredDataset(one)
    stored.write(lambda tx: tx.jobs.add(stored.dataset, "j", JobKind.APPLY, {}, by="ana", at=1))
    assert write(one, lambda tx: tx.jobs.take(at=2)) is not None
    until(lambda: one.server + 1_000 not in two.living())
    living = two.living()
    assert write(two, lambda tx: tx.jobs.interrupted(lambda no: no in living, at=3)) == 0

    servers.end_session(one)

    def interrupted() -> int:
        living = two.living()
        return write(two, lambda tx: tx.jobs.interrupted(lambda no: no in living, at=4))

    assert until(interrupted) == 1
    job = read(one, lambda tx: tx.jobs.find("j"))
    assert job is not None
    assert job.state is JobState.INTERRUPTED


def test_the_clock_is_that_of_the_database(servers: Servers) -> None:
    clocks = [shared(servers.start()).clock for _ in range(2)]
    with psycopg.connect(servers.url) as link:
        row = link.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None

    for clock in clocks:
        assert abs(clock.now() - row[0]) < HOUR // 60
        assert clock.now() < clock.now()
        assert clock.jump() == 0


def test_what_was_kept_about_servers_long_gone_is_deleted(servers: Servers) -> None:
    one, two = servers.start(), servers.start()
    two.close()
    with psycopg.connect(servers.url, autocommit=True) as link:

        def kept() -> list[int]:
            return [no for (no,) in link.execute("SELECT no FROM servers ORDER BY no")]

        shared(one).prune()
        assert len(kept()) == 2
        link.execute("UPDATE servers SET seen_at = 0")
        shared(one).prune()
        assert kept() == [one.server]


def left(store: Any) -> list[str]:
    """Return the jobs that servers left half done, as one of them sees it."""
    living = store.living()
    found = unfinished_operations(store, FakeClock(), lambda no: no in living)
    return sorted(each.name for each in found)


def test_nothing_a_living_server_is_at_is_taken_from_it_and_all_of_it_once_it_is_dead(
    servers: Servers,
) -> None:
    one = servers.start()
    stored, planned = StoredDataset(one), Planned(one)
    stored.write(lambda tx: tx.jobs.add(stored.dataset, "j", JobKind.APPLY, {}, by="ana", at=1))
    assert write(one, lambda tx: tx.jobs.take(at=2)) is not None
    planned.plan([("a", "ana")], phase=PlanPhase.WRITING)
    hidden = write(one, lambda tx: tx.datasets.add_hidden(new_dataset()))

    two = servers.start()
    assert left(two) == []
    until(lambda: one.server + 1_000 not in two.living())
    assert left(two) == []
    one.close()
    assert until(lambda: left(two)) == ["finish plan", "interrupted jobs", "purge dataset"]

    living = two.living()
    recover(two, unfinished_operations(two, FakeClock(), lambda no: no in living))
    assert left(two) == []
    with two.read() as tx:
        assert tx.assignments.plans(planned.dataset) == []
        assert tx.datasets.by_number(hidden.no) is None


def test_the_time_without_servers_is_made_up_for_once_however_many_start(
    servers: Servers, tmp_path: Path
) -> None:
    one, two = servers.start(), servers.start()
    gone = write(one, lambda tx: tx.datasets.add(new_dataset()))
    now = one.cluster.clock.now()
    write(one, lambda tx: tx.datasets.delete(gone, at=now - 240 * HOUR))
    one.record_heartbeat(now - 240 * HOUR)

    for store in (one, two, one):
        app = create_app(Settings(home=tmp_path, secret_key="k" * 40), store, web_folder=tmp_path)
        asyncio.run(catch_up(app.state.app_state))

    (found,) = read(two, lambda tx: tx.datasets.deleted())
    assert abs(found.at - now) < HOUR
