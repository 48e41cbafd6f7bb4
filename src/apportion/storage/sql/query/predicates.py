"""Test single values and single records against a leaf of a query, where no index has the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from apportion.domain.query import (
    And,
    Automaton,
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
    auto_edits,
    wildcard_regex,
    within_edits,
)
from apportion.domain.records import joined_text
from apportion.domain.text import exact_words, fold, words
from apportion.domain.token_metrics import token_metrics
from apportion.spans import token_offsets
from apportion.storage.sql.codec.fragments import decode_answers, decode_content, entities_of, value_members
from apportion.vocabulary import Status, Task

__all__ = [
    "Leaf",
    "LeafTest",
    "NestedTest",
    "RecordDocument",
    "Test",
    "WordTest",
    "is_prefix",
    "leaf_test",
    "metrics_of",
    "sort_values",
    "word_test",
]

Leaf: TypeAlias = Term | Phrase | Wildcard | Regex | Fuzzy | Range
WordTest: TypeAlias = Callable[[str], bool]


@dataclass
class RecordDocument:
    """One record as a viewer sees it, decoded only as far as it is needed."""

    task: Task
    n: int
    id: str
    status: Status
    updated: int
    content: bytes
    prediction: bytes | None
    answer: bytes | None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Return the record's own fields."""
        return decode_content(self.content)

    @cached_property
    def text(self) -> str:
        """Return the text that full-text search searches."""
        inputs = self.fields.get("inputs")
        if inputs is None:
            return str(self.fields["text"])
        return joined_text(inputs)

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """Return the metrics that 1.x derives from a record."""
        return metrics_of(self.task, self.text, self.fields, self.prediction, self.answer)

    def values(self, path: str) -> list[Any]:
        """Return all plain values under a dotted path, lists flattened."""
        root, _, rest = path.partition(".")
        match root:
            case "text":
                return [self.text]
            case "metrics":
                found: Any = self.metrics
            case "predictions":
                found = value_members(self.task, self.prediction)
            case "annotations":
                found = value_members(self.task, self.answer)
            case "inputs":
                # ``rest`` whole: names of inputs and metadata keys may contain dots
                value = self.fields.get("inputs", {}).get(rest)
                return [] if value is None else [value if isinstance(value, str) else "\n".join(value)]
            case "metadata":
                value = (self.fields["metadata"] or {}).get(rest)
                return list(_plain(value))
            case _:
                found = self.fields.get(root)
        return list(_plain(_under(found, rest.split(".") if rest else [])))


def metrics_of(
    task: Task, text: str, fields: dict[str, Any], prediction: bytes | None, answer: bytes | None
) -> dict[str, Any]:
    """Compute the ``metrics`` object of a record, derived and never stored."""
    if task is not Task.TOKEN_CLASSIFICATION:
        return {"text_length": len(text)}
    tokens = fields["tokens"]
    return token_metrics(
        text,
        tokens,
        token_offsets(text, tokens),
        entities_of(decode_answers(task, prediction)),
        entities_of(decode_answers(task, answer)),
    )


def _under(found: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(found, list):
        for item in found:
            yield from _under(item, path)
    elif not path:
        yield found
    elif isinstance(found, dict):
        for cut in range(1, len(path) + 1):  # keys may hold dots themselves
            key = ".".join(path[:cut])
            if key in found:
                yield from _under(found[key], path[cut:])


def _plain(found: Any) -> Iterator[Any]:
    if isinstance(found, dict):
        return
    if isinstance(found, Iterable) and not isinstance(found, str):
        for item in found:
            yield from _plain(item)
    elif found is not None:
        yield found


class Test(Protocol):
    """A test that a record passes or not."""

    def __call__(self, doc: RecordDocument) -> bool: ...


class LeafTest:
    """Test of one leaf on one path; ``analyse`` splits values into words, without it they are taken whole.

    Tests of the same leaf compare equal, so that their results can be cached.
    """

    def __init__(
        self, path: str, leaf: Leaf | Exists, analyse: Callable[[str], list[str]] | None = None
    ) -> None:
        self.path = path
        self._leaf = leaf
        self._key = (path, leaf, analyse)
        self._test = None if isinstance(leaf, Exists) else _value_test(leaf, analyse)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeafTest) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __call__(self, doc: RecordDocument) -> bool:
        values = doc.values(self.path)
        if self._test is None:
            return bool(values)
        return any(map(self.of_value, values))

    def of_value(self, value: Any) -> bool:
        """Return True if one plain value passes."""
        if self._test is None:
            return True
        if isinstance(value, bool):  # before numbers: in Python a bool is an int
            value = "true" if value else "false"
        if isinstance(value, int | float):
            return _number_passes(self._leaf, value)
        return self._test(value)


def leaf_test(path: str, leaf: Leaf | Exists) -> LeafTest:
    """Build a test of records for one leaf of a query; the end of the path says how values are split."""
    stem, _, end = path.rpartition(".")
    if end == "exact" and stem:
        return LeafTest(stem, leaf, exact_words)
    if end == "text" and stem and not stem.endswith(".sentences"):  # there, text is a value of its own
        return LeafTest(stem, leaf, words)
    return LeafTest(path, leaf)


