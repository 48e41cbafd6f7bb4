"""A parsed query as a tree of small immutable values.

Field names are as the user wrote them with escapes removed; ``None`` is the default field (``text``).
A ``*`` in a field name stands for any run of characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

__all__ = [
    "And",
    "Exists",
    "Fuzzy",
    "MatchAll",
    "Nested",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "Range",
    "Regex",
    "Term",
    "Wildcard",
    "WildcardPart",
]  # fmt: skip


class WildcardPart(Enum):
    """The parts of a wildcard pattern that match any text."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Every record."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word as typed; the field's kind decides how it is analysed."""

    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Consecutive words, at most ``slop`` positions apart from that."""

    field: str | None
    text: str
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A word with ``*`` and ``?``; ``pieces`` alternates literals and moving parts."""

    field: str | None
    pieces: tuple[str | WildcardPart, ...]


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern a whole word must match, in Lucene's syntax."""

    field: str | None
    pattern: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word within some edits; ``edits`` None lets the length of the word decide."""

    field: str | None
    text: str
    edits: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Between two bounds; a bound of None is open."""

    field: str | None
    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class Exists:
    """The field has some value."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    child: Query


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """``child`` holds for one and the same element under ``path`` (advanced queries only)."""

    path: str
    child: Query


Query: TypeAlias = (
    MatchAll | Term | Phrase | Wildcard | Regex | Fuzzy | Range | Exists | Not | And | Or | Nested
)
