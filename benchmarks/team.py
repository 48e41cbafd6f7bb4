"""A team of thirty, all day: annotators, managers and a notebook at once; how many more there may be; crashes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from apportion.storage.sqlite.upkeep import SqliteUpkeep

from .crashes import crash_often
from .crowd import THINK
from .gathering import Gathering, Notebook, met, names, over_collected, prepared, read_back, team_home
from .report import Line, middle, percentile
from .scale import Scale, say
from .server import Server

__all__ = ["Day", "figures_of", "measure", "one_day"]

PEOPLE = 30
RECORDS = 10_000
TOO_SLOW = 0.25
_MOST = 960
"""A rule names a thousand people at most."""
_WARM = 3.0
"""Seconds in which everybody comes in at once, which are not looked at."""


@dataclass
class Day:
    """Result of people working for some time while a notebook logged for a part of it."""

    gathering: Gathering
    problems: list[str]
    """Faults, and what is not as it was acknowledged. Should be empty."""
    logged: int
    logging: tuple[float, float]
    began: float
    ended: float
    cpu: float
    own_cpu: float
    memory: list[tuple[float, float]]
    """Resident memory in MB, by time."""

    def while_logging(self, when: float) -> bool:
        return self.logging[0] <= when <= self.logging[1]

    def otherwise(self, when: float) -> bool:
        return self.began + _WARM < when < self.gathering.stopped and not self.while_logging(when)


def one_day(home: Path, people: int, seconds: float, logged: int, *, records: int, pace: float = 1.0) -> Day:
    """``home`` has the team. The notebook begins after a third of the time, and the time lasts until it is done."""
    team = names(people)
    with ExitStack() as stack:
        server = stack.enter_context(Server(home))
        plan = prepared(server, records, team)
        gathering = stack.enter_context(met(server.port, team, plan, pace=pace))
        began, cpu, own, memory = time.perf_counter(), server.cpu(), time.process_time(), []
        notebook: Notebook | None = None
        until, done = began + seconds, 0.0
        while (now := time.perf_counter()) < until or not done:
            memory.append((now, server.memory()))
            if notebook is None and now > began + seconds / 3:
                notebook = Notebook(server.port, records, logged)
                stack.callback(notebook.close)
            elif notebook is not None and not done and notebook.ended:
                done = now
                until = max(until, done + seconds / 5)
            time.sleep(0.2)
        gathering.end()
        ended = time.perf_counter()
        cpu, own = server.cpu() - cpu, time.process_time() - own
        assert notebook is not None
        shown = notebook.result()
        problems = [*gathering.problems, *read_back(gathering, server.port)]
    if shown["records"] != logged or shown["failed"]:
        problems.append(f"the notebook was told {shown}")
    problems += [*over_collected(home), *map(str, SqliteUpkeep(home / "apportion.db").verify())]
    return Day(gathering, problems, logged, (notebook.began, done), began, ended, cpu, own, memory)


def measure(scale: Scale) -> Iterator[Line]:
    say(f"  {PEOPLE} people, {scale.team_seconds:.0f} s, a notebook logs {scale.logged:,} records")
    with team_home(PEOPLE) as home:
        day = one_day(home, PEOPLE, scale.team_seconds, scale.logged, records=RECORDS)
    for each in day.problems[:20]:
        say(f"  wrong: {each}")
    yield from figures_of(day)
    yield from _capacity(scale)
    yield from _crashes(scale)


def _ms(waits: Sequence[float]) -> str:
    if not waits:
        return "none"
    return f"p50 {middle(waits) * 1e3:.1f}, p95 {percentile(waits, 95) * 1e3:.1f}, slowest {max(waits) * 1e3:.0f} ms"


def figures_of(day: Day) -> Iterator[Line]:
    """Yield how long people waited, what was lost, what it took."""
    gathering = day.gathering
    alone, logging = gathering.took("next", day.otherwise), gathering.took("next", day.while_logging)
    wall = day.ended - day.began
    yield Line(
        f"submit → next record, {len(gathering.people)} people at work, p95", percentile(alone, 95) * 1e3, "ms",
        f"{_ms(alone)}; {len(alone):,} answers; {THINK:.0f} s of thought on average", at_most=100,
    )  # fmt: skip
    spent = day.logging[1] - day.logging[0]
    yield Line(
        "the same while a notebook logs, p95", percentile(logging, 95) * 1e3 if logging else 0.0, "ms",
        f"{_ms(logging)}; {len(logging):,} answers; {day.logged:,} records in {spent:.0f} s, starting the notebook "
        "included", at_most=250,
    )  # fmt: skip
    calls = sum(len(gathering.took(kind)) for kind in _KINDS)
    yield Line(
        "acknowledged writes that are lost, doubled or changed, and answers above the wanted", len(day.problems), "",
        f"{len(gathering.kept):,} annotations read back, {len(gathering.took('submit')):,} submits, "
        f"{len(gathering.took('undo')):,} undone, {len(gathering.took('rebalance'))} rebalances; "
        + "; ".join(f"{what}: {many}" for what, many in sorted(gathering.noted.items())), at_most=0,
    )  # fmt: skip
    yield Line(
        "processor time of the server, of one core", day.cpu / wall * 100, "%",
        f"{wall:.0f} s, {calls:,} requests of people and managers; load generator {day.own_cpu / wall * 100:.0f} %",
    )  # fmt: skip
    yield _memory(day)
    for kind in _KINDS:
        waits, busy = gathering.took(kind, day.otherwise), gathering.took(kind, day.while_logging)
        if waits:
            yield Line(
                f"  {kind}, p95", percentile(waits, 95) * 1e3, "ms",
                f"{_ms(waits)}; {len(waits):,} times; while the notebook logs {_ms(busy)}",
            )  # fmt: skip


_KINDS = (
    "claim", "draft", "submit", "undo", "skip", "search", "facets", "heartbeat", "progress", "agreement", "conflicts",
    "rebalance, looked at", "rebalance",
)  # fmt: skip


def _memory(day: Day) -> Line:
    """Return how memory grows once the notebook has ended: the median of the last fifth against that of the first."""
    after = [value for when, value in day.memory if when > day.logging[1] + 1]
    before = [value for when, value in day.memory if day.began + _WARM < when < day.logging[0]]
    fifth = max(1, len(after) // 5)
    return Line(
        "memory that the server gains from the end of the logging to the end of the day",
        middle(after[-fifth:]) - middle(after[:fifth]), "MB",
        f"{before[0]:.0f} → {before[-1]:.0f} MB before the notebook, {after[0]:.0f} → {after[-1]:.0f} MB in the "
        f"{day.ended - day.logging[1]:.0f} s after it; highest {max(value for _, value in day.memory):.0f} MB",
        at_most=20,
    )  # fmt: skip


def _capacity(scale: Scale) -> Iterator[Line]:
    """Twice as many people until it is too slow, then in between."""
    tried: list[tuple[int, float, str]] = []
    before: Gathering | None = None
    with team_home(_MOST) as home, Server(home) as server:
        prepared(server, RECORDS * 2, names(_MOST))

        def p95(people: int) -> float:
            nonlocal before
            say(f"  {people} people")
            cpu, own, began = server.cpu(), time.process_time(), time.perf_counter()
            with met(server.port, names(people), before=before) as gathering:
                time.sleep(2 * _WARM + scale.step_seconds)
                wall = time.perf_counter() - began
                ours, foreign = (server.cpu() - cpu) / wall * 100, (time.process_time() - own) / wall * 100
            load = f"server {ours:.0f} %, clients {foreign:.0f} % of a core"
            waits = gathering.took("next", lambda when: began + 2 * _WARM < when < gathering.stopped)
            before = _with_those_of(gathering, before)
            if gathering.problems:
                raise AssertionError(gathering.problems[:5])
            tried.append((people, percentile(waits, 95), load))
            say(
                f"    p95 {tried[-1][1] * 1e3:.0f} ms, {len(waits) / scale.step_seconds:.0f} answers/s, {load} clients"
            )
            return tried[-1][1]

        people = PEOPLE * 2
        while p95(people) <= TOO_SLOW and people < _MOST:
            people *= 2
        low, high = people // 2, people
        for _ in range(scale.halvings):
            half = (low + high) // 2
            low, high = (low, half) if p95(half) > TOO_SLOW else (half, high)
    tried.sort()
    crossed = next(((a, b) for a, b in pairwise(tried) if a[1] <= TOO_SLOW < b[1]), None)
    many = crossed[0][0] if crossed else tried[-1][0] if tried[-1][1] <= TOO_SLOW else 0
    yield Line(
        f"people at work until p95 of submit → next crosses {TOO_SLOW * 1e3:.0f} ms", many, "people",
        "; ".join(f"{n}: {wait * 1e3:.0f} ms" for n, wait, _ in tried)
        + ("" if crossed else "; not crossed")
        + f"; at {tried[-1][0]}: {tried[-1][2]}",
        at_least=PEOPLE,
    )  # fmt: skip


def _with_those_of(now: Gathering, before: Gathering | None) -> Gathering:
    """Whoever does not come this time still knows what they did."""
    here = {each.name for each in now.people}
    now.people += [] if before is None else [each for each in before.people if each.name not in here]
    return now


def _crashes(scale: Scale) -> Iterator[Line]:
    say(f"  kill -9, {scale.kills} times")
    with team_home(PEOPLE) as home:
        found = crash_often(home, PEOPLE, 4_000, scale.kills, seed=7, tell=say)
    for each in found.problems[:20]:
        say(f"  wrong: {each}")
    yield Line(
        f"kill -9 under that load, {found.kills} times: acknowledged writes lost, doubled or changed",
        len(found.problems), "",
        f"{found.acknowledged:,} annotations and {found.batches:,} logged batches acknowledged; first answer after a "
        f"crash p50 {middle(found.restarts):.1f}, slowest {max(found.restarts):.1f} s; "
        + "; ".join(f"{what}: {many}" for what, many in sorted(found.noted.items())), at_most=0,
    )  # fmt: skip
