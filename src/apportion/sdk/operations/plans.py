"""Operations on plans: assign, preview, apply, change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError
from apportion.sdk.people import User
from apportion.sdk.plan_changes import PlanChange, PlanRow, Unassigned, read_change, read_row
from apportion.sdk.plans import SPEC, Plan

from ._requests import pages

__all__ = [
    "Overlap",
    "Users",
    "apply_plan",
    "assign",
    "change_plan",
    "plan",
    "plan_rows",
    "plans",
    "refresh_plan",
]

Users: TypeAlias = "Sequence[str | User | Mapping[str, Any]] | Mapping[str, str] | None"
Overlap: TypeAlias = "int | Literal['all'] | Mapping[str, Any]"
_PAGE = 1000
_RULE = ("where", "users", "overlap", "anchors", "needs", "order", "mode", "due", "lease", "skip")


def _body_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that asks for a plan.

    Raises ``InputValueError`` for rules beside the members of a rule.
    """
    rule: dict[str, Any] = {name: value for name in _RULE if (value := options.get(name)) is not None}
    for name, default in (("overlap", 1), ("anchors", 0)):
        if rule.get(name) == default:
            del rule[name]
    if isinstance(rule.get("users"), str | User):
        raise InputValueError(f"users is a list, as in users=[{_name(rule['users'])!r}].")
    if "users" in rule and not isinstance(rule["users"], Mapping):
        rule["users"] = [_name(each) for each in rule["users"]]
    if isinstance(rule.get("due"), date):
        rule["due"] = rule["due"].isoformat()
    body: dict[str, Any] = {"rules": [rule]}
    rules = options.get("rules")
    if rules is not None:
        if rule:
            named = ", ".join(rule)
            raise InputValueError(f"{named}: put this into each of the rules, or leave rules out.")
        body = {"rules": [dict(each) for each in rules]}
    if isinstance(options.get("adaptive"), int):
        body["adaptive"] = {"max": options["adaptive"]}
    for name in ("seed", "visibility", "mirror", "checks", "adaptive"):
        if (value := options.get(name)) is not None:
            body.setdefault(name, value)
    for name in ("blind", "standing", "mirror_overwrite"):
        if options.get(name):
            body[name] = True
    return body


def _name(user: Any) -> Any:
    return user.username if isinstance(user, User) else user


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError) as wrong:
        raise InputValueError(f"The plan can't be sent: {wrong}.") from wrong


def assign(
    connection: Connection,
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
) -> Steps[Plan]:
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
    check_name(name)
    options = {
        "users": users,
        "overlap": overlap,
        "blind": blind,
        "seed": seed,
        "rules": rules,
        "where": where,
        "anchors": anchors,
        "needs": needs,
        "order": order,
        "mode": mode,
        "due": due,
        "lease": lease,
        "skip": skip,
        "visibility": visibility,
        "standing": standing,
        "adaptive": adaptive,
        "checks": checks,
        "mirror": mirror,
        "mirror_overwrite": mirror_overwrite,
    }
    body = _encoded(_body_of(options))
    where = yield from connection.where(workspace)
    route = path("/api/datasets/{}/assignments", name) + (":preview" if dry_run else "")
    request = Request("POST", route, {"workspace": where}, body, repeatable=dry_run, keyed=not dry_run)
    found = loads((yield request))
    return Plan(name, where, found, connection.client)


def apply_plan(connection: Connection, plan: Plan) -> Steps[Plan]:
    """Apply a previewed plan, exactly as it was previewed, or not at all; return it with its ``id``.

    Raises ``ConflictApiError`` if records, people or policies have changed since, ``ForbiddenApiError``.
    """
    if plan.made:
        raise InputValueError(f"This plan was made already, as {plan.id}.")
    shown = plan.to_dict()
    body = _encoded({key: shown[key] for key in SPEC if key in shown})
    yield from connection.user()
    route = path("/api/datasets/{}/assignments", plan.dataset)
    query = {"workspace": plan.workspace}
    found = loads((yield Request("POST", route, query, body, repeatable=False, keyed=True)))
    return Plan(plan.dataset, plan.workspace, found, plan._client)


