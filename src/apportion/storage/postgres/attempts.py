"""``ports.security.Attempts`` in the database: however many servers there are, a guesser has so many attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

__all__ = ["DatabaseAttempts"]

T = TypeVar("T")
# One space of numbers with ``LockClass`` and the locks of ``session``: none may be used twice
_CLASS = 9
"""Class of the advisory locks by which attempts of the same person are counted one after the other."""
_RECENT = "SELECT at FROM attempts WHERE who = %s AND at > %s ORDER BY at DESC LIMIT %s"


class DatabaseAttempts:
    """Attempts as rows. ``run`` runs a function with a connection that nobody else uses meanwhile."""

    def __init__(self, run: Callable[[Callable[[psycopg.Connection[Any]], Any]], Any]) -> None:
        self._run = run

    def add(self, kind: str, who: str, *, at: int, since: int, most: int) -> int | None:
        name = _stored(kind, who)

        def work(link: psycopg.Connection[Any]) -> int | None:
            with link.transaction():
                # Counted, then added: two attempts at the same time would both find the last one free
                link.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_CLASS, name))
                recent = link.execute(_RECENT, (name, since, most)).fetchall()
                if len(recent) >= most:
                    return int(recent[-1][0])
                link.execute("INSERT INTO attempts (who, at) VALUES (%s, %s)", (name, at))
            return None

        found: int | None = self._run(work)
        return found

    def take_back(self, kind: str, who: str) -> None:
        # By number, too: of two attempts at one instant the later one is taken back
        last = "SELECT no FROM attempts WHERE who = %s ORDER BY at DESC, no DESC LIMIT 1"
        self._run(
            lambda link: link.execute(f"DELETE FROM attempts WHERE no = ({last})", (_stored(kind, who),))
        )

    def forget(self, kind: str, who: str) -> None:
        self._run(lambda link: link.execute("DELETE FROM attempts WHERE who = %s", (_stored(kind, who),)))

    def prune(self, before: int) -> None:
        self._run(lambda link: link.execute("DELETE FROM attempts WHERE at < %s", (before,)))


def _stored(kind: str, who: str) -> str:
    """Return what stands for somebody in the table: people type passwords into the field for their name."""
    # JSON may hold a lone surrogate: an attempt with one counts like any other
    return hashlib.sha256(f"{kind}\n{who}".encode("utf-8", "surrogatepass")).hexdigest()
