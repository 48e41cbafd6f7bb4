"""``apportion index``: the search indexes in OpenSearch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Protocol

import click

from apportion.ports.upkeep import IndexStatus

from .local import read_settings
from .output import RefusedError, as_json, examples, listing, notice
from .progress_bar import Progress

__all__ = ["index"]

workspace_option = click.option("--workspace", required=True, help="The dataset's workspace.")


class IndexUpkeep(Protocol):
    """The search index of a store, as ``bootstrap`` opens it for these commands."""

    def status(self) -> Sequence[IndexStatus]: ...

    def rebuild(self, workspace: str, name: str, progress: Callable[[int, int], None]) -> None: ...

    def verify(self, workspace: str, name: str) -> Sequence[str]: ...

    def drop(self, workspace: str, name: str) -> int: ...


@click.group()
def index() -> None:
    """Look after the search indexes in OpenSearch, beside servers that run.

    Everything in them comes from the database, and can be rebuilt from it at any time. Uses the database and the
    OpenSearch of the settings (APPORTION_DATABASE_URL, APPORTION_OPENSEARCH_URL).
    """


@contextmanager
def _opened() -> Iterator[IndexUpkeep]:
    from apportion.bootstrap import open_index_upkeep

    with closing(open_index_upkeep(read_settings(None))) as upkeep:
        yield upkeep


@index.command(epilog=examples("apportion index status", "apportion index status --json"))
@as_json
def status(as_json: bool) -> None:
    """List the indexes: their state, and how many records each is behind.

    Searches use an index that is `ready`; the database answers those of all other datasets.
    """
    with _opened() as upkeep:
        rows = [asdict(each) for each in upkeep.status()]
    columns = ["workspace", "dataset", "state", "records", "lag", "problem"]
    listing(rows, columns, json=as_json, none="There are no indexes.")


@index.command(epilog=examples("apportion index rebuild reviews --workspace team"))
@click.argument("dataset")
@workspace_option
def rebuild(dataset: str, workspace: str) -> None:
    """Rebuild the index of DATASET from the database; searches use the old one until the new one is ready.

    Also a dataset with fewer records than APPORTION_SEARCH_FROM gets an index so. What is cut short is gone on with by
    a server, or by the same command.
    """
    with _opened() as upkeep, Progress("indexing") as progress:
        upkeep.rebuild(workspace, dataset, lambda done, total: progress.at(done, total))
    click.echo(f"The index of {workspace}/{dataset} is rebuilt and in use.")


@index.command(epilog=examples("apportion index verify reviews --workspace team"))
@click.argument("dataset")
@workspace_option
def verify(dataset: str, workspace: str) -> None:
    """Compare the index of DATASET with the database, record by record; exit code 1 when they differ."""
    with _opened() as upkeep:
        problems = upkeep.verify(workspace, dataset)
    for each in problems[:20]:
        click.echo(each)
    if problems:
        raise RefusedError(
            f"{len(problems):,} differences. Run `apportion index rebuild {dataset} --workspace {workspace}`."
        )
    click.echo(f"The index of {workspace}/{dataset} is what the database says.")


@index.command(
    epilog=examples("apportion index drop reviews --workspace team", "apportion index drop --all --yes")
)
@click.argument("dataset", required=False)
@click.option("--workspace", help="The dataset's workspace.")
@click.option("--all", "everything", is_flag=True, help="All indexes of this store.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(dataset: str | None, workspace: str | None, everything: bool, yes: bool) -> None:
    """Remove the index of DATASET, or with --all those of every dataset. Nothing is lost: searches ask the database.

    Servers that still have APPORTION_OPENSEARCH_URL set build the index of a large dataset again.
    """
    if everything == bool(dataset) or bool(dataset) != bool(workspace):
        raise click.UsageError("Give a dataset with --workspace, or --all.")
    which = "all indexes of this store" if everything else f"the index of {workspace}/{dataset}"
    if not yes:
        click.confirm(f"Remove {which}?", abort=True)
    with _opened() as upkeep:
        gone = upkeep.drop(workspace or "", dataset or "")
    click.echo(f"Removed {gone} {'index' if gone == 1 else 'indexes'}.")
    notice("Servers with APPORTION_OPENSEARCH_URL build those of large datasets again.")
