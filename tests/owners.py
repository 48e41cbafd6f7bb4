"""Servers that are alive, and others: for tests of what one leaves half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from patience import until

__all__ = ["alive", "nobody", "start_again"]


def nobody(server: int) -> bool:
    """No server is alive."""
    return False


def alive(store: Any) -> Callable[[int], bool]:
    """Return whether a server is alive, for the store."""
    living = store.living()
    return lambda no: no in living


def start_again(store: Any) -> None:
    """Make the store that of another server: what it was at before is what a server left that stopped."""
    session = store.cluster
    if session is None:
        store._server += 1
        return
    before = session.number
    with psycopg.connect(session._url, autocommit=True) as beside:
        beside.execute("SELECT pg_terminate_backend(%s)", (session._link.info.backend_pid,))
    until(lambda: session.number not in (0, before) and before not in session.living())
