"""``ports.totals.Totals`` in SQL: one statement for all datasets, from counters wherever there are some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from apportion.domain.assignment.states import RowState
from apportion.ports.plans import PlanPhase
from apportion.ports.queue import Active
from apportion.ports.slots import SlotCount
from apportion.ports.totals import Lease, PlanDates, Seen
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.cases.time_spent import NOT_ANSWERED
from apportion.storage.sql.codec.states import ROW_STATES, STATE_NO
from apportion.storage.sql.connection import RawConnection
from apportion.vocabulary import Status

__all__ = ["SqlTotals"]

_COUNTERS = (
    "SELECT f.dataset, v.viewer, v.value, v.n FROM fields f JOIN vals v ON v.field = f.no "
    # A value keeps its row when no record has it any more
    "WHERE f.name = ? AND v.n > 0"
)


class SqlTotals:
    """Counts over many datasets within one transaction. No cache of any dataset is opened."""

    def __init__(self, raw: RawConnection, agents: Agents) -> None:
        self._raw = raw
        self._sql = raw.dialect
        self._agents = agents

    def statuses(self, seen: Sequence[Seen]) -> list[dict[str, int]]:
        viewers = {each.viewer for each in seen}
        known: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
        asked = f"{_COUNTERS} AND {self._sql.in_numbers('v.viewer')}"
        for dataset, viewer, status, n in self._raw.execute(asked, ("status", self._sql.numbers(viewers))):
            known[dataset, viewer][status] = n
        found = []
        for each in seen:
            counted = dict(known[each.dataset.no, each.viewer])
            total = (
                each.dataset.records if each.assigned is None else self._before(each, sum(counted.values()))
            )
            # ``Default`` is the absence of a status, and has no counter
            rest = total - sum(counted.values())
            counted[Status.DEFAULT.value] = counted.get(Status.DEFAULT.value, 0) + rest
            found.append(counted)
        return found

    def _before(self, seen: Seen, own: int) -> int:
        """Count the records that are assigned to somebody, or that they annotated."""
        no = seen.dataset.no
        row = self._raw.execute(
            "SELECT v.vid, v.n FROM fields f JOIN vals v ON v.field = f.no AND v.viewer = 0 "
            "WHERE f.dataset = ? AND f.name = 'assigned_to' AND v.value = ?",
            (no, seen.assigned),
        ).fetchone()
        if row is None or not own:  # then counters have the answer, and no row is read
            return own + (row[1] if row else 0)
        term_id, assigned = row
        (both,) = self._raw.execute(
            "SELECT count(*) FROM annotations a WHERE a.annotator = ? AND a.rid >= ? AND a.rid < ? AND a.state > 0 "
            "AND EXISTS (SELECT 1 FROM facet f WHERE f.key = ? | (a.rid & 4294967295))",
            (seen.viewer, no << 32, no + 1 << 32, term_id << 32),
        ).fetchone()
        return int(own + assigned - both)

    def slots(self, annotator: str | None = None) -> Mapping[int, list[SlotCount]]:
        asked = "SELECT dataset, plan, rule, annotator, state, n FROM slot_counts WHERE n != 0"
        if annotator is not None:
            asked += f" AND annotator = {self._agents.find(annotator) or -1}"
        found: dict[int, list[SlotCount]] = defaultdict(list)
        for dataset, plan, rule, no, state, n in self._raw.execute(asked):
            name = None if no == OPEN else self._agents.name(no)
            found[dataset].append(SlotCount(plan, rule, name, ROW_STATES[state], n))
        return found

    def passed_on(self) -> Mapping[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for dataset, no, n in self._raw.execute(
            # skips are few, slots are many
            f"SELECT s.dataset, d.annotator, count(*) FROM declined d {self._sql.then_join} slots s ON s.no = d.slot "
            f"WHERE s.state != {STATE_NO[RowState.WITHDRAWN]} GROUP BY s.dataset, d.annotator"
        ):
            found[dataset][self._agents.name(no)] = n
        return found

    def plans(self) -> Mapping[int, list[PlanDates]]:
        found: dict[int, list[PlanDates]] = defaultdict(list)
        for dataset, no, state, spec in self._raw.execute(
            # Specifications are long, and only those of live plans say anything here
            "SELECT dataset, no, state, CASE WHEN state = 'live' THEN spec END FROM plans ORDER BY no"
        ):
            rules = [] if spec is None else msgspec.json.decode(spec)["rules"]
            due = tuple(rule.get("due") for rule in rules)
            minutes = tuple(rule["lease"] for rule in rules)
            found[dataset].append(PlanDates(no, PlanPhase(state), due, minutes))
        return found

    def conflicts(self) -> Mapping[int, int]:
        found: dict[int, int] = defaultdict(int)
        for dataset, _, _, n in self._raw.execute(f"{_COUNTERS} AND v.viewer = 0", ("conflict",)):
            found[dataset] += n
        return found

    def active(
        self, datasets: Collection[int], annotator: str | None = None
    ) -> Mapping[int, dict[str, Active]]:
        known: dict[tuple[int, int], Active] = {}
        # Both tables have an index by annotator, so that one person's rows are read and nobody else's
        only = None if annotator is None else self._agents.find(annotator) or -1
        drafts = "count(*) FILTER (WHERE state = 1)"
        for dataset, no, last, n in self._by_person(datasets, f"max(updated), {drafts}", "annotations", only):
            known[dataset, no] = Active(last, 0.0, n)
        times, answered = "max(at), CAST(sum(ms) AS BIGINT)", f"AND at > {NOT_ANSWERED}"
        for dataset, no, last, ms in self._by_person(datasets, times, "time_spent", only, answered):
            # in a shared dataset somebody else may have answered since
            before = known.get((dataset, no), Active(last, 0.0, 0))
            known[dataset, no] = Active(max(last, before.last or 0), ms / 1000, before.drafts)
        found: dict[int, dict[str, Active]] = defaultdict(dict)
        for (dataset, no), each in known.items():
            found[dataset][self._agents.name(no)] = each
        return found

    def _by_person(
        self, datasets: Collection[int], columns: str, table: str, only: int | None, condition: str = ""
    ) -> Iterator[Any]:
        of_one = "" if only is None else "AND x.annotator = ? "
        return self._raw.execute(
            # For each wanted dataset its range of records, instead of all rows of the table
            f"SELECT d.value, x.annotator, {columns} "
            f"FROM {self._sql.listed_numbers('d')} {self._sql.then_join} {table} x "
            f"ON x.rid >= d.value << 32 AND x.rid < (d.value + 1) << 32 {of_one}{condition} "
            "GROUP BY d.value, x.annotator",
            (self._sql.numbers(datasets), *(() if only is None else (only,))),
        )

    def paces(self, since: int) -> Mapping[int, dict[str, tuple[int, int]]]:
        found: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
        for dataset, who, n, first in self._raw.execute(
            "SELECT dataset, who, count(*), min(at) FROM events WHERE at >= ? "
            "AND what IN ('submitted', 'discarded') GROUP BY dataset, who",
            (since,),
        ):
            found[dataset][who] = (n, first)
        return found

    def leases(self) -> Mapping[int, list[Lease]]:
        found: dict[int, list[Lease]] = defaultdict(list)
        for dataset, no, until, plan, rule in self._raw.execute(
            # ``state = 1``, or the index on holders cannot be used
            "SELECT dataset, holder, until, plan, rule FROM slots WHERE holder > 0 AND state = 1"
        ):
            found[dataset].append(Lease(self._agents.name(no), until, plan, rule))
        return found

    def assigned(self, datasets: Collection[int]) -> Mapping[int, int]:
        return dict(
            self._raw.execute(
                "SELECT d.dataset, count(DISTINCT f.key & 4294967295) FROM fields d "
                "JOIN vals v ON v.field = d.no AND v.viewer = 0 AND v.n > 0 "
                f"{self._sql.then_facets} "
                f"WHERE d.name = 'assigned_to' AND {self._sql.in_numbers('d.dataset')} GROUP BY d.dataset",
                (self._sql.numbers(datasets),),
            ).fetchall()
        )
