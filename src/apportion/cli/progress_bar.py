"""Progress of long work, on one line of the terminal; silent where it is no terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

__all__ = ["Progress"]

_EVERY = 0.1
_WIDTH = 30


class Progress:
    """A line on standard error, overwritten and cleared at the end."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._shown = sys.stderr.isatty()
        self._next = 0.0
        self._what = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._next:
            click.echo("\r\033[K", err=True, nl=False)

    def at(self, done: int, total: int | None, what: str = "") -> None:
        """Show how much is done, of a total if that is known."""
        now = time.monotonic()
        if not self._shown or (now < self._next and what == self._what):
            return
        self._next, self._what = now + _EVERY, what
        bar = ""
        if total:
            full = min(_WIDTH, _WIDTH * done // total)
            bar = f"[{'#' * full}{'-' * (_WIDTH - full)}] of {total:,} "
        click.echo(f"\r\033[K{self._doing} {what} {done:,} {bar}", err=True, nl=False)
