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
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
)
from .automaton import Automaton
from .combine import all_of, any_of, negate
from .highlight import Highlighter, highlights
from .matching import auto_edits, field_regex, phrase_places, wildcard_regex, within_edits
from .parse import parse
from .rule_words import names_rules, with_rules
from .show import show

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
    "Query",
    "Range",
    "Regex",
    "Term",
    "Wildcard",
    "WildcardPart",
    "all_of",
    "any_of",
    "auto_edits",
    "field_regex",
    "highlights",
    "names_rules",
    "negate",
    "parse",
    "phrase_places",
    "show",
    "wildcard_regex",
    "with_rules",
    "within_edits",
]