def _value_test(leaf: Leaf, analyse: Callable[[str], list[str]] | None) -> WordTest:
    if analyse is None:
        return word_test(leaf, exact=True)
    if isinstance(leaf, Term | Phrase):
        wanted = analyse(leaf.text)
        slop = leaf.slop if isinstance(leaf, Phrase) else 0
        return lambda value: near(analyse(value), wanted, slop)
    if analyse is words and isinstance(leaf, Wildcard) and is_prefix(leaf):
        # As in the index: its last word may go on, and those before it are whole
        start = words(str(leaf.pieces[0]))
        return lambda value: _begins(words(value), start)
    each = word_test(leaf, exact=analyse is exact_words)
    return lambda value: any(map(each, analyse(value)))


def is_prefix(leaf: Wildcard) -> bool:
    """Return True if the pattern is a prefix and one star, which the index looks up as a phrase cut short."""
    return len(leaf.pieces) == 2 and isinstance(leaf.pieces[0], str) and leaf.pieces[1] is WildcardPart.ANY


def _begins(found: list[str], start: list[str]) -> bool:
    many = len(start)
    return bool(start) and any(
        word.startswith(start[-1]) and found[place - many + 1 : place] == start[:-1]
        for place, word in enumerate(found)
        if place >= many - 1
    )


def near(found: list[str], wanted: list[str], slop: int) -> bool:
    """Return True if the wanted words stand together in order, or with ``slop`` in any order among that many others."""
    if not wanted:
        return False
    if slop == 0:
        first, many = wanted[0], len(wanted)
        return any(w == first and found[i : i + many] == wanted for i, w in enumerate(found))
    places = [[i for i, word in enumerate(found) if word == each] for each in wanted]
    return _nearest_cluster(places, slop)


def _nearest_cluster(places: list[list[int]], slop: int) -> bool:
    """Return True if one place per word fits into as many places as there are words, and ``slop`` more."""
    if not all(places):
        return False
    for start in sorted({place for each in places for place in each}):
        later = [[p for p in each if p >= start] for each in places]
        # From later starts on there are even fewer
        if not all(later):
            return False
        if max(each[0] for each in later) - start - len(places) + 1 <= slop:
            return True
    return False


def word_test(leaf: Leaf, *, exact: bool) -> WordTest:
    """Build a test of one whole word; ``exact`` keeps case, else both sides are folded."""
    normal: Callable[[str], str] = str if exact else fold
    match leaf:
        case Term(_, text) | Phrase(_, text):
            wanted = normal(text)
            return lambda word: word == wanted
        case Wildcard(_, pieces):
            if not exact:
                # The words it is tested on are folded already, hence the pattern instead of ``fold=True``
                pieces = tuple(fold(piece) if isinstance(piece, str) else piece for piece in pieces)
            pattern = wildcard_regex(pieces, fold=False)
            return lambda word: pattern.fullmatch(word) is not None
        case Regex(_, pattern_text):
            # Not Python's ``re``, which takes exponential time for some patterns: anybody may send one
            return Automaton(pattern_text).matches
        case Fuzzy(_, text, edits):
            wanted = normal(text)
            limit = auto_edits(wanted) if edits is None else edits
            return lambda word: within_edits(wanted, word, limit)
        case Range():
            inside = _within(leaf, normal)
            return lambda word: inside(normal(word))


def _within(leaf: Range, read: Callable[[str], Any]) -> Callable[[Any], bool]:
    """Build a test that a value lies in the range, whose bounds are read the way values are."""
    low = None if leaf.low is None else read(leaf.low)
    high = None if leaf.high is None else read(leaf.high)

    def inside(value: Any) -> bool:
        return (low is None or value > low or (leaf.include_low and value == low)) and (
            high is None or value < high or (leaf.include_high and value == high)
        )

    return inside


def _number_passes(leaf: Leaf | Exists, value: float) -> bool:
    try:
        if isinstance(leaf, Term | Phrase):
            return float(leaf.text) == value
        return isinstance(leaf, Range) and _within(leaf, float)(value)
    except ValueError:  # a word never equals a number, and is no error either
        return False


class NestedTest:
    """Test that one and the same element under a path satisfies a whole query."""

    def __init__(self, path: str, child: Query) -> None:
        self._path = path
        self._child = child

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NestedTest) and (self._path, self._child) == (other._path, other._child)

    def __hash__(self) -> int:
        return hash((self._path, self._child))

    def __call__(self, doc: RecordDocument) -> bool:
        root, _, rest = self._path.partition(".")
        found: Any = doc.metrics if root == "metrics" else doc.fields.get(root)
        if root in ("predictions", "annotations"):
            found = value_members(doc.task, doc.prediction if root == "predictions" else doc.answer)
        elements = _under(found, rest.split(".") if rest else [])
        return any(self._passes(self._child, element) for element in elements)

    def _passes(self, query: Query, element: Any) -> bool:
        match query:
            case MatchAll():
                return True
            case Not(child):
                return not self._passes(child, element)
            case And(children):
                return all(self._passes(child, element) for child in children)
            case Or(children):
                return any(self._passes(child, element) for child in children)
            case Nested(path, child):
                return any(self._passes(child, inner) for inner in _under(element, path.split(".")))
            case _:
                # Fields in it may be written in full, or from the element on
                name = (query.field or "").removeprefix(self._path + ".")
                test = leaf_test(name, query)
                values = _plain(_under(element, test.path.split("."))) if name else _plain(element)
                return any(test.of_value(value) for value in values)


def sort_values(doc: RecordDocument, key: str) -> list[Any]:
    """Return the values of a record under a field that assignment may group or order by."""
    if key == "id":
        return [doc.id]
    if key == "last_updated":
        return [doc.updated]
    return doc.values(key)
