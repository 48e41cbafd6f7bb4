"""``apportion policies``: whose annotations count, who sees what, how answers become one value."""

from __future__ import annotations

import json
from typing import Any

import click

from .output import as_json, examples, listing, print_json
from .remote import Remote, server_options

__all__ = ["policies"]


@click.group()
def policies() -> None:
    """See and change the policies of a dataset."""


@policies.command(epilog=examples("apportion policies show reviews --workspace recognai"))
@click.argument("dataset")
@server_options
@as_json
def show(dataset: str, url: str | None, api_key: str | None, workspace: str | None, as_json: bool) -> None:
    """Show the policies of a dataset."""
    _print_policies(Remote.of(url, api_key, workspace).dataset("GET", dataset, "policies"), as_json)


@policies.command(
    "set",
    epilog=examples(
        "apportion policies set reviews annotation=individual blind=true required=2",
        "apportion policies set reviews annotation=shared blind=false keep=latest",
        "apportion policies set reviews annotators_may=add_records,edit_tags",
    ),
)
@click.argument("dataset")
@click.argument("changes", nargs=-1, required=True, metavar="NAME=VALUE...")
@server_options
@as_json
def set_(
    dataset: str,
    changes: tuple[str, ...],
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Change policies of a dataset; those that are not named stay as they are."""
    wanted = dict(map(_change, changes))
    _print_policies(
        Remote.of(url, api_key, workspace).dataset("PATCH", dataset, "policies", body=wanted), as_json
    )


def _change(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise click.UsageError(f"{given}: a change is NAME=VALUE, as in blind=true.")
    if name == "annotators_may":
        return name, [each for each in value.split(",") if each]
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _print_policies(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [{"policy": name, "value": _shown(value)} for name, value in found.items()]
    listing(rows, ["policy", "value"], json=False, none="")


def _shown(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
