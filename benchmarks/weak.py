"""Weak labels of stored rules: time and memory of the client, and the official client on a part of the same records."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from .corpus import LABELS, TEXT, word
from .report import Line, middle, percentile
from .scale import TEXTS, Scale, fill, loaded, say
from .sdk import official_python, run
from .server import API_KEY, WORKSPACE, Client, Refused, Server, made_home

__all__ = ["measure"]

RULES = 30
_ROUNDS = 3
_LIVE = 100_000
"""Records at which figures are to follow the last key within 150 ms."""
_PAUSE_MS = 60
"""For which the app waits for another key, in ``web/src/features/rules/draft-figures.tsx``."""
_ASKED = 40
_PART, _FEW = "part", 20_000
"""Records for the official client, which loads each of them, and all matches of each rule once more."""


def measure(scale: Scale) -> Iterator[Line]:
    yield from _live(min(_LIVE, scale.records))
    with loaded(scale) as (server, _):
        with contextlib.closing(server.client()) as client:
            _add_rules(client, TEXTS)
        say(f"  weak labels of {scale.records:,} records and {RULES} rules")
        found = [_weak(server, sys.executable, "apportion", scale.records, TEXTS) for _ in range(_ROUNDS)]
        what = f"WeakLabels of {scale.records:,} records and {RULES} stored rules"
        server_memory = server.memory("VmHWM")
        yield Line(
            what,
            middle([each["seconds"] for each in found]),
            "s",
            f"server at most {server_memory:.0f} MB",
            at_most=60,
        )
        yield Line(
            f"{what}: memory of the client",
            max(each["peak"] for each in found),
            "MB",
            "at its highest, summary and libraries included",
            at_most=1_024,
        )
        yield Line(f"{what}: summary", middle([each["summary"] for each in found]), "s", at_most=1)
        if (official := official_python()) is not None:
            yield _compared(server, official, min(_FEW, scale.records))


def _live(records: int) -> Iterator[Line]:
    """Time the figures of a rule that is being written, which the app asks for 60 ms after the last key."""
    kinds: dict[str, Callable[[int], str]] = {
        "a word": word,
        "one of three words": lambda rank: " OR ".join(word(rank + each) for each in (0, 7, 19)),
        "the beginning of words": lambda rank: f"{word(rank)[:3]}*",
        "a word of nearly half of all records": lambda rank: f"{word(0)} AND NOT {word(300 + rank)}",
    }
    with made_home() as home, Server(home) as server, contextlib.closing(server.client()) as client:
        fill(server, TEXTS, TEXT, records)
        _add_rules(client, TEXTS)
        say(f"  figures of a rule while it is written, {records:,} records")
        for what, query_of in kinds.items():
            waits = [_asked(client, query_of(20 + rank)) for rank in range(_ASKED)]
            yield Line(
                f"figures of a rule while it is written, {what}",
                percentile(waits, 95),
                "ms",
                f"p95 of {_ASKED} different ones over HTTP; median {middle(waits):.0f}; {records:,} records",
                at_most=150 - _PAUSE_MS,
            )


def _asked(client: Client, query: str) -> float:
    began = time.perf_counter()
    client.ask(
        "GET", f"/api/datasets/{TEXTS}/{TEXT}/labeling/rules/{quote(query, safe='')}/metrics", label=LABELS[0]
    )
    return (time.perf_counter() - began) * 1e3


def _compared(server: Server, official: str, records: int) -> Line:
    say(f"  and of {records:,} records, with either client")
    with contextlib.closing(server.client()) as client:
        fill(server, _PART, TEXT, records)
        _add_rules(client, _PART)
    expected = _weak(server, official, "argilla", records, _PART)
    ours = _weak(server, sys.executable, "apportion", records, _PART)
    return Line(
        f"WeakLabels of {ours['records']:,} records and {RULES} stored rules: rate, of the 1.6.0 client's",
        expected["seconds"] / ours["seconds"],
        "×",
        f"{ours['seconds']:.2f} s, 1.6.0 {expected['seconds']:.1f} s; "
        f"memory {ours['peak']:.0f} MB, 1.6.0 {expected['peak']:.0f} MB",
    )


def _rules() -> Iterator[tuple[str, str]]:
    for number in range(RULES):
        one, other = word(40 + 7 * number), word(41 + 5 * number)
        query = (one, f"{one} OR {other}", f"{one} AND NOT {other}")[number % 3]
        yield query, LABELS[number % len(LABELS)]


def _add_rules(client: Client, dataset: str) -> None:
    for query, label in _rules():
        rule = msgspec.json.encode({"query": query, "label": label})
        with contextlib.suppress(Refused):  # kept from an earlier run
            client.ask("POST", f"/api/datasets/{dataset}/{TEXT}/labeling/rules", rule)


def _weak(server: Server, python: str, package: str, records: int, dataset: str) -> dict[str, Any]:
    url = f"http://localhost:{server.port}"
    return run(python, package, "weak", records, url, API_KEY, WORKSPACE, dataset, "")
