"""Helpers of the tests of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import Result

from apportion.bootstrap import open_store
from apportion.ports.people import People
from apportion.settings import Settings

__all__ = ["ANA", "Run", "people_in"]

Run = Callable[..., Result]

ANA = ("--username", "ana", "--first-name", "Ana", "--role", "annotator", "--password", "ten long words")


@contextmanager
def people_in(home: Path) -> Iterator[People]:
    """Yield the people of a home."""
    store = open_store(Settings(home=home))
    try:
        with store.read() as tx:
            yield tx.people
    finally:
        store.close()
