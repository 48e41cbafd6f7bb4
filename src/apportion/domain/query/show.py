"""Print a query tree as text that parses to the same tree."""

from __future__ import annotations

import re

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
)

__all__ = ["show"]

_SPECIAL = re.compile(r'[\s\\():^"~*?!\[\]{}]|&&|\|\||\A[-+/<>]')
_OPERATORS = ("AND", "OR", "NOT")
_SIMPLE_BOUND = re.compile(r"[\w.:+\-]+")
_SLASH_OR_ESCAPE = re.compile(r"\\.|/", re.DOTALL)


def show(query: Query) -> str:
    r"""Return the query as text, with as few brackets and escapes as possible.

    For every tree that ``parse`` makes, ``parse(show(tree)) == tree`` (given the same ``advanced``), as long
    as the text stays within the length a query may have.

    >>> from apportion.domain.query import And, Or, Term
    >>> show(And((Term(None, "a:b"), Or((Term("status", "Default"), Term(None, "c"))))))
    'a\\:b AND (status:Default OR c)'
    """
    if isinstance(query, And):
        return " AND ".join(_bracketed(child, Or) for child in query.children)
    if isinstance(query, Or):
        return " OR ".join(map(show, query.children))
    if isinstance(query, Not):
        return "NOT " + _bracketed(query.child, And, Or)
    if isinstance(query, Nested):
        return f"{_word(query.path)}:({show(query.child)})"
    if isinstance(query, MatchAll):
        return "*:*"
    if isinstance(query, Exists):
        return f"_exists_:{_word(query.field)}"
    return ("" if query.field is None else f"{_word(query.field)}:") + _value(query)


def _bracketed(query: Query, *loose: type[And] | type[Or]) -> str:
    return f"({show(query)})" if isinstance(query, loose) else show(query)


def _value(query: Term | Phrase | Wildcard | Regex | Fuzzy | Range) -> str:
    if isinstance(query, Term):
        return _word(query.text)
    if isinstance(query, Phrase):
        return _quoted(query.text) + (f"~{query.slop}" if query.slop else "")
    if isinstance(query, Wildcard):
        return _wildcard(query)
    if isinstance(query, Regex):
        return "/" + _SLASH_OR_ESCAPE.sub(lambda m: "\\/" if m[0][-1] == "/" else m[0], query.pattern) + "/"
    if isinstance(query, Fuzzy):
        return f"{_word(query.text)}~" + ("" if query.edits is None else str(query.edits))
    low, high = "[{"[not query.include_low], "]}"[not query.include_high]
    return f"{low}{_bound(query.low)} TO {_bound(query.high)}{high}"


def _word(text: str) -> str:
    return "\\" + text if text in _OPERATORS else _SPECIAL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return "".join("\\" + char for char in found[0])


def _wildcard(query: Wildcard) -> str:
    return "".join(_SPECIAL.sub(_escape, p) if isinstance(p, str) else p.value for p in query.pieces)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bound(text: str | None) -> str:
    if text is None:
        return "*"
    return text if _SIMPLE_BOUND.fullmatch(text) and text != "TO" else _quoted(text)
