"""Export of records as a table with four columns per person, and such a table as CSV.

Cells that are not plain text hold JSON; a text that could be mistaken for JSON is written as a JSON string. So every
cell can be read back as what it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from apportion.domain.datasets import Dataset
from apportion.ports.answers import AnswerTable, ColumnNames, StoredGold
from apportion.ports.deadline import Deadline
from apportion.ports.records import StoredRecord, decoded
from apportion.services.records.export import ExportPage
from apportion.vocabulary import Task

from .export_lines import NameMemo as JsonNames
from .export_lines import gold_json, instants, numerals
from .export_provenance import ROWS_AT_ONCE, Memo, Provenance, ProvenanceReader
from .records_out import own_values, vectors_json

__all__ = ["ExportTable", "cell", "columns_of", "csv_pages", "shown"]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_PLURAL = {
    Task.TEXT_CLASSIFICATION: "labels",
    Task.TOKEN_CLASSIFICATION: "entities",
    Task.TEXT2TEXT: "sentences",
}
ANSWER_PARTS = (".state", ".at", ".seconds")
"""Columns per person besides the answer: its state (submitted, discarded, extra), its time, and its duration."""


def cell(value: Any) -> str:
    """Return a value as text that can be read back: JSON, except for texts that cannot be mistaken for it."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value and (value[0] not in _FIRST or not _may_be_json(value)):
            return value
    elif isinstance(value, float):
        return repr(value)
    return _encode(value).decode()


def _may_be_json(text: str) -> bool:
    if text[0] not in '{["' and _SCALAR.fullmatch(text) is None and not text[0].isspace():
        return False  # most texts: raising an exception takes ten times as long
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_FIRST = frozenset('{["-0123456789tfnNI \t\n\r')
"""First characters of JSON."""
_SCALAR = re.compile(r"(true|false|null|NaN|-?Infinity|-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)\s*")


def columns_of(dataset: Dataset, names: ColumnNames) -> list[str]:
    """Return the columns of a table of this dataset."""
    texts = [f"inputs.{name}" for name in names.inputs] or ["text"]
    if dataset.task is Task.TOKEN_CLASSIFICATION:
        texts = ["text", "tokens"]
    people = [f"answer.{name}{part}" for name in names.annotators for part in ("", *ANSWER_PARTS)]
    soft = [f"soft.{label}" for label in names.labels] if dataset.task is Task.TEXT_CLASSIFICATION else []
    return [
        "id",
        *texts,
        "status",
        "annotation",
        "annotation_agent",
        "support",
        "agreeing",
        *people,
        *soft,
        "gold",
        "prediction",
        *(f"metadata.{name}" for name in names.metadata),
        "metadata",
        "event_timestamp",
        "multi_label",
        "vectors",
    ]


class AnswerCells(NamedTuple):
    """Everybody's answers to a page of records in columns, as cells."""

    column: list[int | None]
    value: list[str]
    state: list[str]
    at: list[str]
    seconds: list[str]


class ExportTable:
    """Records as cells: ``head``, four columns per person, soft labels, ``tail``; together these are ``columns``."""

    def __init__(self, dataset: Dataset, names: ColumnNames) -> None:
        self.columns = columns_of(dataset, names)
        self.people = {name: place for place, name in enumerate(names.annotators)}
        labels = names.labels if dataset.task is Task.TEXT_CLASSIFICATION else []
        self.labels = {label: place for place, label in enumerate(labels)}
        self.values = _CellValues(dataset)
        self._task = dataset.task
        self._names = names
        self._metadata = frozenset(names.metadata)
        self._json = JsonNames()

    def head(self, row: StoredRecord, content: dict[str, Any], provenance: Provenance) -> list[str]:
        """Return the cells before the answers. Ids, statuses and agents are always text and never read as JSON."""
        if self._task is Task.TOKEN_CLASSIFICATION:
            texts = [cell(content["text"]), cell(content["tokens"])]
        elif self._names.inputs:
            inputs = content.get("inputs") or {}
            texts = [cell(inputs.get(name)) for name in self._names.inputs]
        else:
            texts = [cell(content.get("text"))]
        value, agent = "", ""
        if provenance.first is not None:
            value, agent = self.values[provenance.first[1]], _decode(provenance.first[0])
        agreeing = "" if provenance.agreeing is None else self._json.listed(provenance.agreeing)
        return [row.id, *texts, row.status.value, value, agent, cell(provenance.support), agreeing]

    def tail(self, row: StoredRecord, content: dict[str, Any], gold: StoredGold | None) -> list[str]:
        """Return the cells after the soft labels, from gold on."""
        metadata = content["metadata"] or {}
        rest: dict[str, Any] | None = None
        if not metadata.keys() <= self._metadata:
            rest = {name: value for name, value in metadata.items() if name not in self._metadata}
        return [
            "" if gold is None else gold_json(gold).decode(),
            "" if (predictions := row.predictions()) is None else own_values(predictions).decode(),
            *[cell(metadata.get(name)) for name in self._names.metadata],
            cell(rest),
            cell(content["event_timestamp"]),
            cell(content.get("multi_label")),
            vectors_json(row.vectors).decode() if row.vectors else "",
        ]

    def answers(self, answers: AnswerTable) -> AnswerCells:
        """Return people's answers as cells; ``column`` is a person's index among the annotators of the table."""
        values = self.values
        state: Sequence[str] = answers.state
        if 0 in answers.counted:
            state = [
                word if counted else f"{word} extra"
                for word, counted in zip(answers.state, answers.counted, strict=True)
            ]
        seconds = numerals(answers.seconds)
        return AnswerCells(
            list(map(self.people.get, answers.annotator)),
            ["" if value is None else values[value] for value in answers.value],
            list(state),
            instants(answers.at),
            ["" if each == "null" else each for each in seconds] if "null" in seconds else seconds,
        )


