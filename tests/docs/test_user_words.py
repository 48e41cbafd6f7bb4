"""Texts for users are worded in the field's terms: one verb for one thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import apportion

SOURCE = Path(apportion.__file__).parent

# Say resolve, assign, unassign, undo, final value, unassigned, fix.
FORBIDDEN = re.compile(
    r"\b(settl\w*|told|deal(?:s|t)? out|houses?|shelf|shelves|desks?|mend(?:ed|s)?"
    r"|shar(?:e|es|ed|ing) out|t(?:ake|akes|ook|aken|aking) back|stands? by|with nobody|out of work|set back)\b",
    re.IGNORECASE,
)


def _shown(path: Path) -> Iterator[tuple[int, str]]:
    """The sentences in a module: texts of more than one word, and the help of commands and routes."""
    tree = ast.parse(path.read_text("utf-8"))
    helped = {"cli", "routers"} & set(path.parts)
    silent: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", [])
        for at, each in enumerate(body if isinstance(body, list) else []):
            is_help = helped and at == 0 and getattr(node, "decorator_list", [])
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and not is_help:
                silent.add(id(each.value))
    for node in ast.walk(tree):
        if id(node) not in silent and isinstance(node, ast.Constant) and " " in str(node.value):
            yield node.lineno, str(node.value)


def test_texts_for_users_have_no_forbidden_word() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {match[0]}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, text in _shown(path)
        if (match := FORBIDDEN.search(text))
    ]
    assert not found, "\n".join(found)
