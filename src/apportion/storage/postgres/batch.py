"""Several writes as one statement: a client and PostgreSQL spend longer on each statement than on what it writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from .pipeline import Rows
from .places import numbered_places

__all__ = ["Sent", "merged"]


class Sent(NamedTuple):
    """A statement with ``?`` and ``?1`` as places, its parameters, and what gets its rows, if wanted."""

    sql: str
    parameters: Sequence[Any]
    rows: Rows | None = None


_WRITE = re.compile(
    r"(?:WITH \w+ \([^()]*\) AS \((?:VALUES|SELECT unnest)[^A-Z]*\) )?(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)"
)
_PLACE = re.compile(r"\$(\d+)")
_LISTED = "SELECT unnest("
"""Rows that come as a parameter, and from no table."""
_MOST_PARAMETERS = 1_000
"""Parameters of a statement beyond which its own work outweighs what merging saves."""


def merged(statements: Iterable[Sent]) -> Iterator[Sent]:
    """Yield as few statements as do the same, with ``$1`` as places.

    Only neighbours that write to different tables become one: its parts all see what was there before it, and none of
    them looks at another table.
    """
    group: list[Sent] = []
    tables: set[str] = set()
    for sent in statements:
        table = _table(sent.sql) if len(sent.parameters) <= _MOST_PARAMETERS else None
        if table is None or table in tables:
            yield from _one(group)
            group, tables = [], set()
        if table is None:
            yield sent._replace(sql=numbered_places(sent.sql))
        else:
            group.append(sent)
            tables.add(table)
    yield from _one(group)


def _one(group: Sequence[Sent]) -> Iterator[Sent]:
    if group:
        parameters = [each for sent in group for each in sent.parameters]
        yield Sent(_joined(tuple((sent.sql, len(sent.parameters)) for sent in group)), parameters)


@lru_cache(2_000)
def _joined(group: tuple[tuple[str, int], ...]) -> str:
    parts, start = [], 0
    for sql, parameters in group:
        parts.append(_shifted(numbered_places(sql), start))
        start += parameters
    if len(parts) == 1:
        return parts[0]
    named = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {named} SELECT"


def _shifted(sql: str, by: int) -> str:
    pieces = sql.split("'")
    for even in range(0, len(pieces), 2):  # every second piece is inside quotes
        pieces[even] = _PLACE.sub(lambda place: f"${int(place[1]) + by}", pieces[even])
    return "'".join(pieces)


@lru_cache(2_000)
def _table(sql: str) -> str | None:
    """Return the table that a statement writes to, and does nothing else; None if it has to stand alone."""
    found = _WRITE.match(sql)
    # The parts of a statement run in no particular order, and the feed has to be locked before what follows it
    if found is None or found[1] == "feed" or "RETURNING" in sql or "SELECT" in sql.replace(_LISTED, ""):
        return None
    return found[1]
