"""Real sentences without a download: the language reference that Python's own ``help()`` shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Sentence", "sentences"]

_UNDERLINE = re.compile(r"([*=~^\"-])\1{2,}\s*")
_MARKER = re.compile(r"^(?:[*•-]|\d{1,2}\.|\[\d+\]|#\.)\s+")
_NOTICE = re.compile(r"^(?:Note|See also|Warning|Attention):?\s*$")
_BOUNDARY = re.compile(r"""(?<=[.!?])[)"”\]]*\s+(?=["“(*_]*[A-Z_]|["“]\w)""")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|resp|approx)|\b[A-Z])\.[)\"”]*$")
_CODE = re.compile(r"::|>>>|\.\.\.\s|\s{3,}|\+--|\||\\\\|={2,}$|[{}]$")
_STARTS = re.compile(r"""["“(*_]*[A-Z]|["“*]\w""")
_SHORTEST = 4
_LONGEST = 80


@dataclass(frozen=True)
class Sentence:
    """A sentence, its page and its position there."""

    text: str
    topic: str
    position: int

    @property
    def id(self) -> str:
        """The id: the same for the same sentence of the same page, whatever stands around it."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return f"{self.topic}.{digest[:8]}"

    @property
    def length(self) -> str:
        """The length: ``short``, ``medium`` or ``long``, by the number of words."""
        words = len(self.text.split())
        return "short" if words < 12 else "medium" if words < 25 else "long"


def sentences() -> list[Sentence]:
    """Return every distinct whole sentence of the language reference, page by page.

    Headings, grammar, tables and code are left out. How many there are depends on
    the Python that runs this: between two and three thousand.
    """
    found: dict[str, Sentence] = {}
    for topic, page in sorted(_pages().items()):
        for position, text in enumerate(_sentences_of(page)):
            found.setdefault(text, Sentence(text, topic, position))
    return list(found.values())


def _pages() -> dict[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise RuntimeError("The demo needs the module pydoc_data, which this Python came without.") from error
    return dict(topics)


def _sentences_of(page: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", page):
        for paragraph in _paragraphs(block):
            yield from filter(_is_prose, _split(paragraph))


def _paragraphs(block: str) -> Iterator[str]:
    """Return the block's lines joined, list items apart; nothing if it is no running text."""
    lines = block.splitlines()
    if any(_UNDERLINE.fullmatch(line.strip()) for line in lines) or _looks_like_code(lines):
        return
    current: list[str] = []
    for line in map(str.strip, lines):
        if _NOTICE.match(line):
            continue
        if _MARKER.match(line) and current:
            yield " ".join(current)
            current = []
        current.append(_MARKER.sub("", line))
    yield " ".join(current)


def _looks_like_code(lines: list[str]) -> bool:
    return any(_CODE.search(line.strip()) or line.strip().startswith(("#", "@", "def ")) for line in lines)


def _split(paragraph: str) -> Iterator[str]:
    paragraph = re.sub(r"(?<=\w)- (?=\w)", "-", re.sub(r"\s+", " ", paragraph)).strip()
    start = 0
    for boundary in _BOUNDARY.finditer(paragraph):
        if _ABBREVIATION.search(paragraph[start : boundary.start()]):
            continue
        piece = paragraph[start : boundary.end()].strip()
        yield piece
        start = boundary.end()
    yield paragraph[start:]


def _is_prose(text: str) -> bool:
    words = text.split()
    if not _SHORTEST <= len(words) <= _LONGEST or not _STARTS.match(text):
        return False
    if not re.search(r"""[.!?][)"”\]]*$""", text) or text.endswith("..."):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in text)
    balanced = text.count("(") == text.count(")") and text.count('"') % 2 == 0
    return balanced and letters / len(text) > 0.75
