"""Leaves of a query about assignments: assignees, and the states of their slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from apportion.domain.ids import RESOLVED
from apportion.domain.query import Phrase, Term
from apportion.ports.records import Criteria
from apportion.storage.sql.connection import RawConnection

from .leaf_values import ValueLeaves, prefix_of
from .predicates import Leaf, word_test
from .selection import Having, Nothing, Plan, both, either, without

__all__ = ["AssignmentLeaves", "assignees_of", "mirrors_of"]


class AssignmentLeaves:
    """Compiler of leaves on the slots of one dataset, as far as the viewer may see them."""

    def __init__(
        self, values: ValueLeaves, fields: Mapping[str, tuple[int, str]], criteria: Criteria
    ) -> None:
        self._values = values
        self._fields = fields
        self._criteria = criteria
        self._viewer = criteria.viewer

    def assigned(self, leaf: Leaf) -> Plan:
        """Find records assigned to somebody; who annotates blind finds only their own."""
        field = self._fields.get("assigned_to")
        if field is None:
            return Nothing()
        me = self._criteria.me
        if isinstance(leaf, Term) and leaf.text == "me" and me is not None:
            leaf = Term(leaf.field, me)
        test = word_test(leaf, exact=True)
        # The pattern is only asked whether it means them: nobody else it may mean is looked up
        if self._criteria.alone:
            return (
                self._values.having(field[0], 0, "value = ?", (me,))
                if me is not None and test(me)
                else Nothing()
            )
        if isinstance(leaf, Term | Phrase):
            return self._values.having(field[0], 0, "value = ?", (leaf.text,))
        return self._values.matching(field[0], 0, test, prefix_of(leaf))

    def state(self, leaf: Leaf) -> Plan:
        """Find records by the state of their slots; in a person's own view, of their slots."""
        field = self._fields.get("assignment")
        if field is None:
            return Nothing()
        test = word_test(leaf, exact=True)
        found = self._values.matching(field[0], self._viewer, test, "")
        if self._viewer == RESOLVED or not test("pending") or self._criteria.me is None:
            return found
        # In a person's own view ``pending`` is not stored: it is being assigned without having done or skipped it
        mine = self.assigned(Term("assigned_to", self._criteria.me))
        return either([found, both([mine, without(Having(field[0], self._viewer, None))])])


class _Mirroring(msgspec.Struct):
    """The part of a plan's specification that says where it shows assignees; the decoder skips the rest."""

    mirror: str | None = None


_mirroring = msgspec.json.Decoder(_Mirroring).decode


def mirrors_of(raw: RawConnection, dataset: int) -> frozenset[str]:
    """Return the metadata fields under which plans show the assignees of a record."""
    rows = raw.execute(
        "SELECT spec FROM plans WHERE dataset = ? AND state IN ('live', 'undoing')", (dataset,)
    )
    keys = {_mirroring(spec).mirror for (spec,) in rows}
    return frozenset(f"metadata.{key}" for key in keys if key is not None)


def assignees_of(raw: RawConnection, rids: Sequence[int]) -> dict[int, list[str]]:
    """Return by record the names of those it is assigned to."""
    sql = raw.dialect
    names: dict[int, list[str]] = {}
    for rid, name in raw.execute(
        f"SELECT DISTINCT s.rid, a.name FROM {sql.listed_numbers('given')} {sql.then_join} slots s "
        # Pending, leased or done: who skipped a record, or lost it, is not shown with it
        "ON s.rid = given.value JOIN agents a ON a.no = s.annotator WHERE s.state <= 2 ORDER BY a.name",
        (sql.numbers(rids),),
    ):
        names.setdefault(rid, []).append(name)
    return names
