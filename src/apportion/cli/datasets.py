"""``apportion datasets``: asks a running server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import click

from .remote import Remote
from .say import Refused, as_json, examples, listing

__all__ = ["datasets", "server_options"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def datasets() -> None:
    """List and delete datasets of a running server.

    Where the server is and who you are say the options, else APPORTION_API_URL, APPORTION_API_KEY and
    APPORTION_WORKSPACE, else the same names with ARGILLA_.
    """


def server_options(command: F) -> F:
    """The options that say where the server is, and who is asking."""
    for name, help in (
        ("--workspace", "Workspace; default APPORTION_WORKSPACE or ARGILLA_WORKSPACE."),
        ("--api-key", "Your API key; better in the environment than here, where others may see it."),
        ("--url", "Address of the server; default http://localhost:6900."),
    ):
        command = click.option(name, help=help)(command)
    return command


@datasets.command(
    "list", epilog=examples("apportion datasets list", "apportion datasets list --workspace recognai --json")
)
@server_options
@as_json
def list_(url: str | None, api_key: str | None, workspace: str | None, as_json: bool) -> None:
    """List the datasets you may see, of one workspace or of all."""
    remote = Remote.of(url, api_key, workspace)
    rows = remote.get("/api/datasets", {"workspace": remote.workspace} if remote.workspace else {})
    rows.sort(key=lambda row: (row["workspace"], row["name"]))
    columns = ["workspace", "name", "task", "tags", "last_updated"]
    shown = rows if as_json else [{**row, "tags": _tags(row["tags"])} for row in rows]
    listing(shown, columns, json=as_json, none="There are no datasets.")


def _tags(tags: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in tags.items()]


@datasets.command(
    epilog=examples(
        "apportion datasets delete trial --workspace recognai", "apportion datasets delete trial --yes"
    )
)
@click.argument("name")
@server_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, url: str | None, api_key: str | None, workspace: str | None, yes: bool) -> None:
    """Delete a dataset with its records and everybody's annotations."""
    remote = Remote.of(url, api_key, workspace)
    if remote.workspace is None:
        raise click.UsageError("Which workspace? Give --workspace, or set APPORTION_WORKSPACE.")
    where, path = {"workspace": remote.workspace}, f"/api/datasets/{quote(name, safe='')}"
    remote.get(path, where)
    if not yes and not click.confirm(f"Delete {remote.workspace}.{name} and all annotations in it?"):
        raise Refused("Nothing was deleted.")
    remote.delete(path, where)
    click.echo(f"{remote.workspace}.{name} is deleted.")
