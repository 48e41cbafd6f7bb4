"""List the sentences that the server says to people, as messages that the app has translations of.

    python tools/server_messages.py web/src/text/server/messages.json

Reads the source: sentences in refusals, in tables of reasons and warnings, and what functions return as a reason.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "src" / "apportion"

PLACES = (
    "domain",
    "services",
    "server/routers",
    "server/auth.py",
    "server/convert/import_in.py",
    "server/convert/records_in.py",
    "server/convert/values.py",
    "server/webhook_call.py",
    "storage/sql/query",
)
"""Folders and modules whose sentences people see in the app; what only programs or consoles meet is elsewhere."""
SENTENCES = (
    "server/connection_limits.py",
    "server/convert/audit.py",
    "server/errors.py",
    "storage/sql/writer.py",
    "storage/sqlite/error_map.py",
)
"""Modules of which only whole sentences are for people; the others are for programs."""
NOT_SHOWN = (
    "domain/addresses.py",
    "domain/database_urls.py",
    "domain/stopwords.py",
    "domain/query/wildcards.py",
    "domain/agreement/aligning.py",
    "domain/agreement/ratings.py",
    "domain/assignment/planning.py",
    "domain/sentences.py",  # the app has its own for their codes
    "server/routers/health.py",
    "server/routers/home.py",
    "server/routers/export.py",
    "server/routers/setup.py",
    "services/insight/metrics_1x.py",
    "services/people/import_users.py",
    "services/people/create_team.py",
    "services/records/gather.py",
    "services/operations.py",
)
WORDS = re.compile(r"[A-Za-z’']{2,},? [a-z’']{2,}|X:? [a-z]{4,}:? X")
FILLED = re.compile(r"\{\w+\}")
SENTENCE = re.compile(r"(?<=\.) (?=[A-Z{])|(?<=\}) (?=Nothing |What )")
"""Between two sentences; the app translates each by itself."""
NOISE = re.compile(
    r"``|\n|\[(?:int|str|tuple)|\b(?:SELECT|WHERE|AND \?|GROUP BY|COMPARED)\b|\?\d| \? |^rid|^num "
    r"|^(?:ensure this|string does)"
)
"""Parts of programs, and what only a program can send."""
ONLY_PROGRAMS = re.compile(
    r"^(?:(?:accept|apply|change|copy|finish|fit|import|purge|remove|undo) (?:consensus|plan|value|policies|records"
    r"|dataset|into dataset|new dataset|removal|resolving|model|job)|interrupted jobs|join standing plans"
    r"|\{plan\} was not prepared"
    r"|\w+ing in needs the header .*|Requests that change something need the header .*|Provided task .*|Audit log"
    r"|Labeling rules|Signing in|none: this server brings its own search|eligible (?:person|people)"
    r"|(?:person is|people are) eligible)$"
)
"""Names of jobs, of groups of routes, nouns beside a number, and refusals of what the app never asks."""
SAYING = {
    "reason",
    "why",
    "msg",
    "message",
    "detail",
    "advice",
    "problem",
    "says",
    "several",
    "where",
    "which",
    "kept",
}
"""Parameters and variables that hold a sentence."""
CALLED = ("Error", "__init__", "counted", "refuse", "_unknown", "append", "blame")
"""Ends of the names of what is called with sentences."""
OF_WHAT = {"len", "str", "repr", "join", "map", "sorted", "list"}
"""Functions that say less about a value than its own name."""
COUNTED = {"counted"}
"""Functions that return a number and its noun; the app has messages of its own for these."""


def modules() -> Iterator[Path]:
    """Return the modules that are read, in order."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith((*PLACES, *SENTENCES)) and name not in NOT_SHOWN:
            yield path


def messages() -> list[str]:
    """Return all messages, each once; what is filled in stands in braces."""
    return sorted(
        {
            each
            for path in modules()
            for message in _of_module(path)
            for each in SENTENCE.split(message)
            if _says(each)
        }
    )


