"""Documents of records: read from what the database holds of their content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from apportion.domain.metadata import KINDS_AS_NUMBERS, terms_of
from apportion.domain.records import scores
from apportion.storage.sql.codec.fragments import decode_record, text_of
from apportion.storage.sql.search_index import ContentRow, FieldsOfDataset
from apportion.vocabulary import Status, Task

from .mapping import document, indexed_fields, vector_sizes

__all__ = ["documents_of", "kinds_of", "vectors_of"]

_LARGEST = 3.4e38


def kinds_of(dataset: FieldsOfDataset) -> dict[str, str]:
    """Return the fields of a dataset that its index has, with their kinds."""
    return indexed_fields(dict(dataset.fields.values()))


def vectors_of(dataset: FieldsOfDataset) -> dict[str, int]:
    """Return the vectors of a dataset that an index can have, with their dimensions."""
    return vector_sizes(dict(dataset.fields.values()))


def documents_of(
    dataset: FieldsOfDataset, rows: Sequence[ContentRow], *, vectors: bool
) -> Iterator[dict[str, Any]]:
    """Yield the documents of these records; with their ``vectors``, where the index has those."""
    with_vectors = vectors_of(dataset) if vectors else {}
    task, kinds = Task(dataset.task), kinds_of(dataset)
    names = {no: name for no, (name, _) in dataset.fields.items() if name in kinds}
    numbers = {
        name.removeprefix("metadata."): (name, kind)
        for name, kind in kinds.items()
        if kind in KINDS_AS_NUMBERS and name != "score"
    }
    for row in rows:
        record = decode_record(task, row.id, Status.DEFAULT, row.content, row.prediction, None)
        values: list[tuple[str, str | float]] = [
            (names[field], value) for field, value in row.values if field in names
        ]
        for key, value in (record.metadata or {}).items():
            if key in numbers:
                name, kind = numbers[key]
                values += [(name, term) for term in terms_of(kind, value) if isinstance(term, float)]
        yield document(
            row.n,
            row.id,
            text_of(row.content),
            event=row.event,
            scores=list(dict.fromkeys(scores(record))),
            values=values,
            vectors={
                dataset.fields[field][0]: vector
                for field, vector in row.vectors.items()
                # JSON has no other numbers, and a float32 none that are larger
                if dataset.fields[field][0] in with_vectors and all(abs(each) < _LARGEST for each in vector)
            },
        )
