"""What a store must answer, worked out the slow way: from plain records, one by one, after the contract.

Nothing here looks into an engine. Words are compared with the helpers of ``domain``, which have tests of
their own. Semantics the contract leaves open, as pinned here:

* ``"a b"~n``: all the words, in any order, within a window of as many words plus ``n``; a word that is asked
  for twice need stand there only once.
* The texts of one input stand one under the other, as inputs do in ``text``: phrases may reach across.
* A part of the text search without any word (a lone dash) asks for nothing beside others; alone it finds
  nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from apportion.domain.datasets import Dataset
from apportion.domain.ids import DatasetNo
from apportion.domain.query import (
    And,
    Automaton,
    Exists,
    Fuzzy,
    MatchAll,
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
    within_edits,
)
from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    Vector,
    best_first,
)
from apportion.domain.text import cloud_words, exact_words, fold, words
from apportion.domain.times import instant_of, parse_date_bounds, parse_datetime
from apportion.domain.token_metrics import token_metrics
from apportion.spans import Entity, token_offsets
from apportion.vocabulary import AnnotationState, Status, Task

__all__ = ["Model", "View", "queries", "record_batches", "sortable"]

STATUS_OF = {
    AnnotationState.NONE: Status.DEFAULT,
    AnnotationState.DRAFT: Status.EDITED,
    AnnotationState.SUBMITTED: Status.VALIDATED,
    AnnotationState.DISCARDED: Status.DISCARDED,
}


# What is stored


@dataclass
class View:
    """A record as one viewer sees it."""

    record: Record
    status: Status
    annotation: AgentValues | None
    updated: int

    @property
    def id(self) -> str:
        return self.record.id


@dataclass
class Model:
    """A dataset as a list of records, everybody's own annotations, the kind of each metadata key, and all inputs."""

    task: Task
    individual: bool = False
    records: dict[str, Record] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    own: dict[tuple[str, str], tuple[AnnotationState, Value | None]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)

    def log(self, records: Iterable[Record], at: int) -> None:
        for record in {record.id: record for record in records}.values():
            before = self.records.get(record.id)
            if before is not None and _content(before) != _content(record):
                self._forget(record.id)
            self.records[record.id] = record
            self.updated[record.id] = at
            if isinstance(record, TextClassificationRecord):
                self.inputs.update(record.inputs)
            for key, value in (record.metadata or {}).items():
                kind = kind_by_first_value(value)
                if not key.startswith("_") and kind is not None:
                    self.kinds.setdefault(key, kind)

    def delete(self, ids: Iterable[str]) -> None:
        for id in ids:
            del self.records[id], self.updated[id]
            self._forget(id)

    def discard(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.records[id] = replace(self.records[id], status=Status.DISCARDED)

    def patch(self, id: str, metadata: dict[str, Any] | None, status: Status | None, at: int) -> None:
        old = self.records[id]
        merged = {**(old.metadata or {}), **metadata} if metadata else old.metadata
        self.log([replace(old, metadata=merged, status=status or old.status)], at)

    def annotate(self, id: str, who: str, state: AnnotationState, value: Value | None) -> None:
        if id in self.records:
            self.own[id, who] = (state, value)

    def _forget(self, id: str) -> None:
        self.own = {key: answer for key, answer in self.own.items() if key[0] != id}

    def views(self, viewer: str | None = None) -> list[View]:
        """All records in the order of their ids; ``viewer`` None sees the resolved values."""
        found = []
        for id, record in sorted(self.records.items()):
            status, annotation = record.status, record.annotation
            if viewer is not None:
                state, value = self.own.get((id, viewer), (AnnotationState.NONE, None))
                status = STATUS_OF[state]
                annotation = None if value is None else AgentValues(viewer, {viewer: value})
            found.append(View(record, status, annotation, self.updated[id]))
        return found

    def matching(self, query: Query, viewer: str | None = None) -> list[View]:
        return [view for view in self.views(viewer) if self.matches(query, view)]

    # Matching

    def matches(self, query: Query, view: View) -> bool:
        if isinstance(query, MatchAll):
            return True
        if isinstance(query, Not):
            return not self.matches(query.child, view)
        if isinstance(query, And):
            asked = [child for child in query.children if not _asks_nothing(child)]
            return bool(asked) and all(self.matches(child, view) for child in asked)
        if isinstance(query, Or):
            return any(self.matches(child, view) for child in query.children)
        if isinstance(query, Exists):
            return bool(self.values(view, query.field)[1])
        assert isinstance(query, (Term, Phrase, Wildcard, Regex, Fuzzy, Range))
        if isinstance(query, Range) and query.low is None and query.high is None:
            return bool(self.values(view, query.field or "text")[1])
        kind, values = self.values(view, query.field or "text")
        return any(_passes(kind, value, query) for value in values)

    def values(self, view: View, name: str) -> tuple[str, list[Any]]:
        """How a field is read (``words``, ``exact``, ``keyword``, ``number``, ``date``), and what it holds."""
        record = view.record
        if name in ("text", "text.wordcloud"):
            return "words", [text_of(record)]
        if name == "text.exact":
            return "exact", [text_of(record)]
        if name == "id":
            return "keyword", [record.id]
        if name == "status":
            return "keyword", [view.status.value]
        if name == "multi_label":
            held = isinstance(record, TextClassificationRecord)
            return "keyword", [str(record.multi_label).lower()] if held else []  # type: ignore[attr-defined]
        if name == "last_updated":
            return "date", [view.updated]
        if name == "event_timestamp":
            return "date", [] if record.event is None else [record.event]
        if name == "score":
            return "number", scores_of(record)
        if name == "tokens":
            return "keyword", record.tokens if isinstance(record, TokenClassificationRecord) else []
        if name in ("vectors.v", "vectors.v.value"):
            return "vector", ["v"] if record.vectors and "v" in record.vectors else []
        for root, read in (
            ("inputs.", self._input),
            ("metadata.", self._metadata),
            ("metrics.", self._metric),
        ):
            if name.startswith(root):
                return read(view, name.removeprefix(root))
        if name.startswith(("predictions.", "annotations.")):
            return self._by_agent(view, name)
        stem, analyser = _analyser(name)
        return analyser, self.terms(view, stem)

    def terms(self, view: View, name: str) -> list[str]:
        """The values of a counted field, each once."""
        record, answers = view.record, view.annotation
        if name == "predicted_as":
            return _once(shown(record, record.prediction))
        if name == "predicted_by":
            return [record.prediction.agent] if record.prediction else []
        if name == "annotated_as":
            return _once(shown(record, answers))
        if name == "annotated_by":
            return [answers.agent] if answers else []
        if name == "predicted":
            found = right(record, answers)
            return [] if found is None else [found]
        return []

    def _input(self, view: View, name: str) -> tuple[str, list[Any]]:
        record = view.record
        inputs = record.inputs if isinstance(record, TextClassificationRecord) else {}
        if name in self.inputs or not name.endswith(".exact"):  # an input's own name comes first
            kind = "words"
        else:
            kind, name = "exact", name.removesuffix(".exact")
        if name not in inputs:
            return kind, []
        value = inputs[name]
        return kind, [value if isinstance(value, str) else "\n".join(value)]

    def _metadata(self, view: View, name: str) -> tuple[str, list[Any]]:
        reader = None
        if name not in self.kinds:
            name, reader = _analyser(name)
        kind = self.kinds.get(name)
        found = self.metadata_terms(view, name)
        if kind in ("long", "float", "date"):
            if reader in ("words", "exact"):
                return reader, [str(value) for value in found] if kind == "long" else []
            return ("date" if kind == "date" else "number"), found
        return (reader or "keyword"), found

    def metadata_terms(self, view: View, key: str) -> list[Any]:
        kind = self.kinds.get(key)
        value = (view.record.metadata or {}).get(key)
        items = value if isinstance(value, list) else [value]
        if kind is None or kind == "nested":
            return []
        return _once(as_kind(kind, item) for item in items if item is not None)

    def _metric(self, view: View, name: str) -> tuple[str, list[Any]]:
        record = view.record
        if not isinstance(record, TokenClassificationRecord):
            found: Any = {"text_length": len(text_of(record))}
        else:
            found = token_metrics(
                record.raw, record.tokens, token_offsets(record.raw, record.tokens),
                _spans(record.prediction), _spans(view.annotation),
            )  # fmt: skip
        values = list(_leaves(found, name))
        reader = "keyword"
        if not values:
            stem, reader = _analyser(name)
            values = list(_leaves(found, stem))
        return ("number" if values and isinstance(values[0], (int, float)) else reader), values

    @staticmethod
    def _by_agent(view: View, name: str) -> tuple[str, list[Any]]:
        root, _, path = name.partition(".")
        answers = view.record.prediction if root == "predictions" else view.annotation
        if answers is None:
            return "keyword", []
        tree = {agent: _members(value, view.record) for agent, value in answers.by_agent.items()}
        if path in tree:
            return "agent", [path]
        values = list(_leaves(tree, path))
        reader = "keyword"
        if not values:
            stem, reader = _analyser(path)
            values = list(_leaves(tree, stem))
        return ("number" if values and isinstance(values[0], (int, float)) else reader), values

    # Order

    def in_order(
        self, views: list[View], sort: Iterable[tuple[str, bool]], viewer: str | None = None
    ) -> list[str]:
        """Ids as sorted; the id breaks ties, missing values come last."""
        found = sorted(views, key=lambda view: view.id)
        for name, descending in reversed(list(sort)):
            keyed = [(self._sort_value(view, name, descending), view) for view in found]
            present = [pair for pair in keyed if pair[0] is not None]
            present = sorted(present, key=lambda pair: pair[0], reverse=False) if not descending else present
            if descending:  # stable: what ties keeps its order
                present = sorted(present, key=lambda pair: _Backwards(pair[0]))
            found = [view for _, view in present] + [view for value, view in keyed if value is None]
        return [view.id for view in found]

    def _sort_value(self, view: View, name: str, descending: bool) -> Any:
        if name == "status":
            return view.status.value
        _, values = self.values(view, name)
        if not values:
            return None
        return max(values) if descending else min(values)

    # Counting

    def facets(self, views: list[View]) -> dict[str, Any]:
        """What a search counts over its matches."""
        text2text = self.task is Task.TEXT2TEXT
        found: dict[str, Any] = {"status": Counter(view.status.value for view in views)}
        for name in ("predicted_as", "annotated_as", "predicted", "annotated_by", "predicted_by"):
            counted = Counter(value for view in views for value in self.terms(view, name))
            found[name] = (
                {} if text2text and name in ("predicted_as", "annotated_as", "predicted") else counted
            )
        buckets = Counter(
            bucket
            for view in views
            for bucket in {int(score * 1000 + 1e-9) for score in scores_of(view.record)}
        )
        whole = range(min(buckets), max(buckets) + 1) if buckets else ()
        found["score"] = {str(bucket / 1000): buckets[bucket] for bucket in whole}
        found["words"] = Counter(word for view in views for word in set(cloud_words(text_of(view.record))))
        found["metadata"] = {}
        for key, kind in self.kinds.items():
            values = [value for view in views for value in self.metadata_terms(view, key)]
            if kind in ("float", "date"):
                scale = 1000 if kind == "date" else 1
                found["metadata"][key] = (
                    {"count": len(values), "min": min(values) / scale, "max": max(values) / scale}
                    if values
                    else {}
                )
            else:
                found["metadata"][key] = Counter(map(_text, values))
        if self.task is Task.TOKEN_CLASSIFICATION:
            found["predicted_mentions"] = _mentions((v.record, v.record.prediction) for v in views)
            found["mentions"] = _mentions((v.record, v.annotation) for v in views)
        return found


class _Backwards:
    """Sorts from large to small."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.value < self.value)


def _content(record: Record) -> tuple[Any, ...]:
    """What an annotation was made on: if it changes, the annotation is outdated."""
    return text_of(record), getattr(record, "tokens", None), getattr(record, "inputs", None)


def _mentions(pairs: Iterable[tuple[Record, AgentValues | None]]) -> dict[str, int]:
    """How many records mention a text (with whatever label: a text mentioned twice counts once)."""
    found: Counter[str] = Counter()
    for record, answers in pairs:
        spans = _spans(answers) or []
        found.update({text_of(record)[span.start : span.end] for span in spans})
    return found


def _spans(answers: AgentValues | None) -> list[Entity] | None:
    return None if answers is None else list(answers.value.spans)  # type: ignore[union-attr]


def _members(value: Value, record: Record) -> dict[str, Any]:
    if isinstance(value, Entities):
        spans = [{"start": s.start, "end": s.end, "label": s.label, "score": s.score} for s in value.spans]
        return {"entities": spans, "score": value.score}
    if isinstance(record, Text2TextRecord):
        return {"sentences": [{"text": text, "score": score} for text, score in value]}
    return {"labels": [{"class_label": label, "score": score} for label, score in value]}


def _leaves(found: Any, path: str) -> Iterable[Any]:
    """Plain values under a path whose keys may hold dots."""
    if isinstance(found, list):
        for item in found:
            yield from _leaves(item, path)
    elif isinstance(found, dict):
        for key, value in found.items():
            if path == key:
                if isinstance(value, list):
                    yield from (v for v in value if v is not None and not isinstance(v, dict))
                elif value is not None and not isinstance(value, dict):
                    yield value
            elif path.startswith(key + "."):
                yield from _leaves(value, path[len(key) + 1 :])


def _analyser(name: str) -> tuple[str, str]:
    stem, _, end = name.rpartition(".")
    if stem and end in ("text", "exact"):
        return stem, "words" if end == "text" else "exact"
    return name, "keyword"


def _once(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _text(value: Any) -> str:
    return str(value)


def text_of(record: Record) -> str:
    if isinstance(record, TextClassificationRecord):
        parts: list[str] = []
        for value in record.inputs.values():
            parts += [value] if isinstance(value, str) else value
        return "\n".join(parts)
    assert isinstance(record, (TokenClassificationRecord, Text2TextRecord))
    return record.raw


def shown(record: Record, answers: AgentValues | None) -> list[str]:
    """§3.2 to §3.4, predicted_as and annotated_as."""
    if answers is None:
        return []
    value = answers.value
    if isinstance(value, Entities):
        return [span.label for span in value.spans]
    if isinstance(record, TextClassificationRecord):
        if record.multi_label:
            return [label for label, score in value if score > 0.5]
        return [label for label, _ in value[:1]]
    return [text for text, _ in value]


def scores_of(record: Record) -> list[float]:
    if record.prediction is None:
        return []
    value = record.prediction.value
    if isinstance(value, Entities):
        found = [value.score] if value.score is not None else [span.score for span in value.spans]
    else:
        found = [score for _, score in value]
        if isinstance(record, TextClassificationRecord) and not record.multi_label:
            found = found[:1]
    return _once(found)


def right(record: Record, annotation: AgentValues | None) -> str | None:
    if record.prediction is None or annotation is None or isinstance(record, Text2TextRecord):
        return None
    if isinstance(record, TokenClassificationRecord):
        one = [(s.start, s.end, s.label) for s in _spans(record.prediction) or []]
        other = [(s.start, s.end, s.label) for s in _spans(annotation) or []]
        return "ok" if one == other else "ko"
    return "ok" if set(shown(record, record.prediction)) == set(shown(record, annotation)) else "ko"


# Kinds and leaves


def kind_by_first_value(value: Any) -> str | None:
    if isinstance(value, list):
        return next((kind for item in value if (kind := kind_by_first_value(item))), None)
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "float"
    if isinstance(value, dict):
        return "nested"
    if isinstance(value, str):
        return "date" if re.fullmatch(r"\d{4}-\d\d-\d\d([T ].*)?", value) else "keyword"
    return None


def as_kind(kind: str, value: Any) -> Any:
    if kind == "boolean":
        return str(value).lower()
    if kind == "date":
        return instant_of(parse_datetime(value))
    if kind == "float":
        return float(value)
    return value


def _asks_nothing(query: Query) -> bool:
    plain = isinstance(query, (Term, Phrase)) and query.field in (None, "text", "text.wordcloud")
    return plain and not words(query.text)  # type: ignore[union-attr]


def _passes(kind: str, value: Any, leaf: Query) -> bool:
    if kind == "number":
        return _number_passes(float, value, leaf)
    if kind == "date":
        return _date_passes(value, leaf)
    if kind == "vector" or kind == "agent":
        return False
    if kind == "keyword":
        return _word_passes(value, leaf, lambda text: text)
    pieces = words(value) if kind == "words" else exact_words(value)
    normal = fold if kind == "words" else str
    if isinstance(leaf, (Term, Phrase)):
        wanted = words(leaf.text) if kind == "words" else exact_words(leaf.text)
        return stands_in(pieces, wanted, leaf.slop if isinstance(leaf, Phrase) else 0)
    if isinstance(leaf, Wildcard) and kind == "words" and _is_prefix(leaf):
        start = words(str(leaf.pieces[0]))
        return bool(start) and any(
            pieces[i : i + len(start) - 1] == start[:-1]
            and i + len(start) <= len(pieces)
            and pieces[i + len(start) - 1].startswith(start[-1])
            for i in range(len(pieces))
        )
    return any(_word_passes(piece, leaf, normal) for piece in pieces)


def _is_prefix(leaf: Wildcard) -> bool:
    return len(leaf.pieces) == 2 and isinstance(leaf.pieces[0], str) and leaf.pieces[1] is WildcardPart.ANY


def stands_in(found: list[str], wanted: list[str], slop: int) -> bool:
    if not wanted:
        return False
    many = len(wanted)
    if slop == 0:
        return any(found[i : i + many] == wanted for i in range(len(found)))
    width = many + slop
    return any(set(wanted) <= set(found[i : i + width]) for i in range(len(found)))


def _word_passes(word: str, leaf: Query, normal: Any) -> bool:
    if isinstance(leaf, (Term, Phrase)):
        return bool(word == normal(leaf.text))
    if isinstance(leaf, Wildcard):
        pattern = "".join(
            ".*"
            if piece is WildcardPart.ANY
            else "."
            if piece is WildcardPart.ONE
            else re.escape(normal(piece))
            for piece in leaf.pieces
        )
        return re.fullmatch(pattern, word, re.DOTALL) is not None
    if isinstance(leaf, Regex):
        return Automaton(leaf.pattern).matches(word)
    if isinstance(leaf, Fuzzy):
        wanted = normal(leaf.text)
        return within_edits(wanted, word, auto_edits(wanted) if leaf.edits is None else leaf.edits)
    assert isinstance(leaf, Range)
    low = None if leaf.low is None else normal(leaf.low)
    high = None if leaf.high is None else normal(leaf.high)
    return _inside(word, low, high, leaf)


def _inside(value: Any, low: Any, high: Any, leaf: Range) -> bool:
    above = low is None or value > low or (leaf.include_low and value == low)
    below = high is None or value < high or (leaf.include_high and value == high)
    return bool(above and below)


def _number_passes(read: Any, value: float, leaf: Query) -> bool:
    def number(text: str | None) -> Any:
        if text is None:
            return None
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)

    if isinstance(leaf, (Term, Phrase)):
        return bool(value == number(leaf.text))
    return isinstance(leaf, Range) and _inside(value, number(leaf.low), number(leaf.high), leaf)


def _date_passes(value: int, leaf: Query) -> bool:
    if isinstance(leaf, (Term, Phrase)):
        first, last = parse_date_bounds(leaf.text)
        return first <= value <= last
    if not isinstance(leaf, Range):
        return False
    low = None if leaf.low is None else parse_date_bounds(leaf.low)[0 if leaf.include_low else 1]
    high = None if leaf.high is None else parse_date_bounds(leaf.high)[1 if leaf.include_high else 0]
    return _inside(value, low, high, leaf)


# Random records

WORDS = [
    "fox",
    "Fox",
    "lazy",
    "dog",
    "dogs",
    "don't",
    "naïve",
    "Ärger",
    "ärger",
    "私は犬",
    "日本語",
    "iPhone",
    "🤔",
    "x-y",
    "e.g.",
    "42",
    "_a",
    "ΛΌΓΟΣ",
    "λόγος",
    "İstanbul",
    "ß",
    "straße",
    "AND",
    '"quoted"',
    "(b)",
    "a*b",
    "état",
    "lim",
    "limit",
    "limited",
    "3.5",
    "--",
    "foo_bar",
    "カメラ",
]
LABELS = ["A", "B", "b c", "É", "q\"'"]
AGENTS = ["m", "model.v1", "ana", "ünï"]
IDS = [
    "1",
    "11",
    "2",
    "10",
    "a",
    "a'b",
    'a"b',
    "é",
    "🤔",
    "z",
    "Z",
    "a b",
    "%",
    "_",
    "a\\b",
    "a/b",
    "ﬀ",
    "x" * 40,
]
EVENTS = [
    "2023-01-01",
    "2023-01-01T12:30:00",
    "1969-12-31T23:59:59.5",
    "2023-02-28T00:00:00+02:00",
    "2024-02-29",
]
SCORES = [0.0, 0.001, 0.25, 0.3, 0.5, 0.501, 0.699, 0.9, 1.0]

_words = st.sampled_from(WORDS)
_texts = st.builds(
    lambda parts, gaps: "".join(part + gap for part, gap in zip(parts, gaps, strict=False)),
    st.lists(_words, min_size=1, max_size=8),
    st.lists(st.sampled_from([" ", " ", " ", ", ", "\n", "-", ". ", "  "]), min_size=8, max_size=8),
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)

METADATA: dict[str, st.SearchStrategy[Any]] = {
    "k": st.sampled_from(["x", "y", "Two words", "O'Neil", 'say "hi"', "é", "X", "", "Default"]),
    "tags": st.lists(st.sampled_from(["x", "y", "zz"]), min_size=1, max_size=3),
    "n": st.sampled_from([-5, -1, 0, 1, 2, 10, 1000, 2**53 + 1, 2**53, 1234567890123456789]),
    "f": st.sampled_from([-5.0, -0.5, 0.0, 0.25, 1.0, 1000.0, 1e300]),
    "fs": st.lists(st.sampled_from([-5.0, 0.25, 1.0, 2.5]), min_size=1, max_size=3),
    "b": st.booleans(),
    "d": st.sampled_from(EVENTS),
    "dot.ted": st.sampled_from(["x", "y"]),
    "x.text": st.sampled_from(["x", "y z"]),
    "_hidden": st.sampled_from(["x", 1, [1]]),
    "o": st.just([{"a": 1}]),
}
_metadata = st.none() | st.fixed_dictionaries({}, optional=METADATA)
_vector = st.builds(Vector, st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=3, max_size=3))


def _single(label: str, score: float) -> Value:
    return ((label, score),)


_labels = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(SCORES)), max_size=3, unique_by=lambda pair: pair[0]
).map(best_first)
_sentences = st.lists(st.tuples(_texts, st.sampled_from(SCORES)), max_size=2).map(best_first)


def _classes(multi_label: bool) -> st.SearchStrategy[Value]:
    if multi_label:
        return _labels
    return st.builds(_single, st.sampled_from(LABELS), st.sampled_from(SCORES))


@st.composite
def _entities(draw: st.DrawFn, tokens: list[tuple[int, int]]) -> Value:
    spans, at = [], 0
    while at < len(tokens):
        wide = draw(st.integers(0, 3))
        if wide and at + wide <= len(tokens):
            label, score = draw(st.sampled_from(LABELS)), draw(st.sampled_from(SCORES))
            spans.append(Entity(tokens[at][0], tokens[at + wide - 1][1], label, score))
        at += wide or 1
    return Entities(spans, draw(st.none() | st.sampled_from(SCORES)))


@st.composite
def _answers(draw: st.DrawFn, values: st.SearchStrategy[Value]) -> AgentValues | None:
    agents = draw(st.lists(st.sampled_from(AGENTS), max_size=2, unique=True))
    return AgentValues(agents[0], {agent: draw(values) for agent in agents}) if agents else None


def _cut(text: str) -> list[str]:
    """Tokens as tokenizers make them: not always whole words."""
    return [part for piece in text.split() for part in re.findall(r"n't|[^\W\d]{1,4}|\S", piece)]


@st.composite
def records(draw: st.DrawFn, task: Task, id: str, multi_label: bool, inputs: tuple[str, ...]) -> Record:
    event = draw(st.none() | st.sampled_from(EVENTS))
    common: dict[str, Any] = {
        "id": id,
        "status": draw(st.sampled_from(list(Status))),
        "metadata": draw(_metadata),
        "event_timestamp": event,
        "event": None if event is None else instant_of(parse_datetime(event)),
        "vectors": draw(st.none() | st.fixed_dictionaries({"v": _vector})),
    }
    if task is Task.TEXT_CLASSIFICATION:
        names = draw(st.lists(st.sampled_from(inputs), min_size=1, unique=True))
        values = _classes(multi_label)
        return TextClassificationRecord(
            **common,
            inputs={name: draw(_texts | st.lists(_texts, min_size=1, max_size=3)) for name in names},
            multi_label=multi_label,
            prediction=draw(_answers(values)),
            annotation=draw(_answers(values)),
        )
    text = draw(_texts)
    if task is Task.TEXT2TEXT:
        return Text2TextRecord(
            **common, raw=text, prediction=draw(_answers(_sentences)), annotation=draw(_answers(_sentences))
        )
    tokens = _cut(text) or ["x"]
    text = text if _cut(text) else "x"
    spans = _entities(token_offsets(text, tokens))
    return TokenClassificationRecord(
        **common, raw=text, tokens=tokens, prediction=draw(_answers(spans)), annotation=draw(_answers(spans))
    )


@dataclass
class Batch:
    """Records of one dataset."""

    task: Task
    multi_label: bool
    inputs: tuple[str, ...]
    records: list[Record]

    def dataset(self, no: int = 0) -> Dataset:
        held = self.multi_label if self.task is Task.TEXT_CLASSIFICATION else None
        return Dataset(DatasetNo(no), "u", "ws", "ds", self.task, {}, {}, None, multi_label=held)


@st.composite
def record_batches(draw: st.DrawFn, task: Task | None = None, most: int = 8) -> Batch:
    """Some records of one task, with ids of their own."""
    task = task or draw(st.sampled_from(list(Task)))
    multi_label = draw(st.booleans())
    inputs = draw(st.sampled_from([("text",), ("text", "b.c"), ("text", "exact", "text.exact")]))
    ids = draw(st.lists(st.sampled_from(IDS), max_size=most, unique=True))
    found = [draw(records(task, id, multi_label, inputs)) for id in ids]
    return Batch(task, multi_label, inputs, found)


# Random queries

_terms = _words | st.sampled_from(["x", "y", "Two words", "!", "dog lazy", "é", "A", "b c"])
_patterns = st.sampled_from(["fo.*", "d(o|a)g?s?", "[a-zä]+", ".{1,3}", "A|B", "Val.*", "@", "x.*b", "#"])


def _wild(start: str, end: str, kind: int) -> tuple[str | WildcardPart, ...]:
    if kind == 0:
        return (start, WildcardPart.ANY)
    if kind == 1:
        return (WildcardPart.ANY, end)
    if kind == 2:
        return (start[:1], WildcardPart.ONE, WildcardPart.ANY)
    return (start[:1], WildcardPart.ANY, end[-1:])


def _wordy(names: list[str | None]) -> st.SearchStrategy[Query]:
    """Leaves on fields of words or whole strings."""
    name = st.sampled_from(names)
    slop = st.sampled_from([0, 0, 1, 2, 5])
    several = st.lists(_words, min_size=1, max_size=4).map(" ".join)
    bound = st.none() | _terms
    return st.one_of(
        st.builds(Term, name, _terms),
        st.builds(Term, name, _words),
        st.builds(Phrase, name, several, slop),
        st.builds(Wildcard, name, st.builds(_wild, _words, _words, st.integers(0, 3))),
        st.builds(Regex, name, _patterns),
        st.builds(Fuzzy, name, _terms, st.none() | st.integers(0, 2)),
        st.builds(Range, name, bound, bound, st.booleans(), st.booleans()),
    )


def _ranged(names: list[str | None], bounds: list[str]) -> st.SearchStrategy[Query]:
    name, bound = st.sampled_from(names), st.none() | st.sampled_from(bounds)
    return st.builds(Range, name, bound, bound, st.booleans(), st.booleans()) | st.builds(
        Term, name, st.sampled_from(bounds)
    )


NUMBERS = ["-5", "0", "0.25", "0.5", "0.699", "1", "1e3", "1000", "2", "-1e-3", "9007199254740993", "1e300"]
DATES = ["2023-01-01", "2023-01", "1969-12-31", "2023-02-27T22:00", "2024-02-29T00:00:00Z", "1672531200000"]
DATES.remove("1672531200000")
COUNTED: list[str | None] = [
    "status", "annotated_as", "predicted_as", "annotated_by", "predicted_by", "predicted", "metadata.k",
    "metadata.tags", "metadata.b", "metadata.dot.ted", "metadata.x.text", "metadata.unknown", "nowhere", "id",
    "annotated_by.text", "predicted_as.exact", "metadata.k.text", "metadata.k.exact", "metadata.tags.text",
    "metadata.o", "multi_label.text",
]  # fmt: skip
TEXTS: list[str | None] = [
    None, "text", "text.exact", "inputs.text", "inputs.text.exact", "inputs.b.c", "inputs.b.c.exact",
    "inputs.exact", "inputs.nope", "tokens",
]  # fmt: skip
AGENTED: list[str | None] = [
    f"{root}.{agent}.{rest}"
    for root in ("predictions", "annotations")
    for agent in AGENTS[:3]
    for rest in ("labels.class_label", "entities.label", "sentences.text", "sentences.text.text",
                 "sentences.text.exact", "labels.class_label.text")
]  # fmt: skip
MENTIONS: list[str | None] = [
    f"metrics.{side}.mentions.{rest}"
    for side in ("predicted", "annotated")
    for rest in ("value", "value.text", "label", "capitalness")
]
MENTIONS += [
    "metrics.tokens.value",
    "metrics.tokens.tag",
    "metrics.tokens.capitalness",
    "metrics.annotated.tags.tag",
]
EXISTING = [
    "text", "id", "status", "event_timestamp", "last_updated", "score", "annotated_as", "predicted", "tokens",
    "metadata.k", "metadata.f", "metadata.d", "metadata.tags", "metadata.unknown", "inputs.text", "inputs.b.c",
    "predictions.m", "predictions.model.v1", "annotations.ana", "vectors.v", "vectors.v.value", "nowhere",
    "predicted_by", "annotated_by", "metrics.tokens.tag", "multi_label", "annotations.ana.labels.class_label",
    "metadata.k.text", "metadata.n.exact", "metadata.f.text", "metadata.k.value", "inputs.text.exact",
    "inputs.b.c.exact", "predicted_by.exact", "annotated_as.text", "text.exact",
]  # fmt: skip


def queries() -> st.SearchStrategy[Query]:
    """Trees over every kind of field."""
    leaves = st.one_of(
        _wordy([None, "text"]),
        _wordy(TEXTS),
        _wordy(COUNTED),
        _wordy(AGENTED),
        _wordy(MENTIONS),
        st.builds(Term, st.just("status"), st.sampled_from([status.value for status in Status])),
        st.builds(Term, st.just("multi_label"), st.sampled_from(["true", "false"])),
        st.builds(Term, st.just("id"), st.sampled_from(IDS)),
        st.builds(Term, st.sampled_from(["predicted_as", "annotated_as"]), st.sampled_from(LABELS)),
        _ranged(["score", "metadata.n", "metadata.f", "metadata.fs"], NUMBERS),
        _ranged(["metrics.text_length", "metrics.tokens_length", "metrics.tokens.length",
                 "predictions.m.labels.score", "metrics.predicted.mentions.score"], NUMBERS),
        _ranged(["metadata.d", "event_timestamp", "last_updated"], DATES),
        st.builds(Exists, st.sampled_from(EXISTING)),
        st.just(MatchAll()),
    )  # fmt: skip
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
            st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=5,
    )


def sortable(kinds: Mapping[str, str]) -> list[str]:
    """Fields to sort by."""
    plain = ["id", "status", "score", "last_updated", "event_timestamp", "predicted", "predicted_as"]
    plain += ["annotated_as", "annotated_by", "predicted_by"]
    return plain + [f"metadata.{key}" for key, kind in kinds.items() if kind != "nested"]
