"""Addresses of PostgreSQL and OpenSearch: which are valid, and how one is shown without its password."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["place_of", "read_database_url", "read_search_urls"]


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


def read_search_urls(given: str) -> str:
    """Read addresses of OpenSearch by commas; user and password have settings of their own.

    >>> read_search_urls("https://one:9200/, https://two:9200")
    'https://one:9200,https://two:9200'
    """
    found = [each.strip().rstrip("/") for each in given.split(",") if each.strip()]
    for each in found:
        parts = urlsplit(each)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("addresses such as https://search.example.org:9200, by commas")
        if parts.username or parts.password:
            raise ValueError(
                "addresses without user and password, which APPORTION_OPENSEARCH_USER and "
                "APPORTION_OPENSEARCH_PASSWORD hold"
            )
    return ",".join(found)
