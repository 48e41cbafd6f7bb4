"""The pages that somebody follows step by step: every block of code runs, on a server with the demo team."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from apportion.cli.main import main
from apportion.sdk import session
from patience import patience, until
from postgres_cluster import own_database

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRINTED = "http://localhost:6900"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh server as a newcomer has it: `apportion quickstart`."""
    home = tmp_path_factory.mktemp("newcomer")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "apportion.cli.main", "quickstart", "--no-browser", "--port", port]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, env={**os.environ, "APPORTION_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        found = f"http://localhost:{port}"
        for _ in range(int(patience(600))):
            try:
                httpx.get(f"{found}/api/health").raise_for_status()
                break
            except httpx.HTTPError:
                assert server.poll() is None, (home / "log").read_text()
                time.sleep(0.1)
        yield found
    finally:
        server.terminate()
        server.wait(patience(30))


def run_console(text: str, url: str) -> None:
    """The commands behind the dollar signs; what they print is for the reader."""
    for line in text.splitlines():
        if not line.startswith("$ apportion "):
            continue
        words = shlex.split(line.removeprefix("$ apportion "), comments=True)
        env = {"APPORTION_API_URL": url, "APPORTION_API_KEY": "admin.apikey", "APPORTION_WORKSPACE": None}
        done = CliRunner().invoke(main, words, env=env, catch_exceptions=False)
        assert done.exit_code == 0, f"{line}\n{done.output}"


@pytest.mark.parametrize(
    "page", ["share-out", "agree-and-settle", "audit-log", "watch-a-model", "write-rules"]
)
def test_every_block_of_a_page_runs_from_top_to_bottom(
    page: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_active", None)
    there: dict[str, object] = {}
    blocks = BLOCK.findall((HOW_TO / f"{page}.md").read_text(encoding="utf-8"))
    assert len(blocks) > 2
    for kind, text in blocks:
        text = text.replace(PRINTED, url)
        if kind == "console":
            run_console(text, url)
        else:
            exec(compile(text, f"{page}.md", "exec"), there)


@contextmanager
def started(line: str, home: Path) -> Iterator[str]:
    """The server of a line of a page, at an address of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = shlex.split(line.removeprefix("$ apportion "))
    command = [sys.executable, "-m", "apportion.cli.main", *words, "--host", "127.0.0.1", "--port", port]
    with home.with_suffix(".log").open("w") as log:
        server = subprocess.Popen(
            command, env={**os.environ, "APPORTION_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        address = f"http://localhost:{port}"

        def ready() -> bool:
            assert server.poll() is None, home.with_suffix(".log").read_text()
            with suppress(httpx.HTTPError):
                return httpx.get(f"{address}/api/health/ready").status_code == 200
            return False

        until(ready, 60, every=0.1)
        yield address
    finally:
        server.terminate()
        server.wait(patience(30))


def test_the_page_of_several_servers_goes_from_nothing_to_two_and_back_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    page = (HOW_TO / "several-servers.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for _, text in BLOCK.findall(page) for line in text.splitlines() if line.startswith("$ ")]
    ours = [line for line in lines if re.match(r"\$ (apportion|export) ", line)]
    steps = ours[: ours.index("$ apportion status")]
    assert len(steps) + 2 <= 10, (
        "from nothing to two servers in ten commands, the SQL and the installation among them"
    )
    monkeypatch.chdir(tmp_path)
    with own_database(bare=True) as admin, psycopg.connect(admin, autocommit=True) as connection:
        name = f"team_{uuid.uuid4().hex}"  # the cluster of the tests has an apportion of its own
        where = admin.partition("@")[2].partition("/")[0]

        def asked(line: str) -> str:
            return line.replace("apportion@", f"{name}@").replace(
                "db.example.org/apportion", f"{where}/{name}"
            )

        def create() -> None:
            for statement in filter(str.strip, statements.replace("apportion", name).split(";")):
                connection.execute(statement)

        create()
        for line in steps:
            if line.startswith("$ export "):
                variable, _, value = asked(line).removeprefix("$ export ").partition("=")
                monkeypatch.setenv(variable, value)
            elif "server start" not in line:
                run_console(line, "")
        (start,) = [line for line in steps if "server start" in line]
        start = start.replace("--host 0.0.0.0", "")
        with started(start, tmp_path / "one") as first, started(start, tmp_path / "two") as second:
            for address in (first, second):
                run_console("$ apportion status", address)
        run_console("$ apportion backup monday.db\n$ apportion restore monday.db --home look", "")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")
        create()
        moving = next(line for line in ours if line.startswith("$ apportion move"))
        moving = moving.replace('"$APPORTION_DATABASE_URL"', os.environ["APPORTION_DATABASE_URL"])
        run_console(moving.replace("~/.apportion", "look"), "")
        run_console("$ apportion verify", "")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")


def test_the_page_of_postgresql_works_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    page = (HOW_TO / "postgres.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (address,) = re.findall(r"APPORTION_DATABASE_URL=(\S+)", page)
    name = f"team_{uuid.uuid4().hex}"  # the cluster of the tests has an apportion of its own
    monkeypatch.setenv("APPORTION_HOME", str(tmp_path))
    with own_database() as admin, psycopg.connect(admin, autocommit=True) as connection:
        for statement in filter(str.strip, statements.replace("apportion", name).split(";")):
            connection.execute(statement)
        where = admin.partition("@")[2].partition("/")[0]
        monkeypatch.setenv(
            "APPORTION_DATABASE_URL",
            address.replace("apportion", name).replace("db.example.org", where),
        )
        for kind, text in BLOCK.findall(page):
            if kind == "console" and "server start" not in text:
                run_console(text, "")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")
