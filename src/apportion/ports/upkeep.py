"""Looking after what is kept: copies of it, and whether everything in it agrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["CannotOpenError", "Problem", "Upkeep"]


class CannotOpenError(Exception):
    """The store cannot be opened as it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not agree, in a sentence. ``dataset`` is its address, None for the whole store."""

    check: str
    dataset: str | None
    message: str


class Upkeep(Protocol):
    """Works beside a running server: it only reads, and holds nobody up."""

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        """A consistent copy as of now, there only once it is whole. Refused over the store itself.

        ``progress`` is told how many parts are left and how many there are.
        """
        ...

    def verify(self) -> Sequence[Problem]:
        """Whatever does not agree with the rest; nothing when all is well."""
        ...