class _CellValues(Memo):
    """Cache of cells of stored values: a label as itself; everything else as full JSON."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._task = dataset.task
        self._multi = bool(dataset.multi_label)

    def __missing__(self, value: bytes) -> str:
        found: str = self.keep(value, cell(self._plain(decoded(value)[_PLURAL[self._task]])))
        return found

    def _plain(self, parts: list[dict[str, Any]]) -> Any:
        if self._task is Task.TEXT_CLASSIFICATION:
            names = [part["class_label"] for part in parts if not self._multi or part["score"] > 0.5]
            return names if self._multi else names[0] if names else None
        if self._task is Task.TEXT2TEXT:
            return parts[0]["text"] if len(parts) == 1 else [part["text"] for part in parts]
        return [{"start": part["start"], "end": part["end"], "label": part["label"]} for part in parts]


_FORMULA = re.compile(r"[\s;,]*[=+\-@＝＋－＠]|[\t\r\n]")
"""Beginning of a formula in any spreadsheet: full-width signs count, and signs after a separator, in case a program
splits the file at another separator than ours."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def shown(text: str) -> str:
    """Return a cell that a spreadsheet shows and does not compute.

    >>> shown('=HYPERLINK("https://example.org")'), shown("-0.5"), shown(";=1"), shown("＝1")
    ('\'=HYPERLINK("https://example.org")', '-0.5', "';=1", "'＝1")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_pages(
    pages: Iterable[ExportPage],
    dataset: Dataset,
    names: ColumnNames,
    deadline: Deadline,
    *,
    spreadsheet: bool = False,
) -> Iterator[bytes]:
    """Yield a CSV header, then a record a row; texts as they were logged, unless they are for a ``spreadsheet``."""
    table, reader = ExportTable(dataset, names), ProvenanceReader(dataset)
    written = _Quoted(spreadsheet)
    yield f"{','.join([written[each] for each in table.columns])}\r\n".encode()
    nobody = [",,,"] * len(table.people)
    unlabelled, shares = [""] * len(table.labels), _Shares()
    for rows, evidence in pages:
        parts = table.answers(evidence.answers)
        values = [written[each] for each in parts.value]
        answers = list(map(",".join, zip(values, parts.state, parts.at, parts.seconds, strict=True)))
        lines = []
        each = evidence.answers.of_each(len(rows))
        found = zip(rows, each, reader.of(ExportPage(rows, evidence), each), strict=True)
        for place, (row, own, provenance) in enumerate(deadline.each(found, ROWS_AT_ONCE)):
            content = row.fields()
            cells = written.all(table.head(row, content, provenance))
            people = nobody.copy()
            for column, answer in zip(parts.column[own], answers[own], strict=True):
                if column is not None:
                    people[column] = answer
            soft = unlabelled.copy()
            for label, share in (provenance.soft or {}).items():
                if label in table.labels:
                    soft[table.labels[label]] = shares[share]
            cells += people
            cells += soft
            cells += written.all(table.tail(row, content, evidence.gold.get(place)))
            lines.append(",".join(cells))
        lines.append("")
        yield "\r\n".join(lines).encode()


class _Shares(Memo):
    """Cache of cells of numbers."""

    def __missing__(self, share: float) -> str:
        found: str = self.keep(share, cell(share))
        return found


class _Quoted(Memo):
    """Cache of cells as CSV writes them."""

    def __init__(self, spreadsheet: bool) -> None:
        super().__init__()
        self._spreadsheet = spreadsheet

    def __missing__(self, text: str) -> str:
        found: str = self.keep(text, self.all([text])[0])
        return found

    def all(self, cells: list[str]) -> list[str]:
        """Return several cells as CSV writes them, without caching them."""
        if self._spreadsheet:
            cells = list(map(shown, cells))
        return [
            _in_quotes(each) if '"' in each or "," in each or "\n" in each or "\r" in each else each
            for each in cells
        ]


def _in_quotes(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
