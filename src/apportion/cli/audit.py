"""``apportion audit``: who did what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from apportion.vocabulary import EventArea, EventCode

from .output import as_json, examples, listing
from .remote import Remote
from .whole_file import whole_file

__all__ = ["audit"]

_MOST_AT_ONCE = 1000


@click.command(
    epilog=examples(
        "apportion audit --area downloads --from 2026-06-01",
        "apportion audit --what changed_role --what changed_member_role --json",
        "apportion audit --dataset reviews --who rita --limit 200",
        "apportion audit --csv audit.csv --from 2026-01-01 --to 2026-03-31",
    )
)
@click.option("--who", help="Only what this person did.")
@click.option(
    "--what",
    multiple=True,
    metavar="CODE",
    type=click.Choice([each.value for each in EventCode]),
    help="Only events of this kind, such as exported. Can be given several times.",
)
@click.option(
    "--area",
    multiple=True,
    type=click.Choice([each.value for each in EventArea]),
    help="Only events about this. Can be given several times.",
)
@click.option("--dataset", help="Only events of datasets of this name, or of the one with this UUID.")
@click.option("--from", "since", metavar="DATE", help="Not before this date or time, in UTC.")
@click.option("--to", "until", metavar="DATE", help="Not after this date or time, in UTC.")
@click.option("--text", help="Only events that have this text anywhere.")
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=_MOST_AT_ONCE),
    default=50,
    show_default=True,
    help="Events to show, the newest ones.",
)
@click.option(
    "--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write all of them to this file; - prints."
)
@click.option(
    "--jsonl", type=click.Path(dir_okay=False, path_type=Path), help="The same, one event a line as JSON."
)
@click.option("--workspace", help="Only events of this workspace; default all that you may read.")
@click.option("--api-key", help="Your API key; better in the environment than here, where others may see it.")
@click.option("--url", help="Address of the server; default http://localhost:6900.")
@as_json
def audit(
    csv: Path | None,
    jsonl: Path | None,
    limit: int,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
    since: str | None,
    until: str | None,
    **narrowed: Any,
) -> None:
    """Show who did what when, newest first: administrators see everything, managers their workspaces.

    A file has all events that match; that it was written is an event, too.
    """
    remote = Remote.of(url, api_key, None)
    named = {"workspace": workspace, "from": since, "to": until, **narrowed}
    given = {name: list(each) if isinstance(each, tuple) else each for name, each in named.items() if each}
    if csv is not None and jsonl is not None:
        raise click.UsageError("Give --csv or --jsonl, not both.")
    file = csv or jsonl
    if file is not None:
        _download(remote, file, {**given, "format": "jsonl" if csv is None else "csv"})
        return
    found = remote.ask("GET", "/api/audit", {**given, "limit": limit})
    if as_json:
        listing(found["events"], [], json=True, none="")
        return
    rows = [{**each, "at": each["at"][:19] + "Z", "of": _of(each)} for each in found["events"]]
    listing(rows, ["at", "who", "what", "of"], json=False, none="No event matches.")


def _of(event: dict[str, Any]) -> str:
    place = ".".join(each for each in (event["workspace"], event["dataset"]) if each)
    return " ".join(each for each in (place, event["record"], event["object"]) if each)


def _download(remote: Remote, file: Path, asked: dict[str, Any]) -> None:
    with whole_file(file) as target:
        remote.download("/api/audit:export", {}, asked, target.write)
    if str(file) != "-":
        click.echo(f"The events are in {file}.")
