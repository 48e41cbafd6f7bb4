"""Commands that open the file themselves: they work with and without a running server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apportion.domain.ids import UserId
from apportion.domain.people import Actor, User
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings, load_settings
from apportion.vocabulary import COMMAND_LINE, Role

if TYPE_CHECKING:
    from apportion.ports.store import Store, Work

__all__ = ["OPERATOR", "change", "home_option", "opened", "read_settings"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

OPERATOR = Actor(User(UserId("operator"), COMMAND_LINE, "Operator", None, Role.ADMIN, True, 0, 0))
"""Whoever can write the file may do anything to it."""


def home_option(command: F) -> F:
    """``--home``, for all commands that open the file."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder everything is kept in; default APPORTION_HOME, else ~/.apportion.",
    )(command)


def read_settings(home: Path | None) -> Settings:
    """The settings of that home."""
    return load_settings(home=home).settings


@contextmanager
def opened(home: Path | None, *, create: bool = False) -> Iterator[Store]:
    """The store, for a short while; never upgraded, since an older server may be using it."""
    from apportion.bootstrap import open_store

    settings = read_settings(home)
    if not create and not settings.database.is_file():
        raise CannotOpenError(
            f"There is no database at {settings.database}. Set APPORTION_HOME, or give --home."
        )
    store = open_store(settings, allow_upgrade=False)
    try:
        yield store
    finally:
        store.close()


def change(home: Path | None, work: Callable[[Work, int], T], *, create: bool = False) -> T:
    """Do ``work`` in one transaction, given what time it is."""
    from apportion.server.security import SystemClock

    now = SystemClock().now()
    with opened(home, create=create) as store:
        return store.write(lambda within: work(within, now)).result()
