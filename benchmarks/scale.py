"""Scales of measuring, and the loaded server that several measurements share."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .corpus import TEXT, TOKEN, bodies
from .server import Refused, Server, furnish, made_home

__all__ = ["ENTITIES", "TEXTS", "Scale", "loaded", "say"]

TEXTS, ENTITIES = "texts", "entities"
"""The two datasets: text classification and token classification."""

_SLICE = 20_000


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of records and of repetitions."""

    records: int
    bulk_records: int
    rounds: int
    calls: int
    seconds: float
    team_seconds: float = 120
    """Time that a team of thirty works while a notebook logs so many records."""
    logged: int = 40_000
    step_seconds: float = 8
    """Time for which each number of people is tried, and how often the interval is halved in the end."""
    halvings: int = 1
    kills: int = 10
    home: Path | None = None
    """A folder kept from an earlier run, to spare loading it again."""
    only: Sequence[str] = ()
    """Parts of names of attacks: all others are left out, unless there are none."""

    @property
    def token_records(self) -> int:
        return min(self.records // 10, 20_000)


def say(message: str) -> None:
    """Print what is going on, for whoever waits."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def loaded(scale: Scale) -> Iterator[tuple[Server, Path]]:
    """A server with all records in it, logged over HTTP if they are not there yet."""
    with contextlib.ExitStack() as stack:
        home = scale.home
        if home is None:
            home = stack.enter_context(made_home())
        elif not (home / "apportion.db").exists():
            home.mkdir(parents=True, exist_ok=True)
            furnish(home)
        with Server(home) as server:
            fill(server, TEXTS, TEXT, scale.records)
            fill(server, ENTITIES, TOKEN, scale.token_records)
        yield stack.enter_context(Server(home)), home  # started anew: its caches are cold


def fill(server: Server, dataset: str, task: str, records: int) -> None:
    """Log what the dataset lacks."""
    with contextlib.closing(server.client()) as client:
        try:
            there = int(client.search(dataset, task, None, limit=0, facets="")["total"])
        except Refused:
            there = 0
        for start in range(there, records, _SLICE):
            say(f"  loading {dataset}: {start:,} of {records:,}")
            for body in bodies(task, start, min(records, start + _SLICE), records):
                client.log(dataset, task, body)
