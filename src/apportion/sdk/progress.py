"""A bar that shows how far a long call has come: in terminals and notebooks, and nowhere else."""

from __future__ import annotations

import sys
import time
from html import escape
from importlib import import_module
from types import TracebackType
from typing import Any

__all__ = ["Progress"]

_WIDTH = 30
_EVERY = 0.1
"""Seconds between two looks of the bar."""


class Progress:
    """A progress bar. Shows nothing if it is not wanted or nobody could see it."""

    def __init__(
        self, doing: str, total: int | None = None, *, shown: bool = True, unit: str = "records"
    ) -> None:
        self._unit = unit
        self._doing = doing
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._drawn = 0.0
        self._notebook = _Notebook.found() if shown else None
        self._terminal = shown and self._notebook is None and _is_terminal()

    def __enter__(self) -> Progress:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._notebook is not None:
            self._notebook.show(self._html())
        elif self._terminal:
            print(f"\r{self._line()}", file=sys.stderr, flush=True)

    def advance(self, count: int) -> None:
        """Count that many more as done."""
        self._done += count
        if time.monotonic() - self._drawn >= _EVERY:
            self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if self._notebook is not None:
            self._notebook.show(self._html())
        elif self._terminal:
            print(f"\r{self._line()}", end="", file=sys.stderr, flush=True)

    def _line(self) -> str:
        if not self._total:
            return f"{self._doing} {self._counted()} "
        filled = _WIDTH * min(self._done, self._total) // self._total
        return f"{self._doing} [{'#' * filled}{'.' * (_WIDTH - filled)}] {self._counted()} "

    def _html(self) -> str:
        bar = "" if not self._total else f'<progress value="{self._done}" max="{self._total}"></progress> '
        return f"<div>{escape(self._doing)} {bar}{escape(self._counted())}</div>"

    def _counted(self) -> str:
        count = f"{self._done:,}" + (f" of {self._total:,}" if self._total else "")
        seconds = time.monotonic() - self._began
        speed = f", {self._done / seconds:,.0f} a second" if self._done and seconds > 0.5 else ""
        return f"{count} {self._unit}{speed}"


def _is_terminal() -> bool:
    return bool(sys.stderr is not None and sys.stderr.isatty())


class _Notebook:
    """An output of a running notebook cell, which can be updated."""

    def __init__(self, display: Any, html: Any) -> None:
        self._display = display
        self._html = html
        self._handle: Any = None

    @staticmethod
    def found() -> _Notebook | None:
        """Return the notebook this runs in, if any; IPython is never imported for it."""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is None or not hasattr(shell, "kernel"):
            return None
        display = import_module("IPython.display")
        return _Notebook(display.display, display.HTML)

    def show(self, html: str) -> None:
        """Replace the last output."""
        if self._handle is None:
            self._handle = self._display(self._html(html), display_id=True)
        else:
            self._handle.update(self._html(html))
