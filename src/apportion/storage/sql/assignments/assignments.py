"""``ports.assignments.Assignments`` in SQL: candidates for the queue, and counts of remaining work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import Overlap
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.ports.plans import PlanPhase
from apportion.ports.queue import Active, Claimant, RemainingWork
from apportion.ports.slots import SlotCount
from apportion.storage.sql.agents import OPEN
from apportion.storage.sql.cases.time_spent import medians
from apportion.storage.sql.codec.rule_keys import COUNTERS_OF_KEY, rule_keys
from apportion.storage.sql.codec.states import ROW_STATES
from apportion.vocabulary import UNBOUNDED

from .person_counts import LEASE
from .queue_read import QueueRead, QueueRules
from .slot_update import SlotUpdate
from .totals import SqlTotals

__all__ = ["SqlAssignments"]

_BEGUN = 2
"""Slots with a smaller state number are still to be done."""
COUNTED = 50
"""Up to so many open slots are checked one by one for a claimant; beyond that all open slots count as theirs."""
_MORE = 8
"""Factor by which more slots are read where too many of those read were none for the claimant."""
_LOOKS = 4
"""Number of attempts to read the queue while others take from it."""
_BESIDE = 30
"""Records read beside those wanted, since others may be about to take the first ones."""
_WITHIN_AT_MOST = 5_000
"""Up to so many wanted ids are looked for by the database."""


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
        locks = self._raw.locks
        locks.dataset(dataset.no)
        if not locks.shared:
            # Nobody else writes to the dataset meanwhile, so what the queue says can be had
            held, own, free = self._queued(dataset, claimant, limit, now, within, among)
            return self._still_offered(dataset, list(dict.fromkeys([*held, *own, *free])), now)
        locks.person(dataset.no, self._agents.number(claimant.person.name))
        for attempt in range(_LOOKS):
            held, *queues = self._queued(dataset, claimant, limit + _BESIDE, now, within, among)
            # Not skipped: what they have leased is theirs, whoever is at work on the record just now
            locks.records(dataset.no, held)
            taken = [self._lock_first(dataset, rids, limit, wait=attempt + 1 == _LOOKS) for rids in queues]
            # Read under the locks: until then others may have taken or answered what was offered
            found = self._still_offered(dataset, list(dict.fromkeys(chain(held, *taken))), now)
            free_now = {slot.record for slot in found if slot.free(now)}
            # Else others were faster, and records further behind may be free
            if len(free_now) >= min(limit, len({*chain(*queues)})):
                break
        return found

    def _lock_first(self, dataset: Dataset, rids: Sequence[int], limit: int, *, wait: bool) -> list[int]:
        """Lock the first records of a queue that nobody else is about to take, or answers."""
        if not wait:
            return self._raw.locks.first_free(dataset.no, rids, limit) if rids else []
        # The last look waits for others to be done instead of going away with less than there is
        self._raw.locks.records(dataset.no, rids[:limit])
        return list(rids[:limit])

    def blocked_slots(self, dataset: Dataset, claimant: Claimant, *, limit: int) -> list[Slot]:
        rows = self._raw.execute(
            "SELECT DISTINCT rid FROM slots WHERE no IN (SELECT slot FROM (SELECT slot FROM waiting "
            "WHERE dataset = ?1 AND annotator = ?2 LIMIT ?3) AS own UNION ALL SELECT slot FROM (SELECT slot "
            "FROM waiting WHERE dataset = ?1 AND annotator = 0 LIMIT ?3) AS open)",
            (dataset.no, self._agents.find(claimant.person.name) or -1, limit),
        ).fetchall()
        return self._still_offered(
            dataset, [rid for (rid,) in rows], UNBOUNDED
        )  # so late that no lease holds

    def _still_offered(self, dataset: Dataset, rids: Sequence[int], now: int) -> list[Slot]:
        """Return the slots on these records; of plans not offered (any more) only those that are leased or answered."""
        offered = self._offered_plans(dataset)
        return [
            slot
            for slots in self._slots_on(dataset, rids).values()
            for slot in slots
            if slot.rule.plan in offered or _has(slot) or slot.leased(now)
        ]

    def _held_rids(self, dataset: Dataset, me: int) -> list[int]:
        # ``state = 1`` is what the index on holders is limited to; without it all slots would be read
        rows = self._raw.execute(
            "SELECT rid FROM slots WHERE holder = ? AND dataset = ? AND state = 1", (me, dataset.no)
        )
        return [rid for (rid,) in rows]

    def _queued(
        self,
        dataset: Dataset,
        claimant: Claimant,
        limit: int,
        now: int,
        within: Collection[str] | None,
        among: Collection[int] | None,
    ) -> tuple[list[int], list[int], list[int]]:
        """Return records in the order in which they are offered: those leased already, up to ``limit`` with slots
        of the claimant's own that they may begin, and up to ``limit`` with open ones that they may take.
        """
        me = self._agents.find(claimant.person.name)
        rules = self._rules_of(dataset, claimant)
        # Too many ids for a list are compared below instead, after the rows were read
        known = within if within is not None and _few(within) else None
        queue, most = QueueRead(self._raw, dataset.no, me, rules, now, among, known), max(limit, 1)
        while True:
            rows = queue.rows(most)
            held, own, open_ = (
                # What is somebody's own they may begin whatever it needs
                _fitting(
                    [row[1:] for row in rows if row[0] == kind],
                    claimant if kind == 2 else None,
                    within if kind else None,
                )
                for kind in range(3)
            )
            read = Counter(row[0] for row in rows)
            # Skills and ids are compared here, so that few of many rows may fit
            if all(len(found) >= limit or read[kind] < most for kind, found in ((1, own), (2, open_))):
                break
            most *= _MORE
        return held, own[:limit], open_[:limit]

    def _rules_of(self, dataset: Dataset, claimant: Claimant) -> QueueRules:
        """Return the rules of the plans offered of which the claimant may begin own slots, and take open ones."""
        offered = [plan for plan in self.plans(dataset) if plan.phase is PlanPhase.LIVE]
        rules = [RuleId(plan.no, rule) for plan in offered for rule in range(len(plan.spec.rules))]
        return QueueRules(
            [rule for rule in rules if rule not in claimant.begun],
            [rule for rule in rules if rule in claimant.teams and rule not in claimant.full],
        )

    def slot_of(self, dataset: Dataset, id: str, token: str) -> Slot | None:
        row = self._raw.execute(
            "SELECT r.rid FROM records r WHERE r.dataset = ? AND r.id = ?", (dataset.no, id)
        ).fetchone()
        if row is None:
            return None
        # Before its slots are read: what is decided by them must hold until the commit
        self._raw.locks.records(dataset.no, row)
        # All slots of the record, not the one: saving it needs those beside it anyway
        there = self._slots_on(dataset, [row[0]]).get(row[0], [])
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
        self._raw.locks.records(dataset.no, rids)
        return [
            slot
            for slots in self._slots_on(dataset, rids).values()
            for slot in slots
            if slot.lease is not None and slot.lease.annotator == annotator
        ]

    def leased_datasets(self) -> list[int]:
        rows = self._raw.execute("SELECT DISTINCT dataset FROM slots WHERE state = 1 ORDER BY dataset")
        return [no for (no,) in rows]

    def postpone_leases(self, dataset: int, by: int) -> None:
        # CASE, since databases disagree about ``max`` of two values
        later = "CASE WHEN until + ?1 > 0 THEN until + ?1 ELSE 0 END"
        self._raw.execute(f"UPDATE slots SET until = {later} WHERE dataset = ?2 AND state = 1", (by, dataset))

    def expired(self, dataset: Dataset, now: int, limit: int) -> list[Slot]:
        self._raw.locks.dataset(dataset.no)
        rows = self._raw.execute(
            "SELECT no, rid FROM slots WHERE dataset = ? AND state = 1 AND until <= ? LIMIT ?",
            (dataset.no, now, limit),
        ).fetchall()
        wanted = {no for no, _ in rows}
        self._raw.locks.records(dataset.no, [rid for _, rid in rows])
        # Read again under the locks: a lease may have been renewed or answered since, and is left out below
        found = self._slots_on(dataset, [rid for _, rid in rows])
        there = (slot for slots in found.values() for slot in slots if slot.id in wanted)
        return [slot for slot in there if slot.state is RowState.LEASED and not slot.leased(now)]

    def slot_counts(self, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
        if annotator is None:
            rows = self._raw.execute(
                "SELECT plan, rule, annotator, state, n FROM slot_counts WHERE dataset = ? AND n != 0",
                (dataset.no,),
            ).fetchall()
        else:
            found = self._counts_of(dataset, self._agents.find(annotator) or -1)
            rows = [row for row in found if row[3] != LEASE]
        return [
            SlotCount(plan, rule, None if no == OPEN else self._agents.name(no), ROW_STATES[state], n)
            for plan, rule, no, state, n in rows
        ]

    def leases(self, dataset: Dataset, annotator: str, now: int) -> list[SlotCount]:
        rows = self._counts_of(dataset, self._agents.find(annotator) or -1)
        held = [(plan, rule, no, until) for plan, rule, no, state, until in rows if state == LEASE]
        counts = Counter((plan, rule, no) for plan, rule, no, until in held if until > now)
        return [
            SlotCount(plan, rule, None if no == OPEN else self._agents.name(no), RowState.LEASED, n)
            for (plan, rule, no), n in counts.items()
        ]

    def remaining(self, dataset: Dataset, claimant: Claimant, now: int) -> RemainingWork:
        me = self._agents.find(claimant.person.name) or -1  # no slot has -1; 0 would be the open ones
        sql, open_rules = self._raw.dialect, self._rules_of(dataset, claimant).open
        offered = self._offered_plans(dataset)
        rules = [RuleId(plan.no, rule) for plan in self.plans(dataset) if plan.no in offered
                 for rule in range(len(plan.spec.rules))]  # fmt: skip
        # Counters know nothing of skills, of records somebody is on already, or of slots they declined
        some, all_of_them = self._count_open(dataset, claimant, me, open_rules, now)
        # Last: on PostgreSQL others wait for the counters from here on, once this transaction has changed some
        own, free, open_held = self._raw.execute(
            "SELECT CAST(coalesce(sum(CASE WHEN c.annotator = ?2 THEN c.n END), 0) AS BIGINT), "
            f"CAST(coalesce(sum(CASE WHEN c.annotator = 0 AND {sql.in_numbers('k.value', '?4')} THEN c.n END), 0) "
            "AS BIGINT), "
            "(SELECT count(*) FROM slots WHERE holder = ?2 AND dataset = ?1 AND state = 1 AND annotator = 0 "
            f"AND {sql.in_numbers('plan', '?5')}) FROM {sql.listed_numbers('k', '?3')} "
            f"{sql.then_join} slot_counts c ON c.dataset = ?1 AND {COUNTERS_OF_KEY} "
            f"AND c.annotator IN (0, ?2) AND c.state < {_BEGUN}",
            (dataset.no, me, rule_keys(sql, rules), rule_keys(sql, open_rules), sql.numbers(offered)),
        ).fetchone()
        # Beyond what was looked at one by one the counters say more, if less exactly. Open slots are counted under
        # nobody, and those they have leased are theirs to do
        return RemainingWork(own + open_held, some if all_of_them else max(some, free - open_held))

    def _count_open(
        self, dataset: Dataset, claimant: Claimant, me: int, rules: Sequence[RuleId], now: int
    ) -> tuple[int, bool]:
        """Count the records with open slots for the claimant, up to ``COUNTED``; return also if that is all."""
        if not rules:
            return 0, True
        queue = QueueRead(self._raw, dataset.no, me, QueueRules([], rules), now)
        most = COUNTED * self._slots_a_record(dataset, rules)
        while True:
            groups = queue.open_by_needs(most)
            fit = [records for needs, records, _ in groups if _can(claimant, needs)]
            read = sum(slots for _, _, slots in groups)
            if len(fit) > 1:  # a record may have open slots of two plans, which need different skills
                rows = [row[1:] for row in queue.rows(most) if row[0] == 2]
                some = len(_fitting(rows, claimant, None))
            else:
                some = sum(fit)
            if some >= COUNTED or read < most:
                return min(some, COUNTED), some < COUNTED
            most *= _MORE

    def _slots_a_record(self, dataset: Dataset, rules: Sequence[RuleId]) -> int:
        """Return how many open slots a record has at first, at most."""
        specs = {plan.no: plan.spec for plan in self.plans(dataset)}
        overlaps = (specs[rule.plan].rules[rule.number].overlap for rule in rules)
        return max(each.annotators if isinstance(each, Overlap) else 1 for each in overlaps)

    def datasets_with_work(self, annotator: str) -> list[int]:
        me = self._agents.find(annotator) or -1
        rows = self._raw.execute(
            "SELECT DISTINCT dataset FROM slot_counts WHERE annotator IN (0, ?) AND n > 0", (me,)
        )
        return sorted(no for (no,) in rows)

    def last_active(self, dataset: Dataset, annotator: str | None = None) -> dict[str, Active]:
        found = SqlTotals(self._raw, self._agents).active([dataset.no], annotator)
        return found.get(dataset.no, {})

    def median_seconds(self, dataset: Dataset, annotator: str | None = None) -> dict[str, float]:
        only = None if annotator is None else self._agents.find(annotator) or -1
        return {self._agents.name(no): each for no, each in medians(self._raw, dataset.no, only).items()}


def _has(slot: Slot) -> bool:
    return slot.state not in (RowState.PENDING, RowState.LEASED)


def _few(ids: Collection[str]) -> bool:
    """Return True if ids can be looked for by the database: they are not too many, and a list can hold them."""
    return len(ids) <= _WITHIN_AT_MOST and not any("\0" in id for id in ids)


def _fitting(
    rows: Iterable[tuple[Any, ...]], claimant: Claimant | None, within: Collection[str] | None
) -> list[int]:
    """Return the records, once each, of the rows whose needs the claimant, if any, has, and whose id is wanted."""
    can: dict[str | None, bool] = {}  # few different needs: each is decoded once
    found: dict[int, None] = {}
    for rid, id, needs, *_ in rows:
        if needs not in can:
            can[needs] = claimant is None or _can(claimant, needs)
        if can[needs] and (within is None or id in within):
            found[rid] = None
    return list(found)


def _can(claimant: Claimant, needs: str | None) -> bool:
    return needs is None or claimant.person.can(tuple((s, v) for s, v in msgspec.json.decode(needs)))
