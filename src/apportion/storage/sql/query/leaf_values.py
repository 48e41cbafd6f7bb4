"""Leaves of a query on the values of one field, looked up in the counters and not in the records."""

from __future__ import annotations

from apportion.domain.query import Phrase, Range, Term, Wildcard
from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import RawConnection

from .bounds import EXACT_FLOATS, bounds, exact, time_bounds
from .predicates import Leaf, WordTest
from .selection import Between, Having, Nothing, Plan, too_costly

__all__ = ["MOST_EXPANSIONS", "ValueLeaves", "prefix_of"]

MOST_EXPANSIONS = 10_000
"""The most values, or words, that one leaf may stand for."""


class ValueLeaves:
    """Compiler of leaves on fields whose values are counted, by the number of the field and the viewer."""

    def __init__(self, raw: RawConnection, deadline: Deadline) -> None:
        self._raw = raw
        self._deadline = deadline

    def having(self, field: int, viewer: int, condition: str, parameters: tuple[object, ...]) -> Plan:
        rows = self._raw.execute(
            f"SELECT vid FROM vals WHERE field = ? AND viewer = ? AND n > 0 AND {condition} LIMIT ?",
            (field, viewer, *parameters, MOST_EXPANSIONS + 1),  # one more shows that there are too many
        ).fetchall()
        if len(rows) > MOST_EXPANSIONS:
            raise too_costly(
                f"it stands for more than {MOST_EXPANSIONS:,} different values; make it more specific"
            )
        return Having(field, viewer, tuple(term_id for (term_id,) in rows)) if rows else Nothing()

    def matching(self, field: int, viewer: int, test: WordTest, prefix: str) -> Plan:
        rows = self._raw.execute(
            # A range, which the index can look up: values are tested only from the prefix on to its end
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0 AND value >= ? AND value < ?",
            (field, viewer, prefix, prefix + "\U0010ffff\U0010ffff"),
        )
        term_ids = tuple(term_id for term_id, _ in self._deadline.those(rows, lambda row: test(row[1])))
        if len(term_ids) > MOST_EXPANSIONS:
            raise too_costly(
                f"it stands for {len(term_ids):,} different values, more than {MOST_EXPANSIONS:,}; "
                "make it more specific"
            )
        return Having(field, viewer, term_ids) if term_ids else Nothing()

    def long(self, name: str, field: int, leaf: Leaf) -> Plan:
        low, high, include_low, include_high = bounds(name, leaf)
        # Bounds without an end are exact in any case
        if max(abs(low), abs(high)) < EXACT_FLOATS or {low, high} <= {float("-inf"), float("inf")}:
            return self.having(
                field, 0,
                f"num {'>=' if include_low else '>'} ? AND num {'<=' if include_high else '<'} ?", (low, high),
            )  # fmt: skip
        # Neighbours as large as this share a float: their digits decide.
        if isinstance(leaf, Term | Phrase):
            leaf = Range(None, leaf.text, leaf.text)
        assert isinstance(leaf, Range)
        first, last = exact(leaf.low, low), exact(leaf.high, high)

        def inside(value: str) -> bool:
            number = int(value)
            return (number > first or (include_low and number == first)) and (
                number < last or (include_high and number == last)
            )

        rows = self._raw.execute(
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = 0 AND n > 0 AND num BETWEEN ? AND ?",
            (field, low, high),
        )
        term_ids = tuple(term_id for term_id, _ in self._deadline.those(rows, lambda row: inside(row[1])))
        if len(term_ids) > MOST_EXPANSIONS:
            raise too_costly(f"it stands for more than {MOST_EXPANSIONS:,} different values")
        return Having(field, 0, term_ids) if term_ids else Nothing()

    def number(self, name: str, field: int, kind: str, leaf: Leaf) -> Plan:
        if kind == "date":
            first, last = time_bounds(name, leaf)
            return Between(field, float(first), float(last))
        return Between(field, *bounds(name, leaf))


def prefix_of(leaf: Leaf) -> str:
    """Return the letters that every match begins with."""
    return leaf.pieces[0] if isinstance(leaf, Wildcard) and isinstance(leaf.pieces[0], str) else ""
