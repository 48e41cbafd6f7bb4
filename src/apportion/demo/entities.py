"""Token classification records, their spans predicted by a few rules that are right most of the time."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from typing import Any

from apportion.vocabulary import Status

from .sentences import sentences

__all__ = ["AGENT", "LABELS", "entities_records", "tokenize"]

AGENT = "rule-tagger"
LABELS = ("BUILTIN", "EXCEPTION", "KEYWORD", "SPECIAL")

_TOKEN = re.compile(r"__\w+?__|[^\W\d_]+['’](?:t|s|re|ll|ve|d|m)\b|\w+|[^\w\s]")
_SPECIAL = re.compile(r"__[a-z]\w*?__")
_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
_CONSTANTS = frozenset({"None", "True", "False", "NotImplemented", "Ellipsis"})
_BUILTINS = frozenset(name for name in vars(builtins) if name[0].islower()) | _CONSTANTS
_QUOTES = ('"', "'", "“", "”")


def entities_records() -> list[dict[str, Any]]:
    """Return every sentence as a 1.x record, with the entities that the rules found in it.

    Every span starts and ends where a token does. Equal on every run of the same Python.
    """
    return [
        {
            "id": sentence.id,
            "text": sentence.text,
            "tokens": [token.group() for token in tokenize(sentence.text)],
            "prediction": {"agent": AGENT, "entities": list(_entities(sentence.text))},
            "metadata": {"topic": sentence.topic, "length": sentence.length, "position": sentence.position},
            "status": Status.DEFAULT.value,
        }
        for sentence in sentences()
    ]


def tokenize(text: str) -> Iterator[re.Match[str]]:
    """Split a text into words, special names and single marks, each with its position in the text."""
    return _TOKEN.finditer(text)


def _entities(text: str) -> Iterator[dict[str, Any]]:
    tokens = [("", 0, 0), *((found.group(), *found.span()) for found in tokenize(text)), ("", 0, 0)]
    for (before, _, _), (word, start, end), (after, _, _) in zip(
        tokens, tokens[1:], tokens[2:], strict=False
    ):
        found = _guess(before, word, after)
        if found is not None:
            label, score = found
            yield {"start": start, "end": end, "label": label, "score": score}


def _guess(before: str, word: str, after: str) -> tuple[str, float] | None:
    """Return the label and score of one token, from itself and its neighbours alone."""
    quoted = before in _QUOTES
    if _SPECIAL.fullmatch(word):
        return "SPECIAL", 0.98 if quoted or before == "." else 0.9
    if word in _EXCEPTIONS:
        return "EXCEPTION", 0.97
    if quoted and word in _CONSTANTS:
        return "BUILTIN", 0.9
    if keyword.iskeyword(word) and quoted:
        return "KEYWORD", 0.95 if after in _QUOTES else 0.7
    if word in _BUILTINS and (quoted or after == "("):
        return "BUILTIN", 0.85 if quoted and after == "(" else 0.6
    return None
