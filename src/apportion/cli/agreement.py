"""``apportion agreement``, ``conflicts`` and ``export``: ask a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from .dataset_files import download
from .output import as_json, examples, listing, print_json
from .remote import Remote, server_options
from .table_files import kind_of

__all__ = ["agreement", "conflicts", "export"]


def _remote(url: str | None, api_key: str | None, workspace: str | None) -> Remote:
    remote = Remote.of(url, api_key, workspace)
    if remote.workspace is None:
        raise click.UsageError("Which workspace? Give --workspace, or set APPORTION_WORKSPACE.")
    return remote


def _ask(remote: Remote, name: str, what: str, **asked: str | None) -> Any:
    query = {"workspace": remote.workspace or "", **{key: each for key, each in asked.items() if each}}
    return remote.ask("GET", f"/api/datasets/{quote(name, safe='')}/{what}", query)


@click.command(
    epilog=examples(
        "apportion agreement reviews",
        "apportion agreement reviews --by pair --measure ac1 --json",
        "apportion agreement reviews --people",
    )
)
@click.argument("name")
@click.option(
    "--measure", help="alpha, percent, fleiss, cohen, ac1, span_f1, gamma, …; default: the task's usual one."
)
@click.option(
    "--by", type=click.Choice(["label", "pair", "week", "person"]), help="Also one figure for each."
)
@click.option(
    "--interval",
    type=click.Choice(["jackknife", "bootstrap", "none"]),
    default="jackknife",
    show_default=True,
    help="How it is found.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the bootstrap, and of gamma's chance.",
)
@click.option("--query", help="Only records that match.")
@click.option("--people", is_flag=True, help="How good everyone is instead: by a model, and by checks.")
@server_options
@as_json
def agreement(
    name: str,
    measure: str | None,
    by: str | None,
    interval: str,
    seed: int,
    query: str | None,
    people: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Show how far people agree on a dataset, with a 95 % interval."""
    if people:
        _people(_ask(_remote(url, api_key, workspace), name, "annotators", query=query), as_json)
        return
    asked = {
        "measure": measure,
        "by": by,
        "interval": interval,
        "seed": str(seed) if seed else None,
        "query": query,
    }
    found = _ask(_remote(url, api_key, workspace), name, "agreement", **asked)
    if as_json:
        print_json(found)
        return
    rows = [_row(each, by) for each in [found, *(found["by"] or [])]]
    columns = [by or "measure", "estimate", "low", "high", "records", "people"]
    columns += [name for name in ("caution", "why") if any(row[name] for row in rows)]
    listing(rows, columns, json=False, none="")
    if found.get("caution_why"):
        click.echo(f"Caution: {found['caution_why']}.")


def _people(found: dict[str, Any], as_json: bool) -> None:
    """Print per person the answers, the accuracy by a model of all answers, and the results of checks."""
    if as_json:
        print_json(found)
        return
    rows = [
        {
            "annotator": each["annotator"],
            "answers": each["answers"],
            "accuracy": None if each["accuracy"] is None else f"{each['accuracy']:.3f}",
            "checks": each["checks"] and f"{each['checks']['right']} of {each['checks']['answered']}",
        }
        for each in found["annotators"]
    ]
    listing(rows, ["annotator", "answers", "accuracy", "checks"], json=False, none="No one has answered yet.")
    if found["why"]:
        click.echo(f"No accuracy: {found['why']}.")


def _row(found: dict[str, Any], by: str | None) -> dict[str, Any]:
    def number(name: str) -> str | None:
        return None if found[name] is None else f"{found[name]:.3f}"

    row = {name: number(name) for name in ("estimate", "low", "high")}
    row |= {"records": found["records"], "people": found["annotators"], "why": found["why"]}
    row["caution"] = found.get("caution")
    row |= {name: found[name] for name in ("measure", "label", "week", "person")}
    row["pair"] = " ".join(found["pair"]) if found["pair"] else None
    if by is not None and row[by] is None:
        row[by] = "all"
    return row


@click.command(
    epilog=examples("apportion conflicts reviews --open", "apportion conflicts reviews --limit 500 --json")
)
@click.argument("name")
@click.option("--open", "open_", is_flag=True, help="Only what is not resolved yet.")
@click.option("--query", help="Only records that match.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many at most.")
@server_options
@as_json
def conflicts(
    name: str,
    open_: bool,
    query: str | None,
    limit: int,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """List the records people disagree on, most first."""
    remote = _remote(url, api_key, workspace)
    asked = {"open": "true" if open_ else None, "query": query, "limit": str(limit)}
    found = _ask(remote, name, "conflicts", **asked)
    rows = found["conflicts"]
    if not as_json:
        rows = [
            {**each, "agreement": f"{each['agreement']:.2f}",
             "people": [one["annotator"] for one in each["annotations"]]}
            for each in rows
        ]  # fmt: skip
    listing(rows, ["id", "agreement", "status", "people"], json=as_json, none="No one disagrees.")
    if not as_json and found["total"] > len(rows):
        click.echo(f"{len(rows):,} of {found['total']:,}")


@click.command(
    epilog=examples(
        "apportion export reviews reviews.csv", "apportion export reviews - --format jsonl > r.jsonl"
    )
)
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option(
    "--format", "format_", type=click.Choice(["jsonl", "csv", "parquet"]), help="Default: as FILE says."
)
@click.option("--query", help="Only records that match.")
@click.option(
    "--spreadsheet",
    is_flag=True,
    help="CSV only: keep texts that begin with =, +, - or @ from being computed.",
)
@server_options
def export(
    name: str,
    file: Path,
    format_: str | None,
    query: str | None,
    spreadsheet: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
) -> None:
    """Write a dataset to FILE: resolved values, everyone's answers, soft labels. A dash is standard output."""
    remote = _remote(url, api_key, workspace)
    body = {"format": kind_of(file, format_), "query": query, "spreadsheet": spreadsheet}
    download(remote, name, file, body)
    if str(file) != "-":
        click.echo(f"{remote.workspace}.{name} is in {file}.")
