"""The statements that find the slots a person is offered, in the order in which they are offered."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, NamedTuple

from apportion.domain.assignment.rule_id import RuleId
from apportion.storage.sql.agents import OPEN
from apportion.storage.sql.codec.rule_keys import KEY_OF_SLOT, rule_keys
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.dialect import Dialect

__all__ = ["QueueRead", "QueueRules"]


class QueueRules(NamedTuple):
    """Rules of which somebody may begin their own slots, and take open ones."""

    own: Sequence[RuleId]
    open: Sequence[RuleId]


class QueueRead:
    """The queue as one person may use it: leases, own slots and open ones, as far as there can be any.

    ``me`` is the person's number, if they have one; ``among`` and ``within`` are the slots and ids wanted, if not all.
    """

    def __init__(
        self,
        raw: RawConnection,
        dataset: int,
        me: int | None,
        rules: QueueRules,
        now: int,
        among: Collection[int] | None = None,
        within: Collection[str] | None = None,
    ) -> None:
        self._raw = raw
        sql = raw.dialect
        known = me is not None
        self._parts = (
            known,
            known and bool(rules.own),
            bool(rules.open),
            among is not None,
            within is not None,
        )
        keys = rule_keys(sql, rules.own), rule_keys(sql, rules.open)
        # -1 is nobody's number; 0 would find the open slots
        self._given = (dataset, me if known else -1, now, *keys)
        self._wanted = (sql.numbers(among or ()), sql.strings(within or ()))

    def rows(self, most: int) -> list[tuple[Any, ...]]:
        """Return kind (0: leased, 1: own, 2: open), record, id and needs; of own and open ones up to ``most``."""
        return self._run(_statement(self._raw.dialect, *self._parts), most)

    def open_by_needs(self, most: int) -> list[tuple[str | None, int, int]]:
        """Return what open slots need, with how many records and slots there are of it, up to ``most`` slots."""
        return self._run(_counting(self._raw.dialect), most)

    def _run(self, statement: str, most: int) -> list[Any]:
        given = (*self._given, most, *self._wanted)
        return self._raw.execute(statement, given[: _places(statement)]).fetchall() if statement else []


@cache
def _places(statement: str) -> int:
    """Return the highest place for a parameter: no more may be given."""
    return max(int(place) for place in re.findall(r"\?(\d+)", statement))


@cache
def _statement(sql: Dialect, held: bool, own: bool, open: bool, among: bool, within: bool) -> str:
    more = f" AND {sql.in_numbers('w.slot', '?7')}" if among else ""
    more += f" AND {sql.in_strings('r.id', '?8')}" if within else ""
    parts = []
    if held:
        parts.append(
            "SELECT 0 AS kind, rid, NULL AS id, NULL AS needs, 0 AS behind, 0 AS due, 0 AS priority "
            "FROM slots WHERE holder = ?2 AND dataset = ?1 AND state = 1"
        )
    if own:
        parts.append(_ordered(1, _own(sql) + more))
    if open:
        parts.append(_ordered(2, _open(sql) + more))
    return " UNION ALL ".join(parts) + " ORDER BY 1, 5, 6, 7" if parts else ""


def _ordered(kind: int, found: str) -> str:
    # The slots of a record stand together; each record is wanted once
    return (
        # In parentheses: a part of a UNION has no ORDER BY and LIMIT of its own
        f"SELECT * FROM (SELECT DISTINCT {kind} AS kind, s.rid, r.id, s.needs, w.behind, w.due, w.priority {found} "
        f"ORDER BY w.behind, w.due, w.priority LIMIT ?6) AS kind_{kind}"
    )


@cache
def _counting(sql: Dialect) -> str:
    return (
        # Without an order: how many there are matters, not which. DISTINCT stands outside of the limit: PostgreSQL
        # would find all rows before it leaves some out
        "SELECT needs, count(DISTINCT rid), count(*) FROM "
        f"(SELECT s.rid, s.needs {_open(sql, ids=False)} LIMIT ?6) AS fitting GROUP BY needs"
    )


def _in_line(sql: Dialect, annotator: str, rules: str, *, ids: bool = True) -> str:
    # In this order: ``waiting`` has the slots of a person in the order in which they are offered, so that a LIMIT is
    # reached after a few rows. A planner might start at slots or records, and then sort all of them
    return (
        f"FROM waiting w {sql.then_join} slots s ON s.no = w.slot "
        f"{f'{sql.then_join} records r ON r.rid = s.rid ' if ids else ''}"
        # A lease that has run out still stands in ``waiting``, and is offered again without a write; what is
        # overdue is offered to nobody
        f"WHERE w.dataset = ?1 AND w.annotator = {annotator} AND (s.state = 0 OR s.until <= ?3) AND w.due >= ?3 "
        f"AND {sql.in_numbers(KEY_OF_SLOT, rules)}"
    )


def _own(sql: Dialect) -> str:
    return _in_line(sql, "?2", "?4")


def _open(sql: Dialect, *, ids: bool = True) -> str:
    # State 4 of a slot is withdrawn; states 2 and 3 of an annotation are answers, also those given without a slot
    return (
        f"{_in_line(sql, str(OPEN), '?5', ids=ids)} "
        "AND NOT EXISTS (SELECT 1 FROM slots o WHERE o.rid = s.rid AND (o.annotator = ?2 OR o.holder = ?2) "
        "AND o.state != 4) "
        "AND NOT EXISTS (SELECT 1 FROM declined d WHERE d.slot = s.no AND d.annotator = ?2) "
        "AND NOT EXISTS (SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = ?2 AND a.state >= 2)"
    )
