"""Access to the local database file, for commands that work with and without a running server."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apportion.domain.errors import Refusal
from apportion.domain.ids import UserId
from apportion.domain.people import Actor, User
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings, load_settings
from apportion.vocabulary import COMMAND_LINE, EventCode, Role

from .output import notice

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = ["OPERATOR", "change", "home_option", "note", "opened", "read_settings"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

OPERATOR = Actor(User(UserId("operator"), COMMAND_LINE, "Operator", None, Role.ADMIN, True, 0, 0))
"""Whoever can write the file may do anything to it."""


def home_option(command: F) -> F:
    """The option ``--home``, for all commands that open the file."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder everything is kept in; default APPORTION_HOME, else ~/.apportion.",
    )(command)


def read_settings(home: Path | None) -> Settings:
    """Return the settings of a home folder; one that is given is meant, whatever database the environment names."""
    settings = load_settings(home=home).settings
    return settings if home is None else replace(settings, database_url="")


@contextmanager
def opened(home: Path | None, *, create: bool = False) -> Iterator[Store]:
    """Open the store for a short time; never upgrade it, since an older server may be using it."""
    from apportion.bootstrap import open_store

    settings = read_settings(home)
    if not create and not settings.database_url and not settings.database.is_file():
        raise CannotOpenError(
            f"There is no database at {settings.database}. Set APPORTION_HOME, or give --home."
        )
    store = open_store(settings, allow_upgrade=False)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def operator_marked() -> Iterator[None]:
    """Make the audit log name the account of this machine that runs the command."""
    from apportion.ports.events import REQUEST, RequestMark

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account that has no name, as in some containers
        account = str(os.getuid())
    token = REQUEST.set(RequestMark(f"account {account}", None))
    try:
        yield
    finally:
        REQUEST.reset(token)


def note(settings: Settings, what: EventCode, file: Path | None = None, **detail: Any) -> None:
    """Record in the audit log what a command does to the whole store; print a notice if that fails."""
    from apportion.bootstrap import open_store
    from apportion.ports.events import About
    from apportion.server.security import SystemClock

    about, now = About(object=None if file is None else file.name), SystemClock().now()

    def add(tx: Transaction) -> None:
        tx.events.add(what, about, who=COMMAND_LINE, at=now, detail=detail or None)

    try:
        with operator_marked(), closing(open_store(settings, allow_upgrade=False)) as store:
            store.write(add).result()
    except (CannotOpenError, Refusal) as failure:
        notice(f"This is not in the audit log: {failure}")


def change(home: Path | None, fn: Callable[[Transaction, int], T], *, create: bool = False) -> T:
    """Run ``fn`` in one transaction, with the current time as its second argument."""
    from apportion.server.security import SystemClock

    now = SystemClock().now()
    with operator_marked(), opened(home, create=create) as store:
        return store.write(lambda within: fn(within, now)).result()
