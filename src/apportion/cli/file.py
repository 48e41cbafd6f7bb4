"""``apportion db``, ``backup``, ``restore``, ``verify`` and ``reindex``: maintenance of the store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from apportion.ports.upkeep import CannotOpenError
from apportion.vocabulary import EventCode

from .local import home_option, note, read_settings
from .output import RefusedError, as_json, examples, notice, print_json
from .progress_bar import Progress

__all__ = ["backup", "db", "reindex", "restore", "verify"]


@click.group()
def db() -> None:
    """Look after the tables."""


@db.command(epilog=examples("apportion db migrate"))
@home_option
def migrate(home: Path | None) -> None:
    """Bring the store up to this version's tables; the server does the same when it starts.

    A copy of a file as it was is kept beside it; in an empty PostgreSQL database the tables are created. Refused
    while a server runs.
    """
    from apportion.bootstrap import open_store

    settings = read_settings(home)
    copies: list[Path] = []
    try:
        open_store(settings, allow_upgrade=False).close()
    except CannotOpenError:  # which needs an upgrade, or cannot be helped: opening it again reports it
        open_store(settings, serving=True, upgraded=copies.append).close()
    for copy in copies:
        click.echo(f"{settings.store_name} is upgraded. As it was before: {copy}")
    if not copies:
        click.echo(f"{settings.store_name} is up to date.")


@click.command(epilog=examples("apportion backup /backups/monday.db", "apportion backup --force latest.db"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@home_option
def backup(file: Path, force: bool, home: Path | None) -> None:
    """Write a consistent copy of everything to FILE, also while a server runs.

    Everything acknowledged before the backup began is in it. The secret that signs logins is not: after a
    restore elsewhere everyone signs in again. A backup of a PostgreSQL database is such a file, too.
    """
    from apportion.bootstrap import open_upkeep

    if file.exists() and not force:
        raise RefusedError(f"{file} exists. Choose another name, or replace it with --force.")
    if not file.parent.is_dir():
        raise RefusedError(f"There is no folder {file.parent}.")
    settings = read_settings(home)
    upkeep = open_upkeep(settings)
    note(settings, EventCode.BACKED_UP, file)  # before the copy, so that the copy records it too
    with Progress("copying") as progress:
        upkeep.backup(file, progress=lambda left, all: progress.at(all - left, all))
    click.echo(f"{file} written, {file.stat().st_size:,} bytes; its checksum is beside it.")


@click.command(
    epilog=examples(
        "apportion restore /backups/monday.db",
        "apportion restore /backups/monday.db --home /tmp/look --json",
        "apportion restore --force /backups/monday.db",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also where there are users or datasets; they are kept beside.")
@as_json
@home_option
def restore(file: Path, force: bool, as_json: bool, home: Path | None) -> None:
    """Put a backup into an empty home, or an empty PostgreSQL database, once it has been looked through.

    Refused while a server runs, where the home is not empty, and for a file that is damaged or does not agree
    with itself; then nothing has changed. Sessions end; passwords, API keys and roles are those of the backup.
    """
    from apportion.bootstrap import restore_store

    settings = read_settings(home)
    with Progress("restoring") as progress:
        done = restore_store(
            settings, file, force=force, progress=lambda what, at, all: progress.at(at, all, what)
        )
    if not done.older:  # the tables of an older one are the server's to upgrade
        note(settings, EventCode.RESTORED_BACKUP, file)
    if as_json:
        kept = None if done.kept is None else str(done.kept)
        print_json({"database": settings.store_name, "kept": kept, "older": done.older})
        return
    click.echo(f"{settings.store_name} is what {file} was.")
    if done.kept is not None:
        click.echo(f"As it was before: {done.kept}")
    click.echo(
        "Everyone has to sign in again. Passwords, API keys, roles and who was deactivated are as they were when the "
        "backup was made: what was changed since has to be changed again (apportion users list --inactive)."
    )
    if done.older:
        click.echo("An older version wrote it; the server upgrades it when it starts, and keeps a copy.")


@click.command(epilog=examples("apportion reindex", "apportion reindex --home /var/lib/apportion --json"))
@as_json
@home_option
def reindex(as_json: bool, home: Path | None) -> None:
    """Make the text index, facets and counters again from the records, annotations and plans.

    For when `verify` finds that they do not agree, or that the file is damaged there. The file as it was is
    kept beside; in PostgreSQL all is one transaction. Stop the server first; a million records take a few minutes.
    """
    from apportion.bootstrap import open_upkeep

    settings = read_settings(home)
    with Progress("reindexing") as progress:
        done = open_upkeep(settings).reindex(progress=lambda what, at, all: progress.at(at, all, what))
    note(settings, EventCode.REBUILT_INDEXES, left_out=dict(done.left_out))
    if as_json:
        print_json({"kept": None if done.kept is None else str(done.kept), "left_out": dict(done.left_out)})
        return
    for table, count in done.left_out.items():
        notice(f"{count:,} rows of {table} belong to nothing that exists and were left out.")
    click.echo(f"{settings.store_name} is rebuilt, and everything agrees.")
    if done.kept is not None:
        click.echo(f"As it was before: {done.kept}")


@click.command(
    epilog=examples("apportion verify", "apportion verify --json", "apportion verify --home /restored")
)
@as_json
@home_option
def verify(as_json: bool, home: Path | None) -> None:
    """Check that rows, counters, text index and caches agree; exit code 1 when they do not.

    Reads only, and works while a server runs. A million records take a few minutes.
    """
    from apportion.bootstrap import open_upkeep

    settings = read_settings(home)
    with Progress("checking") as progress:
        problems = open_upkeep(settings).verify(progress=lambda what, at, all: progress.at(at, all, what))
    place = settings.store_name if settings.database_url else settings.database.name
    if as_json:
        print_json([asdict(each) for each in problems])
    else:
        for each in problems:
            click.echo(f"{each.dataset or place}, {each.check}: {each.message}")
    if problems:
        notice(
            f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'} found in {settings.store_name}."
        )
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo(f"{settings.store_name}: everything agrees.")
