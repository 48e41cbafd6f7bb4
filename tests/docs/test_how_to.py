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

import apportion as rg
from apportion.bootstrap import open_store
from apportion.sdk import session
from apportion.settings import Settings
from page_blocks import blocks_of, commands_of, run_console, run_python
from patience import patience, until
from postgres_cluster import own_database

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
RUN = ["share-out", "agree-and-settle", "watch-a-model", "write-rules", "show-images"]
"""Pages that need no more than the demo team."""
BY_A_TEST_OF_ITS_OWN = [
    "audit-log", "datasets", "lead-a-team", "back-up", "import-from-1x", "train-a-model", "several-servers", "postgres",
]  # fmt: skip
ELSEWHERE = {
    "webhooks": "tests/docs/test_webhooks_page.py",
    "search-millions": "tests/opensearch/test_index_commands.py, where OpenSearch is",
    "behind-a-proxy": "tests/deploy/test_deploy.py, where nginx is",
    "run-for-your-team": "tests/deploy/test_deploy.py: its commands are the superuser's",
}
PRINTED = "http://localhost:6900"
ADMIN = {"APPORTION_API_KEY": "admin.apikey", "APPORTION_WORKSPACE": "admin"}


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


def run_page(page: str, url: str, **names: object) -> None:
    """Run the blocks of a page from top to bottom, with what its placeholders stand for here."""
    environment = {**ADMIN, "APPORTION_API_URL": url}
    for block in blocks_of(HOW_TO / f"{page}.md", "python", "console"):
        text = block.text.replace(PRINTED, url)
        if block.language == "console":
            run_console(text, environment)
        else:
            run_python(text, f"{page}.md", names)


@pytest.fixture
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a home of its own and nobody signed in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPORTION_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(session, "_active", None)
    return tmp_path


@pytest.fixture
def reviews(url: str) -> Iterator[None]:
    """Datasets with the names that pages use, in the workspace of the administrator."""
    with rg.Client(url, "admin.apikey", "admin") as client:
        for name in ("reviews", "trial"):
            records = [
                rg.TextClassificationRecord(text=f"Review {n}", id=n, annotation="good" if n % 2 else None)
                for n in range(6)
            ]
            client.log(records, name, verbose=False)
        yield
        for name in ("reviews", "trial", "reviews-again", "reviews-backup"):
            client.delete(name)


@pytest.mark.parametrize("page", RUN)
def test_every_block_of_a_page_runs_and_prints_what_the_page_shows(
    page: str, url: str, somewhere: Path
) -> None:
    run_page(page, url)


def test_the_page_about_the_audit_log_runs_after_somebody_has_loaded_records(
    url: str, somewhere: Path
) -> None:
    rg.init(api_url=url, api_key="admin.apikey", workspace="admin")
    rg.load("python-docs-topics", limit=5)
    run_page("audit-log", url)


def test_the_page_about_datasets_runs_on_a_few_reviews(url: str, somewhere: Path, reviews: None) -> None:
    (somewhere / "table.csv").write_text("key,review,sentiment,src\n1,Nice,good,web\n")
    rg.init(api_url=url, api_key="admin.apikey", workspace="admin")
    rg.Workspace.create("archive")
    run_page("datasets", url, rg=rg)


def test_the_page_about_hours_runs(url: str, somewhere: Path, reviews: None) -> None:
    rg.init(api_url=url, api_key="admin.apikey", workspace="admin")
    run_page("lead-a-team", url, rg=rg)
    assert (somewhere / "march.csv").read_text()


def test_what_is_backed_up_is_checked_and_restored_by_the_commands_of_the_page(somewhere: Path) -> None:
    open_store(Settings(home=somewhere / "home")).close()
    for block in blocks_of(HOW_TO / "back-up.md", "console"):
        run_console(block.text.replace("/backups/", "").replace("/tmp/", ""), {})
    assert (somewhere / "look" / "apportion.db").exists()


