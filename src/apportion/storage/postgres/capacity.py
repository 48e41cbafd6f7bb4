"""Check that PostgreSQL has connections enough for the servers: without them, people would be refused at random."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg

from .connection import DatabaseError, connect
from .database import explain_unreachable
from .session import LIVING

__all__ = ["check_capacity", "connections_of"]

_BESIDE = 8
"""Connections of a server beside those of its readers: its session, its writer, jobs, webhooks, exports, caches."""


def connections_of(readers: int, *, indexing: bool = False) -> int:
    """Return the most connections that one server usually has, with so many readers of each kind.

    With ``indexing`` it also makes records searchable in OpenSearch.

    >>> connections_of(8)
    24
    """
    return 2 * readers + _BESIDE + indexing


def check_capacity(url: str, *, processes: int, readers: int, indexing: bool = False) -> None:
    """Refuse to start so many more servers where PostgreSQL has too few connections. Raises ``DatabaseError``."""
    try:
        with contextlib.closing(connect(url)) as link:
            most, reserved, others, running = _figures(link)
    except psycopg.Error as refused:
        raise explain_unreachable(url, refused) from None
    each = connections_of(readers, indexing=indexing)
    wanted = (running + processes) * each
    if wanted > most - reserved - others:
        raise DatabaseError(
            f"PostgreSQL has too few connections: max_connections is {most}, {reserved} of them are reserved and "
            f"{others} in use by others. {processes} more servers beside {running} running ones need {wanted}: "
            f"2 x APPORTION_READERS ({readers}) + {_BESIDE + indexing} each. Raise max_connections to "
            f"{wanted + reserved + others} or more, start fewer processes, or lower APPORTION_READERS."
        )


def _figures(link: psycopg.Connection[Any]) -> tuple[int, int, int, int]:
    row = link.execute(
        "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int "
        # PostgreSQL 15 does not have this setting; ``true`` makes it NULL instead of an error
        "+ coalesce(current_setting('reserved_connections', true), '0')::int, "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
        # Our servers count with all the connections they may open, not with those that are open just now
        f"AND application_name <> 'apportion'), (SELECT count(*) FROM ({LIVING}) AS servers)"
    ).fetchone()
    assert row is not None
    most, reserved, others, running = row
    return most, reserved, others, running
