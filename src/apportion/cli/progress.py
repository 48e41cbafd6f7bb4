"""``apportion progress``: how far the work has come."""

from __future__ import annotations

import json
import time

import click

from .output import as_json, examples, print_json
from .remote import Remote, server_options

__all__ = ["progress"]


@click.command(
    epilog=examples(
        "apportion progress reviews --workspace recognai",
        "apportion progress reviews --watch --every 10",
        "apportion progress reviews --json",
    )
)
@click.argument("dataset")
@click.option("--watch", is_flag=True, help="Show it again and again until everything is done; Ctrl+C stops.")
@click.option(
    "--every", type=click.FloatRange(min=0), default=5.0, show_default=True, help="Seconds between two looks."
)
@server_options
@as_json
def progress(
    dataset: str,
    watch: bool,
    every: float,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Show how far a dataset has come, by person; annotators see their own part.

    With --watch and --json, each look is one line of JSON.
    """
    from apportion.sdk.work import read_progress

    remote = Remote.of(url, api_key, workspace)
    while True:
        found = remote.dataset("GET", dataset, "progress", median=True)
        if as_json:
            click.echo(json.dumps(found)) if watch else print_json(found)
        else:
            if watch:
                click.clear()
            click.echo(repr(read_progress(dataset, found)))
        if not watch or found["complete"] >= found["records"]:
            return
        time.sleep(every)