def _says(text: str) -> bool:
    return (
        bool(WORDS.search(FILLED.sub("X", text))) and not NOISE.search(text) and not ONLY_PROGRAMS.match(text)
    )


def _of_module(path: Path) -> Iterator[str]:
    whole = path.relative_to(ROOT).as_posix() in SENTENCES
    for node in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
        text = _message(node)
        if not whole or text.endswith("."):
            yield text


def _sentences(tree: ast.Module) -> Iterator[ast.expr]:
    """Return the texts that are raised, returned, or kept in a table or under a name for sentences."""
    roots = [root for node in ast.walk(tree) for root in _roots(node)]
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    for body in (tree.body, *(each.body for each in classes)):
        roots += [each.value for each in body if isinstance(each, ast.Assign | ast.AnnAssign) and each.value]
    seen: set[int] = set()
    for root in roots:
        for node in _texts(root):
            if id(node) not in seen:
                seen.add(id(node))
                yield node


def _roots(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node under which sentences are."""
    match node:
        case ast.Raise() | ast.Return(value=ast.expr()):
            return [node]
        case ast.Call() if _name(node.func).endswith(CALLED):
            return [node]
        case ast.keyword() if node.arg in SAYING:
            return [node.value]
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return [value for key, value in pairs if key and _name(key) in SAYING]
        case ast.Assign() if any(_name(each).lower().strip("_") in SAYING for each in node.targets):
            return [node.value]
        case ast.FunctionDef(name="__init__"):
            return list(node.args.defaults)
    return []


def _texts(root: ast.AST) -> Iterator[ast.expr]:
    """Return the texts under a node, those with parts as a whole; conditions and keys of tables are no texts."""
    if isinstance(root, ast.JoinedStr) or (isinstance(root, ast.BinOp) and _is_text(root)):
        yield root
        for each in ast.walk(root):
            if isinstance(each, ast.FormattedValue):
                yield from _texts(each.value)
        return
    if isinstance(root, ast.Constant):
        if isinstance(root.value, str):
            yield root
        return
    if isinstance(root, ast.IfExp):
        yield from _texts(root.body)
        yield from _texts(root.orelse)
        return
    if isinstance(root, ast.Lambda | ast.Subscript | ast.Compare):
        children: list[ast.AST] = [root.body] if isinstance(root, ast.Lambda) else []
    else:
        children = list(ast.iter_child_nodes(root))
    for child in children:
        yield from _texts(child)


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_text(node.left) or _is_text(node.right))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _message(node: ast.expr) -> str:
    """Return a text with a name in braces for each part that is filled in; several of one name are numbered."""
    names: list[str] = []

    def filled(value: ast.AST) -> str:
        name = re.sub(r"\W|^_+", "", _name(value)) or "value"
        names.append(name)
        count = names.count(name)
        return f"{{{name}{count if count > 1 else ''}}}"

    def text(part: ast.expr) -> str:
        if isinstance(part, ast.Constant):
            return str(part.value)
        if isinstance(part, ast.JoinedStr):
            return "".join(text(each) for each in part.values)
        if isinstance(part, ast.FormattedValue):
            return filled(part.value)
        if isinstance(part, ast.BinOp) and _is_text(part):
            return text(part.left) + text(part.right)
        return filled(part)

    return text(node)


def _name(node: ast.AST) -> str:
    """Return the last name of an expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        of_value = _name(node.func) in OF_WHAT and node.args
        inner = node.args[-1] if of_value else node.func
        if _name(node.func) in COUNTED and len(node.args) > 1:
            return "counted"
        return _name(inner)
    if isinstance(node, ast.Subscript):
        return _name(node.slice) if isinstance(node.slice, ast.Constant) else _name(node.value)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.GeneratorExp):
        return _name(node.generators[0].iter)
    if isinstance(node, ast.BinOp):
        return _name(node.left) or _name(node.right)
    return ""


def main() -> None:
    """Write the messages into the file named."""
    Path(sys.argv[1]).write_text(
        json.dumps(messages(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
