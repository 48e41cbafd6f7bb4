"""A docstring begins with a verb or a noun that says what the thing does or is, never with a question word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALKED = ("src", "tests", "benchmarks", "tools")
WEB = ("web/src", "web/e2e")
QUESTION = re.compile(r"(What|Which|Who|Whom|Whose|How|Whether|Where|When|Why)\b")

DOC_COMMENT = re.compile(rf"/\*\*[\s*]*({QUESTION.pattern}[^\n]*)")


def _docstrings(source: str) -> Iterator[ast.Constant]:
    """Yield the constants that stand alone: those of modules, classes and functions, and those below attributes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _questions(source: str) -> list[str]:
    return [
        f"{each.lineno}: {str(each.value).strip().splitlines()[0]}"
        for each in _docstrings(source)
        if QUESTION.match(str(each.value).strip())
    ]


@pytest.mark.parametrize("folder", WALKED)
def test_no_docstring_begins_with_a_question_word(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    assert files
    found = {str(path.relative_to(ROOT)): _questions(path.read_text("utf-8")) for path in files}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("folder", WEB)
def test_no_comment_of_the_web_app_that_describes_something_does(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*.ts*") if path.name != "schema.d.ts"]
    assert files
    found = {str(path.relative_to(ROOT)): DOC_COMMENT.findall(path.read_text("utf-8")) for path in files}
    assert {path: each for path, each in found.items() if each} == {}


def test_one_is_seen_wherever_it_stands() -> None:
    source = '''"""What this is."""
def look() -> None:
    """
    How it looks."""
class Thing:
    """Whatever it is."""
    size: int
    """Whether it is large."""
    text = "Where is it?"
'''
    assert _questions(source) == ["1: What this is.", "3: How it looks.", "8: Whether it is large."]


def test_one_is_seen_in_a_comment_of_one_line_or_several() -> None:
    source = "/** Who asks. */\n/**\n * Why this is.\n */\n/** Whoever asks. */\n// What else\n"
    assert [each[0] for each in DOC_COMMENT.findall(source)] == ["Who asks. */", "Why this is."]
