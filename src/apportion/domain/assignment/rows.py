"""The rows of a plan, stored in columns so that two million fit in memory, and iterated as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from apportion.domain.numpy_types import Column, NDArray, np

from .states import Phase, Reason

__all__ = ["OPEN", "PHASES", "PlanRow", "PlanRows", "RowFacts", "RowsBuilder"]

OPEN = -1
"""The number of a person for an open slot, which anybody in the team may take."""

PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A slot: this person (None: anybody in the team) is to annotate this record."""

    record: str
    annotator: str | None
    rule: int
    slot: int
    phase: Phase
    reason: Reason
    inclusion: float
    """The probability, before the seed was drawn, that a record like this one got this treatment."""

    priority: int
    """Position in the order of records: smaller ones come first."""


@dataclass(frozen=True, slots=True)
class PlanRows:
    """Rows as columns of equal length; their numbers point into ``records``, ``people`` and ``reasons``.

    ``priority`` belongs to the records: one number for each entry of ``records``.
    """

    records: Sequence[str]
    people: Sequence[str]
    reasons: Sequence[Reason]
    priority: Column
    record: Column
    person: Column
    rule: Column
    slot: Column
    phase: Column
    reason: Column
    inclusion: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.record)

    def __iter__(self) -> Iterator[PlanRow]:
        columns = (self.record, self.person, self.rule, self.slot, self.phase, self.reason, self.inclusion)
        for start in range(0, len(self), 10_000):
            part = slice(start, start + 10_000)
            for record, person, rule, slot, phase, reason, inclusion in zip(
                *(column[part].tolist() for column in columns), strict=True
            ):
                yield PlanRow(
                    self.records[record],
                    None if person == OPEN else self.people[person],
                    rule,
                    slot,
                    PHASES[phase],
                    self.reasons[reason],
                    inclusion,
                    int(self.priority[record]),
                )

    def in_order(self, order: Column) -> PlanRows:
        """Return the same rows in another order: ``order`` has the index of the first, then the second …"""
        columns = ("record", "person", "rule", "slot", "phase", "reason", "inclusion")
        return replace(self, **{name: getattr(self, name)[order] for name in columns})

    def loads(self) -> dict[str, int]:
        """Count the rows of each person, in the order of their names."""
        counts = np.bincount(self.person[self.person != OPEN], minlength=len(self.people)).tolist()
        return dict(sorted(zip(self.people, counts, strict=True)))

    def fingerprint(self) -> str:
        """Return a digest of the rows: equal for equal rows only, on every platform."""
        hasher = blake2b(digest_size=16)
        for texts in (self.records, self.people, [f"{each.code} {each.args}" for each in self.reasons]):
            hasher.update("\0".join(texts).encode("utf-8", "surrogatepass") + b"\1")
        for column in (
            self.priority,
            self.record,
            self.person,
            self.rule,
            self.slot,
            self.phase,
            self.reason,
        ):
            hasher.update(column.astype("<i8").tobytes())
        hasher.update(self.inclusion.astype("<f8").tobytes())
        return hasher.hexdigest()


@dataclass(frozen=True, slots=True)
class RowFacts:
    """The rule and phase of some rows, and by row the probability that its record was drawn."""

    rule: int
    phase: Phase
    inclusion: Column


class RowsBuilder:
    """A builder that collects rows, a column at a time."""

    def __init__(self, people: Sequence[str]) -> None:
        self.people = people
        self.records: list[str] = []
        self._priority: list[Column] = []
        self._reasons: dict[Reason, int] = {}
        self._parts: list[tuple[Column, Column, Column, Column, int, int, Column]] = []

    def add_records(self, ids: Sequence[str], priority: Column) -> int:
        """Register these records; return the number of the first of them."""
        first = len(self.records)
        self.records.extend(ids)
        self._priority.append(priority)
        return first

    def reason(self, reason: Reason) -> int:
        """Return the number of a reason."""
        return self._reasons.setdefault(reason, len(self._reasons))

    def add(
        self,
        record: Column,
        person: Column,
        slot: Column,
        reason: Column | int,
        facts: RowFacts,
    ) -> None:
        """Add rows: columns of equal length, and what else is known of them."""
        why = np.full(len(record), reason, dtype=np.int32) if isinstance(reason, int) else reason
        self._parts.append(
            (record, person, slot, why, facts.rule, PHASES.index(facts.phase), facts.inclusion)
        )

    def finish(self) -> PlanRows:
        """Return the rows in the order they were added."""
        sizes = [len(part[0]) for part in self._parts]

        def column(place: int, kind: Any) -> Column:
            return np.concatenate([np.zeros(0, kind), *(part[place] for part in self._parts)]).astype(kind)

        def spread(place: int, kind: Any) -> Column:
            return np.repeat(np.array([part[place] for part in self._parts], dtype=kind), sizes)

        return PlanRows(
            self.records,
            self.people,
            list(self._reasons),
            np.concatenate([np.zeros(0, np.int64), *self._priority]),
            column(0, np.int64),
            column(1, np.int32),
            spread(4, np.int32),
            column(2, np.int32),
            spread(5, np.int8),
            column(3, np.int32),
            column(6, np.float64),
        )
