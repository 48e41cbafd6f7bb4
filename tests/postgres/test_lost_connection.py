"""PostgreSQL goes away and comes back under a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apportion.domain.errors import StoreUnavailableError
from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import ensure_workspace
from apportion.settings import Settings
from apportion.storage.postgres.database import WriterConnection
from apportion.storage.postgres.store import PostgresStore
from apportion.vocabulary import Role
from support import Client
from upkeep import problems_in

SHARED = {"workspace": "shared"}
TASK = "TextClassification"


@pytest.fixture
def store(cluster: Any) -> Iterator[PostgresStore]:
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with closing(PostgresStore(cluster.url, hold=True)) as opened:
        yield opened


@pytest.fixture
def client(store: PostgresStore, tmp_path: Path) -> Iterator[Client]:
    settings = Settings(home=tmp_path, secret_key="only for tests, and long enough to sign")
    passwords = Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)
    app = create_app(settings, store, passwords=passwords, web_folder=tmp_path)

    def team(tx: Any) -> None:
        ensure_workspace(tx, "shared", now=1)
        add_user(
            tx,
            NewUser("eva", "Eva", role=Role.ADMIN, password_hash=passwords.hash("x")),
            key="eva.apikey",
            now=1,
        )

    store.write(team).result()
    with Client(app, headers={"X-Argilla-Api-Key": "eva.apikey"}) as made:
        yield made
    app.state.app_state.jobs.close()


def log(client: Client, *ids: str) -> Any:
    records = [{"id": id, "inputs": {"text": f"the text of {id}"}} for id in ids]
    return client.post(
        f"/api/datasets/talk/{TASK}:bulk", json={"name": "talk", "records": records}, params=SHARED
    )


def found(client: Client, text: str = "text") -> Any:
    asked = {"query": {"query_text": text}}
    return client.post(f"/api/datasets/talk/{TASK}:search", json=asked, params=SHARED)


def ids(client: Client) -> list[str]:
    return sorted(each["id"] for each in found(client).raise_for_status().json()["records"])


def test_while_postgresql_is_away_requests_are_told_to_come_back_and_then_all_goes_on(
    client: Client, cluster: Any, store: PostgresStore
) -> None:
    for reason in ("killed", "killed again"):
        log(client, "a", "b", reason).raise_for_status()
        before = ids(client)
        cluster.kill()
        try:
            assert client.get("/api/health/live").status_code == 200
            assert client.get("/api/health/ready").status_code == 503
            for away in (client.get("/api/me"), log(client, "lost"), found(client), log(client, "lost")):
                assert away.status_code == 503, away.text
                assert away.headers["Retry-After"] == "2"
                assert away.json()["detail"]["code"].endswith("::StoreUnavailableError")
            with pytest.raises(StoreUnavailableError, match="Nothing of this request was kept"):
                store.write(lambda tx: ensure_workspace(tx, "lost", now=1)).result()
        finally:
            cluster.start()
        assert ids(client) == before  # the first request after it is back
        log(client, f"after {reason}").raise_for_status()
        assert ids(client) == sorted([*before, f"after {reason}"])
        assert client.get("/api/health/ready").status_code == 200
    assert problems_in(store) == []
    with pytest.raises(Exception, match="Another server is already running"):
        PostgresStore(cluster.url, hold=True)


def broken_after(monkeypatch: pytest.MonkeyPatch, *, committed: bool) -> Callable[[], int]:
    """Have the next commit lose its connection, before or after PostgreSQL carried it out; counts such commits."""
    real, left = WriterConnection.send_commit, [1]

    def send_commit(self: WriterConnection, mark: str) -> None:
        lost = left[0]
        left[0] = 0
        if committed or not lost:
            real(self, mark)
        if lost:
            self.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(WriterConnection, "send_commit", send_commit)
    return lambda: 1 - left[0]


def test_a_commit_whose_acknowledgement_was_lost_is_recognised(
    client: Client, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(client, "a").raise_for_status()
    assert ids(client) == ["a"]
    lost = broken_after(monkeypatch, committed=True)
    assert log(client, "b").status_code == 200
    assert lost() == 1
    assert ids(client) == ["a", "b"], "the caches were told of it"
    assert problems_in(store) == []


def test_a_commit_that_did_not_take_place_is_not_acknowledged(
    client: Client, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(client, "a").raise_for_status()
    lost = broken_after(monkeypatch, committed=False)
    refused = log(client, "b")
    assert lost() == 1
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert refused.json()["detail"]["params"]["unknown"] is False
    assert ids(client) == ["a"]
    log(client, "b").raise_for_status()
    assert ids(client) == ["a", "b"]
    assert problems_in(store) == []


def test_where_nobody_can_say_if_it_was_kept_the_caller_is_told_and_caches_are_read_again(
    client: Client, cluster: Any, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(client, "a").raise_for_status()
    assert ids(client) == ["a"]
    monkeypatch.setattr("apportion.storage.postgres.database.OUTCOME_SECONDS", 0.3)
    real = WriterConnection.send_commit

    def send_commit(self: WriterConnection, mark: str) -> None:
        real(self, mark)
        monkeypatch.setattr(WriterConnection, "send_commit", real)
        cluster.kill()
        self.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(WriterConnection, "send_commit", send_commit)
    try:
        unsure = log(client, "b")
    finally:
        cluster.start()
    assert unsure.status_code == 503
    assert unsure.json()["detail"]["params"]["unknown"] is True
    assert ids(client) == ["a", "b"]
    log(client, "c").raise_for_status()
    assert ids(client) == ["a", "b", "c"]
    assert problems_in(store) == []
