"""Calls that assign work and bring it together, on the active client: `rg.assign` and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from typing_extensions import Unpack

from ._audit import AuditEvent, AuditOptions
from ._plans import Overlap, Users
from .hours import HoursReport, Period
from .plans import Plan
from .queue import Answered, MyQueue, Skipped, State
from .session import active_client
from .work import Event, Explanation, Gathered, Guidelines, Policies, PolicyChanges, TeamProgress, WorkItem

__all__ = [
    "assign",
    "audit",
    "events",
    "explain",
    "gather",
    "guidelines",
    "hours",
    "my_work",
    "next_records",
    "plan",
    "plans",
    "policies",
    "progress",
    "set_guidelines",
    "set_policies",
    "skip",
    "submit",
]


def assign(
    name: str,
    users: Users = None,
    overlap: Overlap = 1,
    blind: bool = False,
    seed: int | None = None,
    rules: Sequence[Mapping[str, Any]] | None = None,
    *,
    where: str | None = None,
    anchors: int = 0,
    needs: str | Sequence[str] | Mapping[str, str] | None = None,
    order: str | Mapping[str, Any] | None = None,
    mode: Literal["push", "pull"] | None = None,
    due: str | date | None = None,
    lease: int | None = None,
    skip: Literal["next_person", "back_to_me", "drop"] | None = None,
    visibility: Literal["dataset", "assigned"] | None = None,
    standing: bool = False,
    adaptive: int | Mapping[str, Any] | None = None,
    checks: float | Mapping[str, Any] | None = None,
    mirror: str | None = None,
    mirror_overwrite: bool = False,
    dry_run: bool = False,
    workspace: str | None = None,
) -> Plan:
    """Assign the records of a dataset to annotators, or preview the plan with ``dry_run=True``. For managers.

    ``users``: names, or ``{"user": "ana", "weight": 2, "cap": 100, "skills": {"lang": ["eu"]}}``, or
    ``{"workspace": "recognai"}`` for everybody who annotates there; left out, the annotators of the dataset's
    workspace. ``{"metadata": "user"}`` adopts a split that the records name themselves.

    ``overlap``: how many people answer a record: 1, 2, …, ``"all"``, or ``{"annotators": 2, "share": 0.2}`` for a
    fifth of the records (``"stratify": "metadata.source"``: a fifth of each source). ``anchors``: so many records for
    everybody. ``blind``: nobody sees others' answers, and annotators see their own records only.

    ``where``: only records that match. ``needs``: metadata keys whose value a person must have among their skills.
    ``order``: ``"shuffled"``, ``"as_logged"``, ``"metadata.page"``, ``"-metadata.page"``. ``mode``: ``"push"`` names
    the person for each slot, ``"pull"`` leaves slots open for whoever is free; ``lease`` is how many minutes somebody
    then holds a record. ``skip``: what happens to a skipped record.

    ``adaptive``: one more person at a time where the answers do not resolve a record, up to so many; or ``{"max": 5,
    "until": 0.95}``, until a label is that probable. ``checks``: 0.1 makes a tenth of everybody's records ones whose
    gold value is known already, to see how people do; with ``{"share": 0.1, "feedback": True}`` they see it once
    they have answered.

    ``standing``: records logged later join by themselves. ``mirror="user"`` shows the assignee under that metadata
    key, also to 1.x clients; ``mirror_overwrite`` allows a key that has values. ``rules``: several rules, each with
    the members named in the three paragraphs above ``adaptive``, in place of them. The same ``seed`` gives the same
    plan.

    >>> plan = rg.assign("reviews", overlap={"annotators": 2, "share": 0.2}, blind=True, dry_run=True)  # doctest: +SKIP
    >>> plan.apply()  # doctest: +SKIP

    Raises ``ValidationApiError`` for people who do not belong to the workspace and more overlap than people,
    ``BadRequestApiError`` if there is nothing to assign, ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    return active_client().assign(
        name,
        users=users,
        overlap=overlap,
        blind=blind,
        seed=seed,
        rules=rules,
        where=where,
        anchors=anchors,
        needs=needs,
        order=order,
        mode=mode,
        due=due,
        lease=lease,
        skip=skip,
        visibility=visibility,
        standing=standing,
        adaptive=adaptive,
        checks=checks,
        mirror=mirror,
        mirror_overwrite=mirror_overwrite,
        dry_run=dry_run,
        workspace=workspace,
    )


