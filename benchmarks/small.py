"""Ten thousand records, as most projects have: one's open work, a word, and the two again with all counts of 1.x."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import msgspec

from .corpus import TEXT, word
from .report import Line, middle, percentile
from .scale import Scale, fill, say
from .search import BLOCK
from .server import WORKSPACE, Client, Server, made_home

__all__ = ["measure"]

RECORDS, PEOPLE = 10_000, 10
DATASET = "small"
_OPEN = "assigned_to:me AND status:Default"


def measure(scale: Scale) -> Iterator[Line]:
    with made_home() as home, Server(home) as server, contextlib.closing(server.client()) as client:
        fill(server, DATASET, TEXT, RECORDS)
        key = _shared_out(client)
        with contextlib.closing(Client(server.port, key=key)) as person:
            yield from _asked(scale, server, person, client)


def _post(client: Client, path: str, **sent: object) -> dict[str, str]:
    found: dict[str, str] = msgspec.json.decode(client.ask("POST", path, msgspec.json.encode(sent)))
    return found


def _shared_out(client: Client) -> str:
    """Among ten people; the key of the first."""
    keys = []
    for number in range(PEOPLE):
        user = {"username": f"person{number}", "first_name": "A", "password": "only-for-benchmarks"}
        made = _post(client, "/api/users", role="annotator", **user)
        _post(client, f"/api/workspaces/{WORKSPACE}/members", username=made["username"])
        keys.append(_post(client, f"/api/users/{made['id']}:reset_key")["api_key"])
    rule = {"users": [f"person{number}" for number in range(PEOPLE)], "overlap": 2}
    _post(client, f"/api/datasets/{DATASET}/assignments", seed=7, blind=True, rules=[rule])
    return keys[0]


def _asked(scale: Scale, server: Server, person: Client, admin: Client) -> Iterator[Line]:
    words = [word(rank) for rank in (20, 36, 60, 110, 400)]
    asked: list[tuple[str, Client, list[str], str | None, float | None]] = [
        ("the first page of my open work", person, [_OPEN], "", 5),
        ("search a word, with counts", admin, [*words], BLOCK, 8),
        ("  the first page of my open work with all counts of 1.x", person, [_OPEN], None, None),
        ("  search a word with all counts of 1.x", admin, [*words], None, None),
    ]
    for what, client, queries, facets, at_most in asked:
        say(f"  {what}")
        more = {} if facets is None else {"facets": facets}
        total = client.search(DATASET, TEXT, queries[0], limit=20, **more)["total"]
        walls, cpu = [], server.cpu()
        for number in range(scale.calls):
            began = time.perf_counter()
            client.search(DATASET, TEXT, queries[number % len(queries)], limit=20, **more)
            walls.append((time.perf_counter() - began) * 1e3)
        spent = (server.cpu() - cpu) / scale.calls * 1e3
        detail = f"p95 {percentile(walls, 95):.1f}, CPU {spent:.1f} ms; {total:,} of {RECORDS:,} match"
        yield Line(f"{what}, {RECORDS:,} records, p50", middle(walls), "ms", detail, at_most=at_most)
