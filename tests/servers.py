"""Servers to be rough with: one in this process with a team and data, and real ones as processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords, SystemClock
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
from apportion.settings import Settings
from apportion.storage.sqlite.store import SqliteStore
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from apportion.vocabulary import MembershipRole, Role
from forked import Forked, command_line, run_command
from local_stores import LocalStore, opened_store
from patience import patience
from support import Client, FakeClock

SHARED = {"workspace": "shared"}
TEXT, TOKEN, T2T = "TextClassification", "TokenClassification", "Text2Text"
TEAM = {
    "eva": (Role.ADMIN, None, None),
    "max": (Role.ANNOTATOR, "shared", MembershipRole.MANAGER),
    "rita": (Role.ANNOTATOR, "shared", MembershipRole.REVIEWER),
    "ana": (Role.ANNOTATOR, "shared", MembershipRole.ANNOTATOR),
    "ben": (Role.ANNOTATOR, "shared", MembershipRole.ANNOTATOR),
    "olga": (Role.ANNOTATOR, "other", MembershipRole.ANNOTATOR),
}

RECORDS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "reviews": (
        TEXT,
        [
            {
                "id": n,
                "inputs": {"text": f"soup number {n} was good 🍜", "title": "lunch"},
                "prediction": {"agent": "model", "labels": [{"class": "good", "score": 0.75}]},
                "annotation": {"agent": "eva", "labels": [{"class": "bad" if n % 3 else "good"}]},
                "status": "Validated" if n % 2 else "Default",
                "metadata": {"n": n, "share": n / 4, "user": "ana" if n % 2 else "ben", "day": "2024-01-31"},
                "vectors": {"small": {"value": [float(n), 1.0, 0.5]}},
            }
            for n in range(1, 8)
        ],
    ),
    "places": (
        TOKEN,
        [
            {
                "id": f"p{n}",
                "text": "Ana lives in Bilbao 🌧.",
                "tokens": ["Ana", "lives", "in", "Bilbao", "🌧", "."],
                "prediction": {"agent": "model", "entities": [{"start": 13, "end": 19, "label": "LOC"}]},
                "metadata": {"n": n},
            }
            for n in range(4)
        ],
    ),
    "summaries": (
        T2T,
        [
            {
                "id": "one/two",
                "text": "A long report.",
                "prediction": {"agent": "model", "sentences": [{"text": "A report."}]},
            },
            {"id": "..", "text": "Another long report."},
        ],
    ),
}
"""A dataset of each task, in workspace `shared`."""


@dataclass
class LocalServer:
    """The app in this process, with its team; everybody's API key is `<username>.apikey`."""

    app: FastAPI
    behind: LocalStore
    path: Path
    """The file, where it is one."""
    _clients: list[Client] = field(default_factory=list)
    _mark: object = None

    @property
    def store(self) -> SqliteStore:
        return self.behind.store

    def client(self, who: str | None = "eva", **headers: str) -> Client:
        if who is not None:
            headers["X-Argilla-Api-Key"] = f"{who}.apikey"
        self._clients.append(Client(self.app, headers=headers))
        return self._clients[-1]

    def written(self) -> bool:
        """Has anything been committed since the last time this was asked?"""
        before, self._mark = self._mark, self.behind.mark()
        return self._mark != before

    def verify(self) -> list[Any]:
        """Return what does not agree, with the caches in use and with fresh ones."""
        return self.behind.verify()

    def close(self) -> None:
        for each in self._clients:
            each.close()
        self.stop()

    def stop(self) -> None:
        """End the app's threads: one that still reads a store which is closed would crash the process."""
        state = self.app.state.app_state
        state.jobs.close()
        for pool in (state.operations, state.readers, state.thinkers, state.hashers):
            pool.shutdown()


def _join_team(store: Any) -> None:
    """Put the team into a store; they came long before anything a test does."""
    clock = FakeClock(1_600_000_000_000_000)

    def set_up(tx: Any) -> None:
        for name in ("shared", "other"):
            ensure_workspace(tx, name, now=clock.now())
        for name, (role, workspace, what) in TEAM.items():
            add_user(tx, NewUser(name, name.title(), role=role), key=f"{name}.apikey", now=clock.now())
            if workspace is not None and what is not None:
                found = ensure_workspace(tx, workspace, now=clock.now())
                join(tx, found, MemberChange(name, what, clock.now()))

    store.write(set_up).result()


