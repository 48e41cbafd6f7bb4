"""Find which records each of many queries matches, as positions. Imports numpy: to be imported only when needed.

A million records and thirty rules are then thirty strings of a million bits, and no object per record.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.domain.numpy_types import Column, np
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, Term, parse
from apportion.domain.rule_votes import RecordSet
from apportion.domain.rules import MOST_RULES
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset, seen_by
from apportion.services.insight.rule_figures import RecordSets
from apportion.vocabulary import Task

__all__ = ["MatchRequest", "RuleMatches", "rule_matches"]

_IDS_AT_ONCE = 5_000
_LEVEL = 1
"""Compression: the strings are mostly runs of zeros, and higher levels take three times as long for little."""


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """The records of a selection in the order of their ids, and which of them match each query.

    All bytes are compressed by zlib. ``ids`` is a JSON array. The others are one bit per record, the first one the
    highest bit of the first byte: ``annotated`` are those with an annotation, ``labels`` by label those that have it.
    Positions of replies with the same ``order`` speak of the same records.
    """

    total: int
    order: str
    queries: Sequence[tuple[str, bytes]]
    multi_label: bool
    ids: bytes | None = None
    annotated: bytes | None = None
    labels: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """A selection of records, and the queries to match, those of all stored rules if None.

    ``with_records`` asks for ids and annotations, too.
    """

    criteria: Criteria
    queries: Sequence[str] | None = None
    with_records: bool = True


def rule_matches(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    wanted: MatchRequest,
) -> tuple[Dataset, RuleMatches]:
    """Match queries with the records that ``actor`` sees of a selection."""
    task = Task.TEXT_CLASSIFICATION
    dataset = find_dataset(tx, actor, workspace, name, Action.SEE_RULES, task=task, open_only=True)
    queries = wanted.queries
    if queries is None:
        queries = [each.query for each in dataset.rules]
    if len(queries) > MOST_RULES:
        raise BadRequestError(f"{len(queries):,} queries were sent; {MOST_RULES:,} at once are the most.")
    parsed = [(each, parse(each)) for each in queries]
    seen = seen_by(tx, actor, dataset, wanted.criteria)
    sets = RecordSets(tx, dataset, seen)
    order = np.asarray(tx.records.numbers_by_id(dataset, seen), dtype=np.uint32)
    ids = None
    if wanted.with_records:
        ids, order = _ids(tx, dataset, order)
    size = max(sets.size, int(order.max()) + 1 if len(order) else 0)

    def positions(records: RecordSet) -> bytes:
        tx.deadline.check()
        return _positions(records, sets.size, order, size)

    found = RuleMatches(
        total=len(order),
        order=f"{zlib.crc32(order.tobytes()):08x}",
        queries=[(text, positions(sets.matching(query))) for text, query in parsed],
        multi_label=bool(dataset.multi_label),
    )
    if not wanted.with_records:
        return dataset, found
    labels = ((each, sets.matching(Term("annotated_as", each))) for each in tx.answers.names(dataset).labels)
    return dataset, replace(
        found,
        ids=ids,
        annotated=positions(sets.matching(Exists("annotated_by")) | sets.labelled),
        # Others' labels are known of here, too: those that the viewer sees on no record are left out
        labels=[(label, positions(records)) for label, records in labels if records.count()],
    )


def _positions(records: RecordSet, known: int, order: Column, size: int) -> bytes:
    flags = np.zeros(size, dtype=np.bool_)  # records may have been added since the sets were sized
    flags[:known] = records.flags(known)
    return zlib.compress(np.packbits(flags[order]).tobytes(), _LEVEL)


def _ids(tx: Transaction, dataset: Dataset, numbers: Column) -> tuple[bytes, Column]:
    """Return the ids as a compressed JSON array, and the numbers of the records that exist in this snapshot."""
    kept = array("I")

    def texts() -> Iterator[str]:
        for start in range(0, len(numbers), _IDS_AT_ONCE):
            tx.deadline.check()
            some = numbers[start : start + _IDS_AT_ONCE].tolist()
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
