"""Health, version and figures of the server."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = [
    "Alive",
    "MemoryUse",
    "Ready",
    "Requests",
    "SearchEngine",
    "SearchIndexes",
    "ServerEntryOut",
    "ServerOut",
    "ServerStatus",
    "ServerVersion",
    "Storage",
    "StoredCounts",
    "Writer",
]


class Alive(Struct, kw_only=True):
    """The server answers."""

    status: Literal["ok"]


class Ready(Struct, kw_only=True):
    """Readiness of the server; ``checks`` names what fails."""

    status: Literal["ok", "not ready"]
    checks: dict[str, str]


class ServerVersion(Struct, kw_only=True):
    """The version of the 1.x API that the server speaks, and its own."""

    version: str
    apportion: str


class SearchEngine(Struct, kw_only=True):
    """The search engine, where 1.x had another server."""

    version: str


class MemoryUse(Struct, kw_only=True, omit_defaults=True):
    """Resident and virtual size of the server, for administrators only."""

    rss: str | None = None
    vms: str | None = None


class ServerStatus(Struct, kw_only=True, omit_defaults=True):
    """Version and memory use in the form of 1.x; ``apportion`` for administrators only."""

    version: str
    elasticsearch: SearchEngine
    mem_info: MemoryUse
    apportion: str | None = None


class Writer(Struct, kw_only=True):
    """The writer thread: ``busy_seconds`` is how long its current transaction has taken so far."""

    alive: bool
    waiting: int
    urgent: int
    busy_seconds: float


class Storage(Struct, kw_only=True):
    """The database file and its disk, in bytes; ``log`` is the part not yet in the main file."""

    database: int
    log: int
    free: int | None
    tables: int


class StoredCounts(Struct, kw_only=True):
    """Numbers of what is stored. ``jobs`` are those that wait or run."""

    users: int
    workspaces: int
    sessions: int
    datasets: int
    records: int
    annotations: int
    leases: int
    jobs: int


class Requests(Struct, kw_only=True):
    """Requests since the start. ``failed`` are those answered with 500 or more."""

    answered: int
    failed: int
    running: int
    streams: int
    refused_sign_ins: int


class ServerEntryOut(Struct, kw_only=True):
    """One of the servers that share a database: ``keeper`` does the housekeeping, ``answering`` sends this reply."""

    number: int
    host: str
    version: str
    started_at: str
    keeper: bool
    answering: bool


class SearchIndexes(Struct, kw_only=True):
    """The search indexes in OpenSearch, as this server sees them.

    ``lag``: records that are not searchable there yet. ``answered`` and ``left`` count searches since the start, those
    that an index answered and those left to the database. ``problem`` says what is wrong and what to do.
    """

    indexed: int
    building: int
    lag: int
    answered: int
    left: int
    problem: str


class ServerOut(Struct, kw_only=True):
    """State of the server."""

    version: str
    started_at: str
    uptime_seconds: int
    memory_bytes: int | None
    checks: dict[str, str]
    writer: Writer
    storage: Storage
    holds: StoredCounts
    requests: Requests
    search: SearchIndexes | None
    """None where the database answers all searches."""
    servers: list[ServerEntryOut]
    """All that are at work on a PostgreSQL database; empty where there is a file, which has one."""
