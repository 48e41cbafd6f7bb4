"""A team at work while its OpenSearch stops answering, is killed and started again: nobody who annotates may notice."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .cluster import Cluster, database, settings_of
from .crowd import DATASET, Asked
from .gathering import MANAGERS, Gathering, met, names, prepared, read_back, team_home
from .nodes import Nodes, nodes
from .report import Line, middle, percentile
from .scale import Scale, say
from .server import NAME, WORKSPACE, Client, environment, made_command

__all__ = [
    "Outage",
    "Phase",
    "index_settings",
    "kill_one_of_three",
    "lines_of",
    "measure",
    "rebuild_meanwhile",
    "stop_the_index",
    "wait_until_indexed",
]

PEOPLE = 30
RECORDS = 10_000
SERVERS = 3
EVERY = 2.0
"""Seconds between two batches that somebody logs meanwhile."""
NOTICED_WITHIN = 2.0
"""Seconds after which no search may be left to the database because one node of several was killed."""
INDEXED_WITHIN = 30.0
"""Seconds after the start of a node until nothing is missing in its indexes."""
BEFORE = "before"
_WARM = 3.0
"""Seconds in which everybody comes in at once."""


class Phase(NamedTuple):
    """A stretch of time."""

    name: str
    began: float
    ended: float

    def has(self, when: float) -> bool:
        return self.began <= when <= self.ended


@dataclass
class Outage:
    """Result of the run. ``problems`` should be empty."""

    gathering: Gathering
    phases: list[Phase]
    caught_up: dict[str, float]
    """By the phase before, seconds from the first answer of the node until nothing was missing in an index."""
    highest_lag: dict[str, int]
    states: list[dict[str, Any]]
    """State of the indexes as each server reported it last."""
    problems: list[str] = field(default_factory=list)

    def searches(self, phase: Phase) -> list[Asked]:
        """Return the searches that began in a phase, those of people for their own records included."""
        asked = [each.asked for each in self.gathering.searchers] + [
            each.asked for each in self.gathering.scribes
        ]
        return [each for of_one in asked for each in of_one if phase.has(each.began)]

    def waits(self, phase: Phase) -> list[float]:
        """Return the seconds from a submit to the next record."""
        return self.gathering.took("next", phase.has)


class _Watch(threading.Thread):
    """Looks several times a second at what every server reports of its indexes."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._clients = [Client(port) for port in ports]
        self._others = [Client(port) for port in ports]  # for another thread
        self._ended = threading.Event()
        self.seen: list[tuple[float, list[dict[str, Any]]]] = []
        self.start()

    def run(self) -> None:
        while not self._ended.wait(0.25):
            self.seen.append((time.perf_counter(), [_state(each) for each in self._clients]))

    def caught_up(self, since: float, seconds: float) -> float | None:
        """Return how many seconds later every server had everything in its index; None if not so soon.

        Searches may leave a node alone for longer, and then say so.
        """
        while time.perf_counter() < since + seconds:
            for when, states in list(self.seen):
                if when > since and not any(each["lag"] or each["building"] for each in states):
                    return when - since
            time.sleep(0.1)
        return None

    @property
    def states(self) -> list[dict[str, Any]]:
        """State of the indexes as each server reported it last."""
        return self.seen[-1][1] if self.seen else []

    @property
    def left(self) -> int:
        """Searches that were left to the database so far."""
        return sum(_state(each)["left"] for each in self._others)

    def highest_lag(self, phase: Phase) -> int:
        return max(
            (each["lag"] for when, states in self.seen if phase.has(when) for each in states), default=0
        )

    def close(self) -> None:
        self._ended.set()
        self.join()
        for each in (*self._clients, *self._others):
            each.close()


def _state(client: Client) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(client.ask("GET", "/api/server"))["search"]
    return state


def index_settings(opensearch: Nodes, **more: str) -> dict[str, str]:
    """The environment variables of a server that has every dataset searched in OpenSearch."""
    return {"APPORTION_OPENSEARCH_URL": opensearch.url, "APPORTION_SEARCH_FROM": "1", **more}


def wait_until_indexed(port: int, seconds: float = 120.0) -> None:
    """Wait until a server's datasets are all in their indexes."""
    until = time.monotonic() + seconds
    with contextlib.closing(Client(port)) as client:
        while True:
            state = _state(client)
            if state["indexed"] and not (state["building"] or state["lag"] or state["problem"]):
                return
            if time.monotonic() > until:
                raise AssertionError(f"not indexed after {seconds:.0f} s: {state}")
            time.sleep(0.2)


