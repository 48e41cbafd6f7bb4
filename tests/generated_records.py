"""Random records of every task, small enough to have much in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from apportion.domain.datasets import Dataset
from apportion.domain.ids import DatasetNo
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
from apportion.domain.times import instant_of, parse_datetime
from apportion.spans import Entity, token_offsets
from apportion.vocabulary import Status, Task

__all__ = ["AGENTS", "IDS", "LABELS", "Batch", "record_batches", "records", "some_words"]

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

some_words = st.sampled_from(WORDS)
_texts = st.builds(
    lambda parts, gaps: "".join(part + gap for part, gap in zip(parts, gaps, strict=False)),
    st.lists(some_words, min_size=1, max_size=8),
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
