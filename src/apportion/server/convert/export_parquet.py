"""Export of a table as Parquet: numbers as numbers, everything else as the text of the CSV's cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.ports.answers import ColumnNames
from apportion.ports.deadline import Deadline
from apportion.services.records.export import ExportPage

from .export_provenance import ROWS_AT_ONCE, ProvenanceReader
from .export_tables import ExportTable

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["parquet_pages"]

_AT_ONCE = 10_000
"""Records in a row group."""
_MOST_BYTES = 64 * 1024 * 1024
"""Most bytes of a row group, which is in memory until it is written: long texts make it smaller."""


def parquet_pages(
    dataset: Dataset, names: ColumnNames, deadline: Deadline
) -> Callable[[Iterable[ExportPage]], Iterator[bytes]]:
    """Return a writer of a table with the CSV's columns.

    Refused if pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise BadRequestError(
            "This server can't write Parquet: install it with the extra, `pip install 'apportion[parquet]'`, "
            "or ask for csv or jsonl."
        ) from None

    def write(pages: Iterable[ExportPage]) -> Iterator[bytes]:
        columns, sink = _Columns(dataset, names, deadline), _Sink()
        with pq.ParquetWriter(sink, columns.schema, use_dictionary=columns.few) as writer:
            for group in _groups(map(columns.batch, pages)):
                writer.write_table(pa.Table.from_batches(group, columns.schema))
                yield sink.take()
        yield sink.take()

    return write


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Yield batches grouped into row groups."""
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(len(each) for each in group) >= _AT_ONCE or sum(each.nbytes for each in group) >= _MOST_BYTES:
            yield group
            group = []
    if group:
        yield group


class _Columns:
    """Converter of pages of records into Arrow columns."""

    def __init__(self, dataset: Dataset, names: ColumnNames, deadline: Deadline) -> None:
        import pyarrow as pa

        self._deadline = deadline

        self._table, self._provenance = ExportTable(dataset, names), ProvenanceReader(dataset)
        kinds = {"number": pa.float64(), "flag": pa.bool_(), "text": pa.string()}
        self.schema = pa.schema([(name, kinds[_kind(name)]) for name in self._table.columns])
        self.few = [name for name in self._table.columns if _recurs(name)]

    def batch(self, page: ExportPage) -> pa.RecordBatch:
        """Return a page as a batch with a row per record."""
        import pyarrow as pa

        rows, evidence = page
        table, heads, tails = self._table, [], []
        soft: list[list[float | None]] = [[None] * len(rows) for _ in table.labels]
        each = evidence.answers.of_each(len(rows))
        found = zip(rows, self._provenance.of(page, each), strict=True)
        for place, (row, provenance) in enumerate(self._deadline.each(found, ROWS_AT_ONCE)):
            content = row.fields()
            heads.append(table.head(row, content, provenance))
            tails.append(table.tail(row, content, evidence.gold.get(place)))
            for label, share in (provenance.soft or {}).items():
                if label in table.labels:
                    soft[table.labels[label]][place] = share
        head, tail = ([_texts(column) for column in zip(*each, strict=True)] for each in (heads, tails))
        arranged = [*head, *self._answers(page), *(pa.array(each, pa.float64()) for each in soft), *tail]
        arrays = [
            array if array.type == field.type else array.cast(field.type)
            for array, field in zip(arranged, self.schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _answers(self, page: ExportPage) -> list[pa.Array]:
        """Return four columns per person, each taken from one column of all answers."""
        import numpy as np
        import pyarrow as pa

        answers, people = self._table.answers(page.evidence.answers), len(self._table.people)
        places = np.full((people + 1, len(page.rows)), -1, dtype=np.int64)
        column = np.array([people if each is None else each for each in answers.column], dtype=np.int64)
        places[column, np.asarray(page.evidence.answers.place, dtype=np.int64)] = np.arange(len(column))
        all_of = [
            _texts(answers.value),
            pa.array(answers.state, pa.string()),
            pa.array(answers.at, pa.string()),
            pa.array(page.evidence.answers.seconds, pa.float64()),
        ]
        takes = [pa.array(each, mask=each < 0) for each in places[:people]]
        return [part.take(take) for take in takes for part in all_of]


def _texts(cells: Sequence[str]) -> pa.Array:
    """Return cells as texts, null for empty ones."""
    import pyarrow as pa

    empty = cells.count("")
    if empty == len(cells):
        return pa.nulls(empty, pa.string())
    return pa.array([each or None for each in cells] if empty else cells, pa.string())


def _kind(name: str) -> str:
    """Return the type of an export's column: number, flag or text."""
    if name == "multi_label":
        return "flag"
    numbers = (
        name == "support"
        or name.startswith("soft.")
        or (name.startswith("answer.") and name[-8:] == ".seconds")
    )
    return "number" if numbers else "text"


def _recurs(name: str) -> bool:
    """Return whether values repeat in such a column, so that dictionary encoding pays."""
    once = name in ("id", "text", "tokens", "prediction", "vectors", "event_timestamp") or name.startswith(
        "inputs."
    )
    return not (once or (name.startswith("answer.") and name.endswith((".at", ".seconds"))))


class _Sink:
    """A write-only file whose bytes are taken out as they are written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        """Return and drop the bytes written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