@dataclass
class _TeamRun:
    """A team at work, and what is noted of it meanwhile."""

    cluster: Cluster
    gathering: Gathering
    watch: _Watch
    within: float
    tell: Callable[[str], None]
    phases: list[Phase] = field(default_factory=list)
    caught_up: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.tell(f"  {name}")
        began = time.perf_counter()
        yield
        self.phases.append(Phase(name, began, time.perf_counter()))

    def wait(self, name: str, seconds: float) -> None:
        with self.phase(name):
            time.sleep(seconds)

    def wait_until_complete(self, after: str) -> None:
        """Wait until every server reports that its indexes are complete."""
        found = self.watch.caught_up(time.perf_counter(), self.within)
        if found is None:
            self.problems.append(
                f"{after}: not everything is indexed after {self.within:.0f} s: {self.watch.states}"
            )
        self.caught_up[after] = self.within if found is None else found
        self.tell(f"    complete after {self.caught_up[after]:.1f} s")

    def end(self) -> Outage:
        """Have everybody finish; compare what was acknowledged with what is there."""
        lags = {each.name: self.watch.highest_lag(each) for each in self.phases}
        self.gathering.end()
        if self.watch.caught_up(time.perf_counter(), self.within) is None:
            self.problems.append(f"in the end not everything is indexed: {self.watch.states}")
        problems = [*self.problems, *self.gathering.problems, *read_back(self.gathering, self.cluster.ports)]
        return Outage(
            self.gathering, self.phases, self.caught_up, lags, self.watch.states,
            [*problems, *self.cluster.problems()],
        )  # fmt: skip


@contextlib.contextmanager
def _team_at_work(
    cluster: Cluster, people: int, records: int, *, pace: float, within: float, tell: Callable[[str], None]
) -> Iterator[_TeamRun]:
    """A team that annotates, searches and logs, once all it begins with is indexed."""
    team = names(people)
    plan = prepared(cluster.servers[0], records, team)
    for port in cluster.ports:
        wait_until_indexed(port)
    with ExitStack() as stack:
        gathering = stack.enter_context(
            met(cluster.ports, team, plan, pace=pace, scribes=[NAME], every=EVERY / pace, searchers=MANAGERS)
        )
        watch = stack.enter_context(contextlib.closing(_Watch(cluster.ports)))
        time.sleep(_WARM)
        yield _TeamRun(cluster, gathering, watch, within, tell)


def stop_the_index(
    cluster: Cluster,
    opensearch: Nodes,
    people: int,
    records: int,
    *,
    calm: float,
    away: float,
    pace: float = 1.0,
    within: float = INDEXED_WITHIN,
    tell: Callable[[str], None] = lambda _: None,
) -> Outage:
    """The one node is suspended for a time, and later killed for as long.

    ``calm``: seconds before, between and after. ``within``: seconds after which an index has to be complete.
    """
    with _team_at_work(cluster, people, records, pace=pace, within=within, tell=tell) as run:
        run.wait(BEFORE, calm)
        opensearch.suspend()
        run.wait("suspended", away)
        opensearch.resume()
        run.wait_until_complete("suspended")
        run.wait("after that", calm)
        opensearch.kill()
        run.wait("killed", away)
        opensearch.start_again()
        run.wait_until_complete("killed")
        run.wait("in the end", calm)
        return run.end()


def kill_one_of_three(
    cluster: Cluster,
    opensearch: Nodes,
    people: int,
    records: int,
    *,
    calm: float,
    kills: int = 3,
    pace: float = 1.0,
    within: float = INDEXED_WITHIN,
    tell: Callable[[str], None] = lambda _: None,
) -> Outage:
    """Nodes of three are killed one after the other, each time the one that leads them; every shard has a replica."""
    with _team_at_work(cluster, people, records, pace=pace, within=within, tell=tell) as run:
        opensearch.wait_until_green()
        run.wait(BEFORE, calm)
        for number in range(1, kills + 1):
            node = opensearch.manager()
            left = run.watch.left
            opensearch.kill(node)
            run.wait(f"node {number} killed", NOTICED_WITHIN)
            noticed = run.watch.left
            run.wait(f"without node {number}", calm)
            tell(f"    left to the database: {noticed - left} at first, {run.watch.left - noticed} later")
            if run.watch.left > noticed:
                run.problems.append(f"{run.watch.left - noticed} searches were left to the database later")
            opensearch.start_again(node)
            opensearch.wait_until_green()
            run.wait_until_complete(f"node {number} killed")
        return run.end()


