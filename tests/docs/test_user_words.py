"""Texts for users are worded in the field's terms: one verb for one thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import apportion

SOURCE = Path(apportion.__file__).parent

# Say resolve, assign, unassign, undo, final value, unassigned, fix, everyone, no one, someone, can't.
# The same words are forbidden in the web app: web/src/text/words.test.ts.
FORBIDDEN = re.compile(
    r"\b(settl\w*|told|deals?(?= out)|dealt|houses?|shel(?:f|ves)|desks?|mend\w*|shar(?:e|es|ed|ing) out"
    r"|t(?:ake|akes|ook|aken|aking) (?:it |work |records )?back|stands? by|with nobody|out of work|set back"
    r"|everybody|nobody|somebody|whoever weighs|anew|cannot|could not|not for you|must be there)\b",
    re.IGNORECASE,
)
# What clients of 1.x were promised word for word, codes that are kept in databases, and undoing one's own skip.
ALLOWED = re.compile(
    r"Could not validate credentials|could not be parsed to a boolean|cannot be applied to dataset"
    r"|Cannot create more than|Cannot search on field|Cannot log data in dataset|^somebody unknown$"
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
        if "tables" not in path.parts  # the comments of columns
        for line, text in _shown(path)
        if (match := FORBIDDEN.search(ALLOWED.sub("", text)))
    ]
    assert not found, "\n".join(found)
