"""``apportion hours``: hours people worked, to pay by."""

from __future__ import annotations

from urllib.parse import quote

import click

from .output import as_json, examples, listing, print_json
from .remote import Remote, server_options

__all__ = ["hours"]


@click.command(
    epilog=examples(
        "apportion hours --workspace recognai --from 2026-03-01 --to 2026-03-31 --by month",
        "apportion hours reviews --workspace recognai --by week",
        "apportion hours reviews --csv > hours.csv",
    )
)
@click.argument("dataset", required=False)
@click.option("--from", "first", metavar="DAY", help="First day, as 2026-03-01.")
@click.option("--to", "last", metavar="DAY", help="Last day, itself included.")
@click.option(
    "--by",
    type=click.Choice(["day", "week", "month"]),
    default="day",
    show_default=True,
    help="What a row is about.",
)
@click.option(
    "--timezone", metavar="ZONE", help="Where days begin and end, as Europe/Madrid.  [default: the server's]"
)
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet.")
@server_options
@as_json
def hours(
    dataset: str | None,
    first: str | None,
    last: str | None,
    by: str,
    timezone: str | None,
    as_csv: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Show how many hours people worked on a dataset, or on each dataset of a workspace; annotators see their own.

    Answers and discards count, drafts once they are answered.
    """
    if as_csv and as_json:
        raise click.UsageError("Either --csv or --json.")
    remote = Remote.of(url, api_key, workspace)
    asked = {"from": first, "to": last, "by": by, "timezone": timezone}
    query = {"workspace": remote.place, **{name: value for name, value in asked.items() if value is not None}}
    path = f"/api/workspaces/{quote(remote.place, safe='')}/hours"
    if dataset is not None:
        path = f"/api/datasets/{quote(dataset, safe='')}/hours"
    if as_csv:
        click.echo(remote.text(path, {**query, "format": "csv"}), nl=False)
        return
    found = remote.ask("GET", path, query)
    if as_json:
        print_json(found)
        return
    rows = [{**each, "hours": f"{each['hours']:.2f}"} for each in found["rows"]]
    columns = ["annotator", "dataset", "from", "to", "answers", "hours"]
    listing(rows, columns, json=False, none="No one worked in this time.")