def rebuild_meanwhile(
    cluster: Cluster,
    people: int,
    records: int,
    *,
    rounds: int,
    pace: float = 1.0,
    within: float = INDEXED_WITHIN,
    tell: Callable[[str], None] = lambda _: None,
) -> Outage:
    """The index is built anew beside the one in use, then dropped and built from nothing, again and again."""
    with _team_at_work(cluster, people, records, pace=pace, within=within, tell=tell) as run:
        for number in range(1, rounds + 1):
            with run.phase(f"rebuild {number}"):
                _index(cluster, "rebuild", DATASET, "--workspace", WORKSPACE)
            with run.phase(f"from nothing {number}"):
                _index(cluster, "drop", DATASET, "--workspace", WORKSPACE, "--yes")
                for port in cluster.ports:
                    wait_until_indexed(port, within)
        found = run.end()
        _index(cluster, "verify", DATASET, "--workspace", WORKSPACE)
        return found


def _index(cluster: Cluster, *arguments: str) -> None:
    command = made_command("index", *arguments)
    environ = environment(cluster.home, **cluster.settings)
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)


def measure(scale: Scale) -> Iterator[Line]:
    """A team of thirty at three servers whose one node is away for a minute, twice."""
    away = min(60.0, scale.team_seconds / 2)
    say(f"  {PEOPLE} people on {SERVERS} servers, OpenSearch is away for {away:.0f} s, twice")
    with ExitStack() as stack:
        found, opensearch = stack.enter_context(database()), stack.enter_context(nodes())
        home = stack.enter_context(team_home(PEOPLE, **settings_of(found)))
        cluster = Cluster(home, found, SERVERS, **index_settings(opensearch))
        stack.callback(cluster.close)
        outage = stop_the_index(cluster, opensearch, PEOPLE, RECORDS, calm=away * 0.75, away=away, tell=say)
    for each in outage.problems[:20]:
        say(f"  wrong: {each}")
    yield from lines_of(outage)


def _p95(seconds: Sequence[float]) -> float:
    return percentile(seconds, 95) * 1e3 if seconds else 0.0


def _ms(seconds: Sequence[float]) -> str:
    return f"p50 {middle(seconds) * 1e3:.1f}, slowest {max(seconds) * 1e3:.0f} ms" if seconds else "none"


def lines_of(outage: Outage) -> Iterator[Line]:
    """Yield how long people waited in each phase, how searches were answered, when the indexes were complete."""
    usual = _p95(outage.waits(outage.phases[0]))
    for each in outage.phases:
        waits = outage.waits(each)
        p95 = _p95(waits)
        yield Line(
            f"OpenSearch {_CALLED.get(each.name, each.name)}: submit → next record, p95", p95, "ms",
            f"{p95 / (usual or 1):.2f} times the first; {_ms(waits)}; {len(waits):,} answers",
            at_most=None if each.name == BEFORE else usual * 1.2,
        )  # fmt: skip
        searches = outage.searches(each)
        statuses = Counter(search.status for search in searches)
        seconds = [search.seconds for search in searches]
        yield Line(
            "  searches meanwhile, p95", _p95(seconds), "ms",
            f"{_ms(seconds)}; "
            + ", ".join(f"{many} answered {status}" for status, many in sorted(statuses.items()))
            + f"; up to {outage.highest_lag[each.name]:,} records not indexed",
        )  # fmt: skip
    for name, waited in outage.caught_up.items():
        yield Line(
            f"{name}, from the first answer of the node until its index is complete", waited, "s",
            at_most=INDEXED_WITHIN,
        )  # fmt: skip
    noted = "; ".join(f"{what}: {many}" for what, many in sorted(outage.gathering.noted.items()))
    yield Line(
        "acknowledged writes lost, doubled or changed, and answers that are wrong", len(outage.problems), "",
        f"{len(outage.gathering.kept):,} annotations read back; {noted or 'nothing noted'}; "
        + json.dumps(outage.states), at_most=0,
    )  # fmt: skip


_CALLED = {
    BEFORE: "there",
    "suspended": "suspended, so that nothing is answered",
    "after that": "there again",
    "killed": "killed",
    "in the end": "started again",
}
