"""``ports.assignments.Assignments`` in SQL: candidates for the queue, and counts of remaining work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.ports.assignments import Active, Claimant, RemainingWork, SlotCount
from apportion.storage.sql.agents import OPEN
from apportion.storage.sql.answers.time_spent import medians
from apportion.storage.sql.codec.states import ROW_STATES
from apportion.storage.sql.rows import as_json

from .plan_store import OFFERED
from .slot_update import SlotUpdate
from .totals import SqlTotals

__all__ = ["SqlAssignments"]

_BEGUN = 2
"""Slots with a smaller state number are still to be done."""
COUNTED = 100
"""Up to so many open slots are checked one by one for a claimant; beyond that all open slots count as theirs."""
# CROSS JOIN keeps this join order: ``waiting`` has the slots of a person in the order in which they are offered, so
# that a LIMIT is reached after a few rows. SQLite might start at slots or plans, and then sort all of them
_IN_LINE = (
    "FROM waiting w CROSS JOIN slots s ON s.no = w.slot CROSS JOIN records r ON r.rid = s.rid "
    "WHERE w.dataset = ?1 AND w.annotator = ?2 AND (s.state = 0 OR s.until <= ?3) AND w.due >= ?3 "
    f"AND s.plan IN (SELECT no FROM plans WHERE dataset = ?1 AND state = {OFFERED})"
)
_ORDER = "ORDER BY w.behind, w.due, w.priority"


class SqlAssignments(SlotUpdate):
    """Plans and slots of all datasets, within one transaction."""

    def candidates(
        self,
        dataset: Dataset,
        claimant: Claimant,
        *,
        limit: int,
        now: int,
        within: Collection[str] | None = None,
        among: Collection[int] | None = None,
    ) -> list[Slot]:
        me = self._agents.find(claimant.person.name)
        rids: dict[int, None] = {}  # a dictionary keeps the order, in which the slots are offered
        if me is not None:
            rids.update(dict.fromkeys(self._held_rids(dataset, me)))
            rids.update(dict.fromkeys(islice(self._own(dataset, claimant, me, now, within, among), limit)))
        rids.update(dict.fromkeys(islice(self._open(dataset, claimant, me or -1, now, within, among), limit)))
        return self._offered(dataset, list(rids), now)

    def blocked_slots(self, dataset: Dataset, claimant: Claimant, *, limit: int) -> list[Slot]:
        rows = self._raw.execute(
            "SELECT DISTINCT rid FROM slots WHERE no IN (SELECT slot FROM (SELECT slot FROM waiting "
            "WHERE dataset = ?1 AND annotator = ?2 LIMIT ?3) UNION ALL SELECT slot FROM (SELECT slot FROM waiting "
            "WHERE dataset = ?1 AND annotator = 0 LIMIT ?3))",
            (dataset.no, self._agents.find(claimant.person.name) or -1, limit),
        ).fetchall()
        return self._offered(dataset, [rid for (rid,) in rows], 1 << 62)  # so late that no lease holds

    def _offered(self, dataset: Dataset, rids: list[int], now: int) -> list[Slot]:
        """Return the slots on these records; of plans not offered (any more) only those that are leased or answered."""
        found = self.reader(dataset).on(rids)
        rows = self._raw.execute(
            f"SELECT no FROM plans WHERE dataset = ? AND state = {OFFERED}", (dataset.no,)
        )
        offered = {no for (no,) in rows}
        return [
            slot
            for slots in found.values()
            for slot in slots
            if slot.rule >> 8 in offered or _has(slot) or slot.leased(now)
        ]

    def _held_rids(self, dataset: Dataset, me: int) -> list[int]:
        rows = self._raw.execute(
            "SELECT rid FROM slots WHERE holder = ? AND dataset = ? AND state = 1", (me, dataset.no)
        )
        return [rid for (rid,) in rows]

    def _own(
        self,
        dataset: Dataset,
        claimant: Claimant,
        me: int,
        now: int,
        within: Collection[str] | None,
        among: Collection[int] | None,
    ) -> Iterator[int]:
        """Yield the records of queued slots that are planned for the claimant and that they may begin."""
        rows = self._raw.execute(
            "SELECT s.rid, r.id, NULL "
            f"{_IN_LINE} AND (s.plan << 8 | s.rule) NOT IN (SELECT value FROM json_each(?4)) {_among(among)} {_ORDER}",
            (dataset.no, me, now, as_json(claimant.begun), *_numbers(among, beside=[None])),
        )
        return self._fitting(rows, claimant, within)

    def _open(
        self,
        dataset: Dataset,
        claimant: Claimant,
        me: int,
        now: int,
        within: Collection[str] | None = None,
        among: Collection[int] | None = None,
    ) -> Iterator[int]:
        """Yield the records of queued open slots that the claimant may take and has no slot or answer on already."""
        if not claimant.teams - claimant.full:
            return iter(())
        # State 4 of a slot is withdrawn; states 2 and 3 of an annotation are answers, also those given without a slot
        rows = self._raw.execute(
            "SELECT s.rid, r.id, s.needs "
            f"{_IN_LINE} AND (s.plan << 8 | s.rule) IN (SELECT value FROM json_each(?4)) "
            "AND NOT EXISTS (SELECT 1 FROM slots o WHERE o.rid = s.rid AND (o.annotator = ?5 OR o.holder = ?5) "
            "AND o.state != 4) "
            "AND NOT EXISTS (SELECT 1 FROM declined d WHERE d.slot = s.no AND d.annotator = ?5) "
            "AND NOT EXISTS (SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = ?5 "
            f"AND a.state >= 2) {_among(among)} {_ORDER}",
            (dataset.no, OPEN, now, as_json(claimant.teams - claimant.full), me, *_numbers(among)),
        )
        return self._fitting(rows, claimant, within)

    def _fitting(
        self, rows: Iterable[tuple[int, str, str | None]], claimant: Claimant, within: Collection[str] | None
    ) -> Iterator[int]:
        can: dict[str | None, bool] = {None: True}  # few different needs: each is decoded once
        for rid, same in groupby(rows, key=itemgetter(0)):  # the slots of a record stand together
            for _, id, needs in same:
                if needs not in can:
                    can[needs] = claimant.person.can(
                        tuple((s, v) for s, v in msgspec.json.decode(needs or "[]"))
                    )
                if can[needs] and (within is None or id in within):
                    yield rid
                    break

    def slot_of(self, dataset: Dataset, id: str, token: str) -> Slot | None:
        row = self._raw.execute(
            "SELECT r.rid FROM records r WHERE r.dataset = ? AND r.id = ?", (dataset.no, id)
        ).fetchone()
        if row is None:
            return None
        there = self.reader(dataset).on([row[0]]).get(row[0], [])
        return next((slot for slot in there if slot.lease is not None and slot.lease.token == token), None)

    def datasets_held(self, annotator: str) -> list[int]:
        me = self._agents.find(annotator) or -1
        rows = self._raw.execute("SELECT DISTINCT dataset FROM slots WHERE holder = ? AND state = 1", (me,))
        return sorted(no for (no,) in rows)

    def holders(self, dataset: Dataset) -> list[str]:
        rows = self._raw.execute(
            "SELECT DISTINCT holder FROM slots WHERE dataset = ? AND state = 1", (dataset.no,)
        )
        return sorted(self._agents.name(no) for (no,) in rows if no)

    def leased(self, dataset: Dataset, annotator: str) -> list[Slot]:
        me = self._agents.find(annotator)
        rids = [] if me is None else self._held_rids(dataset, me)
        return [
            slot
            for slots in self.reader(dataset).on(rids).values()
            for slot in slots
            if slot.lease is not None and slot.lease.annotator == annotator
        ]

    def postpone_leases(self, by: int) -> None:
        self._raw.execute("UPDATE slots SET until = max(0, until + ?) WHERE state = 1", (by,))

    def expired(self, dataset: Dataset, now: int, limit: int) -> list[Slot]:
        rows = self._raw.execute(
            "SELECT no, rid FROM slots WHERE dataset = ? AND state = 1 AND until <= ? LIMIT ?",
            (dataset.no, now, limit),
        ).fetchall()
        wanted = {no for no, _ in rows}
        found = self.reader(dataset).on([rid for _, rid in rows])
        return [slot for slots in found.values() for slot in slots if slot.id in wanted]

    def slot_counts(self, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
        condition = "dataset = ? AND n != 0"
        values: list[int] = [dataset.no]
        if annotator is not None:
            condition += " AND annotator = ?"
            values.append(self._agents.find(annotator) or -1)
        rows = self._raw.execute(
            f"SELECT plan, rule, annotator, state, n FROM slot_counts WHERE {condition}", values
        ).fetchall()
        return [
            SlotCount(plan, rule, None if no == OPEN else self._agents.name(no), ROW_STATES[state], n)
            for plan, rule, no, state, n in rows
        ]

    def leases(self, dataset: Dataset, annotator: str, now: int) -> list[SlotCount]:
        rows = self._raw.execute(
            "SELECT plan, rule, annotator, count(*) FROM slots "
            "WHERE holder = ? AND dataset = ? AND state = 1 AND until > ? GROUP BY plan, rule, annotator",
            (self._agents.find(annotator) or -1, dataset.no, now),
        ).fetchall()
        return [
            SlotCount(plan, rule, None if no == OPEN else self._agents.name(no), RowState.LEASED, n)
            for plan, rule, no, n in rows
        ]

    def remaining(self, dataset: Dataset, claimant: Claimant, now: int) -> RemainingWork:
        me = self._agents.find(claimant.person.name) or -1  # no slot has -1; 0 would be the open ones
        offered = f"plan IN (SELECT no FROM plans WHERE dataset = ?1 AND state = {OFFERED})"
        own, free = self._raw.execute(
            f"SELECT coalesce(sum(n) FILTER (WHERE annotator = ?2 AND state < {_BEGUN}), 0), "
            f"coalesce(sum(n) FILTER (WHERE annotator = 0 AND state < {_BEGUN} AND (plan << 8 | rule) IN "
            "(SELECT value FROM json_each(?3))), 0) FROM slot_counts "
            f"WHERE dataset = ?1 AND annotator IN (0, ?2) AND {offered}",
            (dataset.no, me, as_json(claimant.teams - claimant.full)),
        ).fetchone()
        (open_held,) = self._raw.execute(
            f"SELECT count(*) FROM slots WHERE holder = ?2 AND dataset = ?1 AND state = 1 AND annotator = 0 "
            f"AND {offered}",
            (dataset.no, me),
        ).fetchone()
        if free:
            rids = list(islice(self._open(dataset, claimant, me, now), COUNTED))
            # Counters know nothing of skills, of records somebody is on already, or of slots they declined
            some = len(set(rids))  # a record may have open slots of two plans
            free = some if len(rids) < COUNTED else max(some, free - open_held)
        return RemainingWork(own + open_held, free)

    def datasets_with_work(self, annotator: str) -> list[int]:
        me = self._agents.find(annotator) or -1
        rows = self._raw.execute(
            "SELECT DISTINCT dataset FROM slot_counts WHERE annotator IN (0, ?) AND n > 0", (me,)
        )
        return sorted(no for (no,) in rows)

    def last_active(self, dataset: Dataset) -> dict[str, Active]:
        return SqlTotals(self._raw, self._agents).active([dataset.no]).get(dataset.no, {})

    def median_seconds(self, dataset: Dataset, annotator: str | None = None) -> dict[str, float]:
        only = None if annotator is None else self._agents.find(annotator) or -1
        return {self._agents.name(no): each for no, each in medians(self._raw, dataset.no, only).items()}


def _among(numbers: Collection[int] | None) -> str:
    return "" if numbers is None else "AND w.slot IN (SELECT value FROM json_each(?6))"


def _numbers(numbers: Collection[int] | None, beside: Sequence[None] = ()) -> list[str | None]:
    return [] if numbers is None else [*beside, as_json(numbers)]


def _has(slot: Slot) -> bool:
    return slot.state not in (RowState.PENDING, RowState.LEASED)
