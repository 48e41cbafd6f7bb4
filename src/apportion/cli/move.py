"""``apportion move``: everything from one store into an empty other one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from apportion.domain.database_urls import place_of, read_database_url
from apportion.settings import Settings
from apportion.vocabulary import EventCode

from .local import note, read_settings
from .output import RefusedError, as_json, examples, notice, print_json
from .progress_bar import Progress

__all__ = ["move"]

_PLACE = "a home folder, a file, or postgresql://user@host/database"


@click.command(
    epilog=examples(
        "apportion move --from ~/.apportion --to postgresql://apportion@db.example.org/apportion",
        "apportion move --from postgresql://apportion@db.example.org/apportion --to /var/lib/apportion",
        "apportion move --from postgresql://apportion@old/apportion --to postgresql://apportion@new/apportion",
    )
)
@click.option("--from", "source", help=f"{_PLACE.capitalize()}; default the store of the settings.")
@click.option("--to", "target", help="Where to, empty: the same; default the store of the settings.")
@as_json
def move(source: str | None, target: str | None, as_json: bool) -> None:
    """Copy everything from one store into an empty other one, and check that both are equal.

    Between a file and PostgreSQL, in both directions. Stop the server first. The source stays as it is; the target is
    whole at the end, or empty if anything fails or is cut short. A million records take some minutes.

    Passwords are better kept in PGPASSWORD or ~/.pgpass than in an address: others on the machine see commands.
    """
    from apportion.bootstrap import move_store

    if source is None and target is None:
        raise click.UsageError("Give --from, --to, or both.")
    read, written = _place(source), _place(target)
    if _same(read, written):
        raise RefusedError(f"{_shown(read)} is both the source and the target.")
    with Progress("moving") as progress:
        rows = move_store(read, written, tell=lambda what, at, all: progress.at(at, all, what))
    _note(written, read)
    if as_json:
        print_json({"from": _shown(read), "to": _shown(written), "rows": dict(rows)})
        return
    click.echo(
        f"Everything of {_shown(read)} is in {_shown(written)}: {sum(rows.values()):,} rows, {rows['records']:,} of "
        "them records. Both are equal, and everything agrees."
    )
    notice(_what_next(read, written))


def _note(target: Path | str, source: Path | str) -> None:
    """Record the move in the audit log of a store that servers use; a file of another name is a copy."""
    if isinstance(target, str):
        settings = Settings(database_url=target)
    else:
        settings = Settings(home=target.parent)
        if settings.database != target:
            return
    note(settings, EventCode.MOVED_STORE, source=_shown(source))


def _what_next(source: Path | str, target: Path | str) -> str:
    lines = ["The source is as it was. Before you start servers on the target:"]
    if isinstance(target, str):
        lines.append("- set APPORTION_DATABASE_URL to its address, on every machine")
    else:
        lines.append("- unset APPORTION_DATABASE_URL, and set APPORTION_HOME to its folder")
    secret = (
        f"what is in {source.parent / 'secret'}" if isinstance(source, Path) else "that of the servers before"
    )
    lines.append(
        f"- APPORTION_SECRET_KEY should be {secret}: else everyone signs in again, and webhooks get other secrets"
    )
    return "\n".join(lines)


def _place(given: str | None) -> Path | str:
    """Return a file, or the address of a database."""
    if given is None:
        settings = read_settings(None)
        return settings.database_url or settings.database
    if given.startswith(("postgresql://", "postgres://")):
        try:
            return read_database_url(given)
        except ValueError as wrong:
            raise click.UsageError(f"An address of PostgreSQL must be {wrong}.") from None
    if "://" in given:
        raise click.UsageError(f"Give {_PLACE}.")
    path = Path(given).expanduser()
    # A name without an ending is that of a folder, there or not
    return path if path.is_file() or (path.suffix and not path.is_dir()) else path / Settings().database.name


def _shown(place: Path | str) -> str:
    return place_of(place) if isinstance(place, str) else str(place)


def _same(one: Path | str, other: Path | str) -> bool:
    if isinstance(one, Path) and isinstance(other, Path):
        return os.path.realpath(one) == os.path.realpath(other)
    return one == other
