"""Several servers on one PostgreSQL, killed again and again while a team works: nothing acknowledged may be lost."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from apportion.storage.postgres.upkeep import PostgresUpkeep

from .crowd import DATASET, Address, Caller, Gone
from .gathering import OVER_COLLECTED, Gathering, met, names, prepared, read_back, team_home, too_many
from .report import Line, percentile
from .scale import Scale, say
from .server import API_KEY, NAME, WORKSPACE, Server

__all__ = ["AS_ADVISED", "Cluster", "Database", "Survived", "kill_servers", "measure"]

SECRET = "only for benchmarks, and long enough to sign"
_SCRIPT = Path(__file__).parents[1] / "tools" / "postgres.sh"
_LEFT = (
    "SELECT 'job ' || id, owner FROM jobs WHERE state = 'running' UNION ALL "
    "SELECT 'plan ' || id, owner FROM plans WHERE state IN ('writing', 'undoing') UNION ALL "
    "SELECT 'dataset ' || name, owner FROM datasets WHERE deleted_at = 0"
)
AS_ADVISED = ("shared_buffers=2GB", "max_wal_size=4GB")
"""Settings of a PostgreSQL for large datasets on a machine with 8 GB for it, as in docs/how-to/several-servers.md."""
_LIVING = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = 2 AND granted"
CLEARED_WITHIN = 15.0
"""Seconds after which nothing is left of what a killed server was at."""


class Database:
    """A PostgreSQL of its own."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self.url = ""

    def start(self) -> None:
        done = self._run("start", *self._settings)
        if done.returncode:
            raise FileNotFoundError(done.stderr.strip())
        self.url = done.stdout.strip()

    @property
    def pid(self) -> int:
        """The process whose children serve the connections."""
        return int((self._folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it; ``start`` goes on with what it has stored."""
        self._run("stop")

    def crash(self) -> None:
        """End it as if the power had failed, and start it again."""
        self._run("stop", "immediate")
        self.start()

    def remove(self) -> None:
        self._run("remove")

    def _run(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", _SCRIPT, command, self._folder, *more], capture_output=True, text=True)


@contextlib.contextmanager
def database(*settings: str, in_memory: bool = True) -> Iterator[Database]:
    """A PostgreSQL that is removed afterwards, with settings of its own; on disk, or in memory where that is one."""
    memory = Path("/dev/shm")
    kept = memory if in_memory and memory.is_dir() else None
    parent = Path(tempfile.mkdtemp(prefix="apportion-cluster-", dir=kept))
    parent.chmod(0o755)
    found = Database(parent / "postgres", *settings)
    try:
        found.start()
        yield found
    finally:
        found.remove()
        shutil.rmtree(parent, ignore_errors=True)


class Cluster:
    """Servers on one database, each of which can be killed and started again at its port."""

    def __init__(self, home: Path, database: Database, servers: int, **settings: str) -> None:
        self.home = home
        self.settings = {**settings_of(database), **settings}
        self.database = database
        self.servers = [Server(home, **self.settings) for _ in range(servers)]

    @property
    def ports(self) -> list[int]:
        return [each.port for each in self.servers]

    def kill(self, which: int) -> None:
        self.servers[which].kill()

    def start_again(self, which: int) -> float:
        """Seconds that it took."""
        self.servers[which] = Server(self.home, port=self.servers[which].port, **self.settings)
        return self.servers[which].seconds_to_start

    def left_by_dead(self) -> list[str]:
        """Jobs, plans and hidden datasets of servers that are not alive."""
        with psycopg.connect(self.database.url) as link:
            living = {no for (no,) in link.execute(_LIVING)}
            return [f"{what} of {owner}" for what, owner in link.execute(_LEFT) if owner not in living]

    def problems(self) -> list[str]:
        """Return what does not agree in the database: counters, answers beyond the wanted."""
        with psycopg.connect(self.database.url) as link:
            over = too_many(link.execute(OVER_COLLECTED).fetchall())
        return [*map(str, PostgresUpkeep(self.database.url).verify()), *over]

    def close(self) -> None:
        for each in self.servers:
            each.close()


def settings_of(database: Database) -> dict[str, Any]:
    """The environment variables of a server on that database."""
    return {"APPORTION_DATABASE_URL": database.url, "APPORTION_SECRET_KEY": SECRET}


@dataclass
class Survived:
    """Result of the run. ``problems`` should be empty."""

    acknowledged: int
    batches: int
    problems: list[str]
    noted: Counter[str]
    pauses: list[float] = field(default_factory=list)
    """Seconds that requests took which were sent while a server was down, by people whose own was another."""
    cleared: list[float] = field(default_factory=list)
    """Seconds after each kill until nothing was left of what the server was at."""


def kill_servers(
    cluster: Cluster,
    people: int,
    records: int,
    kills: int,
    *,
    seed: int,
    every: tuple[float, float] = (2.0, 4.0),
    pace: float = 10.0,
    database_too: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Survived:
    """A team annotates, two managers rebalance and somebody logs; one server after the other is killed.

    ``every``: seconds between kills. ``database_too``: then PostgreSQL is restarted once, and killed once.
    """
    dice, team, problems, pauses, cleared = random.Random(seed), names(people), [], [], []
    plan = prepared(cluster.servers[0], records, team)
    with met(cluster.ports, team, plan, pace=pace, scribes=[NAME]) as gathering:
        for number in range(kills):
            time.sleep(dice.uniform(*every))
            which = number % len(cluster.servers)
            copying = _begin_copy(cluster.servers[which].port, number)
            time.sleep(dice.uniform(0.3, 0.8))
            killed = time.perf_counter()
            cluster.kill(which)
            copying.join()
            cleared.append(_cleared(cluster))
            cluster.start_again(which)
            pauses += _pauses(gathering, killed, time.perf_counter())
            tell(f"  killed {number + 1} of {kills} servers; {len(gathering.kept):,} annotations so far")
        if database_too:
            for end in (cluster.database.restart, cluster.database.crash):
                time.sleep(dice.uniform(*every))
                end()
        time.sleep(2)
    problems += gathering.problems + read_back(gathering, cluster.ports) + cluster.problems()
    problems += [
        f"{seconds:.1f} s until all was cleared up" for seconds in cleared if seconds > CLEARED_WITHIN
    ]
    batches = sum(each.acknowledged for each in gathering.scribes)
    return Survived(len(gathering.kept), batches, problems, gathering.noted, pauses, cleared)


def _begin_copy(port: int, number: int) -> threading.Thread:
    """Have a server copy the dataset, which takes many transactions; nobody sees the copy before it is whole."""

    def copy() -> None:
        with (
            contextlib.closing(Caller(Address([port], WORKSPACE), API_KEY)) as caller,
            contextlib.suppress(Gone),
        ):
            caller.ask("PUT", f"/api/datasets/{DATASET}:copy", {"name": f"copy{number}"})

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def _cleared(cluster: Cluster) -> float:
    began = time.perf_counter()
    while cluster.left_by_dead() and time.perf_counter() - began < 2 * CLEARED_WITHIN:
        time.sleep(0.2)
    return time.perf_counter() - began


def _pauses(gathering: Gathering, begin: float, end: float) -> list[float]:
    kinds = ("claim", "draft", "submit", "next")
    return [took for kind in kinds for took in gathering.took(kind, lambda when: begin <= when <= end)]


def measure(scale: Scale) -> Iterator[Line]:
    """A team of thirty on three servers, one of which is killed again and again; then the database."""
    kills = 2 * scale.kills  # twenty by default: a server is back soon, and what goes wrong is rare
    say(f"  30 people on three servers, {kills} kills")
    with ExitStack() as stack:
        found = stack.enter_context(database())
        home = stack.enter_context(team_home(30, **settings_of(found)))
        cluster = Cluster(home, found, 3)
        stack.callback(cluster.close)
        survived = kill_servers(
            cluster, 30, 10_000, kills, seed=73, every=(15.0, 20.0), pace=1.0, database_too=True, tell=say
        )
    for each in survived.problems[:20]:
        say(f"  wrong: {each}")
    yield from lines_of(survived, kills)


def lines_of(survived: Survived, kills: int) -> Iterator[Line]:
    """Yield what was lost, how long others waited, how long the rest of the dead was there."""
    noted = "; ".join(f"{what}: {many}" for what, many in sorted(survived.noted.items()))
    yield Line(
        "three servers killed: acknowledged writes lost, doubled or changed, answers above the wanted",
        len(survived.problems), "",
        f"{kills} kills; {survived.acknowledged:,} annotations and {survived.batches} batches read back; {noted}",
        at_most=0,
    )  # fmt: skip
    yield _line("slowest request of others while a server was down", survived.pauses, at_most=1.0)
    yield _line(
        "until nothing was left of what a killed server was at", survived.cleared, at_most=CLEARED_WITHIN
    )


def _line(what: str, seconds: Sequence[float], *, at_most: float) -> Line:
    return Line(
        what, max(seconds, default=0.0), "s",
        f"p95 {percentile(seconds, 95):.2f} s of {len(seconds):,}" if seconds else "none", at_most=at_most,
    )  # fmt: skip
