"""Update slots: reassign, withdraw, lease, fill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.states import Reason, RowState
from apportion.domain.datasets import Dataset
from apportion.ports.plans import StoredPlan
from apportion.ports.slots import RecordsOf, SlotRow
from apportion.storage.sql.agents import OPEN
from apportion.storage.sql.cases.slots import Light, people_of
from apportion.storage.sql.codec.states import ROW_STATES, STATE_NO

from .plan_store import batches_of
from .slot_insert import PHASES, SlotInsert

if TYPE_CHECKING:
    from apportion.domain.assignment.reallocation import HeldSlot

__all__ = ["SlotUpdate"]

_BEGUN = 2
"""Slots with a smaller state number are still to be done."""


class SlotUpdate(SlotInsert):
    """Reading and updating of existing slots, within one transaction."""

    def rows_of(
        self,
        plan: StoredPlan,
        *,
        annotator: str | None = None,
        state: RowState | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> list[tuple[int, SlotRow]]:
        conditions, values = ["s.plan = ?", "s.no > ?"], [plan.no, after]
        if annotator is not None:
            conditions.append("s.annotator = ?")
            values.append(self._agents.find(annotator) or -1)
        if state is not None:
            conditions.append("s.state = ?")
            values.append(STATE_NO[state])
        return self._slot_rows(" AND ".join(conditions), [*values, limit], "ORDER BY s.no LIMIT ?")

    def rows_by_number(self, slots: Sequence[int]) -> dict[int, SlotRow]:
        sql = self._raw.dialect
        return dict(self._slot_rows(sql.in_numbers("s.no"), [sql.numbers(slots)], ""))

    def slots_on(self, dataset: Dataset, ids: Collection[str]) -> list[SlotRow]:
        sql = self._raw.dialect
        wanted = f"s.rid IN (SELECT rid FROM records WHERE dataset = ? AND {sql.in_strings('id')})"
        found = self._slot_rows(wanted, [dataset.no, sql.strings(ids)], "ORDER BY s.plan, s.no")
        return [row for _, row in found]

    def _slot_rows(self, condition: str, values: list[Any], order: str) -> list[tuple[int, SlotRow]]:
        rows = self._raw.execute(
            "SELECT s.no, s.plan, r.id, s.annotator, s.state, s.rule, s.phase, s.reason, s.inclusion, "
            "s.until, s.why, s.holder, s.pull FROM slots s JOIN records r ON r.rid = s.rid "
            f"WHERE {condition} {order}",
            values,
        ).fetchall()
        return [
            (
                no,
                SlotRow(
                    self._plan_of(plan).id,
                    record,
                    self._agents.name(annotator or holder) if annotator or holder else None,
                    ROW_STATES[state],
                    rule,
                    PHASES[phase],
                    # A slot that somebody released was not assigned to the one who has it now
                    Reason("open") if pull else self._reason(plan, reason),
                    inclusion,
                    until,
                    why,
                ),
            )
            for (
                no,
                plan,
                record,
                annotator,
                state,
                rule,
                phase,
                reason,
                inclusion,
                until,
                why,
                holder,
                pull,
            ) in rows
        ]

    def live_slots_of(
        self, plan: StoredPlan, now: int, of: RecordsOf | None = None
    ) -> list[tuple[int, HeldSlot]]:
        from apportion.domain.assignment.reallocation import HeldSlot  # brings numpy along

        sql = self._raw.dialect
        some = "" if of is None else f" AND {sql.in_numbers('s.rid', '?4')}"
        rids = [] if of is None else [sql.numbers(self._rids_of(plan, of))]
        # A lease that has run out holds nothing: its slot counts as pending, and as its annotator's
        rows = self._raw.execute(
            "SELECT s.no, r.id, CASE WHEN s.state = 1 AND s.until > ?3 THEN coalesce(s.holder, s.annotator) "
            "ELSE s.annotator END, CASE WHEN s.state = 1 AND s.until <= ?3 THEN 0 ELSE s.state END, "
            "s.rule, s.phase, s.priority, s.needs, "
            "EXISTS (SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1)"
            f" FROM slots s JOIN records r ON r.rid = s.rid WHERE s.plan = ?1 AND s.state != ?2{some}",
            (plan.no, STATE_NO[RowState.WITHDRAWN], now, *rids),
        )
        return [
            (
                no,
                HeldSlot(
                    record,
                    None if annotator == OPEN else self._agents.name(annotator),
                    ROW_STATES[state],
                    rule,
                    PHASES[phase],
                    priority,
                    bool(drafted),
                    () if needs is None else tuple((s, v) for s, v in msgspec.json.decode(needs)),
                ),
            )
            for no, record, annotator, state, rule, phase, priority, needs, drafted in rows
        ]

    def _rids_of(self, plan: StoredPlan, of: RecordsOf) -> set[int]:
        sql = self._raw.dialect
        (dataset,) = self._raw.execute("SELECT dataset FROM plans WHERE no = ?", (plan.no,)).fetchone()
        agents = sql.numbers(no for name in of.annotators if (no := self._agents.find(name)) is not None)
        # By the records' numbers, which an index has: slots of other datasets are not read
        found = self._raw.execute(
            "SELECT rid FROM slots WHERE rid > ?4 << 32 AND rid < (?4 + 1) << 32 AND plan = ?1 AND state != ?2 "
            f"AND ({sql.in_numbers('annotator', '?3')} OR {sql.in_numbers('holder', '?3')})",
            (plan.no, STATE_NO[RowState.WITHDRAWN], agents, dataset),
        )
        rids = {rid for (rid,) in found}
        if of.ids:
            found = self._raw.execute(
                f"SELECT rid FROM records WHERE dataset = ?1 AND {sql.in_strings('id', '?2')}",
                (dataset, sql.strings(of.ids)),
            )
            rids.update(rid for (rid,) in found)
        return rids

    # Changing

    def pending_of(self, plan: StoredPlan, limit: int, now: int) -> list[int]:
        waiting = "SELECT 1 FROM slot_counts WHERE plan = ? AND state IN (0, 1) AND n > 0 LIMIT 1"
        if self._raw.execute(waiting, (plan.no,)).fetchone() is None:
            return []  # else the slots of all plans would be looked at, which are millions
        rows = self._raw.execute(
            # Who has a draft there has begun, and keeps the slot; a lease that has run out is no beginning
            "SELECT no FROM slots s WHERE plan = ? AND (state = 0 OR (state = 1 AND until <= ?)) AND NOT EXISTS "
            "(SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1) LIMIT ?",
            (plan.no, now, limit),
        )
        return [no for (no,) in rows]

    def still_pending(self, slots: Sequence[int], now: int) -> list[int]:
        sql = self._raw.dialect
        rows = self._raw.execute(
            f"SELECT no FROM slots s WHERE {sql.in_numbers('no')} "
            "AND (state = 0 OR (state = 1 AND until <= ?)) AND NOT EXISTS "
            "(SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1)",
            (sql.numbers(slots), now),
        )
        return [no for (no,) in rows]

    def reassign(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]], plan: StoredPlan
    ) -> list[str]:
        self._raw.locks.alone(dataset.no)
        moves = self._without_doubles(dataset, moves)
        reasons = list(dict.fromkeys(reason for _, _, reason in moves))
        first = self.add_reasons(plan, reasons)
        number = {reason: first + place for place, reason in enumerate(reasons)}
        to = {no: (name, number[reason]) for no, name, reason in moves}

        def moved(slot: Slot) -> Slot:
            # Not ``pull`` any more: it was given to somebody, so that giving it up does not open it to all
            return replace(slot, annotator=to[slot.id][0], state=RowState.PENDING, lease=None, pull=False)

        # A ``Slot`` has no reason, so that these are written by a statement of their own
        touched = self._change(dataset, list(to), moved)
        self._raw.executemany(
            "UPDATE slots SET reason = ? WHERE no = ?", [(reason, no) for no, (_, reason) in to.items()]
        )
        return touched

    def _without_doubles(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]]
    ) -> list[tuple[int, str, Reason]]:
        """Return the moves, in a possible order, without those that would put somebody on a record twice."""
        sql = self._raw.dialect
        rid_of = dict(
            self._raw.execute(
                f"SELECT no, rid FROM slots WHERE {sql.in_numbers('no')}",
                (sql.numbers(no for no, _, _ in moves),),
            ).fetchall()
        )
        there = self.reader(dataset).on(list(dict.fromkeys(rid_of.values())))
        people = {slot.id: people_of(slot) for slots in there.values() for slot in slots if _live(slot)}
        possible: list[tuple[int, str, Reason]] = []
        waiting = [each for each in moves if each[0] in rid_of]
        # Several rounds: two people can only change places once the first of them has moved
        while waiting:
            later = []
            for no, name, reason in waiting:
                others = (slot.id for slot in there[rid_of[no]] if slot.id != no and slot.id in people)
                # They may have got the record another way since the change was computed
                if any(name in people[other] for other in others):
                    later.append((no, name, reason))
                    continue
                people[no] = {name}
                possible.append((no, name, reason))
            if len(later) == len(waiting):  # the rest block one another
                break
            waiting = later
        return possible

    def withdraw(self, dataset: Dataset, slots: Sequence[int], why: str) -> list[str]:
        self._raw.locks.alone(dataset.no)
        writer = self.writer(dataset)
        withdrawn = STATE_NO[RowState.WITHDRAWN]
        sql, touched = self._raw.dialect, list[str]()
        among = sql.in_numbers("no")
        # By statements and not slot by slot: plans of millions of slots are undone this way
        for part in batches_of(slots, 3_000):
            wanted, listed = set(part), sql.numbers(part)
            there: dict[int, list[tuple[int, Light]]] = {}
            counts: Counter[tuple[int, int, int, int]] = Counter()
            for no, rid, plan, rule, *light in self._raw.execute(
                "SELECT no, rid, plan, rule, annotator, state, holder FROM slots WHERE rid IN "
                f"(SELECT rid FROM slots WHERE {among})",
                (listed,),
            ):
                there.setdefault(rid, []).append((no, (light[0], light[1], light[2])))
                # One that is withdrawn already is counted as such
                if no in wanted and light[1] != withdrawn:
                    counts[plan, rule, light[0], light[1]] -= 1
                    counts[plan, rule, light[0], withdrawn] += 1
            for rid, each in there.items():
                after = [(light[0], withdrawn, None) if no in wanted else light for no, light in each]
                writer.slots.change_terms(rid & 0xFFFFFFFF, [light for _, light in each], after)
            for (plan, rule, annotator, state), change in counts.items():
                writer.slots.count(plan, rule, annotator, state, change)
            # First, because the update below removes the holders
            self._raw.execute(
                "INSERT INTO past_assignees SELECT rid, holder FROM slots "
                f"WHERE {among} AND holder IS NOT NULL ON CONFLICT DO NOTHING",
                (listed,),
            )
            self._raw.execute(
                "DELETE FROM waiting WHERE (dataset, annotator, behind, due, priority, slot) IN (SELECT dataset, "
                f"annotator, behind, due, priority, no FROM slots WHERE {among})",
                (listed,),
            )
            self._raw.execute(
                "UPDATE slots SET state = ?, why = ?, holder = NULL, until = NULL, token = NULL "
                f"WHERE {among}",
                (withdrawn, why, listed),
            )
            touched += self._annotated(dataset, [rid & 0xFFFFFFFF for rid in there])
        writer.finish()
        return list(dict.fromkeys(touched))

    def withdraw_from(self, dataset: Dataset, ns: Sequence[int]) -> None:
        """Withdraw every slot of records that are about to be deleted."""
        base = dataset.no << 32
        sql, with_slots = self._raw.dialect, self._among("slots", [base | n for n in ns])
        if with_slots:
            slots = self._raw.execute(
                f"SELECT no FROM slots WHERE {sql.in_numbers('rid')} AND state != ?",
                (sql.numbers(with_slots), STATE_NO[RowState.WITHDRAWN]),
            )
            self.withdraw(dataset, [no for (no,) in slots], "record deleted")

    def _change(self, dataset: Dataset, nos: Sequence[int], step: Callable[[Slot], Slot]) -> list[str]:
        """Change slots by number, some hundred at a time; return the ids of their records that have answers."""
        base, sql = dataset.no << 32, self._raw.dialect
        writer = self.writer(dataset)
        reader = self.reader(dataset)
        touched: list[str] = []
        for part in batches_of(nos, 500):
            wanted = set(part)
            rids = [
                rid
                for (rid,) in self._raw.execute(
                    f"SELECT DISTINCT rid FROM slots WHERE {sql.in_numbers('no')}",
                    (sql.numbers(part),),
                )
            ]
            for rid, there in reader.on(rids).items():
                after = [step(slot) if slot.id in wanted else slot for slot in there]
                writer.slots.change(rid & 0xFFFFFFFF, there, after)
            writer.slots.flush()  # the next ones may be of the same records
            touched += self._annotated(dataset, (rid - base for rid in rids))
        writer.finish()
        return list(dict.fromkeys(touched))

    def save(self, dataset: Dataset, changed: Iterable[tuple[Slot, Slot]], why: str | None = None) -> None:
        after = {new.id: new for old, new in changed if old != new}
        if not after:
            return
        writer = self.writer(dataset)
        for rid, there in self._slots_beside(dataset, after.keys()).items():
            writer.slots.change(rid & 0xFFFFFFFF, there, [after.get(slot.id, slot) for slot in there], why)
        writer.finish()

    def _slots_beside(self, dataset: Dataset, slots: Collection[int]) -> dict[int, list[Slot]]:
        """Return all slots of the records of these slots: as just read, unless anything has changed since."""
        changes, read = self._slots_read
        if changes == self._raw.total_changes:
            found = {rid: there for rid, there in read.items() if any(slot.id in slots for slot in there)}
            # Only if all of them were among those read; else some records would be left out
            if sum(slot.id in slots for there in found.values() for slot in there) == len(slots):
                return found
        sql = self._raw.dialect
        rids: dict[int, None] = {}
        for part in batches_of(list(slots), 500):
            rows = self._raw.execute(
                f"SELECT rid FROM slots WHERE {sql.in_numbers('no')}", (sql.numbers(part),)
            )
            rids.update(dict.fromkeys(rid for (rid,) in rows))
        return self.reader(dataset).on(list(rids))

    # Work


def _live(slot: Slot) -> bool:
    return slot.state not in (RowState.WITHDRAWN, RowState.SKIPPED)
