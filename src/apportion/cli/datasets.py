"""``apportion datasets``: asks a running server."""

from __future__ import annotations

from urllib.parse import quote

import click

from .dataset_files import export, import_
from .datasets_of_1x import import_1x
from .output import RefusedError, as_json, examples, listing, print_json
from .remote import Remote, server_options

__all__ = ["datasets"]


@click.group()
def datasets() -> None:
    """List, copy, gather, delete, restore, export and import datasets of a running server.

    The server, your key and the workspace come from the options, else from APPORTION_API_URL, APPORTION_API_KEY
    and APPORTION_WORKSPACE, else from the same names with ARGILLA_.
    """


@datasets.command(
    "list",
    epilog=examples(
        "apportion datasets list",
        "apportion datasets list --workspace recognai --json",
        "apportion datasets list --deleted",
    ),
)
@click.option("--deleted", is_flag=True, help="Those that were deleted and can be restored.")
@server_options
@as_json
def list_(deleted: bool, url: str | None, api_key: str | None, workspace: str | None, as_json: bool) -> None:
    """List the datasets you may see, of one workspace or of all."""
    remote = Remote.of(url, api_key, workspace)
    if deleted:
        query = {"workspace": remote.workspace} if remote.workspace else {}
        gone = remote.ask("GET", "/api/datasets:deleted", query)["datasets"]
        columns = ["workspace", "name", "records", "deleted_at", "deleted_by", "purged_at", "id"]
        listing(gone, columns, json=as_json, none="Nothing was deleted that you could restore.")
        return
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
    """Delete a dataset with its records and everyone's annotations; for some days it can be restored."""
    remote = Remote.of(url, api_key, workspace)
    remote.dataset("GET", name)
    if not yes and not click.confirm(f"Delete {remote.place}.{name} and all annotations in it?"):
        raise RefusedError("Nothing was deleted.")
    remote.dataset("DELETE", name)
    gone = remote.ask("GET", "/api/datasets:deleted", {"workspace": remote.place})["datasets"]
    until = next((f" until {each['purged_at']}" for each in gone if each["name"] == name), "")
    click.echo(
        f"{remote.place}.{name} is deleted; `apportion datasets restore {name}` brings it back{until}."
    )


@datasets.command(
    epilog=examples(
        "apportion datasets restore trial --workspace recognai",
        "apportion datasets restore trial --into trial-of-may",
    )
)
@click.argument("name")
@click.option("--id", "id_", help="Which of several that were called so; else the one deleted last.")
@click.option("--into", help="The name it gets, if another dataset has its own by now.")
@server_options
def restore(
    name: str, id_: str | None, into: str | None, url: str | None, api_key: str | None, workspace: str | None
) -> None:
    """Restore a deleted dataset with its records, annotations, plans and history."""
    remote = Remote.of(url, api_key, workspace)
    body = {"name": name, "id": id_, "into": into}
    found = remote.ask("POST", "/api/datasets:restore", {"workspace": remote.place}, body)
    click.echo(f"{remote.place}.{found['name']} is back.")


@datasets.command(
    epilog=examples(
        "apportion datasets copy reviews reviews-backup --workspace recognai",
        "apportion datasets copy reviews reviews --to archive",
    )
)
@click.argument("name")
@click.argument("name_of_copy")
@click.option("--to", "target", help="Workspace of the copy; else it stays beside the original.")
@server_options
def copy(
    name: str,
    name_of_copy: str,
    target: str | None,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
) -> None:
    """Copy a dataset with its records, annotations, gold values, settings and policies; without plans."""
    remote = Remote.of(url, api_key, workspace)
    body = {"name": name_of_copy, "target_workspace": target}
    remote.ask("PUT", f"/api/datasets/{quote(name, safe='')}:copy", {"workspace": remote.place}, body)
    made = remote.within(target or remote.place).count(name_of_copy)
    click.echo(
        f"{made:,} records of {remote.place}.{name} are in {target or remote.place}.{name_of_copy} too."
    )


datasets.add_command(export)
datasets.add_command(import_)
datasets.add_command(import_1x)


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

    The new dataset has everyone's annotations. The copies stay as they are.
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
    listing(rows, ["annotator", "records"], json=False, none="No one has a copy.")
