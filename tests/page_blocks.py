"""Blocks of a page of the documentation: run as a reader would, and what they print compared with what the page shows.

Below a ``print`` the page shows its lines as comments, below a command its lines as they are. "…" stands for whatever
differs from run to run. A block that prints something shows it; a command's lines may be left out.
"""

from __future__ import annotations

import ast
import io
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from apportion.cli.main import main

__all__ = ["Block", "Command", "agrees", "blocks_of", "commands_of", "run_console", "run_python", "shown_by"]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LEFT_OUT = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block, and the language it says it is in."""

    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line, without its sign, and the lines below it."""

    line: str
    shown: str


def blocks_of(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page in these languages, in order."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(language, text) for language, text in found if language in languages]


def agrees(printed: str, shown: str) -> bool:
    """Return True if the page shows what was printed, leaving out no more than it says."""
    pattern = ".*?".join(re.escape(part) for part in _plain(shown).split(_LEFT_OUT))
    return re.fullmatch(pattern, _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def shown_by(code: str) -> str:
    """Return the comments directly below the calls of ``print`` in a block, in order."""
    lines, shown = code.splitlines(), []
    prints = [
        node.end_lineno or node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    for last in sorted(prints):
        for line in lines[last:]:
            if not line.lstrip().startswith("# "):
                break
            shown.append(line.lstrip().removeprefix("# "))
    return "\n".join(shown)


def run_python(code: str, page: str, names: dict[str, object]) -> None:
    """Run a block; it prints what the page shows."""
    out = io.StringIO()  # of its own calls: what logging says besides is not the page's
    names["print"] = partial(print, file=out)
    exec(compile(code, page, "exec"), names)
    printed, shown = out.getvalue(), shown_by(code)
    assert agrees(printed, shown), f"{page} shows\n{shown}\nbut the block prints\n{printed}"


def commands_of(text: str) -> Iterator[Command]:
    """Yield the commands of a block; a line that ends with a backslash goes on in the next."""
    text = re.sub(r"\\\n\s*", "", text)
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        yield Command(line, shown)


def run_console(text: str, environment: Mapping[str, str | None]) -> None:
    """Run the commands of ours in a block; each succeeds, and prints what is below it, if anything is.

    A question is answered with yes.
    """
    for command in commands_of(text):
        if not command.line.startswith("apportion "):
            continue
        words, _, file = command.line.removeprefix("apportion ").partition(" > ")
        done = CliRunner().invoke(
            main, shlex.split(words, comments=True), input="y\n", env=environment, catch_exceptions=False
        )
        assert done.exit_code == 0, f"{command.line}\n{done.output}"
        if file:
            Path(file).write_text(done.stdout, encoding="utf-8")
        if command.shown.strip():
            assert agrees(done.output, command.shown), f"{command.line}\nprints\n{done.output}"
