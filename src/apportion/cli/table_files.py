"""Reading of record files in parts that fit into a request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from .output import RefusedError

__all__ = ["KINDS", "FilePart", "kind_of", "read_parts"]

KINDS = ("jsonl", "csv", "parquet")
_ROWS = 500
"""A part is stored in one transaction: nobody annotating waits long."""
_BYTES = 8 * 1024 * 1024
_OURS = {"id", "status", "annotation_agent", "support"}
"""Columns that a table of ours has, whose cells are read back as they were written."""
csv.field_size_limit(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part of a file, in the form the server takes. ``first`` counts from 1."""

    kind: str
    body: bytes
    first: int
    rows: int
    ids: tuple[str, ...]
    individual: bool
    columns: frozenset[str]


def kind_of(file: Path, given: str | None) -> str:
    """Return the format of a file, as given or as its name says."""
    kind = given or file.suffix.lstrip(".").lower()
    if kind == "ndjson":
        kind = "jsonl"
    if kind not in KINDS:
        raise click.UsageError(f"Which format? {file} does not say: give --format.")
    return kind


def read_parts(file: Path, kind: str, id_column: str | None) -> Iterator[FilePart]:
    """Yield the parts of a file. ``id_column`` is the column of its ids, if not ``id``."""
    try:
        if kind == "jsonl":
            yield from _lines(file, id_column or "id")
        else:
            rows = _csv_rows(file) if kind == "csv" else _parquet_rows(file)
            yield from _tables(rows, id_column or "id")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise RefusedError(f"{file} can't be read: {unreadable}.") from unreadable


def _lines(file: Path, id_column: str) -> Iterator[FilePart]:
    lines: list[bytes] = []
    rows: list[dict[str, Any]] = []
    size, first = 0, 1
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as wrong:
                raise RefusedError(
                    f"Line {number} of {file} is not JSON: {wrong}. Nothing was stored."
                ) from None
            if not isinstance(row, dict):
                raise RefusedError(f"Line {number} of {file} is not an object. Nothing was stored.")
            if lines and (len(lines) == _ROWS or size + len(line) > _BYTES):
                yield _part("jsonl", b"".join(lines), first, rows, id_column)
                first += len(lines)
                lines, rows, size = [], [], 0
            lines.append(line if line.endswith(b"\n") else line + b"\n")
            rows.append(row)
            size += len(line)
    if lines:
        yield _part("jsonl", b"".join(lines), first, rows, id_column)


def _tables(rows: Iterator[list[str]], id_column: str) -> Iterator[FilePart]:
    head = next(rows, None)
    if head is None:
        return
    text = _writer(head)
    some: list[dict[str, Any]] = []
    first = 1
    for number, cells in enumerate(rows, 1):
        if len(cells) != len(head):
            raise RefusedError(
                f"Row {number} has {len(cells)} cells, and the header {len(head)}. Nothing was stored."
            )
        if some and (len(some) == _ROWS or text.tell() > _BYTES):
            yield _part("csv", text.getvalue().encode(), first, some, id_column)
            first += len(some)
            text, some = _writer(head), []
        csv.writer(text).writerow(cells)
        some.append(dict(zip(head, cells, strict=True)))
    if some:
        yield _part("csv", text.getvalue().encode(), first, some, id_column)


def _writer(head: list[str]) -> io.StringIO:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(head)
    return text


def _csv_rows(file: Path) -> Iterator[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        try:
            yield from (row for row in csv.reader(opened, strict=True) if row)
        except csv.Error as wrong:
            raise RefusedError(f"{file} can't be read: {wrong}. Nothing was stored.") from None


def _parquet_rows(file: Path) -> Iterator[list[str]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise RefusedError("Parquet needs pyarrow: pip install 'apportion[parquet]'.") from None
    try:
        table = pq.ParquetFile(file)
        names = table.schema_arrow.names
        yield names
        ours = set(names) >= _OURS
        for batch in table.iter_batches(_ROWS):
            for row in batch.to_pylist():
                yield [_cell(row[name], as_written=ours) for name in names]
    except pa.ArrowInvalid as wrong:
        raise RefusedError(f"{file} is not Parquet: {wrong}. Nothing was stored.") from None


def _cell(value: Any, *, as_written: bool) -> str:
    """Return a value as a cell that the server reads back as it: JSON, except unmistakable texts."""
    if value is None:
        return ""
    if isinstance(value, str):
        if as_written:
            return value
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _part(kind: str, body: bytes, first: int, rows: list[dict[str, Any]], id_column: str) -> FilePart:
    counts = [_answers(row) for row in rows]
    return FilePart(
        kind,
        body,
        first,
        len(rows),
        tuple(str(row[id_column]) for row in rows if row.get(id_column) not in (None, "")),
        any(count or row.get("gold") for count, row in zip(counts, rows, strict=True)),
        frozenset(name for row in rows[:1] for name in row),
    )


def _answers(row: Mapping[str, Any]) -> int:
    """Return the number of answers that count in a row of an exported object or table."""
    answers = row.get("answers")
    if isinstance(answers, dict):
        return sum(isinstance(each, dict) and each.get("counted", True) is True for each in answers.values())
    states = (value for name, value in row.items() if name.startswith("answer.") and name.endswith(".state"))
    return sum(bool(state) and not str(state).endswith(" extra") for state in states)
