"""Insert slots of a plan, enqueue them for people, and look up what is planned."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from apportion.domain.assignment.states import Mode, Phase, Reason, RowState
from apportion.domain.datasets import Dataset
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.slots import SlotBatch
from apportion.storage.sql.agents import OPEN
from apportion.storage.sql.codec.states import STATE_NO
from apportion.storage.sql.dialect import NumberRange
from apportion.storage.sql.rows import insert_rows

from .plan_store import PlanStore

__all__ = ["PHASES", "SlotInsert"]

PHASES = tuple(Phase)
_REASONS_TOGETHER = 1_000
_ENDED = STATE_NO[RowState.SKIPPED]
"""Slots with a smaller state number are pending, leased or done."""


class SlotInsert(PlanStore):
    """Inserting and enqueueing of slots, within one transaction."""

    def record_numbers(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, int]:
        if ids is None:
            rows = self._raw.execute(
                "SELECT id, rid & 4294967295 FROM records WHERE dataset = ?", (dataset.no,)
            )
            return dict(rows.fetchall())
        found = {}
        for id in ids:
            row = self._raw.execute(
                "SELECT rid & 4294967295 FROM records WHERE dataset = ? AND id = ?", (dataset.no, id)
            ).fetchone()
            if row is not None:
                found[id] = row[0]
        return found

    def insert_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> list[str]:
        from pyroaring import BitMap

        from apportion.domain.numpy_types import np  # loaded already by planning

        self._raw.locks.alone(dataset.no)
        # In the order of records here, in that of people in ``enqueue_slots``, so that each table is written from one
        # end to the other: two indexes of one table would be written at random places (decision 0007)
        rows, base = batch.rows, dataset.no << 32
        people = np.array([OPEN, *(self._agents.number(name) for name in rows.people)])
        pull = np.array([rule.mode is Mode.PULL for rule in plan.spec.rules])
        part = np.arange(start, stop)
        ns = batch.numbers[rows.record[part]]
        part, ns = part[ns > 0], ns[ns > 0]  # the others were deleted since
        record, rule = rows.record[part], rows.rule[part]
        annotator = people[rows.person[part] + 1]
        needs: list[str | None] = [None] * len(part)
        if batch.needs:
            asked = zip(rule.tolist(), record.tolist(), strict=True)
            needs = [_needs(batch, each, rows.records[at]) for each, at in asked]
        columns = (
            batch.first_slot + part, base | ns, rule, rows.slot[part], annotator, rows.phase[part],
            rows.reason[part] + batch.first_reason, rows.inclusion[part], rows.priority[record],
            np.asarray(batch.due)[rule], pull[rule],
        )  # fmt: skip
        insert_rows(
            self._raw,
            "slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, priority, due, "
            "behind, pull, needs)",
            12,
            list(zip(*(column.tolist() for column in columns), needs, strict=True)),
            form=f"(?, {dataset.no}, ?, {plan.no}, ?, ?, ?, 0, ?, ?, ?, ?, ?, 0, ?, ?)",
        )
        writer = self.writer(dataset)
        # Rule and person in one number, so that one pass counts both
        pairs, counts = np.unique(rule.astype(np.int64) << 32 | annotator, return_counts=True)
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
            of_rule, of_person = divmod(pair, 1 << 32)
            writer.slots.count(plan.no, of_rule, of_person, STATE_NO[RowState.PENDING], count)
        all_numbers = BitMap(ns.astype(np.uint32)).to_array().tolist()
        # Only that they are pending: people are written one by one, when their slots are queued
        writer.counted.add_to_many(writer.slots.terms.pending, all_numbers)
        writer.finish()
        return self._annotated(dataset, all_numbers)

    def enqueue_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> None:
        from pyroaring import BitMap

        from apportion.domain.numpy_types import np

        rows = batch.rows
        part = batch.by_person[start:stop]
        part = part[batch.numbers[rows.record[part]] > 0]
        pending = np.ones(len(part), dtype=bool)
        # Hardly any plan is answered while it is written: its slots need not be read again then
        if self._begun(plan, len(rows)):
            states = self._states((batch.first_slot + part).tolist())
            now = np.array([states.get(no, _ENDED) for no in (batch.first_slot + part).tolist()])
            # What ended meanwhile waits for nobody, and is nobody's any more
            part, now = part[now < _ENDED], now[now < _ENDED]
            pending = now == STATE_NO[RowState.PENDING]
        people = np.array([OPEN, *(self._agents.number(name) for name in rows.people)])
        ns, annotator = batch.numbers[rows.record[part]], people[rows.person[part] + 1]
        columns = (
            annotator,
            np.asarray(batch.due)[rows.rule[part]],
            rows.priority[rows.record[part]],
            batch.first_slot + part,
        )
        insert_rows(
            self._raw,
            "waiting (dataset, annotator, behind, due, priority, slot)",
            4,
            list(zip(*(column[pending].tolist() for column in columns), strict=True)),
            unless_there=True,  # leased and released meanwhile: it is queued again
            form=f"({dataset.no}, ?, 0, ?, ?, ?)",
        )
        writer = self.writer(dataset)
        # Person by person, since a term is one person's: its records are written in one go
        for each in np.unique(annotator).tolist():
            if each != OPEN:
                assigned = BitMap(ns[annotator == each].astype(np.uint32)).to_array().tolist()
                writer.counted.add_to_many(writer.slots.terms.assigned_to(each), assigned)
        writer.finish()

    def _begun(self, plan: StoredPlan, expected: int) -> bool:
        """Return True if some slots of a plan are not pending, or gone: people answer while it is being written."""
        (pending,) = self._raw.execute(
            "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM slot_counts WHERE plan = ? AND state = 0",
            (plan.no,),
        ).fetchone()
        # Of a plan that is extended the counters have other slots, too, and say nothing of the new ones
        return bool(pending < expected or plan.phase is not PlanPhase.WRITING)

    def _states(self, slots: Sequence[int]) -> dict[int, int]:
        sql = self._raw.dialect
        rows = self._raw.execute(
            f"SELECT no, state FROM slots WHERE {sql.in_numbers('no')}", (sql.numbers(slots),)
        )
        return dict(rows.fetchall())

    def reserve_slot_numbers(self, slots: int) -> int:
        return self._raw.dialect.reserve_numbers(self._raw, NumberRange.SLOTS, slots)

    def add_reasons(self, plan: StoredPlan, reasons: Sequence[Reason]) -> int:
        (part,) = self._raw.execute(
            "SELECT coalesce(max(part) + 1, 0) FROM reasons WHERE plan = ?", (plan.no,)
        ).fetchone()
        # Many to a row, since a large plan has very many
        for place, start in enumerate(range(0, len(reasons), _REASONS_TOGETHER)):
            items = [(each.code, each.args) for each in reasons[start : start + _REASONS_TOGETHER]]
            self._raw.execute(
                "INSERT INTO reasons VALUES (?, ?, ?)",
                (plan.no, part + place, msgspec.json.encode(items).decode()),
            )
        return int(part) * _REASONS_TOGETHER

    def _reason(self, plan: int, no: int) -> Reason:
        part, place = divmod(no, _REASONS_TOGETHER)
        items = self._reasons.get((plan, part))
        if items is None:
            row = self._raw.execute(
                "SELECT items FROM reasons WHERE plan = ? AND part = ?", (plan, part)
            ).fetchone()
            items = self._reasons[plan, part] = [] if row is None else msgspec.json.decode(row[0])
        code, args = items[place] if place < len(items) else ("?", [])
        return Reason(code, tuple(args))

    def without_slots(self, dataset: Dataset, plan: StoredPlan, ids: Sequence[str]) -> list[str]:
        numbers = self.record_numbers(dataset, ids)
        base, sql = dataset.no << 32, self._raw.dialect
        planned = {
            rid
            for (rid,) in self._raw.execute(
                f"SELECT s.rid FROM {sql.listed_numbers('wanted')} {sql.then_join} slots s ON s.rid = wanted.value "
                "WHERE s.plan = ?",
                (sql.numbers(base | n for n in numbers.values()), plan.no),
            )
        }
        return [id for id, n in numbers.items() if base | n not in planned]

    def planned_ids(self, plan: StoredPlan) -> set[str]:
        rows = self._raw.execute(
            "SELECT DISTINCT r.id FROM slots s JOIN records r ON r.rid = s.rid WHERE s.plan = ?", (plan.no,)
        )
        return {id for (id,) in rows}

    def assignees(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        live = "SELECT 1 FROM slot_counts WHERE dataset = ? AND state <= 3 AND n > 0 LIMIT 1"
        if self._raw.execute(live, (dataset.no,)).fetchone() is None:
            return found  # as for most plans, which are the first
        sql = self._raw.dialect
        if ids is None:
            # By the records' numbers, which an index has: slots of other datasets are not read
            of = "slots s JOIN records r ON r.rid = s.rid WHERE s.rid > ?1 << 32 AND s.rid < (?1 + 1) << 32"
        else:
            # From the wanted ids to records to slots, whatever order a planner would estimate to be better
            of = (
                f"{sql.listed_strings('wanted', '?2')} {sql.then_join} records r ON r.dataset = ?1 "
                f"AND r.id = wanted.value {sql.then_join} slots s ON s.rid = r.rid WHERE true"
            )
        for id, annotator, holder in self._raw.execute(
            f"SELECT r.id, s.annotator, s.holder FROM {of} AND (s.annotator != 0 OR s.holder IS NOT NULL) "
            "AND s.state <= 3",
            (dataset.no,) if ids is None else (dataset.no, sql.strings(ids)),
        ):
            found.setdefault(id, set()).add(self._agents.name(annotator or holder))
        return found

    # Looking


def _needs(batch: SlotBatch, rule: int, id: str) -> str | None:
    found = batch.needs.get((rule, id))
    return None if found is None else msgspec.json.encode(found).decode()
