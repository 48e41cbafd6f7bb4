"""Tests of a value against one leaf of a query, by its kind: words, strings, numbers, instants."""

from __future__ import annotations

import re
from typing import Any

from apportion.domain.query import (
    Automaton,
    Fuzzy,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
    auto_edits,
    within_edits,
)
from apportion.domain.text import exact_words, fold, words
from apportion.domain.times import instant_of, parse_date_bounds, parse_datetime

__all__ = ["as_kind", "asks_nothing", "kind_by_first_value", "passes"]


def kind_by_first_value(value: Any) -> str | None:
    if isinstance(value, list):
        return next((kind for item in value if (kind := kind_by_first_value(item))), None)
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "float"
    if isinstance(value, dict):
        return "nested"
    if isinstance(value, str):
        return "date" if re.fullmatch(r"\d{4}-\d\d-\d\d([T ].*)?", value) else "keyword"
    return None


def as_kind(kind: str, value: Any) -> Any:
    if kind == "boolean":
        return str(value).lower()
    if kind == "date":
        return instant_of(parse_datetime(value))
    if kind == "float":
        return float(value)
    return value


def asks_nothing(query: Query) -> bool:
    plain = isinstance(query, (Term, Phrase)) and query.field in (None, "text", "text.wordcloud")
    return plain and not words(query.text)  # type: ignore[union-attr]


def passes(kind: str, value: Any, leaf: Query) -> bool:
    if kind == "number":
        return _number_passes(float, value, leaf)
    if kind == "date":
        return _date_passes(value, leaf)
    if kind == "vector" or kind == "agent":
        return False
    if kind == "keyword":
        return _word_passes(value, leaf, lambda text: text)
    pieces = words(value) if kind == "words" else exact_words(value)
    normal = fold if kind == "words" else str
    if isinstance(leaf, (Term, Phrase)):
        wanted = words(leaf.text) if kind == "words" else exact_words(leaf.text)
        return stands_in(pieces, wanted, leaf.slop if isinstance(leaf, Phrase) else 0)
    if isinstance(leaf, Wildcard) and kind == "words" and _is_prefix(leaf):
        start = words(str(leaf.pieces[0]))
        return bool(start) and any(
            pieces[i : i + len(start) - 1] == start[:-1]
            and i + len(start) <= len(pieces)
            and pieces[i + len(start) - 1].startswith(start[-1])
            for i in range(len(pieces))
        )
    return any(_word_passes(piece, leaf, normal) for piece in pieces)


def _is_prefix(leaf: Wildcard) -> bool:
    return len(leaf.pieces) == 2 and isinstance(leaf.pieces[0], str) and leaf.pieces[1] is WildcardPart.ANY


def stands_in(found: list[str], wanted: list[str], slop: int) -> bool:
    if not wanted:
        return False
    many = len(wanted)
    if slop == 0:
        return any(found[i : i + many] == wanted for i in range(len(found)))
    width = many + slop
    return any(set(wanted) <= set(found[i : i + width]) for i in range(len(found)))


def _word_passes(word: str, leaf: Query, normal: Any) -> bool:
    if isinstance(leaf, (Term, Phrase)):
        return bool(word == normal(leaf.text))
    if isinstance(leaf, Wildcard):
        pattern = "".join(
            ".*"
            if piece is WildcardPart.ANY
            else "."
            if piece is WildcardPart.ONE
            else re.escape(normal(piece))
            for piece in leaf.pieces
        )
        return re.fullmatch(pattern, word, re.DOTALL) is not None
    if isinstance(leaf, Regex):
        return Automaton(leaf.pattern).matches(word)
    if isinstance(leaf, Fuzzy):
        wanted = normal(leaf.text)
        return within_edits(wanted, word, auto_edits(wanted) if leaf.edits is None else leaf.edits)
    assert isinstance(leaf, Range)
    low = None if leaf.low is None else normal(leaf.low)
    high = None if leaf.high is None else normal(leaf.high)
    return _inside(word, low, high, leaf)


def _inside(value: Any, low: Any, high: Any, leaf: Range) -> bool:
    above = low is None or value > low or (leaf.include_low and value == low)
    below = high is None or value < high or (leaf.include_high and value == high)
    return bool(above and below)


def _number_passes(read: Any, value: float, leaf: Query) -> bool:
    def number(text: str | None) -> Any:
        if text is None:
            return None
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)

    if isinstance(leaf, (Term, Phrase)):
        return bool(value == number(leaf.text))
    return isinstance(leaf, Range) and _inside(value, number(leaf.low), number(leaf.high), leaf)


def _date_passes(value: int, leaf: Query) -> bool:
    if isinstance(leaf, (Term, Phrase)):
        first, last = parse_date_bounds(leaf.text)
        return first <= value <= last
    if not isinstance(leaf, Range):
        return False
    low = None if leaf.low is None else parse_date_bounds(leaf.low)[0 if leaf.include_low else 1]
    high = None if leaf.high is None else parse_date_bounds(leaf.high)[1 if leaf.include_high else 0]
    return _inside(value, low, high, leaf)
