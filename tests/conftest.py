"""A clock that stands still until told otherwise, and a real server in a process of its own.

Hypothesis is told here that a slow example is no failure: no test asserts how long something takes. Timeouts are for
what never ends; they grow with the machine (``patience``), and what took longer than is usual is said at the end.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import httpx
import hypothesis
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG

import opensearch_node
import scratch
from depth import times
from patience import MEASURED, factor, patience
from support import FakeClock
from tested_store import set_tested_store, tested_store

hypothesis.settings.register_profile("untimed", deadline=None, max_examples=times(100, 500))
hypothesis.settings.load_profile("untimed")

if importlib.util.find_spec("sniffio") is None:
    # httpx asks for it at each request to an app in this process, and it would be looked for in all folders each time
    sys.modules["sniffio"] = None  # type: ignore[assignment]

STARTS_WITHIN = 60


IN_MEMORY = pytest.StashKey[Path | None]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--store"):
        set_tested_store(config.getoption("--store"))
    opensearch_node.begin_run()
    config.stash[IN_MEMORY] = scratch.keep_in_memory()  # workers and servers inherit it, too
    gc.disable()  # until all is imported
    factor()  # measured before anything else runs; workers and servers inherit it
    for wait in ("connect", "read", "write", "pool"):  # of requests that say nothing of a timeout
        setattr(DEFAULT_TIMEOUT_CONFIG, wait, patience(5))


@pytest.hookimpl(optionalhook=True)  # xdist may be left out
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: a third of the time, a test waits for a process that it started.

    The variable of xdist comes first: `make test` knows what else is running.
    """
    return int(os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") or (os.cpu_count() or 1) + 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=("sqlite", "postgres", "postgres-opensearch"),
        help="run the tests of the server on this store alone; else on the file, and some of them on others, too",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    if "postgres_cluster" in sys.modules:  # only where a test asked for it
        sys.modules["postgres_cluster"].remove_clusters()
    if "forked" in sys.modules:
        sys.modules["forked"].end_fork_server()
    opensearch_node.remove_nodes()
    in_memory = config.stash.get(IN_MEMORY, None)
    if in_memory is not None:
        scratch.remove(in_memory)


def pytest_report_header(config: pytest.Config) -> str:
    why = "".join(f" ({each})" for each in MEASURED)
    return f"patience: {factor():.1f} times the usual{why}"


def _usual_timeout(config: pytest.Config) -> float:
    given = config.getoption("timeout", None)
    return float(config.getini("timeout") or 0) if given is None else float(given)


LONG = (
    "robustness/test_schemathesis.py", "contract/test_every_method_is_tested.py", "cluster", "robustness",
    "official_client", "model_libraries", "docs",
)  # fmt: skip
"""Files with tests of minutes, the longest first: begun last, they would keep one core busy while the other waits."""


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((no for no, each in enumerate(LONG) if path.startswith(each)), len(LONG))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long tests first, and have each test's timeout, its own or that of all, grow with the machine."""
    items.sort(key=_place)
    usual = _usual_timeout(config)
    for item in items:
        own = item.get_closest_marker("timeout")
        seconds = float(own.args[0]) if own is not None and own.args else usual
        if seconds > 0:
            item.add_marker(pytest.mark.timeout(patience(seconds)), append=False)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what is there for the whole run out of garbage collection: a sixth of what the server's tests computed.

    What a test makes hardly ever lies in cycles. At the usual thresholds looking for them took another tenth.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 100)
    gc.enable()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    usual = _usual_timeout(config)
    reports = [each for name in ("passed", "failed") for each in terminalreporter.getreports(name)]
    late = [each for each in reports if usual and each.duration > usual]
    if late:
        terminalreporter.section("took longer than an ordinary machine would be given")
    for each in sorted(late, key=lambda report: -report.duration):
        terminalreporter.line(f"{each.duration:6.0f} s  {each.nodeid} ({each.when})")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def forked_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the servers of ``benchmarks`` forked, unless they run another program."""
    from benchmarks import server

    import forked

    def start(arguments: Sequence[str], env: dict[str, str], log: IO[bytes]) -> server.Process:
        ours = server.made_command()
        if arguments[: len(ours)] != ours:
            return usual(arguments, env, log)
        return forked.command_line(arguments[len(ours) :], env=env, stdout=log.fileno())

    usual = server.start_process
    monkeypatch.setattr(server, "start_process", start)


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo team and data, started as a user starts it."""
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    command = [sys.executable, "-m", "apportion.cli.main", "quickstart", "--no-browser", "--port", str(port)]
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith(("APPORTION_", "ARGILLA_"))
    }
    if tested_store() != "sqlite":
        from postgres_cluster import database_url

        settings["APPORTION_DATABASE_URL"] = database_url(str(home))
        settings["APPORTION_SECRET_KEY"] = "only for tests, and long enough to sign"
    if tested_store() == "postgres-opensearch":
        settings |= {"APPORTION_OPENSEARCH_URL": opensearch_node.node_url(), "APPORTION_SEARCH_FROM": "0"}
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            command,
            env={**settings, "APPORTION_HOME": str(home / "data")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://localhost:{port}"
            wait_for(url, server, home / "server.log")
            yield url
        finally:
            server.terminate()
            server.wait(patience(20))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers and the second demo dataset, logged last, is there."""
    wanted = f"{url}/api/datasets/python-docs-topics?workspace=admin"
    deadline = time.monotonic() + patience(STARTS_WITHIN)
    with httpx.Client(headers={"X-Argilla-Api-Key": "admin.apikey"}) as http:
        while server.poll() is None and time.monotonic() < deadline:
            try:
                if http.get(wanted).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    pytest.fail(f"The server did not come up. It said:\n{log.read_text()}", pytrace=False)
