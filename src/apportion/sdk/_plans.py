"""Requests about plans, as steps that both clients run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec
from typing_extensions import TypedDict

from ._connection import Connection, check_name, loads
from ._http import Request, Steps, path
from .errors import InputValueError
from .people import User
from .plans import SPEC, Plan, PlanChange, Planner, PlanRow, Unassigned, read_change, read_row

__all__ = [
    "Overlap",
    "PlanOptions",
    "Users",
    "apply_plan",
    "assign",
    "change_plan",
    "find_plan",
    "list_plans",
    "plan_rows",
]

Users: TypeAlias = "Sequence[str | User | Mapping[str, Any]] | Mapping[str, str] | None"
Overlap: TypeAlias = "int | Literal['all'] | Mapping[str, Any]"
_PAGE = 1000
_RULE = ("where", "users", "overlap", "anchors", "needs", "order", "mode", "due", "lease", "skip")


class PlanOptions(TypedDict, total=False):
    """Options of ``assign``; ``rg.assign`` says what each means."""

    users: Users
    overlap: Overlap
    blind: bool
    seed: int | None
    rules: Sequence[Mapping[str, Any]] | None
    where: str | None
    anchors: int
    needs: str | Sequence[str] | Mapping[str, str] | None
    order: str | Mapping[str, Any] | None
    mode: Literal["push", "pull"] | None
    due: str | date | None
    lease: int | None
    skip: Literal["next_person", "back_to_me", "drop"] | None
    visibility: Literal["dataset", "assigned"] | None
    standing: bool
    adaptive: int | Mapping[str, Any] | None
    checks: float | Mapping[str, Any] | None
    mirror: str | None
    mirror_overwrite: bool
    dry_run: bool
    workspace: str | None


def body_of(options: PlanOptions) -> dict[str, Any]:
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
        raise InputValueError(f"The plan cannot be sent: {wrong}.") from wrong


def assign(connection: Connection, client: Planner | None, name: str, options: PlanOptions) -> Steps[Plan]:
    check_name(name)
    body = _encoded(body_of(options))
    where = yield from connection.where(options.get("workspace"))
    look = options.get("dry_run", False)
    route = path("/api/datasets/{}/assignments", name) + (":preview" if look else "")
    found = loads((yield Request("POST", route, {"workspace": where}, body, repeatable=look)))
    return Plan(name, where, found, client)


def apply_plan(connection: Connection, plan: Plan) -> Steps[Plan]:
    if plan.made:
        raise InputValueError(f"This plan was made already, as {plan.id}.")
    shown = plan.to_dict()
    body = _encoded({key: shown[key] for key in SPEC if key in shown})
    yield from connection.user()
    route = path("/api/datasets/{}/assignments", plan.dataset)
    found = loads((yield Request("POST", route, {"workspace": plan.workspace}, body, repeatable=False)))
    return Plan(plan.dataset, plan.workspace, found, plan._client)


def list_plans(
    connection: Connection, client: Planner | None, name: str, workspace: str | None
) -> Steps[list[Plan]]:
    check_name(name)
    where = yield from connection.where(workspace)
    body = yield Request("GET", path("/api/datasets/{}/assignments", name), {"workspace": where})
    return [Plan(name, where, each, client) for each in loads(body)["assignments"]]


def find_plan(
    connection: Connection, client: Planner | None, name: str, id: str, workspace: str | None
) -> Steps[Plan]:
    check_name(name)
    where = yield from connection.where(workspace)
    body = yield Request("GET", path("/api/datasets/{}/assignments/{}", name, id), {"workspace": where})
    return Plan(name, where, loads(body), client)


def plan_rows(
    connection: Connection, plan: Plan, annotator: str | None, state: str | None, limit: int | None
) -> Steps[list[PlanRow]]:
    route = path("/api/datasets/{}/assignments/{}/rows", plan.dataset, _made(plan))
    yield from connection.user()
    found: list[PlanRow] = []
    cursor = None
    while limit is None or len(found) < limit:
        asked = {
            "workspace": plan.workspace,
            "annotator": annotator,
            "state": state,
            "limit": _PAGE if limit is None else min(_PAGE, limit - len(found)),
            "cursor": cursor,
        }
        page = loads((yield Request("GET", route, asked)))
        found += map(read_row, page["rows"])
        cursor = page["next"]
        if cursor is None:
            break
    return found


def change_plan(
    connection: Connection, plan: Plan, what: str, dry_run: bool, options: Mapping[str, Any]
) -> Steps[PlanChange]:
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
    found = loads((yield Request("POST", f"{route}:{what}", query, body, repeatable=dry_run)))
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
