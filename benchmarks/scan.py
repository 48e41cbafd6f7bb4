"""Reading everything, page by page."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import msgspec

from .report import Line
from .scale import ENTITIES, TEXTS, Scale, loaded, say
from .server import Client, Server

__all__ = ["measure"]

_PAGE = 1000


class _Reply(msgspec.Struct):
    """Members of a page that are needed; how long a client takes for the rest is not what is measured here."""

    records: list[msgspec.Raw]
    next_page_cfg: str | None = None


_reply = msgspec.json.Decoder(_Reply).decode


def measure(scale: Scale) -> Iterator[Line]:
    with loaded(scale) as (server, _), contextlib.closing(server.client()) as client:
        client.search(TEXTS, "TextClassification", None, limit=0, facets="")
        server.come_to_rest()  # else what it reads ahead for searches is counted with the first scan
        texts = min(scale.records, 200_000)
        yield _scan(server, client, "scan, text classification, without metrics", TEXTS, texts, False, 30_000)
        yield _scan(server, client, "scan, text classification, with metrics", TEXTS, texts // 4, True)
        entities = scale.token_records
        yield _scan(server, client, "scan, token classification, without metrics", ENTITIES, entities, False)
        yield _scan(server, client, "scan, token classification, with metrics", ENTITIES, entities // 4, True)


def _scan(
    server: Server,
    client: Client,
    what: str,
    dataset: str,
    most: int,
    metrics: bool,
    at_least: float | None = None,
) -> Line:
    say(f"  {what}")
    path = f"/api/datasets/{dataset}/records/:search"
    asked = {"limit": _PAGE, "include_metrics": str(metrics).lower()}
    records = size = 0
    place: str | None = None
    began, cpu, own = time.perf_counter(), server.cpu(), time.process_time()
    while records < most:
        body = client.ask("POST", path, msgspec.json.encode({"next_page_cfg": place}), **asked)
        reply = _reply(body)
        if not reply.records:
            break
        records += len(reply.records)
        size += len(body)
        place = reply.next_page_cfg
    wall = time.perf_counter() - began
    cpu, own = (server.cpu() - cpu) / records * 1e6, (time.process_time() - own) / records * 1e6
    detail = f"server CPU {cpu:.1f} µs a record, client {own:.1f} µs; {size / records:.0f} bytes a record"
    return Line(what, records / wall, "records/s", detail, at_least=at_least)