def test_datasets_of_another_server_come_over_by_the_commands_of_the_page(
    url: str, live_server: str, somewhere: Path
) -> None:
    with rg.Client(live_server, "admin.apikey", "admin") as old:
        old.log(rg.TextClassificationRecord(text="An old one", id=1), "my-dataset", verbose=False)
    environment = {**ADMIN, "APPORTION_API_URL": url}
    for block in blocks_of(HOW_TO / "import-from-1x.md", "console", "python"):
        text = block.text.replace("http://old.example.org:6900", live_server).replace(
            "--from-api-key …", "--from-api-key admin.apikey"
        )
        if block.language == "python":  # the calls are the same in both clients
            text = text.replace("import argilla as rg", "import apportion as rg").replace(PRINTED, url)
            run_python(text.replace("…", "admin.apikey").replace('"team"', '"admin"'), "by hand", {})
        elif "datasets import-1x" in text:
            run_console(text, environment)
    with rg.Client(url, "admin.apikey", "admin") as client:
        assert [each.text for each in client.load("my-dataset")] == ["An old one"]


def test_users_of_a_file_come_over_by_the_commands_of_the_page(somewhere: Path) -> None:
    open_store(Settings(home=somewhere / "home")).close()
    file = somewhere / ".users.yml"
    file.write_text(
        "- username: huang\n  api_key: huang.key\n  hashed_password: $2b$12$abcdefghijklmnopqrstuv\n"
    )
    (block,) = (
        each for each in blocks_of(HOW_TO / "import-from-1x.md", "console") if "users import-1x" in each.text
    )
    run_console(block.text.replace("~/.argilla/argilla.db", str(file)), {})


def test_a_spacy_model_is_trained_by_the_first_steps_of_the_page(url: str, somewhere: Path) -> None:
    rg.init(api_url=url, api_key="admin.apikey", workspace="admin")
    cut = pytest.importorskip("spacy").blank("en").make_doc
    records = [
        each for each in rg.load("python-docs-entities") if isinstance(each, rg.TokenClassificationRecord)
    ]
    for each in records:
        spans = [span[:3] for span in each.prediction or []]
        each.annotation = [span for span in spans if cut(each.text).char_span(*span[1:]) is not None]
    rg.log(records, "people-and-places", workspace="recognai", verbose=False)
    blocks = blocks_of(HOW_TO / "train-a-model.md", "python", "console")
    names: dict[str, object] = {}
    for block in blocks[:3]:
        if block.language == "python":
            run_python(block.text.replace(PRINTED, url), "train-a-model.md", names)
        for command in commands_of(block.text) if block.language == "console" else ():
            words = shlex.split(command.line)
            assert words[:2] == ["python", "-m"]
            short = ["--training.max_steps=1"] if "train" in words else []
            subprocess.run([sys.executable, *words[1:], *short], check=True, capture_output=True)
    assert (somewhere / "model" / "model-best").is_dir()


def test_every_page_with_code_runs_here_or_says_where_it_does() -> None:
    with_code = {page.stem for page in HOW_TO.glob("*.md") if blocks_of(page, "python", "console")}
    assert with_code == {*RUN, *BY_A_TEST_OF_ITS_OWN, *ELSEWHERE}


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
    lines = [
        line
        for block in blocks_of(HOW_TO / "several-servers.md", "console")
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]
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
                run_console(line, {})
        (start,) = [line for line in steps if "server start" in line]
        start = start.replace("--host 0.0.0.0", "")
        with started(start, tmp_path / "one") as first, started(start, tmp_path / "two") as second:
            for address in (first, second):
                run_console("$ apportion status", {**ADMIN, "APPORTION_API_URL": address})
        run_console("$ apportion backup monday.db\n$ apportion restore monday.db --home look", {})
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")
        create()
        moving = next(line for line in ours if line.startswith("$ apportion move"))
        moving = moving.replace('"$APPORTION_DATABASE_URL"', os.environ["APPORTION_DATABASE_URL"])
        run_console(moving.replace("~/.apportion", "look"), {})
        run_console("$ apportion verify", {})
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
        for block in blocks_of(HOW_TO / "postgres.md", "console"):
            if "server start" not in block.text:
                run_console(block.text, {})
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")
