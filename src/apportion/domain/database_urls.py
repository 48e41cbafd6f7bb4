"""Addresses of PostgreSQL databases: which are valid, and how one is shown without its password."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["place_of", "read_database_url"]


def read_database_url(given: str) -> str:
    """Return an address as it is used; empty stands for none. Raises ``ValueError``, which says what would be valid."""
    wanted = (
        "empty, or an address such as postgresql://user@host:5432/database, in which characters such as @, / and # of "
        "a password are written as %40, %2F and %23"
    )
    url = given.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises, too
    except ValueError:
        raise ValueError(wanted) from None
    name = parts.path.strip("/")
    if parts.scheme not in ("postgresql", "postgres") or not name or "/" in name or parts.fragment:
        raise ValueError(wanted)
    return url


def place_of(url: str) -> str:
    """Return where a database is, without user and password.

    >>> place_of("postgresql://anna:secret@db/team")
    'PostgreSQL db:5432/team'
    """
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    return f"PostgreSQL {host}:{parts.port or 5432}/{unquote(parts.path.strip('/'))}"
