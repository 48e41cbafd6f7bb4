"""The SDK against the real app, which runs on an event loop in a thread of its own.

The same team as for the server's tests: eva (admin), max (manager), rita (reviewer), ana and ben (annotators)
in workspace `shared`, olga (annotator) in `other`; keys are `<username>.apikey`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi import FastAPI

import apportion as rg
from apportion.labeling.text_classification import Rule, WeakMultiLabels, add_rules
from apportion.sdk import _http, session
from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
from apportion.settings import Settings
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import MembershipRole, Role
from sdk_support import URL, ClientAs, InProcess
from support import FakeClock
from weak_label_records import ANNOTATIONS, SEVERAL, SEVERAL_TEXTS, STORED, TEXTS

TEAM = {
    "eva": (Role.ADMIN, {}),
    "max": (Role.ANNOTATOR, {"shared": "manager"}),
    "rita": (Role.ANNOTATOR, {"shared": "reviewer"}),
    "ana": (Role.ANNOTATOR, {"shared": "annotator"}),
    "ben": (Role.ANNOTATOR, {"shared": "annotator"}),
    "olga": (Role.ANNOTATOR, {"other": "annotator"}),
}


@pytest.fixture(scope="session")
def passwords() -> Argon2Passwords:
    """As in earnest, but cheap."""
    return Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def with_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the team in it, to be copied."""
    path = tmp_path_factory.mktemp("team") / "apportion.db"
    store, clock = SqliteStore(path), FakeClock(1_600_000_000_000_000)

    def set_up(tx: Any) -> None:
        for workspace in ("shared", "other"):
            ensure_workspace(tx, workspace, now=clock.now())
        for name, (role, memberships) in TEAM.items():
            new = NewUser(name, name.title(), role=role, password_hash=None)
            add_user(tx, new, key=f"{name}.apikey", now=clock.now())
            for workspace, what in memberships.items():
                found = ensure_workspace(tx, workspace, now=clock.now())
                join(tx, found, MemberChange(name, MembershipRole(what), clock.now()))

    store.write(set_up).result()
    store.close()
    return path


@pytest.fixture
def app(with_team: Path, tmp_path: Path, clock: FakeClock, passwords: Argon2Passwords) -> Iterator[FastAPI]:
    """The app with its team."""
    store = SqliteStore(Path(shutil.copy(with_team, tmp_path)))
    settings = Settings(home=tmp_path, secret_key="only for tests, and long enough to sign")
    made = create_app(settings, store, clock=clock, passwords=passwords)
    yield made
    made.state.app_state.jobs.close()
    store.close()


@pytest.fixture
def transport(app: FastAPI) -> Iterator[InProcess]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield InProcess(app, loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def client_as(transport: InProcess) -> Iterator[ClientAs]:
    """A client of somebody, in workspace `shared` unless another one is named."""
    made: list[rg.Client] = []

    def make(username: str, workspace: str | None = "shared", **options: Any) -> rg.Client:
        options.setdefault("transport", transport)
        made.append(rg.Client(URL, f"{username}.apikey", workspace, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def client(client_as: ClientAs) -> rg.Client:
    """A client of the administrator eva in workspace `shared`."""
    return client_as("eva")


@pytest.fixture
def active(client: rg.Client, monkeypatch: pytest.MonkeyPatch) -> rg.Client:
    """The same as the active client."""
    monkeypatch.setattr(session, "_active", client)
    return client


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_URL", "API_KEY", "WORKSPACE"):
        monkeypatch.delenv(f"APPORTION_{name}", raising=False)
        monkeypatch.delenv(f"ARGILLA_{name}", raising=False)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def mail(active: rg.Client) -> None:
    """Ten mails with three stored rules."""
    records = [
        rg.TextClassificationRecord(text=text, id=id, annotation=label)
        for id, (text, label) in enumerate(zip(TEXTS, ANNOTATIONS, strict=True))
    ]
    rg.log(records, "mail", verbose=False)
    add_rules("mail", [Rule(query, label) for query, label in STORED.items()])


@pytest.fixture
def several(active: rg.Client) -> WeakMultiLabels:
    """Eight records of several labels, with four rules."""
    records = [
        rg.TextClassificationRecord(text=text, id=id, annotation=labels, multi_label=True)
        for id, (text, labels) in enumerate(zip(SEVERAL_TEXTS, SEVERAL, strict=True))
    ]
    rg.log(records, "several", verbose=False)
    rules = [Rule("good", ["pos"]), Rule("bad", "neg"), Rule("fast OR slow", ["speed", "pos"])]
    return WeakMultiLabels("several", [*rules, lambda record: [] if "nothing" in record.text else None])