@contextmanager
def local_server(home: Path, *, clock: Any = None, **settings: Any) -> Iterator[LocalServer]:
    """A server in this process, on an empty home, with workspaces `shared` and `other`."""
    passwords = Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)
    clock = clock or SystemClock()
    settings.setdefault("secret_key", "only for tests, and long enough to sign")
    without_web = home / "no-web-app"  # where it is built, every other address leads to it
    with opened_store(home, "rough_team", _join_team) as behind:
        app = create_app(
            Settings(home=home, **settings),
            behind.store,
            clock=clock,
            passwords=passwords,
            web_folder=without_web,
        )
        local = LocalServer(app, behind, home / "apportion.db")
        try:
            yield local
        finally:
            local.close()


def reopened(local: LocalServer, clock: Any) -> None:
    """A new server on the same data, as after a crash: nothing in memory is taken along."""
    settings, passwords = local.app.state.app_state.settings, local.app.state.app_state.passwords
    local.stop()
    local.behind.reopen()
    local.app = create_app(settings, local.store, clock=clock, passwords=passwords)


def furnish(client: httpx.Client) -> None:
    """Log a dataset of each task."""
    for name, (task, records) in RECORDS.items():
        answer = client.post(f"/api/datasets/{name}/{task}:bulk", params=SHARED, json={"records": records})
        assert answer.status_code == 200, answer.text


def scan(client: httpx.Client, name: str, **query: Any) -> list[dict[str, Any]]:
    """Every record of a dataset, with all there is of it."""
    found: list[dict[str, Any]] = []
    body: dict[str, Any] = {"query": query}
    while True:
        url = f"/api/datasets/{name}/records/:search"
        page = client.post(url, params={**SHARED, "limit": 1000}, json=body).raise_for_status().json()
        if not page["records"]:
            return found
        found += page["records"]
        body["next_page_cfg"] = page["next_page_cfg"]


def everything(client: httpx.Client) -> dict[str, Any]:
    """All that is kept, as far as it can be seen over HTTP."""
    datasets = client.get("/api/datasets").raise_for_status().json()
    urls = ["/api/users?inactive=true", "/api/workspaces", "/api/me/preferences"]
    tasks = {each["name"]: each["task"] for each in datasets}
    urls += [f"/api/datasets/{name}/{task}/settings?workspace=shared" for name, task in tasks.items()]
    return {
        "datasets": datasets,
        **{name: scan(client, name) for name in tasks},
        **{url: client.get(url).text for url in urls},
    }


# As a process


@dataclass
class Running:
    """A server of its own, started by the command line."""

    process: Forked
    url: str
    home: Path
    output: list[str] = field(default_factory=list)
    """Output up to the time it listened."""
    _clients: list[httpx.Client] = field(default_factory=list)

    def client(self, who: str = "eva") -> httpx.Client:
        headers = {"X-Argilla-Api-Key": f"{who}.apikey"}
        self._clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=patience(30)))
        return self._clients[-1]

    def close(self) -> None:
        """Kill it, unless it has ended."""
        self.process.kill()
        self.process.wait()
        for each in self._clients:
            each.close()


def command(*words: str | Path) -> list[str]:
    """Our command line, as a process is started with it."""
    return [sys.executable, "-m", "apportion.cli.main", *map(str, words)]


def environment() -> dict[str, str]:
    """Without what the developer has set for themselves."""
    ours = ("APPORTION_", "ARGILLA_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@contextmanager
def running_on(home: Path, *, files: int | None = None) -> Iterator[Running]:
    """A server on that home and any free port, with so many files; killed afterwards unless it has ended."""

    words = ("server", "start", "--port", "0", "--home", home)
    process = command_line(words, env=environment(), open_files=files)
    assert process.stdout is not None
    lines: list[str] = []
    with process.stdout as output:
        for line in output:
            lines.append(line)
            if found := re.search(r"listens on (http://[^,]+),", line):
                break
        else:
            raise AssertionError("".join(lines))
        running = Running(process, found[1], home, lines)
        try:
            yield running
        finally:
            running.close()


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return run_command(words, env=environment(), timeout=patience(60))


def problems(home: Path) -> list[Any]:
    """Return the problems that `apportion verify` would find."""
    return list(SqliteUpkeep(home / "apportion.db").verify())
