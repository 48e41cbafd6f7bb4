"""Copying a dataset's records: content, predictions, vectors, and everybody's annotations."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.ports.records import Criteria
from apportion.vocabulary import AnnotationState

from .annotating import STATES
from .cache import DatasetCache
from .database import Link
from .encoding import decode_record, decode_value
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
            records.append(record)
        change.log(prepare(target.task, records), at=at)
        if source.individual and target.individual:
            _copy_own(link, change, source, [row.id for row in rows])
        copied += len(rows)
        after = rows[-1].id
    change.finish()
    return copied


def _copy_own(link: Link, change: RecordChange, source: Dataset, ids: list[str]) -> None:
    """Everybody's own annotations, when they were made; drafts stay their author's business."""
    for id in ids:
        rows = link.raw.execute(
            "SELECT g.name, a.state, a.value, a.updated FROM records r JOIN annotations a ON a.rid = r.rid "
            "JOIN agents g ON g.no = a.annotator WHERE r.dataset = ? AND r.id = ?",
            (source.no, id),
        ).fetchall()
        for name, state, value, updated in rows:
            if STATES[state] in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED):
                answer = None if value is None else decode_value(source.task, value)
                change.annotate(id, name, STATES[state], answer, at=updated)
