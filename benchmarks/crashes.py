"""A server that is killed again and again while its team works; what was acknowledged is compared each time."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from apportion.storage.sqlite.upkeep import SqliteUpkeep

from .gathering import Gathering, met, names, over_collected, prepared, read_back
from .server import NAME, Server

__all__ = ["Survived", "crash_often"]

_LOOKED_INTO = 10
"""The whole file is verified after so many crashes; people look into their own part after each."""


@dataclass
class Survived:
    """Result of the run. ``problems`` should be empty."""

    kills: int
    acknowledged: int
    batches: int
    problems: list[str]
    noted: Counter[str]
    restarts: list[float] = field(default_factory=list)
    """Seconds to the first answer after each crash."""


def crash_often(
    home: Path,
    people: int,
    records: int,
    kills: int,
    *,
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
) -> Survived:
    """``home`` has the team; everybody annotates and two managers rebalance while somebody logs."""
    dice, team, restarts = random.Random(seed), names(people), []
    with Server(home) as server:
        port, plan = server.port, prepared(server, records, team)
    server = Server(home, port=port)
    problems: list[str] = []
    try:
        with met(port, team, plan, pace=20, scribes=[NAME]) as gathering:
            for number in range(1, kills + 1):
                _let_them_work(gathering, dice.randint(1, 80))
                time.sleep(dice.uniform(0, 0.1))
                server.kill()
                if number % _LOOKED_INTO == 0:
                    problems += _looked_into(home)
                    tell(f"  killed {number} of {kills} times; {len(gathering.kept):,} annotations so far")
                server = Server(home, port=port)
                restarts.append(server.seconds_to_start)
            time.sleep(1)
        problems += gathering.problems + read_back(gathering, port)
    finally:
        server.close()
    problems += _looked_into(home)
    batches = sum(each.acknowledged for each in gathering.scribes)
    return Survived(kills, len(gathering.kept), batches, problems, gathering.noted, restarts)


def _let_them_work(gathering: Gathering, writes: int) -> None:
    """Until so many more writes were acknowledged; for some seconds at most."""

    def acknowledged() -> int:
        return sum(len(gathering.took(kind)) for kind in ("draft", "submit", "undo", "log"))

    wanted, until = acknowledged() + writes, time.monotonic() + 10
    while acknowledged() < wanted and time.monotonic() < until:
        time.sleep(0.01)


def _looked_into(home: Path) -> list[str]:
    return [*map(str, SqliteUpkeep(home / "apportion.db").verify()), *over_collected(home)]