def plans(name: str, workspace: str | None = None) -> list[Plan]:
    """Return the plans of a dataset with their progress, oldest first. For reviewers and managers.

    >>> rg.plans("reviews")[-1].undo(dry_run=True)  # doctest: +SKIP
    Undo: would be 480 removed, 20 kept

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    return active_client().plans(name, workspace)


def plan(name: str, id: str, workspace: str | None = None) -> Plan:
    """Return one plan of a dataset, by its id. Raises what ``plans`` raises."""
    return active_client().plan(name, id, workspace)


def progress(name: str, workspace: str | None = None) -> TeamProgress:
    """Return the progress of a dataset, by person; annotators see their own part.

    >>> rg.progress("reviews")["ana"].left  # doctest: +SKIP
    12

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    return active_client().progress(name, workspace)


def hours(
    name: str | None = None,
    workspace: str | None = None,
    *,
    first: str | date | None = None,
    last: str | date | None = None,
    by: Period = "day",
    timezone: str | None = None,
) -> HoursReport:
    """Return the hours spent on a dataset, or on each of a workspace, to pay by; annotators see their own.

    ``first`` and ``last`` are days, themselves included, in ``timezone`` (the server's by default).

    >>> rg.hours("reviews", first="2026-03-01", last="2026-03-31", by="month")["ana"]  # doctest: +SKIP
    12.25
    >>> rg.hours(by="week").to_pandas().to_csv("hours.csv")  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError``.
    """
    return active_client().hours(name, workspace, first=first, last=last, by=by, timezone=timezone)


def my_work() -> list[WorkItem]:
    """Return your work in all datasets, most left first.

    >>> [(each.dataset, each.left) for each in rg.my_work()]  # doctest: +SKIP
    [('reviews', 120)]
    """
    return active_client().my_work()


def explain(
    name: str, record: str | int, annotator: str | None = None, workspace: str | None = None
) -> Explanation:
    """Explain why a person has a record or does not; yourself, if nobody is named.

    >>> rg.explain("reviews", "a-17", "ana")  # doctest: +SKIP
    ana has a-17
      ana: had the least to do for their share (41 of 50) (plan of max, rule 1, pending)

    Raises ``ForbiddenApiError`` for annotators who ask about others, ``NotFoundApiError``.
    """
    return active_client().explain(name, record, annotator, workspace)


def events(name: str, limit: int | None = 50, workspace: str | None = None) -> list[Event]:
    """Return the events of a dataset, newest first, all with ``limit=None``; annotators see their own.

    >>> [(each.who, each.what, each.record) for each in rg.events("reviews", 1)]  # doctest: +SKIP
    [('ana', 'submitted', 'a-17')]
    """
    return active_client().events(name, limit, workspace)


def audit(limit: int | None = 50, **options: Unpack[AuditOptions]) -> list[AuditEvent]:
    """Return the audit log: settings, exports, deletions, people and their roles, sign-ins and all else that changed
    something, newest first, all of it with ``limit=None``. For administrators; managers get their workspaces.

    Narrowed by ``who``, ``what``, ``area``, ``workspace``, ``dataset``, ``since``, ``until`` (dates or times, UTC) and
    ``text``; see ``docs/how-to/audit-log.md`` for the codes of ``what``.

    >>> [(each.who, each.dataset, each.detail["records"]) for each in rg.audit(what="exported")]  # doctest: +SKIP
    [('rita', 'reviews', 1000)]

    Raises ``ForbiddenApiError``, ``ValidationApiError`` for a code there is not.
    """
    return active_client().audit(limit, **options)


def policies(name: str, workspace: str | None = None) -> Policies:
    """Return the policies of a dataset: whose annotations count, who sees what, how answers become one value.

    >>> rg.policies("reviews").annotation  # doctest: +SKIP
    'individual'
    """
    return active_client().policies(name, workspace)


