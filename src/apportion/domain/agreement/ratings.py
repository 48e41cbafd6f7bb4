"""Answers by annotator and record, in columns: reliability data with gaps."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.numpy_types import Column, np

from .measures import AnswerKind

__all__ = ["Ratings", "from_answers", "iso_week", "pair_up", "ratings"]

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Ratings:
    """One entry per answer in ``unit``, ``annotator`` and ``value``, which are codes, ordered by unit.

    ``value`` points into ``values``, ``annotator`` into ``annotators``, and units are numbered from 0 to ``units``.
    For labels, ``values`` is their order, which ordinal and weighted measures use. A gap is an entry that is not
    there. ``instants`` (microseconds since 1970, UTC) say when answers were given. Spans may have the lengths of the
    texts in ``extents``, and in ``tokens`` where each token starts and ends. ``left_out`` answers were not taken in.
    """

    kind: AnswerKind
    unit: Column
    annotator: Column
    value: Column
    units: int
    annotators: Sequence[str]
    values: Sequence[Hashable]
    instants: Column | None = None
    extents: Column | None = None
    tokens: Sequence[Sequence[tuple[int, int]]] | None = None
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.unit)

    def where(self, keep: Column) -> Ratings:
        """Return only some of the answers."""
        return replace(
            self,
            unit=self.unit[keep],
            annotator=self.annotator[keep],
            value=self.value[keep],
            instants=None if self.instants is None else self.instants[keep],
        )

    def answers(self) -> Column:
        """Return the number of answers of each unit."""
        return np.bincount(self.unit, minlength=self.units)

    def shared(self) -> Ratings:
        """Return only answers on units that two or more people answered."""
        keep = self.answers()[self.unit] > 1
        return self if keep.all() else self.where(keep)

    def of_pair(self, one: int, other: int) -> Ratings:
        """Return only the answers of two people on units that both answered."""
        return self.where((self.annotator == one) | (self.annotator == other)).shared()

    def recoded(self, codes: Column, values: Sequence[Hashable], kind: AnswerKind) -> Ratings:
        """Return the same answers with other values: ``codes`` has the new code of each old value."""
        return replace(self, value=np.asarray(codes)[self.value], values=values, kind=kind)

    def weeks(self) -> Column:
        """Return for every unit the day on which the ISO week of its latest answer began, in days since 1970; UTC.

        So each record counts in one week, the one in which it was last answered, and no shared record is lost when
        its two answers were given in different weeks. Without an answer: a day long before.
        """
        assert self.instants is not None
        latest = np.full(self.units, np.iinfo(np.int64).min // 2, dtype=np.int64)
        np.maximum.at(latest, self.unit, self.instants)
        days = latest // _DAY
        return np.asarray(days - (days + 3) % 7)  # 1 January 1970 was a Thursday


def ratings(  # noqa: PLR0913 - columns of one table
    kind: AnswerKind,
    *,
    unit: Sequence[int] | Column,
    annotator: Sequence[int] | Column,
    value: Sequence[int] | Column,
    annotators: Sequence[str],
    values: Sequence[Hashable],
    units: int | None = None,
    independent: Sequence[bool] | Column | None = None,
    instants: Sequence[int] | Column | None = None,
    extents: Sequence[int] | Column | None = None,
    tokens: Sequence[Sequence[tuple[int, int]]] | None = None,
) -> Ratings:
    """Return ratings from answers in columns of codes, in any order.

    The caller passes the answers that count. Where ``independent`` is False, an answer was requested depending on
    other answers (adaptive overlap does that); such answers are left out, since they would bias agreement.

    Raises ``ValueError`` for columns of unequal lengths, codes out of range, and two answers of one person on one
    unit.
    """
    columns = [np.asarray(column, dtype=np.int64) for column in (unit, annotator, value)]
    when = None if instants is None else np.asarray(instants, dtype=np.int64)
    count = int(columns[0].max()) + 1 if units is None and len(columns[0]) else units or 0
    beside = [each for each in (*columns, when, independent) if each is not None]
    if len({len(each) for each in beside}) > 1:
        raise ValueError("the columns of answers must be equally long")
    for name, of_unit in (("extents", extents), ("tokens", tokens)):
        if of_unit is not None and len(of_unit) != count:
            raise ValueError(
                f"there must be one entry in {name} for each of {count} units, not {len(of_unit)}"
            )
    for name, column, bound in zip(
        ("unit", "annotator", "value"), columns, (count, len(annotators), len(values)), strict=True
    ):
        if len(column) and (column.min() < 0 or column.max() >= bound):
            raise ValueError(f"codes of {name} must lie from 0 to {bound - 1}")
    left_out = 0
    if independent is not None:
        keep = np.asarray(independent, dtype=np.bool_)
        left_out = int(len(keep) - keep.sum())
        if left_out:
            columns = [column[keep] for column in columns]
            when = None if when is None else when[keep]
    key = columns[0] * max(1, len(annotators)) + columns[1]
    if (key[1:] <= key[:-1]).any():
        order = np.argsort(key, kind="stable")
        key = key[order]
        if (key[1:] == key[:-1]).any():
            raise ValueError("someone has two answers on one unit")
        columns = [column[order] for column in columns]
        when = None if when is None else when[order]
    return Ratings(
        kind,
        columns[0],
        columns[1],
        columns[2],
        units=count,
        annotators=annotators,
        values=values,
        instants=when,
        extents=None if extents is None else np.asarray(extents, dtype=np.int64),
        tokens=tokens,
        left_out=left_out,
    )


def from_answers(
    kind: AnswerKind,
    answers: Iterable[tuple[Hashable, str, Any]],
    *,
    values: Sequence[Hashable] = (),
    **more: Any,
) -> tuple[Ratings, list[Hashable]]:
    """Return ratings from answers as ``(record, annotator, value)``, and the records in the order of their numbers.

    ``values`` is the order of the labels; those it lacks come after it, numbers by size and others by name.

    >>> data, records = from_answers(AnswerKind.LABEL, [("r1", "ana", "good"), ("r1", "ben", "bad")])
    >>> data.values, records
    (['bad', 'good'], ['r1'])
    """
    rows = list(answers)
    records = list(dict.fromkeys(row[0] for row in rows))
    people = sorted({row[1] for row in rows})
    known = dict.fromkeys(values)
    others = {row[2] for row in rows} - known.keys()
    numbers = all(isinstance(other, (int, float)) for other in others)
    ordered = [*known, *sorted(others, key=None if numbers else _in_order)]
    place = {value: number for number, value in enumerate(ordered)}
    unit_of = {record: number for number, record in enumerate(records)}
    person_of = {person: number for number, person in enumerate(people)}
    found = ratings(
        kind,
        unit=[unit_of[row[0]] for row in rows],
        annotator=[person_of[row[1]] for row in rows],
        value=[place[row[2]] for row in rows],
        annotators=people,
        values=ordered,
        units=len(records),
        **more,
    )
    return found, records


def _in_order(value: Hashable) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else str(value)


def iso_week(day: int) -> str:
    """Return the ISO week that begins on a day counted from 1970.

    >>> iso_week(0 - 3), iso_week(20781)
    ('1970-W01', '2026-W48')
    """
    year, week, _ = np.datetime64(int(day), "D").item().isocalendar()
    return f"{year}-W{week:02}"


def pair_up(data: Ratings) -> tuple[Column, Column]:
    """Pair every two answers on one unit, once: the places of both in the columns, the lower annotator's first."""
    starts = np.concatenate([[0], np.cumsum(data.answers())])
    sizes = np.diff(starts)
    ones, others = [], []
    for size in np.unique(sizes[sizes > 1]).tolist():
        first = starts[:-1][sizes == size]
        i, j = np.triu_indices(size, 1)
        ones.append((first[:, None] + i).ravel())
        others.append((first[:, None] + j).ravel())
    if not ones:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(ones), np.concatenate(others)
