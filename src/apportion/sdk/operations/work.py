"""Operations on the work on a dataset: progress, hours, events, policies, guidelines, merged copies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from typing_extensions import Unpack

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError
from apportion.sdk.hours import HoursReport, Period, ask_for, read_hours
from apportion.sdk.work import (
    Event,
    Explanation,
    Gathered,
    Guidelines,
    Policies,
    PolicyChanges,
    TeamProgress,
    WorkItem,
    read_event,
    read_explanation,
    read_gathered,
    read_guidelines,
    read_policies,
    read_progress,
    read_work,
)

from ._requests import ask, pages

__all__ = [
    "events",
    "explain",
    "gather",
    "guidelines",
    "hours",
    "my_work",
    "policies",
    "progress",
    "set_guidelines",
    "set_policies",
]

_PAGE = 1000


def progress(connection: Connection, name: str, workspace: str | None = None) -> Steps[TeamProgress]:
    """Return the progress of a dataset, by person; annotators see their own part.

    >>> rg.progress("reviews")["ana"].left  # doctest: +SKIP
    12

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    return read_progress(name, (yield from ask(connection, name, workspace, "progress", median=True)))


def hours(
    connection: Connection,
    name: str | None = None,
    workspace: str | None = None,
    *,
    first: str | date | None = None,
    last: str | date | None = None,
    by: Period = "day",
    timezone: str | None = None,
) -> Steps[HoursReport]:
    """Return the hours spent on a dataset, or on each of a workspace, to pay by; annotators see their own.

    ``first`` and ``last`` are days, themselves included, in ``timezone`` (the server's by default).

    >>> rg.hours("reviews", first="2026-03-01", last="2026-03-31", by="month")["ana"]  # doctest: +SKIP
    12.25
    >>> rg.hours(by="week").to_pandas().to_csv("hours.csv")  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError``.
    """
    asked = ask_for(first, last, by, timezone)
    if name is not None:
        return read_hours((yield from ask(connection, name, workspace, "hours", **asked)))
    where = yield from connection.where(workspace)
    return read_hours(loads((yield Request("GET", path("/api/workspaces/{}/hours", where), asked))))


def my_work(connection: Connection) -> Steps[list[WorkItem]]:
    """Return your work in all datasets, most left first.

    >>> [(each.dataset, each.left) for each in rg.my_work()]  # doctest: +SKIP
    [('reviews', 120)]

    Raises ``UnauthorizedApiError``, ``ServerUnreachableError``.
    """
    yield from connection.user()
    return [read_work(each) for each in loads((yield Request("GET", "/api/me/work")))["work"]]


def explain(
    connection: Connection,
    name: str,
    record: str | int,
    annotator: str | None = None,
    workspace: str | None = None,
) -> Steps[Explanation]:
    """Explain why a person has a record or does not; yourself, if nobody is named.

    >>> rg.explain("reviews", "a-17", "ana")  # doctest: +SKIP
    ana has a-17
      ana: had the least to do for their share (41 of 50) (plan of max, rule 1, pending)

    Raises ``ForbiddenApiError`` for annotators who ask about others, ``NotFoundApiError``.
    """
    found = yield from ask(connection, name, workspace, "explain", record=str(record), annotator=annotator)
    return read_explanation(found)


def events(
    connection: Connection,
    name: str,
    limit: int | None = 50,
    workspace: str | None = None,
    annotator: str | None = None,
) -> Steps[list[Event]]:
    """Return the events of a dataset, newest first, all with ``limit=None``; annotators see their own.

    With ``annotator`` only what that person did.

    >>> [(each.who, each.what, each.record) for each in rg.events("reviews", 1)]  # doctest: +SKIP
    [('ana', 'submitted', 'a-17')]

    Raises ``ForbiddenApiError`` for annotators who ask about others, ``NotFoundApiError``, ``InputValueError`` for a
    limit below 0.
    """
    route = path("/api/datasets/{}/events", check_name(name))
    where = yield from connection.where(workspace)
    found = yield from pages(route, {"workspace": where, "annotator": annotator}, "events", limit, _PAGE)
    return [read_event(each) for each in found]


def policies(connection: Connection, name: str, workspace: str | None = None) -> Steps[Policies]:
    """Return the policies of a dataset: whose annotations count, who sees what, how answers become one value.

    >>> rg.policies("reviews").annotation  # doctest: +SKIP
    'individual'

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    return read_policies((yield from ask(connection, name, workspace, "policies")))


def set_policies(
    connection: Connection, name: str, workspace: str | None = None, **changes: Unpack[PolicyChanges]
) -> Steps[Policies]:
    """Change policies of a dataset, and keep those that are not named. For managers.

    >>> rg.set_policies("reviews", annotation="individual", blind=True, required=2)  # doctest: +SKIP

    Raises ``ValidationApiError``, ``BadRequestApiError`` for what contradicts itself, ``ConflictApiError`` where
    annotations would be lost: then ``keep="latest"`` says which one stays.
    """
    return read_policies(
        (yield from ask(connection, name, workspace, "policies", method="PATCH", body=changes))
    )


def guidelines(
    connection: Connection, name: str, version: int | None = None, workspace: str | None = None
) -> Steps[Guidelines]:
    """Return the guidelines for annotators: the latest version, or an earlier one.

    Raises ``NotFoundApiError``, also for a version there is not.
    """
    return read_guidelines((yield from ask(connection, name, workspace, "guidelines", version=version)))


def set_guidelines(
    connection: Connection,
    name: str,
    text: str,
    version: int | None = None,
    workspace: str | None = None,
) -> Steps[Guidelines]:
    """Store new guidelines, in Markdown; earlier versions are kept. For managers.

    >>> rg.set_guidelines("reviews", "Label what the author feels, not what you feel.").version  # doctest: +SKIP
    1

    With the ``version`` it builds on, raises ``ConflictApiError`` if there is a later one.
    """
    body = {"text": text, "version": version}
    return read_guidelines(
        (yield from ask(connection, name, workspace, "guidelines", method="PUT", body=body))
    )


def gather(
    connection: Connection,
    name: str,
    workspaces: Sequence[str],
    into: str | None = None,
    workspace: str | None = None,
    dry_run: bool = False,
) -> Steps[Gathered]:
    """Merge copies that were logged to each person's own workspace, by record id.

    The new dataset ``into`` (else named as the copies) in ``workspace`` has everybody's annotations; those of the
    copy in workspace ``ana`` are Ana's. The copies stay as they are.

    >>> rg.gather("reviews", workspaces=["ana", "ben"], workspace="recognai")  # doctest: +SKIP

    Raises ``ConflictApiError`` where one id has different texts, ``AlreadyExistsApiError``, ``NotFoundApiError``,
    ``ForbiddenApiError``.
    """
    if isinstance(workspaces, str):
        raise InputValueError(f"workspaces is a list of names, as in workspaces=[{workspaces!r}].")
    names = [check_name(each, "workspace") for each in workspaces]
    body = {
        "name": check_name(name),
        "workspaces": names,
        "into": check_name(into or name),
        "dry_run": dry_run,
    }
    where = yield from connection.where(workspace)
    sent = msgspec.json.encode(body)
    request = Request(
        "POST", "/api/datasets:gather", {"workspace": where}, sent, repeatable=dry_run, keyed=not dry_run
    )
    return read_gathered(loads((yield request)))
