"""Weak labels of stored rules: time and memory of the client, and the official client on a part of the same records."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from .corpus import LABELS, TEXT, word
from .report import Line, middle
from .scale import TEXTS, Scale, loaded, say
from .sdk import official_python, run
from .server import API_KEY, WORKSPACE, Client, Refused, Server

__all__ = ["measure"]

RULES = 30
_ROUNDS = 3
_FEW = 20_000
"""Records for the official client, which loads each of them, and all matches of each rule once more."""


def measure(scale: Scale) -> Iterator[Line]:
    with loaded(scale) as (server, _):
        client = server.client()
        for query, label in _rules():
            with contextlib.suppress(Refused):  # kept from an earlier run
                _add(client, query, label)
        say(f"  weak labels of {scale.records:,} records and {RULES} rules")
        found = [_weak(server, sys.executable, "apportion", scale.records, None) for _ in range(_ROUNDS)]
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
            yield _compared(server, official, scale.records)


def _compared(server: Server, official: str, records: int) -> Line:
    share = f"metadata.pages:[0 TO {max(0, round(500 * _FEW / records) - 1)}]"
    say(f"  and of about {_FEW:,} of them, with either client")
    expected = _weak(server, official, "argilla", records, share)
    ours = _weak(server, sys.executable, "apportion", records, share)
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


def _add(client: Client, query: str, label: str) -> None:
    rule = msgspec.json.encode({"query": query, "label": label})
    client.ask("POST", f"/api/datasets/{TEXTS}/{TEXT}/labeling/rules", rule)


def _weak(server: Server, python: str, package: str, records: int, query: str | None) -> dict[str, Any]:
    url = f"http://localhost:{server.port}"
    return run(python, package, "weak", records, url, API_KEY, WORKSPACE, TEXTS, query or "")
