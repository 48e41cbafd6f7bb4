"""Find which records each of many queries matches, as positions. Imports numpy: to be imported only when needed.

A million records and thirty rules are then thirty strings of a million bits, and no object per record.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.domain.numpy_types import Column, np
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, Query, Term, parse
from apportion.domain.rule_votes import RecordSet
from apportion.domain.rules import MOST_RULES
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset, seen_by
from apportion.services.insight.rule_figures import RecordSets
from apportion.vocabulary import Task

__all__ = ["RuleMatches", "rule_matches"]

_IDS_AT_ONCE = 5_000
_LEVEL = 1
"""Compression: the strings are mostly runs of zeros, and higher levels take three times as long for little."""


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """The records of a selection in the order of their ids, and which of them match each query.

    All bytes are compressed by zlib. ``ids`` is a JSON array. The others are one bit per record, the first one the
    highest bit of the first byte: ``annotated`` are those with an annotation, ``labels`` by label those that have it.
    """

    total: int
    ids: bytes
    queries: Sequence[tuple[str, bytes]]
    annotated: bytes
    labels: Sequence[tuple[str, bytes]]
    multi_label: bool


def rule_matches(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    criteria: Criteria,
    queries: Sequence[str] | None,
) -> RuleMatches:
    """Match queries, or all stored rules if these are None, with the records that ``actor`` sees of a selection."""
    task = Task.TEXT_CLASSIFICATION
    dataset = find_dataset(tx, actor, workspace, name, Action.SEE_RULES, task=task, open_only=True)
    if queries is None:
        queries = [each.query for each in dataset.rules]
    if len(queries) > MOST_RULES:
        raise BadRequestError(f"{len(queries):,} queries were sent; {MOST_RULES:,} at once are the most.")
    parsed = [(each, parse(each)) for each in queries]
    seen = seen_by(tx, actor, dataset, criteria)
    sets = RecordSets(tx, dataset, seen)
    ids, order = _ids(tx, dataset, tx.records.numbers_by_id(dataset, seen))
    size = max(sets.size, int(order.max()) + 1 if len(order) else 0)

    def positions(records: RecordSet) -> bytes:
        return _positions(records, sets.size, order, size)

    def positions_of(query: Query) -> bytes:
        tx.deadline.check()
        return positions(sets.matching(query))

    labels = ((each, sets.matching(Term("annotated_as", each))) for each in tx.answers.names(dataset).labels)
    return RuleMatches(
        total=len(order),
        ids=ids,
        queries=[(text, positions_of(query)) for text, query in parsed],
        annotated=positions(sets.matching(Exists("annotated_by")) | sets.labelled),
        # Others' labels are known of here, too: those that the viewer sees on no record are left out
        labels=[(label, positions(records)) for label, records in labels if records.count()],
        multi_label=bool(dataset.multi_label),
    )


def _positions(records: RecordSet, known: int, order: Column, size: int) -> bytes:
    flags = np.zeros(size, dtype=np.bool_)  # records may have been added since the sets were sized
    flags[:known] = records.flags(known)
    return zlib.compress(np.packbits(flags[order]).tobytes(), _LEVEL)


def _ids(tx: Transaction, dataset: Dataset, numbers: Sequence[int]) -> tuple[bytes, Column]:
    """Return the ids as a compressed JSON array, and the numbers of the records that exist in this snapshot."""
    kept = array("I")

    def texts() -> Iterator[str]:
        for start in range(0, len(numbers), _IDS_AT_ONCE):
            tx.deadline.check()
            some = list(numbers[start : start + _IDS_AT_ONCE])
            ids = tx.answers.ids(dataset, some)
            if len(ids) < len(some):  # the order of ids may know of records logged since
                some = [n for n in some if tx.answers.ids(dataset, [n])]
            comma = "," if kept and some else ""
            kept.extend(some)
            yield comma + json.dumps(ids, ensure_ascii=False)[1:-1]

    packed = b"".join(_compressed(texts()))
    return packed, np.asarray(kept, dtype=np.uint32)


def _compressed(texts: Iterable[str]) -> Iterator[bytes]:
    packing = zlib.compressobj(_LEVEL)
    yield packing.compress(b"[")
    for text in texts:
        yield packing.compress(text.encode())
    yield packing.compress(b"]") + packing.flush()
