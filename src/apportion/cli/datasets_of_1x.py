"""``apportion datasets import-1x``: records and annotations of a running 1.x server, by its own routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import click

from .output import RefusedError, as_json, examples, listing, notice
from .progress_bar import Progress
from .remote import Remote, server_options

__all__ = ["import_1x"]

_PAGE = 500
_KEPT = (
    "id", "metadata", "event_timestamp", "status", "prediction", "predictions", "annotation", "annotations",
    "vectors", "multi_label", "explanation",
)  # fmt: skip
_CONTENT = {
    "TextClassification": ("inputs",),
    "TokenClassification": ("text", "tokens"),
    "Text2Text": ("text",),
}


@click.command(
    "import-1x",
    epilog=examples(
        "apportion datasets import-1x --from http://old.example.org:6900 --from-api-key admin.apikey --check",
        "apportion datasets import-1x --from http://old.example.org:6900 reviews --from-workspace team",
    ),
)
@click.argument("names", nargs=-1)
@click.option("--from", "source", required=True, help="Address of the 1.x server.")
@click.option(
    "--from-api-key",
    envvar="ARGILLA_API_KEY",
    show_envvar=True,
    help="API key there; of an administrator, who sees all workspaces.",
)
@click.option(
    "--from-workspace",
    "workspaces",
    multiple=True,
    help="Only of this workspace. Can be given several times; default: of all.",
)
@click.option(
    "--again", is_flag=True, help="Log datasets again that are here already; records are replaced by id."
)
@click.option("--check", is_flag=True, help="Only say what would come.")
@server_options
@as_json
def import_1x(
    names: tuple[str, ...],
    source: str,
    from_api_key: str | None,
    workspaces: tuple[str, ...],
    again: bool,
    check: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Bring datasets over from a running server of 1.x, all of them or those named.

    Ids, texts, metadata, predictions, vectors, annotations with their authors, statuses, tags, label schemas and
    labeling rules arrive as they are, each dataset in a workspace of the same name. Both servers must be running;
    an administrator does it, after `users import-1x`. Running it again brings what is missing.
    """
    old = Remote.at(source, from_api_key)
    new = Remote.of(url, api_key, workspace)
    if old.url == new.url:
        raise RefusedError("Both addresses are the same server.")
    rows = [_bring(old, new, each, again, check) for each in _wanted(old, names, workspaces)]
    columns = ["workspace", "name", "task", "records", "outcome"]
    listing(rows, columns, json=as_json, none="There are no such datasets on the old server.")
    failed = [row for row in rows if not row["complete"]]
    if failed:
        notice(f"{len(failed)} of {len(rows)} datasets did not come over.")
        raise click.exceptions.Exit(1)


def _wanted(old: Remote, names: tuple[str, ...], workspaces: tuple[str, ...]) -> list[dict[str, Any]]:
    found = old.ask("GET", "/api/datasets")
    for each in found:
        each["workspace"] = each.get("workspace") or each.get("owner")
    there = {each["name"] for each in found}
    missing = [name for name in names if name not in there]
    if missing:
        raise RefusedError(f"The old server has no dataset {', '.join(missing)}.")
    wanted = [
        each
        for each in found
        if (not names or each["name"] in names) and (not workspaces or each["workspace"] in workspaces)
    ]
    return sorted(wanted, key=lambda each: (each["workspace"], each["name"]))


def _bring(old: Remote, new: Remote, found: dict[str, Any], again: bool, check: bool) -> dict[str, Any]:
    """Import one dataset; return its row of the report."""
    place, name, task = found["workspace"], found["name"], found["task"]
    row = {"workspace": place, "name": name, "task": task, "records": None, "complete": True}
    source, target = old.within(place), new.within(place)
    try:
        total = source.count(name)
    except RefusedError as closed:
        return {**row, "complete": False, "outcome": f"can't be read there: {closed.message}"}
    row["records"] = total
    spaces = {each["name"] for each in target.ask("GET", "/api/workspaces")}
    here = place in spaces and target.find(name) is not None
    if here and not again:
        count = target.count(name)
        complete = count >= total
        outcome = (
            "is here already"
            if complete
            else f"is here already, with {count:,} records: --again logs it again"
        )
        return {**row, "complete": complete, "outcome": outcome}
    if check:
        return {**row, "outcome": "would be logged again" if here else "would come"}
    if place not in spaces:
        target.ask("POST", "/api/workspaces", body={"name": place})
    _log(source, target, found, total)
    _settings(source, target, name, task)
    _rules(source, target, name, task)
    count = target.count(name)
    complete = count >= total
    return {
        **row,
        "complete": complete,
        "outcome": "is here" if complete else f"only {count:,} records arrived",
    }


def _log(source: Remote, target: Remote, found: dict[str, Any], total: int) -> None:
    name, task = found["name"], found["task"]
    path = f"/api/datasets/{quote(name, safe='')}/{task}:bulk"
    more = {"tags": found.get("tags") or {}, "metadata": found.get("metadata") or {}}
    done = 0
    with Progress(f"{target.place}.{name}") as progress:
        if not total:
            body = {"name": name, "task": task, "workspace": target.place, **more}
            target.ask("POST", "/api/datasets", {"workspace": target.place}, body)
        for page in _pages(source, name):
            records = [_record(each, task) for each in page]
            target.ask("POST", path, {"workspace": target.place}, {"records": records, **more})
            done += len(records)
            progress.at(done, total, "records")


def _pages(source: Remote, name: str) -> Iterator[list[dict[str, Any]]]:
    """Yield every record of a dataset, by the scan of 1.x."""
    body: dict[str, Any] = {}
    while True:
        page = source.dataset("POST", name, "records/:search", body=body, limit=_PAGE)
        if not page["records"]:
            return
        yield page["records"]
        cursor = {key: page[key] for key in ("next_page_cfg", "next_idx") if page.get(key)}
        if not cursor:
            return
        body = cursor


def _record(found: dict[str, Any], task: str) -> dict[str, Any]:
    """Return a stored record of 1.x in the form that its bulk route takes."""
    kept = {key: found[key] for key in (*_KEPT, *_CONTENT[task]) if found.get(key) is not None}
    for several, one in (("predictions", "prediction"), ("annotations", "annotation")):
        if several in kept and one in kept and len(kept[several]) < 2:
            del kept[several]  # a single value is the same as the singular member
    return kept


def _settings(source: Remote, target: Remote, name: str, task: str) -> None:
    if task == "Text2Text":
        return
    tail = f"{task}/settings"
    try:
        found = source.dataset("GET", name, tail)
    except RefusedError:  # it has none
        return
    if found.get("label_schema"):
        target.dataset("PATCH", name, tail, body={"label_schema": found["label_schema"]})


def _rules(source: Remote, target: Remote, name: str, task: str) -> None:
    """Copy rules that are not here yet.

    The old server took any query: invalid ones are left out with a notice.
    """
    if task != "TextClassification":
        return
    tail = f"{task}/labeling/rules"
    here = {rule["query"] for rule in target.dataset("GET", name, tail)}
    for rule in source.dataset("GET", name, tail):
        if rule["query"] in here:
            continue
        body = {key: rule[key] for key in ("query", "label", "labels", "description") if rule.get(key)}
        try:
            target.dataset("POST", name, tail, body=body)
        except RefusedError as refused:
            notice(f"The labeling rule {rule['query']!r} of {name} is left out: {refused.message}")
