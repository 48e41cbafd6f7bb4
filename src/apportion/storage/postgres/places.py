"""Places for parameters as PostgreSQL writes them."""

from __future__ import annotations

from functools import cache

__all__ = ["numbered_places"]


@cache
def numbered_places(sql: str) -> str:
    """Return a statement with PostgreSQL's places for parameters: ``$1`` for the first ``?`` and for ``?1``.

    >>> numbered_places("SELECT ?, '?' WHERE ?")
    "SELECT $1, '?' WHERE $2"
    """
    pieces = sql.split("'")
    given = 0
    for even in range(0, len(pieces), 2):  # every second piece is inside quotes
        parts = pieces[even].split("?")
        written = [parts[0]]
        for part in parts[1:]:
            if part[:1].isdigit():  # the number that follows is the place's own
                written.append(f"${part}")
            else:
                given += 1
                written.append(f"${given}{part}")
        pieces[even] = "".join(written)
    return "'".join(pieces)
