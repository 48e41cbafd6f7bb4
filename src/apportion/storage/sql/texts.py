"""The full-text index of a dataset as the engine sees it: what can be asked of it, and how it is kept up to date.

Words are those of ``domain.text``, so that every database finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

__all__ = [
    "AddTexts", "AllTexts", "AnyText", "AnyWord", "Near", "TextComparison", "TextIndex", "TextNode", "Words",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """Texts with these words one after the other; with ``prefix`` the last of them may go on."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """Texts with all of these words, in any order, with at most ``slop`` other words between the first and the last."""

    words: tuple[str, ...]
    slop: int


@dataclass(frozen=True, slots=True)
class AnyWord:
    """Texts with at least one of these words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllTexts:
    """Texts that all of these find."""

    parts: tuple[TextNode, ...]


@dataclass(frozen=True, slots=True)
class AnyText:
    """Texts that one of these finds."""

    parts: tuple[TextNode, ...]


TextNode: TypeAlias = Words | Near | AnyWord | AllTexts | AnyText


class TextComparison(Protocol):
    """Comparison of a text index with the texts that should be in it."""

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Take texts as ``TextIndex.add`` does, in the order of their numbers."""

    def difference(self) -> tuple[str, str, int] | None:
        """Return the first one, or None: ``lacks`` or ``has, and should not have,``, the word, and the record."""


AddTexts: TypeAlias = Callable[[Sequence[tuple[int, str]]], None]
"""A function that indexes new records by number, as ``TextIndex.add`` does."""


class TextIndex(Protocol):
    """The full-text index of one dataset. Texts are found by the short numbers of their records."""

    changed: bool
    """True once something was changed through this object."""

    def create(self) -> None:
        """Create an empty index."""

    def drop(self) -> None:
        """Drop the index, if there is one."""

    def drop_some(self) -> bool:
        """Drop a part of the index, so that nobody waits for long; False if there was none any more."""

    def add(self, texts: Sequence[tuple[int, str]]) -> None:
        """Index new records by number; the texts are analysed already (``domain.text.analysed``)."""

    def filling(self) -> AbstractContextManager[AddTexts]:
        """Return a context whose value is a faster ``add``, for an index that nobody else uses yet."""

    def remove(self, n: int, text: str) -> None:
        """Remove a record that has this text."""

    def replace(self, n: int, before: str, after: str) -> None:
        """Index a record's new text instead of its old one."""

    def matching(self, node: TextNode) -> Any:
        """Return the numbers of the records that a node finds, as a numpy array."""

    def vocabulary(self) -> list[str]:
        """Return every word."""

    def words_between(self, low: str, high: str) -> Iterable[str]:
        """Yield the words from ``low`` on and before ``high``, in the order of code points."""

    def most_frequent(self, limit: int) -> list[tuple[str, int]]:
        """Return the words that are in most records, and in how many of them."""

    def compared(self) -> AbstractContextManager[TextComparison]:
        """Compare the index with the texts that should be in it."""