def set_policies(name: str, workspace: str | None = None, **changes: Unpack[PolicyChanges]) -> Policies:
    """Change policies of a dataset, and keep those that are not named. For managers.

    >>> rg.set_policies("reviews", annotation="individual", blind=True, required=2)  # doctest: +SKIP

    Raises ``ValidationApiError``, ``BadRequestApiError`` for what contradicts itself, ``ConflictApiError`` where
    annotations would be lost: then ``keep="latest"`` says which one stays.
    """
    return active_client().set_policies(name, workspace, **changes)


def guidelines(name: str, version: int | None = None, workspace: str | None = None) -> Guidelines:
    """Return the guidelines for annotators: the latest version, or an earlier one."""
    return active_client().guidelines(name, version, workspace)


def set_guidelines(
    name: str, text: str, version: int | None = None, workspace: str | None = None
) -> Guidelines:
    """Store new guidelines, in Markdown; earlier versions are kept. For managers.

    >>> rg.set_guidelines("reviews", "Label what the author feels, not what you feel.").version  # doctest: +SKIP
    1

    With the ``version`` it builds on, raises ``ConflictApiError`` if there is a later one.
    """
    return active_client().set_guidelines(name, text, version, workspace)


def gather(
    name: str,
    workspaces: Sequence[str],
    into: str | None = None,
    workspace: str | None = None,
    dry_run: bool = False,
) -> Gathered:
    """Merge copies that were logged to each person's own workspace, by record id.

    The new dataset ``into`` (else named as the copies) in ``workspace`` has everybody's annotations; those of the
    copy in workspace ``ana`` are Ana's. The copies stay as they are.

    >>> rg.gather("reviews", workspaces=["ana", "ben"], workspace="recognai")  # doctest: +SKIP

    Raises ``ConflictApiError`` where one id has different texts, ``AlreadyExistsApiError``, ``NotFoundApiError``,
    ``ForbiddenApiError``.
    """
    return active_client().gather(name, workspaces, into, workspace, dry_run)


def next_records(
    name: str,
    limit: int = 5,
    where: str | None = None,
    look: bool = False,
    workspace: str | None = None,
) -> MyQueue:
    """Claim your next records, up to 20; they are yours for some minutes. Asking again brings the same ones.

    With ``look=True`` nothing is claimed. Each can be submitted, kept as a draft, discarded or skipped.

    >>> for item in rg.next_records("reviews", limit=20):  # doctest: +SKIP
    ...     item.submit("positive" if "love" in item.record.text else "negative")

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError`` for a query that cannot be understood.
    """
    return active_client().next_records(name, limit, where, look, workspace)


def submit(
    name: str,
    record: str | int,
    annotation: Any = None,
    *,
    state: State = "submitted",
    version: int | None = None,
    seconds: float | None = None,
    token: str | None = None,
    workspace: str | None = None,
) -> Answered:
    """Submit your answer to one record: a label or labels, spans, or a text, depending on the task.

    ``state`` may be ``draft`` or ``discarded`` instead. Without a ``version`` it replaces what you answered before.

    >>> rg.submit("reviews", "a-17", "positive").counted  # doctest: +SKIP
    True

    Raises ``ConflictApiError`` for a ``version`` that is not the stored one, ``ValidationApiError``,
    ``NotFoundApiError`` for a record that is not yours to see, ``InputValueError``.
    """
    return active_client().submit(
        name,
        record,
        annotation,
        state=state,
        version=version,
        seconds=seconds,
        token=token,
        workspace=workspace,
    )


def skip(
    name: str,
    record: str | int,
    reason: str | None = None,
    *,
    token: str | None = None,
    workspace: str | None = None,
) -> Skipped:
    """Skip a record: it goes to others, to later or to nobody, as the plan or the dataset says.

    >>> rg.skip("reviews", "a-17", "not my language").annotator  # doctest: +SKIP

    Raises ``ConflictApiError`` if the record is not assigned or leased to you.
    """
    return active_client().skip(name, record, reason, token=token, workspace=workspace)
