"""The first search of a server that has just started: on a file, and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cluster import AS_ADVISED, database, settings_of
from .corpus import TEXT
from .gathering import team_home
from .indexed import seconds_to_first_search
from .report import Line, middle
from .scale import TEXTS, Scale, fill, say
from .server import Server

__all__ = ["measure"]

_STARTS = 5
_AT_MOST = 3.0


def measure(scale: Scale) -> Iterator[Line]:
    with database(*AS_ADVISED) as found:
        places: dict[str, dict[str, Any]] = {"a file": {}, "PostgreSQL": settings_of(found)}
        for place, settings in places.items():
            with team_home(1, **settings) as home:
                with Server(home, **settings) as server:
                    fill(server, TEXTS, TEXT, scale.records)
                took: list[float] = []
                for number in range(_STARTS):
                    say(f"  start {number + 1} on {place}")
                    took.append(seconds_to_first_search(home, settings))
                detail = "each start: " + ", ".join(f"{each:.2f}" for each in took)
                yield Line(
                    f"first search of a cold server on {place}", middle(took), "s", detail, at_most=_AT_MOST
                )
