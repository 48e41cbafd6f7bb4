"""Provenance of resolved values: the answers that counted, who agrees, and the share of each label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, compress
from typing import Any, NamedTuple

import msgspec

from apportion.domain.datasets import Dataset
from apportion.ports.answers import RecordAnswers
from apportion.ports.records import StoredRecord, decoded
from apportion.services.records.export import ExportPage
from apportion.vocabulary import AnnotationState, Status, Task

__all__ = ["ROWS_AT_ONCE", "Memo", "Provenance", "ProvenanceReader"]

ROWS_AT_ONCE = 50
"""Rows of an export that are made between two checks of its deadline."""

_decode = msgspec.json.Decoder().decode
_DISCARDED = AnnotationState.DISCARDED.value
_RESOLVED = (Status.VALIDATED, Status.DISCARDED)


class Memo(dict[Any, Any]):
    """Cache of computed values by their input.

    It is cleared when full, and keeps no long keys: those rarely repeat, and would fill memory.
    """

    MOST = 50_000
    LONGEST = 400

    def keep(self, key: Any, found: Any) -> Any:
        """Store a value, unless its key is too long, and return it."""
        if len(self) >= self.MOST:
            self.clear()
        if not hasattr(key, "__len__") or len(key) <= self.LONGEST:
            self[key] = found
        return found


class Provenance(NamedTuple):
    """Provenance of one record: ``first`` is the agent (JSON) and value (JSON members) of the resolved value.

    ``answered`` are people whose answers count. ``agreeing`` and ``support`` are None unless the record is resolved,
    ``soft`` if there are no labels.
    """

    first: tuple[bytes, bytes] | None
    answered: Sequence[str] | None
    agreeing: Sequence[str] | None
    support: float | None
    soft: dict[str, float] | None


class ProvenanceReader:
    """Compute the provenance of a dataset's records, page by page."""

    def __init__(self, dataset: Dataset) -> None:
        self._soft = dataset.task is Task.TEXT_CLASSIFICATION
        self._multi = bool(dataset.multi_label)
        self._meanings = _Meanings(dataset)

    def of(self, page: ExportPage, each: Sequence[slice]) -> list[Provenance]:
        """Return one entry per record; ``each`` are the slices of the records' answers."""
        rows, evidence = page
        answers, meanings = evidence.answers, self._meanings
        meant = [
            None if value is None or state == _DISCARDED else meanings[value]
            for value, state in zip(answers.value, answers.state, strict=True)
        ]
        extras = 0 in answers.counted
        found = []
        for place, (row, own) in enumerate(zip(rows, each, strict=True)):
            names, means = answers.annotator[own], meant[own]
            if extras:
                counted = answers.counted[own]
                names, means = list(compress(names, counted)), list(compress(means, counted))
            found.append(self._one(place, row, names, means, evidence))
        return found

    def _one(
        self, place: int, row: StoredRecord, names: Sequence[str], meant: list[Any], evidence: RecordAnswers
    ) -> Provenance:
        annotations = row.annotations()
        first = None if annotations is None else annotations.first
        if first is None and not names:
            return Provenance(None, None, None, None, None)
        posterior = evidence.posteriors.get(place)
        if posterior is not None and posterior.answers != dict(zip(names, meant, strict=True)):
            posterior = None  # fitted before somebody changed their answer
        soft = dict(posterior.labels) if posterior is not None else self._shares(meant)
        if row.status not in _RESOLVED:
            return Provenance(first, names, None, None, soft)
        value = None if first is None else self._meanings[first[1]]
        agreeing = list(compress(names, [each == value for each in meant]))
        support: float | None = len(agreeing) / len(names) if names else None
        if posterior is not None and first is not None and _decode(first[0]).startswith("consensus:"):
            support = posterior.labels.get(str(value))
        return Provenance(first, names, agreeing, support, soft)

    def _shares(self, meant: list[Any]) -> dict[str, float] | None:
        if not self._soft:
            return None
        most = len(meant) - meant.count(None)
        given = list(chain.from_iterable(filter(None, meant))) if self._multi else meant
        labels = set(given)
        labels.discard(None)
        return {label: given.count(label) / most for label in sorted(labels)} or None


class _Meanings(Memo):
    """Cache of stored values as comparable values, without scores."""

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._task = dataset.task
        self._multi = bool(dataset.multi_label)

    def __missing__(self, value: bytes) -> Any:
        found = decoded(value)
        if self._task is Task.TOKEN_CLASSIFICATION:
            known: Any = frozenset((each["start"], each["end"], each["label"]) for each in found["entities"])
        elif self._task is Task.TEXT2TEXT:
            best = max(found["sentences"], key=lambda each: each["score"], default=None)
            known = "" if best is None else best["text"]
        elif self._multi:
            known = frozenset(each["class_label"] for each in found["labels"] if each["score"] > 0.5)
        else:
            best = max(found["labels"], key=lambda each: each["score"], default=None)
            known = "" if best is None else best["class_label"]
        return self.keep(value, known)
