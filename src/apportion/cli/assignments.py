"""``apportion assignments``: the plans of a dataset, and how they change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from .assign import users_of
from .output import RefusedError, as_json, examples, listing, print_json
from .remote import Remote, server_options

__all__ = ["assignments"]

F = TypeVar("F", bound=Callable[..., Any])

_STATES = ("pending", "leased", "done", "skipped", "withdrawn")


@click.group()
def assignments() -> None:
    """See and change the plans of a dataset.

    PLAN is the id of a plan or its beginning. It can be left out where only one is in force.
    """


def _of_a_plan(command: F) -> F:
    command = server_options(as_json(command))
    return click.argument("dataset")(click.argument("plan", required=False)(command))


def _changes(command: F) -> F:
    preview = click.option("--preview", is_flag=True, help="Only say what would change.")
    yes = click.option("--yes", is_flag=True, help="Do not ask.")
    return _of_a_plan(preview(yes(command)))


_records = click.option("--records", multiple=True, help="Ids of records, with commas between.")
_annotator = click.option("--annotator", help="Only what this person has.")


@assignments.command("list", epilog=examples("apportion assignments list reviews --workspace recognai"))
@click.argument("dataset")
@server_options
@as_json
def list_(dataset: str, url: str | None, api_key: str | None, workspace: str | None, as_json: bool) -> None:
    """List the plans of a dataset, oldest first, with how far each has come."""
    found = Remote.of(url, api_key, workspace).dataset("GET", dataset, "assignments")["assignments"]
    rows = found if as_json else [{**each, **each["progress"]} for each in found]
    columns = ["id", "state", "created_by", "created_at", "pending", "leased", "done", "skipped"]
    listing(rows, columns, json=as_json, none=f"No records of {dataset} are assigned.")


@assignments.command(
    epilog=examples("apportion assignments show reviews", "apportion assignments show reviews 6e0d --json")
)
@_of_a_plan
def show(
    dataset: str, plan: str | None, url: str | None, api_key: str | None, workspace: str | None, as_json: bool
) -> None:
    """Show one plan: who has how many, and how far they have come."""
    from apportion.sdk.plans import Plan

    remote = Remote.of(url, api_key, workspace)
    found = _found(remote, dataset, plan)
    if as_json:
        print_json(found)
    else:
        click.echo(repr(Plan(dataset, remote.place, found)))


@assignments.command(
    epilog=examples(
        "apportion assignments rows reviews --annotator ana --state pending",
        "apportion assignments rows reviews 6e0d --json > rows.json",
    )
)
@_of_a_plan
@_annotator
@click.option("--state", type=click.Choice(_STATES), help="Only rows in this state.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
def rows(
    dataset: str,
    plan: str | None,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
    annotator: str | None,
    state: str | None,
    limit: int | None,
) -> None:
    """List who has which record, how far it has come, and why they have it."""
    remote = Remote.of(url, api_key, workspace)
    tail = f"assignments/{_found(remote, dataset, plan)['id']}/rows"
    found: list[Any] = []
    cursor = None
    while limit is None or len(found) < limit:
        page = remote.dataset(
            "GET", dataset, tail, annotator=annotator, state=state, cursor=cursor,
            limit=1000 if limit is None else min(1000, limit - len(found)),
        )  # fmt: skip
        found += page["rows"]
        cursor = page["next"]
        if cursor is None:
            break
    listing(found, ["record", "annotator", "state", "reason"], json=as_json, none="There are no such rows.")


@assignments.command(
    epilog=examples("apportion assignments extend reviews --preview", "apportion assignments extend reviews")
)
@_changes
def extend(dataset: str, plan: str | None, preview: bool, yes: bool, as_json: bool, **server: Any) -> None:
    """Have records that were logged since join by the same rules; no earlier row moves."""
    from apportion.sdk.plan_changes import PlanChange

    remote, id = _begin(dataset, plan, server)
    tail = f"assignments/{id}:extend"
    found = remote.dataset("POST", dataset, tail, body={"dry_run": True})
    change = PlanChange("extend", preview, added=found["slots"], loads=found["loads"])
    if not preview:
        _confirm(yes, f"Add {found['records']} records, {found['slots']} answers wanted?")
        found = remote.dataset("POST", dataset, tail, body={})
    print_json(found) if as_json else click.echo(repr(change))


@assignments.command(
    epilog=examples(
        "apportion assignments rebalance reviews --preview",
        "apportion assignments rebalance reviews --users ana,ben,dora --level --yes",
    )
)
@_changes
@click.option("--users", multiple=True, help="Who shares the rows from now on, with commas between.")
@click.option("--level", is_flag=True, help="Also hand over what someone has above their share.")
@click.option("--rule", type=int, help="Only this rule of the plan, counted from 0.")
def rebalance(
    dataset: str,
    plan: str | None,
    preview: bool,
    yes: bool,
    as_json: bool,
    users: tuple[str, ...],
    level: bool,
    rule: int | None,
    **server: Any,
) -> None:
    """Bring a plan in line with its team as it is now; only pending rows move, and only those that must."""
    body = {"users": users_of(users) if users else None, "level": level, "rule": rule}
    _change("rebalance", _Asked(dataset, plan, server, preview, yes, as_json), body)


@assignments.command(
    epilog=examples(
        "apportion assignments move reviews --to ben --records r17,r40",
        "apportion assignments move reviews --to ben --annotator ana --preview",
    )
)
@_changes
@click.option("--to", required=True, help="Who gets them.")
@_records
@_annotator
@click.option(
    "--rule", type=int, default=0, show_default=True, help="Of this rule of the plan, counted from 0."
)
def move(
    dataset: str,
    plan: str | None,
    preview: bool,
    yes: bool,
    as_json: bool,
    to: str,
    records: tuple[str, ...],
    annotator: str | None,
    rule: int,
    **server: Any,
) -> None:
    """Give pending rows to someone by hand."""
    if not records and annotator is None:
        raise click.UsageError("Which rows? Give --records, --annotator or both.")
    body = {"to": to, "records": _ids(records), "annotator": annotator, "rule": rule}
    _change("move", _Asked(dataset, plan, server, preview, yes, as_json), body)


@assignments.command(
    epilog=examples(
        "apportion assignments withdraw reviews --records r17,r40",
        "apportion assignments withdraw reviews --annotator ana --preview",
    )
)
@_changes
@_records
@_annotator
def withdraw(
    dataset: str,
    plan: str | None,
    preview: bool,
    yes: bool,
    as_json: bool,
    records: tuple[str, ...],
    annotator: str | None,
    **server: Any,
) -> None:
    """Unassign pending rows; work in progress stays. To unassign all of them, undo the plan."""
    if not records and annotator is None:
        raise click.UsageError("Which rows? Give --records, --annotator or both.")
    body = {"records": _ids(records), "annotator": annotator}
    _change("withdraw", _Asked(dataset, plan, server, preview, yes, as_json), body)


@assignments.command(
    epilog=examples(
        "apportion assignments undo reviews --preview", "apportion assignments undo reviews 6e0d --yes"
    )
)
@_changes
def undo(dataset: str, plan: str | None, preview: bool, yes: bool, as_json: bool, **server: Any) -> None:
    """Take a whole plan back, but for work that was begun."""
    _change("undo", _Asked(dataset, plan, server, preview, yes, as_json), {})


@dataclass(frozen=True, slots=True)
class _Asked:
    """The plan to change, the server it is on, and whether to preview, to ask and to print JSON."""

    dataset: str
    plan: str | None
    server: dict[str, Any]
    preview: bool
    yes: bool
    as_json: bool


def _change(what: str, asked: _Asked, body: dict[str, Any]) -> None:
    """Preview a change, ask for confirmation, and carry it out."""
    dataset, preview, yes, as_json = asked.dataset, asked.preview, asked.yes, asked.as_json
    from apportion.sdk.plan_changes import read_change

    remote, id = _begin(dataset, asked.plan, asked.server)
    tail = f"assignments/{id}:{what}"
    if preview or not yes:
        look = remote.dataset("POST", dataset, tail, body={**body, "dry_run": True})
        if preview:
            print_json(look) if as_json else click.echo(repr(read_change(what, True, look)))
            return
        click.echo(repr(read_change(what, True, look)), err=True)
        _confirm(yes, "Do it?")
    done = remote.dataset("POST", dataset, tail, body=body)
    print_json(done) if as_json else click.echo(repr(read_change(what, False, done)))


def _begin(dataset: str, plan: str | None, server: dict[str, Any]) -> tuple[Remote, str]:
    remote = Remote.of(server["url"], server["api_key"], server["workspace"])
    return remote, _found(remote, dataset, plan)["id"]


def _found(remote: Remote, dataset: str, plan: str | None) -> dict[str, Any]:
    """Return the plan with that id or beginning of an id, or the only one in force."""
    known = remote.dataset("GET", dataset, "assignments")["assignments"]
    if plan is None:
        meant = [each for each in known if each["state"] != "undone"]
        if not meant:
            raise RefusedError(f"No records of {dataset} are assigned.")
    else:
        meant = [each for each in known if each["id"].startswith(plan)]
        if not meant:
            raise RefusedError(f"{dataset} has no plan whose id begins with {plan}.")
    if len(meant) > 1:
        raise RefusedError(f"Which plan? {', '.join(each['id'] for each in meant)}")
    found: dict[str, Any] = meant[0]
    return found


def _confirm(yes: bool, question: str) -> None:
    if not yes and not click.confirm(question, err=True):
        raise RefusedError("Nothing was changed.")


def _ids(given: tuple[str, ...]) -> list[str] | None:
    return [id for part in given for id in part.split(",") if id] or None
