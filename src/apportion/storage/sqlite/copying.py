"""Copying a dataset's records: content, predictions, vectors; and where all share one, the annotation."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.ports.records import Criteria
from apportion.vocabulary import Status

from .cache import DatasetCache
from .database import Link
from .encoding import decode_record
from .prepare import prepare
from .search import Searcher
from .writing import RecordChange

__all__ = ["copy_records"]


def copy_records(link: Link, change: RecordChange, source: Dataset, target: Dataset, *, at: int) -> int:
    """Log every record of ``source`` into the empty ``target``; how many there were."""
    searcher = Searcher(link, DatasetCache(source.no, lambda: link), source, Criteria())
    after: str | None = None
    copied = 0
    while rows := searcher.scan(Criteria(), after, (), 0, 500):
        records = []
        for row in rows:
            record = decode_record(source.task, row.id, row.status, row.content, row.prediction, row.answer)
            record.vectors = dict(row.vectors) if row.vectors else None
            if (
                source.individual
            ):  # what it stands by follows from everybody's own annotations, which come later
                record.status, record.annotation = Status.DEFAULT, None
            records.append(record)
        change.log(prepare(target.task, records), at=at)
        copied += len(rows)
        after = rows[-1].id
    change.finish()
    return copied
