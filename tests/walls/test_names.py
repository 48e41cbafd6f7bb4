"""No identifier is a private metaphor: a word here has a term of the field in its place (see docs/code-names.md)."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WALKED = ("src", "tests", "benchmarks", "tools")
WEB = ("web/src", "web/e2e")

INSTEAD = {
    **dict.fromkeys(("house", "houses"), "the state of the app, or the server of a test"),
    **dict.fromkeys(("room", "rooms"), "a worker, or the dataset of a test"),
    **dict.fromkeys(("told", "said"), "what it is: a message, an answer, a reply, an output"),
    "theirs": "whose it is",
    **dict.fromkeys(("settle", "settler", "settling"), "to resolve, to save, or to set up"),
    **dict.fromkeys(("deal", "dealer", "dealing", "dealt"), "to allocate"),
    **dict.fromkeys(("redeal", "redealing"), "to reallocate"),
    **dict.fromkeys(("shelf", "shelving"), "a store, or a cache"),
    **dict.fromkeys(("desk", "board"), "a state, or a table of loads"),
    "lot": "a batch",
    "taker": "a claimant",
    **dict.fromkeys(("tally", "tallies"), "counts, or statistics"),
    "mover": "an update",
    **dict.fromkeys(("stranger", "strangers"), "somebody anonymous, or an outsider"),
    **dict.fromkeys(("condemn", "doomed"), "to be purged"),
    **dict.fromkeys(("hunt", "shout", "lived"), "a search, a critical line, seeded data"),
}
"""Words of identifiers, and what such a thing is called instead."""

PUBLIC = {"dealt_with"}
"""Identifiers that have such a word in another meaning."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _words(identifier: str) -> set[str]:
    return {each.lower() for each in _WORDS.findall(identifier)}


def _identifiers(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield the names in a module with their lines; names of tests are sentences, and are left out."""
    for token in tokenize.tokenize(BytesIO(source).readline):
        if token.type == tokenize.NAME and not token.string.startswith("test_"):
            yield token.start[0], token.string


def _metaphors(source: bytes) -> list[str]:
    return [
        f"{line}: {name}, where {word!r} should be {INSTEAD[word]}"
        for line, name in _identifiers(source)
        if name not in PUBLIC
        for word in sorted(_words(name) & INSTEAD.keys())
    ]


_LEFT_OUT = re.compile(
    r"""/\*.*?\*/|(?:^|(?<=\s))//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"""|(?<=[\s(=,:])/(?![/*>\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*(?=[\s;,.)])""",
    re.DOTALL,
)
"""Comments, strings and regular expressions of TypeScript."""
_TEMPLATE = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def _web_identifiers(source: str) -> Iterator[str]:
    """Yield the identifiers of a module in TypeScript; of a template string, those in its braces."""

    def braces(template: re.Match[str]) -> str:
        return " ".join(re.findall(r"\$\{([^}]*)\}", template.group()))

    yield from _IDENTIFIER.findall(_LEFT_OUT.sub(" ", _TEMPLATE.sub(braces, _LEFT_OUT.sub(" ", source))))


def _web_metaphors(source: str) -> list[str]:
    found = dict.fromkeys(name for name in _web_identifiers(source) if _words(name) & INSTEAD.keys())
    return [f"{name}, where {INSTEAD[min(_words(name) & INSTEAD.keys())]} is meant" for name in found]


@pytest.mark.parametrize("folder", WALKED)
def test_no_identifier_is_a_private_metaphor(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    assert files
    found = {str(path.relative_to(ROOT)): _metaphors(path.read_bytes()) for path in files}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("folder", WEB)
def test_no_identifier_of_the_web_app_is_one(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*.ts*") if path.name != "schema.d.ts"]
    assert files
    found = {str(path.relative_to(ROOT)): _web_metaphors(path.read_text("utf-8")) for path in files}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("folder", [*WALKED, *WEB])
def test_no_module_is_called_by_one(folder: str) -> None:
    files = (ROOT / folder).rglob("*")
    names = {path.name.partition(".")[0] for path in files if path.suffix in (".py", ".ts", ".tsx")}
    assert [
        name for name in sorted(names) if not name.startswith("test_") and _words(name) & INSTEAD.keys()
    ] == []


def test_a_metaphor_is_seen_in_whatever_it_is_part_of() -> None:
    source = (
        b"class JobsRoom:\n    def keepHouse(self, told):\n        return self.next_lot + 1  # the room\n"
    )
    assert [each.partition(",")[0] for each in _metaphors(source)] == [
        "1: JobsRoom",
        "2: keepHouse",
        "2: told",
        "3: next_lot",
    ]
    assert _metaphors(b"def test_it_is_told(): pass\nroomy = dealt_with = allotted = 'house'\n") == []


def test_one_is_seen_in_the_web_app_but_not_in_texts() -> None:
    source = """
/** The room of the house. */
const [said, setSaid] = useState(""); // told
const desk = { theirs: "shelf", note: `${lot.id} deals` };
const FORBIDDEN = /\\b(told|houses?)\\b/i;
<Room key={`a ${"b"}`} />
"""
    assert [each.partition(",")[0] for each in _web_metaphors(source)] == [
        "said",
        "setSaid",
        "desk",
        "theirs",
        "lot",
        "Room",
    ]
