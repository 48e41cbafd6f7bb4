"""The operation on the audit log, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict

from typing_extensions import Unpack

from apportion.sdk._connection import Connection
from apportion.sdk._http import Steps
from apportion.sdk._tables import moment
from apportion.sdk.errors import InputValueError

from ._requests import pages

__all__ = ["AuditEvent", "AuditOptions", "audit", "read_audited"]

_PAGE = 1000


@dataclass(frozen=True)
class AuditEvent:
    """An event of the audit log: who did what, when, to what, with the values before and after.

    ``what`` is a code such as ``"exported"``, ``area`` what it is about, such as ``"downloads"``. ``object`` names
    what is neither dataset nor record: a user, a rule, a job. ``address`` and ``request`` are for administrators.
    """

    no: int
    """The number of the event; later ones have greater numbers."""
    at: datetime
    """Time of the event (UTC)."""
    who: str
    """The username."""
    what: str
    """Event, as a code."""
    area: str
    """Area that the event belongs to, as a code."""
    workspace: str | None = None
    """The workspace, if it happened in one."""
    dataset: str | None = None
    """The dataset's name then."""
    dataset_uuid: str | None = None
    """The dataset's id, which stays when its name changes."""
    record: str | None = None
    """The id of the record, as text."""
    object: str | None = None
    """The user, rule or job it happened to."""
    before: Any = None
    """The value before."""
    after: Any = None
    """The value after."""
    detail: Any = None
    """More, by kind of event."""
    address: str | None = None
    """The network address of the caller."""
    request: str | None = None
    """The id of the request, as in the server's log."""


class AuditOptions(TypedDict, total=False):
    """Filters for audit events: options left out do not narrow. ``what`` and ``area`` may be several."""

    who: str | None
    """Only events of this user."""
    what: str | Sequence[str] | None
    """Only events with these codes."""
    area: str | Sequence[str] | None
    """Only events of these areas."""
    workspace: str | None
    """Only events in this workspace."""
    dataset: str | None
    """Only events of this dataset."""
    since: str | date | None
    """Only events from this day or time on (UTC)."""
    until: str | date | None
    """Only events before the end of this day, or before this time (UTC)."""
    text: str | None
    """Only events that have this text in their names."""


def audit(
    connection: Connection, limit: int | None = 50, **options: Unpack[AuditOptions]
) -> Steps[list[AuditEvent]]:
    """Return the audit log: settings, exports, deletions, people and their roles, sign-ins and all else that changed
    something, newest first, all of it with ``limit=None``. For administrators; managers get their workspaces.

    Narrowed by ``who``, ``what``, ``area``, ``workspace``, ``dataset``, ``since``, ``until`` (dates or times, UTC) and
    ``text``; see ``docs/how-to/audit-log.md`` for the codes of ``what``.

    >>> [(each.who, each.dataset, each.detail["records"]) for each in rg.audit(what="exported")]  # doctest: +SKIP
    [('rita', 'reviews', 1000)]

    Raises ``ForbiddenApiError``, ``ValidationApiError`` for a code there is not.
    """
    unknown = sorted(options.keys() - AuditOptions.__annotations__.keys())
    if unknown:
        known = ", ".join(AuditOptions.__annotations__)
        raise InputValueError(f"The audit log can't be narrowed by {', '.join(unknown)}, but by {known}.")
    given = {_NAMES.get(name, name): _plain(value) for name, value in options.items()}
    yield from connection.user()
    found = yield from pages("/api/audit", given, "events", limit, _PAGE)
    return [read_audited(each) for each in found]


_NAMES = {"since": "from", "until": "to"}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def read_audited(found: Mapping[str, Any]) -> AuditEvent:
    """Read an event from the server's JSON."""
    values: dict[str, Any] = {each: found.get(each) for each in _FIELDS}
    return AuditEvent(**{**values, "at": moment(found["at"])})


_FIELDS = tuple(AuditEvent.__dataclass_fields__)
