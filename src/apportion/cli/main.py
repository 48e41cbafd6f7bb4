"""``apportion``: every command."""

from __future__ import annotations

import click

from apportion.version import __version__

from .agreement import agreement, conflicts, export
from .assign import assign
from .assignments import assignments
from .audit import audit
from .datasets import datasets
from .file import backup, db, reindex, restore, verify
from .hours import hours
from .move import move
from .output import EXIT_CODES, Commands, examples
from .policies import policies
from .progress import progress
from .quickstart import quickstart
from .search_index import index
from .serve import server
from .status import status
from .users import users
from .webhooks import webhooks
from .workspaces import workspaces

__all__ = ["main"]


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES + "\n\n" + examples("apportion quickstart", "apportion users create --username ana"),
)
@click.version_option(__version__, "--version", help="Print the version.")
def main() -> None:
    """Share text records out among annotators, and bring one clean dataset back.

    Commands that look after the server's own file (users, workspaces, db, backup, verify, index) open it in the home
    folder, also while a server runs; restore, reindex and move want the server stopped. The others (datasets, assign,
    assignments, progress, hours, policies, agreement, conflicts, export, audit, webhooks, status) ask a running
    server.
    """


for command in (
    quickstart,
    server,
    status,
    users,
    workspaces,
    webhooks,
    datasets,
    assign,
    assignments,
    progress,
    hours,
    policies,
    agreement,
    conflicts,
    export,
    audit,
    db,
    backup,
    restore,
    verify,
    reindex,
    index,
    move,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="apportion")