def plans(connection: Connection, name: str, workspace: str | None = None) -> Steps[list[Plan]]:
    """Return the plans of a dataset with their progress, oldest first. For reviewers and managers.

    >>> rg.plans("reviews")[-1].undo(dry_run=True)  # doctest: +SKIP
    Undo: would be 480 removed, 20 kept

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    check_name(name)
    where = yield from connection.where(workspace)
    body = yield Request("GET", path("/api/datasets/{}/assignments", name), {"workspace": where})
    return [Plan(name, where, each, connection.client) for each in loads(body)["assignments"]]


def plan(connection: Connection, name: str, id: str, workspace: str | None = None) -> Steps[Plan]:
    """Return one plan of a dataset, by its id. Raises what ``plans`` raises."""
    return (yield from _find(connection, name, id, workspace))


def _find(connection: Connection, name: str, id: str, workspace: str | None) -> Steps[Plan]:
    check_name(name)
    where = yield from connection.where(workspace)
    body = yield Request("GET", path("/api/datasets/{}/assignments/{}", name, id), {"workspace": where})
    return Plan(name, where, loads(body), connection.client)


def refresh_plan(connection: Connection, plan: Plan) -> Steps[Plan]:
    """Return a plan as it is now. Raises ``NotFoundApiError`` for a preview, which the server does not have."""
    return (yield from _find(connection, plan.dataset, plan.id or "preview", plan.workspace))


def plan_rows(
    connection: Connection,
    plan: Plan,
    *,
    annotator: str | None = None,
    state: str | None = None,
    limit: int | None = None,
) -> Steps[list[PlanRow]]:
    """Return the slots of an applied plan, optionally of one person or in one state; see ``Plan.rows``.

    Raises ``InputValueError`` for a preview, ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    route = path("/api/datasets/{}/assignments/{}/rows", plan.dataset, _made(plan))
    yield from connection.user()
    query = {"workspace": plan.workspace, "annotator": annotator, "state": state}
    found = yield from pages(route, query, "rows", limit, _PAGE)
    return [read_row(each) for each in found]


def change_plan(
    connection: Connection, /, plan: Plan, what: str, *, dry_run: bool = False, **options: Any
) -> Steps[PlanChange]:
    """Change a plan: ``what`` is ``extend``, ``rebalance``, ``move``, ``withdraw`` or ``undo``; see ``Plan``.

    ``options`` are those of the method of ``Plan`` of that name. Raises ``InputValueError`` for a preview,
    ``ValidationApiError``, ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    id = _made(plan)
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(given.get("users"), str | User):
        raise InputValueError(f"users is a list, as in users=[{_name(given['users'])!r}].")
    if "users" in given:
        given["users"] = [_name(each) for each in given["users"]]
    query = {"workspace": plan.workspace}
    route = path("/api/datasets/{}/assignments/{}", plan.dataset, id)
    yield from connection.user()
    before = loads((yield Request("GET", route, query))) if what == "extend" and not dry_run else None
    body = _encoded({**given, "dry_run": dry_run})
    request = Request("POST", f"{route}:{what}", query, body, repeatable=dry_run, keyed=not dry_run)
    found = loads((yield request))
    if what != "extend":
        return read_change(what, dry_run, found)
    if before is None:
        return _extension(found["slots"], found["loads"], found["unassigned"], True)
    was, now = Plan("", "", before), Plan("", "", found)
    gained = {name: load - was.loads.get(name, 0) for name, load in now.loads.items()}
    added = sum(gained.values()) + now.open - was.open
    return _extension(added, gained, (), False)


def _extension(added: int, gained: Mapping[str, int], left: Sequence[Any], dry_run: bool) -> PlanChange:
    unassigned = tuple(Unassigned(each["count"], each["reason"]) for each in left)
    return PlanChange("extend", dry_run, added=added, loads=dict(gained), unassigned=unassigned)


def _made(plan: Plan) -> str:
    if plan.id is None:
        raise InputValueError("This is a preview. plan.apply() makes it; only then it can be changed.")
    return plan.id
