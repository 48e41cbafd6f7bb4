"""``apportion datasets``: asks a running server."""

from __future__ import annotations

import click

from .remote import Remote, server_options
from .say import Refused, as_json, examples, listing, print_json

__all__ = ["datasets"]


@click.group()
def datasets() -> None:
    """List, gather and delete datasets of a running server.

    Where the server is and who you are say the options, else APPORTION_API_URL, APPORTION_API_KEY and
    APPORTION_WORKSPACE, else the same names with ARGILLA_.
    """


@datasets.command(
    "list", epilog=examples("apportion datasets list", "apportion datasets list --workspace recognai --json")
)
@server_options
@as_json
def list_(url: str | None, api_key: str | None, workspace: str | None, as_json: bool) -> None:
    """List the datasets you may see, of one workspace or of all."""
    remote = Remote.of(url, api_key, workspace)
    rows = remote.ask("GET", "/api/datasets", {"workspace": remote.workspace} if remote.workspace else {})
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
    remote.dataset("GET", name)
    if not yes and not click.confirm(f"Delete {remote.place}.{name} and all annotations in it?"):
        raise Refused("Nothing was deleted.")
    remote.dataset("DELETE", name)
    click.echo(f"{remote.place}.{name} is deleted.")


@datasets.command(
    epilog=examples(
        "apportion datasets gather reviews --from ana --from ben --workspace recognai",
        "apportion datasets gather reviews --from ana --from ben --into all-reviews --preview",
    )
)
@click.argument("name")
@click.option(
    "--from",
    "workspaces",
    multiple=True,
    required=True,
    help="Workspace that has a copy; it is named like the person who worked on it. Give it several times.",
)
@click.option("--into", help="Name of the new dataset; default that of the copies.")
@click.option("--preview", is_flag=True, help="Only say what would come together.")
@server_options
@as_json
def gather(
    name: str,
    workspaces: tuple[str, ...],
    into: str | None,
    preview: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Bring copies together, by record id, that were logged to each person's own workspace.

    The new dataset has everybody's annotations. The copies stay as they are.
    """
    remote = Remote.of(url, api_key, workspace)
    body = {"name": name, "workspaces": list(workspaces), "into": into or name, "dry_run": preview}
    found = remote.ask("POST", "/api/datasets:gather", {"workspace": remote.place}, body)
    if as_json:
        print_json(found)
        return
    verb = "would come" if preview else "came"
    click.echo(
        f"{found['records']} records with {found['annotations']} annotations {verb} together in "
        f"{remote.place}.{into or name}."
    )
    rows = [{"annotator": who, "records": number} for who, number in found["loads"].items()]
    listing(rows, ["annotator", "records"], json=False, none="Nobody has a copy.")
