"""The search language: text to tree and back, and what engines need to answer it."""

from .ast import (
    And,
    Exists,
    Fuzzy,
    MatchAll,
    Nested,
    Not,
    Or,
    Phrase,
    Piece,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
)
from .automaton import Automaton
from .combine import all_of, any_of, negate
from .highlight import Highlighter, highlights
from .parse import parse
from .show import show
from .words import auto_edits, field_regex, phrase_places, wildcard_regex, within_edits

__all__ = [
    "And",
    "Automaton",
    "Exists",
    "Fuzzy",
    "Highlighter",
    "MatchAll",
    "Nested",
    "Not",
    "Or",
    "Phrase",
    "Piece",
    "Query",
    "Range",
    "Regex",
    "Term",
    "Wildcard",
    "all_of",
    "any_of",
    "auto_edits",
    "field_regex",
    "highlights",
    "negate",
    "parse",
    "phrase_places",
    "show",
    "wildcard_regex",
    "within_edits",
]
