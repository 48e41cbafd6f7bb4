"""The port for the audit log: events are only ever appended, and read back with filters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.vocabulary import EventCode

__all__ = ["REQUEST", "About", "AuditFilter", "AuditedEvent", "Events", "RequestMark"]


class RequestMark(NamedTuple):
    """The request that caused an event: the caller's address, and its id in the server's log."""

    address: str | None
    id: str | None


REQUEST: ContextVar[RequestMark | None] = ContextVar("apportion_request", default=None)
"""The request that is being answered; the store adds it to every event of its transactions."""


@dataclass(frozen=True, slots=True)
class About:
    """The thing an event is about.

    ``workspace`` is only needed where there is no dataset. ``object`` names anything else: a user, a rule, a
    file; ``record`` is the number of a record that still exists.
    """

    dataset: Dataset | None = None
    workspace: str | None = None
    object: str | None = None
    record: int | None = None


class AuditedEvent(NamedTuple):
    """An event with everything that is known about it; ``no`` grows with time."""

    no: int
    at: int
    who: str
    what: EventCode
    workspace: str | None
    dataset: str | None
    dataset_uuid: str | None
    record: str | None
    object: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    detail: Mapping[str, Any] | None
    address: str | None
    request: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter of events; None does not filter. ``workspaces`` keeps events of these workspaces only.

    ``since`` is the first instant and ``until`` the first one after. ``text`` is searched in names, records
    and all values, ignoring case.
    """

    codes: Collection[EventCode] | None = None
    workspaces: Collection[str] | None = None
    workspace: str | None = None
    dataset: str | None = None
    who: str | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None
    with_requests: bool = True
    """True if ``text`` is also searched in addresses and ids of requests."""


class Events(Protocol):
    """The audit log, within one transaction. No event in it is ever changed."""

    def add(
        self,
        what: EventCode,
        about: About,
        *,
        who: str,
        at: int,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event, of any kind; there is no other way.

        Must never be given a password, key or token.
        """
        ...

    def search(self, wanted: AuditFilter, *, below: int | None = None, limit: int = 50) -> list[AuditedEvent]:
        """Return the events that match, newest first, with numbers below ``below`` if given."""
        ...

    def count(self, wanted: AuditFilter, *, below: int | None = None) -> int:
        """Count the events that match."""
        ...

    def last(self) -> int:
        """Return the number of the newest event; 0 without one."""
        ...

    def latest(self, datasets: Collection[int]) -> dict[int, int]:
        """Return the number of the newest event of each of these datasets, by their numbers; 0 without one."""
        ...

    def prune(self, *, before: int, limit: int) -> int:
        """Delete up to ``limit`` events older than an instant; return how many. For retention only."""
        ...
