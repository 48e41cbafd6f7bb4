"""The first search of a server that has just started: on PostgreSQL, and on a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from .cluster import AS_ADVISED, database, settings_of
from .corpus import TEXT
from .gathering import team_home
from .indexed import seconds_to_first_search
from .report import Line, middle
from .scale import TEXTS, Scale, fill, say
from .server import Server

__all__ = ["measure"]

_STARTS = 5


def measure(scale: Scale) -> Iterator[Line]:
    with database(*AS_ADVISED) as found:
        settings = settings_of(found)
        with team_home(1, **settings) as home:
            _fill(scale, home, settings)
            with psycopg.connect(found.url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")  # autovacuum does so within minutes
            yield _first_search(home, "PostgreSQL", settings, at_most=3)
    with team_home(1) as home:
        _fill(scale, home, {})
        yield _first_search(home, "a file", {})


def _fill(scale: Scale, home: Path, settings: dict[str, Any]) -> None:
    with Server(home, **settings) as server:
        fill(server, TEXTS, TEXT, scale.records)


def _first_search(home: Path, place: str, settings: dict[str, Any], at_most: float | None = None) -> Line:
    took: list[float] = []
    for number in range(_STARTS):
        say(f"  start {number + 1} on {place}")
        took.append(seconds_to_first_search(home, settings))
    detail = "each start: " + ", ".join(f"{each:.2f}" for each in took)
    return Line(f"first search of a cold server on {place}", middle(took), "s", detail, at_most=at_most)
