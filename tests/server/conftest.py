"""The app in process, and people who talk to it.

Workspaces `shared` and `other`; eva (admin), max (manager), rita (reviewer), ana and ben (annotators) in
`shared`, olga (annotator) in `other`. Everybody's API key is `<username>.apikey` and their password
`<username>-password`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
from apportion.settings import Settings
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import MembershipRole, Role
from new_store import file_with, new_sqlite_store
from postgres_cluster import own_database, template_with
from support import Client, FakeClock

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction
    from apportion.storage.postgres.store import PostgresStore

SECRET = "only for tests, and long enough to sign"
TEAM = {
    "eva": (Role.ADMIN, {}),
    "max": (Role.ANNOTATOR, {"shared": "manager"}),
    "rita": (Role.ANNOTATOR, {"shared": "reviewer"}),
    "ana": (Role.ANNOTATOR, {"shared": "annotator"}),
    "ben": (Role.ANNOTATOR, {"shared": "annotator"}),
    "olga": (Role.ANNOTATOR, {"other": "annotator"}),
}

ClientAs = Callable[..., Client]


@pytest.fixture(scope="session")
def passwords() -> Argon2Passwords:
    """As in earnest, but cheap."""
    return Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def hashes(passwords: Argon2Passwords) -> dict[str, str]:
    return {name: passwords.hash(f"{name}-password") for name in TEAM}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key=SECRET)


ALSO_ON_POSTGRES = frozenset(
    f"test_{name}"
    for name in (
        "agreement_routes", "assignments", "audit_log", "caps", "export_routes", "individual", "jobs",
        "queue_of_plans", "records", "remembered", "reports_of_plans", "trash",
    )
)  # fmt: skip
"""Modules of a tenth of all tests, which run on PostgreSQL, too, where ``--store`` does not say on what all run."""


ONLY_ON_OPENSEARCH = frozenset({"test_indexed_datasets"})
"""Modules about datasets that are searched in OpenSearch."""
# Under another name a module would no longer run on what it is meant for, and nobody would notice
assert {
    each.stem for each in Path(__file__).parent.glob("test_*.py")
} >= ALSO_ON_POSTGRES | ONLY_ON_OPENSEARCH


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store_kind" not in metafunc.fixturenames:
        return
    kinds = [metafunc.config.getoption("--store") or "sqlite"]
    embedded = metafunc.definition.get_closest_marker("embedded") is not None
    module = metafunc.module.__name__.rpartition(".")[2]
    if embedded:
        kinds = ["sqlite"]
    elif module in ONLY_ON_OPENSEARCH:
        kinds = ["postgres-opensearch"]
    elif metafunc.config.getoption("--store") is None and module in ALSO_ON_POSTGRES:
        kinds.append("postgres")
    metafunc.parametrize("store_kind", kinds, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the file alone where all run on PostgreSQL."""
    if config.getoption("--store") in (None, "sqlite"):
        return
    for item in items:
        embedded = item.get_closest_marker("embedded")
        if embedded is not None:
            item.add_marker(pytest.mark.skip(reason=f"embedded: {embedded.args[0]}"))


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """The kind of store that the test runs on: ``sqlite``, ``postgres`` or ``postgres-opensearch``."""
    return str(request.param)


class Team:
    """The team, as it is put into stores."""

    def __init__(self, hashes: dict[str, str]) -> None:
        self._hashes = hashes

    @functools.cached_property
    def file(self) -> bytes:
        """A file with the team."""
        return file_with(lambda store: self.join(store, FakeClock()))

    @functools.cached_property
    def database(self) -> str:
        """A database with the team, to be copied."""
        return template_with("team", lambda store: self.join(store, FakeClock()))

    def join(self, store: Store, clock: FakeClock) -> None:
        """Put the team into a store that was not copied from one with it."""
        with store.read() as tx:
            there = tx.people.count_users() > 0
        if not there:
            store.write(functools.partial(self._add, clock)).result()
        clock.time = max(clock.time, FakeClock().time + SET_UP_BY)

    def _add(self, clock: FakeClock, tx: Transaction) -> None:
        for workspace in ("shared", "other"):
            ensure_workspace(tx, workspace, now=clock.now())
        for name, (role, memberships) in TEAM.items():
            new = NewUser(name, name.title(), role=role, password_hash=self._hashes[name])
            add_user(tx, new, key=f"{name}.apikey", now=clock.now())
            for workspace, what in memberships.items():
                found = ensure_workspace(tx, workspace, now=clock.now())
                join(tx, found, MemberChange(name, MembershipRole(what), clock.now()))


SET_UP_BY = 100
"""Microseconds that the clock goes on while the team is put in: what tests do comes after."""


@pytest.fixture(scope="session")
def whole_team(hashes: dict[str, str]) -> Team:
    return Team(hashes)


@pytest.fixture
def store(
    request: pytest.FixtureRequest, store_kind: str, tmp_path: Path, whole_team: Team
) -> Iterator[SqliteStore | PostgresStore]:
    """A store with the team where the test asks for the app that has it, else with empty tables."""
    peopled = "app" in request.fixturenames
    with contextlib.ExitStack() as stack:
        opened: SqliteStore | PostgresStore
        if store_kind != "sqlite":
            template = whole_team.database if peopled else None
            # dropped afterwards: a run's databases would fill the memory of the machine
            url = stack.enter_context(own_database(template=template))
        if store_kind == "postgres":
            from apportion.storage.postgres.store import PostgresStore

            opened = PostgresStore(url)
        elif store_kind == "postgres-opensearch":
            from indexed_store import IndexedStore, indexed_settings

            opened = IndexedStore(indexed_settings(tmp_path, url))
            assert opened.cluster is not None
            opened.cluster.keep()  # the one server that there is does what only a keeper does
        else:
            opened = new_sqlite_store(tmp_path / "apportion.db", whole_team.file if peopled else None)
        yield opened
        opened.close()


@pytest.fixture
def web_folder(tmp_path: Path) -> Path:
    """Return the folder where the web app would be; it is not built."""
    return tmp_path / "web"


@pytest.fixture
def make_app(
    store: Any, clock: FakeClock, passwords: Argon2Passwords, web_folder: Path
) -> Iterator[Callable[[Settings], FastAPI]]:
    """Another app on the same store, with other settings; its jobs end before the store is closed."""
    made: list[FastAPI] = []

    def make(settings: Settings) -> FastAPI:
        made.append(create_app(settings, store, clock=clock, passwords=passwords, web_folder=web_folder))
        return made[-1]

    yield make
    for each in made:
        each.state.app_state.jobs.close()


@pytest.fixture
def empty_app(make_app: Callable[[Settings], FastAPI], settings: Settings) -> FastAPI:
    """The app before anybody is there."""
    return make_app(settings)


@pytest.fixture
def app(empty_app: FastAPI, store: Store, clock: FakeClock, whole_team: Team) -> FastAPI:
    """The app with its team."""
    whole_team.join(store, clock)
    return empty_app


@pytest.fixture
def client_as(app: FastAPI) -> Iterator[ClientAs]:
    """A client that sends somebody's API key; nobody's with ``client_as(None)``."""
    made: list[Client] = []

    def make(username: str | None, **headers: str) -> Client:
        if username is not None:
            headers["X-Argilla-Api-Key"] = f"{username}.apikey"
        made.append(Client(app, headers=headers))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def client(client_as: ClientAs) -> Client:
    """A client of the administrator eva."""
    return client_as("eva")
