"""The answers that a store must give, worked out the slow way: from plain records, one by one, after the contract.

Nothing here looks into an engine. Words are compared with the helpers of ``domain``, which have tests of
their own. Semantics the contract leaves open, as pinned here:

* ``"a b"~n``: all the words, in any order, within a window of as many words plus ``n``; a word that is asked
  for twice need stand there only once.
* The texts of one input stand one under the other, as inputs do in ``text``: phrases may reach across.
* A part of the text search without any word (a lone dash) asks for nothing beside others; alone it finds
  nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from apportion.domain.query import (
    And,
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
)
from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
)
from apportion.domain.text import cloud_words
from apportion.domain.token_metrics import token_metrics
from apportion.spans import token_offsets
from apportion.vocabulary import AnnotationState, Status, Task
from oracle_fields import once, right, scores_of, shown, spans_of, text_of
from oracle_leaves import as_kind, asks_nothing, kind_by_first_value, passes

__all__ = ["Model", "View"]

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
            asked = [child for child in query.children if not asks_nothing(child)]
            return bool(asked) and all(self.matches(child, view) for child in asked)
        if isinstance(query, Or):
            return any(self.matches(child, view) for child in query.children)
        if isinstance(query, Exists):
            return bool(self.values(view, query.field)[1])
        assert isinstance(query, (Term, Phrase, Wildcard, Regex, Fuzzy, Range))
        if isinstance(query, Range) and query.low is None and query.high is None:
            return bool(self.values(view, query.field or "text")[1])
        kind, values = self.values(view, query.field or "text")
        return any(passes(kind, value, query) for value in values)

    def values(self, view: View, name: str) -> tuple[str, list[Any]]:
        """Return the kind of a field (``words``, ``exact``, ``keyword``, ``number``, ``date``), and its values."""
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
            return once(shown(record, record.prediction))
        if name == "predicted_by":
            return [record.prediction.agent] if record.prediction else []
        if name == "annotated_as":
            return once(shown(record, answers))
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
        return once(as_kind(kind, item) for item in items if item is not None)

    def _metric(self, view: View, name: str) -> tuple[str, list[Any]]:
        record = view.record
        if not isinstance(record, TokenClassificationRecord):
            found: Any = {"text_length": len(text_of(record))}
        else:
            found = token_metrics(
                record.raw, record.tokens, token_offsets(record.raw, record.tokens),
                spans_of(record.prediction), spans_of(view.annotation),
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
        """Count what a search counts over its matches."""
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
    """Return the content that an annotation was made on: if it changes, the annotation is outdated."""
    return text_of(record), getattr(record, "tokens", None), getattr(record, "inputs", None)


def _mentions(pairs: Iterable[tuple[Record, AgentValues | None]]) -> dict[str, int]:
    """Count the records that mention a text (with whatever label: a text mentioned twice counts once)."""
    found: Counter[str] = Counter()
    for record, answers in pairs:
        spans = spans_of(answers) or []
        found.update({text_of(record)[span.start : span.end] for span in spans})
    return found


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


def _text(value: Any) -> str:
    return str(value)
