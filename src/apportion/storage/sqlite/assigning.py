"""``ports.assignments.Assignments`` on SQLite: plans, their slots, and what is left to do."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy import Row as SqlRow

from apportion.domain.assignment.people import Person
from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.reading import read_plan
from apportion.domain.assignment.spec import PlanSpec, show_plan
from apportion.domain.assignment.state import PlanState, read_state, show_state
from apportion.domain.assignment.words import Mode, Phase, Reason, RowState
from apportion.domain.datasets import Dataset
from apportion.domain.policies import Policies
from apportion.ports.assignments import Count, Dealing, PlanPhase, SlotRow, StoredPlan, Taker, WorkLeft
from apportion.storage.tables import plans

from .agents import OPEN, Agents
from .changes import Changes
from .database import Link
from .rows import as_json, insert_rows
from .settling import Settler
from .slots import ROW_STATES, SINGLES, STATE_NO, Light, SlotReader, people_of
from .terms import TermBook

if TYPE_CHECKING:
    from apportion.domain.assignment.redealing import Held

__all__ = ["SqliteAssignments"]

_PHASES = tuple(Phase)
_OFFERED = f"'{PlanPhase.LIVE}'"
_PLAN = select(*(column for column in plans.c if column.name != "progress"))
_PLANS_KEPT = 100
_REASONS_TOGETHER = 1_000
_BEGUN = 2
"""Slots with a smaller state number are still to be done."""
COUNTED = 100
"""So many records with open slots are counted for somebody; beyond that all open slots are taken for theirs."""
_IN_LINE = (
    "FROM waiting w CROSS JOIN slots s ON s.no = w.slot CROSS JOIN records r ON r.rid = s.rid "
    "WHERE w.dataset = ?1 AND w.annotator = ?2 AND (s.state = 0 OR s.until <= ?3) AND w.due >= ?3 "
    f"AND s.plan IN (SELECT no FROM plans WHERE dataset = ?1 AND state = {_OFFERED})"
)
_ORDER = "ORDER BY w.behind, w.due, w.priority"


class SqliteAssignments:
    """Plans and slots of all datasets, within one transaction."""

    def __init__(
        self,
        link: Link,
        *,
        book: TermBook,
        agents: Agents,
        publish: Callable[[Changes], None],
        shelf: dict[int, StoredPlan],
        numbering: dict[str, int],
    ) -> None:
        """``shelf`` holds plans between transactions, by number; ``numbering`` the next number to give out."""
        self._link = link
        self._raw: sqlite3.Connection = link.raw
        self._sql: Connection = link.sql
        self._book = book
        self._agents = agents
        self._publish = publish
        self._plans: dict[int, StoredPlan] = {}
        self._reasons: dict[tuple[int, int], list[Any]] = {}
        self._shelf = shelf
        self._numbering = numbering

    def reader(self, dataset: Dataset) -> SlotReader:
        """Reads the slots of a dataset."""
        return SlotReader(self._raw, self._agents, self._plan_of, Policies.of(dataset.policies).skip)

    # Plans

    def plans(self, dataset: Dataset) -> list[StoredPlan]:
        rows = self._raw.execute(
            "SELECT no, changed_at, state FROM plans WHERE dataset = ? ORDER BY no", (dataset.no,)
        ).fetchall()
        return [self._known(*row) for row in rows]

    def plan(self, dataset: Dataset, id: str) -> StoredPlan | None:
        row = self._raw.execute(
            "SELECT no, changed_at, state FROM plans WHERE dataset = ? AND id = ?", (dataset.no, id)
        ).fetchone()
        return None if row is None else self._known(*row)

    def _plan_of(self, no: int) -> StoredPlan:
        known = self._plans.get(no)
        if known is None:
            row = self._raw.execute("SELECT no, changed_at, state FROM plans WHERE no = ?", (no,)).fetchone()
            known = self._plans[no] = self._known(*row)
        return known

    def _known(self, no: int, changed_at: int, state: str) -> StoredPlan:
        """A plan, read anew only when it has changed: with a large team it takes a while."""
        known = self._shelf.get(no)
        if known is None or known.changed_at != changed_at or str(known.phase) != state:
            row = self._sql.execute(_PLAN.where(plans.c.no == no)).one()
            known = self._shelf[no] = _plan(row)
            while len(self._shelf) > _PLANS_KEPT:
                self._shelf.pop(next(iter(self._shelf)))
        return known

    def state_of(self, plan: StoredPlan) -> PlanState:
        found = self._sql.execute(select(plans.c.progress).where(plans.c.no == plan.no)).scalar_one()
        return read_state(found)

    def add_plan(
        self,
        dataset: Dataset,
        id: str,
        spec: PlanSpec,
        teams: Sequence[Sequence[Person]],
        state: PlanState,
        figures: Mapping[str, Any],
        *,
        phase: PlanPhase,
        by: str,
        at: int,
    ) -> StoredPlan:
        row = self._sql.execute(
            insert(plans)
            .values(
                id=id,
                dataset=dataset.no,
                state=str(phase),
                spec=show_plan(spec),
                teams=_show_teams(teams),
                progress=show_state(state),
                figures=dict(figures),
                created_by=by,
                created_at=at,
                changed_at=at,
            )
            .returning(*_PLAN.selected_columns)
        ).one()
        return _plan(row)

    def change_plan(
        self,
        plan: StoredPlan,
        *,
        at: int,
        phase: PlanPhase | None = None,
        spec: PlanSpec | None = None,
        teams: Sequence[Sequence[Person]] | None = None,
        state: PlanState | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> StoredPlan:
        values: dict[str, Any] = {"changed_at": at}
        if phase is not None:
            values["state"] = str(phase)
        if spec is not None:
            values["spec"] = show_plan(spec)
        if teams is not None:
            values["teams"] = _show_teams(teams)
        if state is not None:
            values["progress"] = show_state(state)
        if figures is not None:
            values["figures"] = dict(figures)
        row = self._sql.execute(
            update(plans).where(plans.c.no == plan.no).values(**values).returning(*_PLAN.selected_columns)
        ).one()
        self._plans.pop(plan.no, None)
        return _plan(row)

    def forget_plan(self, dataset: Dataset, plan: StoredPlan, limit: int) -> bool:
        rows = self._raw.execute("SELECT no FROM slots WHERE plan = ? LIMIT ?", (plan.no, limit)).fetchall()
        if rows:
            self._forget_slots(dataset, [no for (no,) in rows])
            return False
        for table in ("reasons", "slot_counts"):
            self._raw.execute(f"DELETE FROM {table} WHERE plan = ?", (plan.no,))
        self._raw.execute("DELETE FROM plans WHERE no = ?", (plan.no,))
        self._plans.pop(plan.no, None)
        self._shelf.pop(plan.no, None)
        return True

    def _forget_slots(self, dataset: Dataset, nos: Sequence[int]) -> None:
        """Remove slots that were being written: some of what they are found by may not have been written yet."""
        json, gone = as_json(nos), set(nos)
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        terms = settler.slots.terms
        there: dict[int, list[tuple[int, Light]]] = {}
        for no, rid, *light in self._raw.execute(
            "SELECT no, rid, annotator, state, holder FROM slots WHERE rid IN "
            "(SELECT rid FROM slots WHERE no IN (SELECT value FROM json_each(?)))",
            (json,),
        ):
            there.setdefault(rid, []).append((no, (light[0], light[1], light[2])))
        lost: dict[int, list[int]] = {}
        for rid, each in there.items():
            kept = terms.of(light for no, light in each if no not in gone)
            for vid in terms.of(light for _, light in each) - kept:
                lost.setdefault(vid, []).append(rid & 0xFFFFFFFF)
        for vid, ns in lost.items():
            settler.counted.take_from_many(vid, ns)
        settler.finish()
        self._raw.execute(
            "DELETE FROM waiting WHERE (dataset, annotator, behind, due, priority, slot) IN (SELECT dataset, "
            "annotator, behind, due, priority, no FROM slots WHERE no IN (SELECT value FROM json_each(?)))",
            (json,),
        )
        self._raw.execute("DELETE FROM slots WHERE no IN (SELECT value FROM json_each(?))", (json,))

    def unfinished(self) -> list[tuple[int, StoredPlan]]:
        rows = self._sql.execute(
            select(plans).where(plans.c.state.in_([str(PlanPhase.WRITING), str(PlanPhase.UNDOING)]))
        )
        return [(row._mapping["dataset"], _plan(row)) for row in rows]

    # Dealing

    def numbers(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, int]:
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

    def deal(self, dataset: Dataset, plan: StoredPlan, dealing: Dealing, start: int, stop: int) -> list[str]:
        from apportion.domain.arrays import np  # at hand already: somebody has planned

        rows, base = dealing.rows, dataset.no << 32
        people = np.array([OPEN, *(self._agents.number(name) for name in rows.people)])
        pull = np.array([rule.mode is Mode.PULL for rule in plan.spec.rules])
        part = dealing.by_record[start:stop]
        ns = dealing.numbers[rows.record[part]]
        part, ns = part[ns > 0], ns[ns > 0]  # the others were deleted since
        record, rule = rows.record[part], rows.rule[part]
        annotator = people[rows.person[part] + 1]
        needs: list[str | None] = [None] * len(part)
        if dealing.needs:
            asked = zip(rule.tolist(), record.tolist(), strict=True)
            needs = [_needs(dealing, each, rows.records[at]) for each, at in asked]
        columns = (
            dealing.first_slot + part, base | ns, rule, rows.slot[part], annotator, rows.phase[part],
            rows.reason[part] + dealing.first_reason, rows.inclusion[part], rows.priority[record],
            np.asarray(dealing.due)[rule], pull[rule],
        )  # fmt: skip
        insert_rows(
            self._raw,
            "slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, priority, due, "
            "behind, pull, needs)",
            12,
            list(zip(*(column.tolist() for column in columns), needs, strict=True)),
            form=f"(?, {dataset.no}, ?, {plan.no}, ?, ?, ?, 0, ?, ?, ?, ?, ?, 0, ?, ?)",
        )
        pairs, counts = np.unique(np.stack([rule, annotator]), axis=1, return_counts=True)
        for (of_rule, of_person), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
            self._raw.execute(
                "INSERT INTO slot_counts VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                (dataset.no, plan.no, of_rule, of_person, count),
            )
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        everybody = np.unique(ns).tolist()
        settler.counted.add_to_many(settler.slots.terms.pending, everybody)
        settler.finish()
        return self._annotated(dataset, everybody)

    def offer(self, dataset: Dataset, dealing: Dealing, start: int, stop: int) -> None:
        from apportion.domain.arrays import np

        rows = dealing.rows
        part = dealing.by_person[start:stop]
        ns, person = dealing.numbers[rows.record[part]], rows.person[part]
        part, ns, person = part[ns > 0], ns[ns > 0], person[ns > 0]
        people = np.array([OPEN, *(self._agents.number(name) for name in rows.people)])
        columns = (
            people[person + 1],
            np.asarray(dealing.due)[rows.rule[part]],
            rows.priority[rows.record[part]],
            dealing.first_slot + part,
        )
        insert_rows(
            self._raw,
            "waiting (dataset, annotator, behind, due, priority, slot)",
            4,
            list(zip(*(column.tolist() for column in columns), strict=True)),
            form=f"({dataset.no}, ?, 0, ?, ?, ?)",
        )
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        terms = settler.slots.terms
        for each in np.unique(person).tolist():
            if each >= 0:
                vid = terms.assigned_to(self._agents.number(rows.people[each]))
                settler.counted.add_to_many(vid, np.unique(ns[person == each]).tolist())
        settler.finish()

    def reserve(self, slots: int) -> int:
        first = self._numbering.get("slots")
        if first is None:
            (first,) = self._raw.execute(
                "SELECT coalesce(max(no), 0) + 1 FROM slots WHERE no < ?", (SINGLES,)
            ).fetchone()
        self._numbering["slots"] = first + slots
        return int(first)

    def add_reasons(self, plan: StoredPlan, reasons: Sequence[Reason]) -> int:
        (part,) = self._raw.execute(
            "SELECT coalesce(max(part) + 1, 0) FROM reasons WHERE plan = ?", (plan.no,)
        ).fetchone()
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

    def _among(self, table: str, rids: Sequence[int]) -> list[int]:
        """Those of the records that a table speaks of."""
        rows = self._raw.execute(
            f"SELECT DISTINCT t.rid FROM json_each(?) AS wanted CROSS JOIN {table} AS t ON t.rid = wanted.value",
            (as_json(rids),),
        )
        return [rid for (rid,) in rows]

    def _annotated(self, dataset: Dataset, ns: Iterable[int]) -> list[str]:
        rids = [dataset.no << 32 | n for n in ns]
        found = {*self._among("annotations", rids), *self._among("gold", rids)}
        return self._ids(found)

    def _ids(self, rids: Iterable[int]) -> list[str]:
        rows = self._raw.execute(
            "SELECT id FROM records WHERE rid IN (SELECT value FROM json_each(?)) ORDER BY rid",
            (as_json(rids),),
        )
        return [id for (id,) in rows]

    def without_slots(self, dataset: Dataset, plan: StoredPlan, ids: Sequence[str]) -> list[str]:
        numbers = self.numbers(dataset, ids)
        base = dataset.no << 32
        dealt = {
            rid
            for (rid,) in self._raw.execute(
                "SELECT s.rid FROM json_each(?) AS wanted CROSS JOIN slots s ON s.rid = wanted.value "
                "WHERE s.plan = ?",
                (as_json(base | n for n in numbers.values()), plan.no),
            )
        }
        return [id for id, n in numbers.items() if base | n not in dealt]

    def dealt_ids(self, plan: StoredPlan) -> set[str]:
        rows = self._raw.execute(
            "SELECT DISTINCT r.id FROM slots s JOIN records r ON r.rid = s.rid WHERE s.plan = ?", (plan.no,)
        )
        return {id for (id,) in rows}

    def held(self, dataset: Dataset) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for id, annotator, holder in self._raw.execute(
            "SELECT r.id, s.annotator, s.holder FROM slots s JOIN records r ON r.rid = s.rid "
            "WHERE s.dataset = ? AND (s.annotator != 0 OR s.holder IS NOT NULL) AND s.state <= 2",
            (dataset.no,),
        ):
            found.setdefault(id, set()).add(self._agents.name(annotator or holder))
        return found

    # Looking

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
        return dict(self._slot_rows(f"s.no IN ({', '.join('?' * len(slots))})", list(slots), ""))

    def slots_on(self, dataset: Dataset, id: str) -> list[SlotRow]:
        found = self._slot_rows("r.dataset = ? AND r.id = ?", [dataset.no, id], "ORDER BY s.plan, s.no")
        return [row for _, row in found]

    def _slot_rows(self, condition: str, values: list[Any], order: str) -> list[tuple[int, SlotRow]]:
        rows = self._raw.execute(
            "SELECT s.no, s.plan, r.id, s.annotator, s.state, s.rule, s.phase, s.reason, s.inclusion, "
            "s.until, s.why, s.holder FROM slots s JOIN records r ON r.rid = s.rid "
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
                    _PHASES[phase],
                    self._reason(plan, reason),
                    inclusion,
                    until,
                    why,
                ),
            )
            for no, plan, record, annotator, state, rule, phase, reason, inclusion, until, why, holder in rows
        ]

    def held_rows(self, plan: StoredPlan, now: int) -> list[tuple[int, Held]]:
        from apportion.domain.assignment.redealing import Held  # brings numpy along

        rows = self._raw.execute(
            "SELECT s.no, r.id, CASE WHEN s.state = 1 AND s.until > ?3 THEN coalesce(s.holder, s.annotator) "
            "ELSE s.annotator END, CASE WHEN s.state = 1 AND s.until <= ?3 THEN 0 ELSE s.state END, "
            "s.rule, s.phase, s.priority, s.needs, "
            "EXISTS (SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1)"
            " FROM slots s JOIN records r ON r.rid = s.rid WHERE s.plan = ?1 AND s.state != ?2",
            (plan.no, STATE_NO[RowState.WITHDRAWN], now),
        )
        return [
            (
                no,
                Held(
                    record,
                    None if annotator == OPEN else self._agents.name(annotator),
                    ROW_STATES[state],
                    rule,
                    _PHASES[phase],
                    priority,
                    bool(drafted),
                    () if needs is None else tuple((s, v) for s, v in msgspec.json.decode(needs)),
                ),
            )
            for no, record, annotator, state, rule, phase, priority, needs, drafted in rows
        ]

    # Changing

    def pending_of(self, plan: StoredPlan, limit: int, now: int) -> list[int]:
        rows = self._raw.execute(
            "SELECT no FROM slots s WHERE plan = ? AND (state = 0 OR (state = 1 AND until <= ?)) AND NOT EXISTS "
            "(SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1) LIMIT ?",
            (plan.no, now, limit),
        )
        return [no for (no,) in rows]

    def still_pending(self, slots: Sequence[int], now: int) -> list[int]:
        rows = self._raw.execute(
            "SELECT no FROM slots s WHERE no IN (SELECT value FROM json_each(?)) "
            "AND (state = 0 OR (state = 1 AND until <= ?)) AND NOT EXISTS "
            "(SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = s.annotator AND a.state = 1)",
            (as_json(slots), now),
        )
        return [no for (no,) in rows]

    def reassign(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]], plan: StoredPlan
    ) -> list[str]:
        moves = self._without_doubles(dataset, moves)
        reasons = list(dict.fromkeys(reason for _, _, reason in moves))
        first = self.add_reasons(plan, reasons)
        number = {reason: first + place for place, reason in enumerate(reasons)}
        to = {no: (name, number[reason]) for no, name, reason in moves}

        def moved(slot: Slot) -> Slot:
            return replace(slot, annotator=to[slot.id][0], state=RowState.PENDING, lease=None)

        touched = self._change(dataset, list(to), moved, None)
        self._raw.executemany(
            "UPDATE slots SET reason = ? WHERE no = ?", [(reason, no) for no, (_, reason) in to.items()]
        )
        return touched

    def _without_doubles(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]]
    ) -> list[tuple[int, str, Reason]]:
        """Those of the moves, in an order in which they can be made, that put nobody on a record twice."""
        rid_of = dict(
            self._raw.execute(
                "SELECT no, rid FROM slots WHERE no IN (SELECT value FROM json_each(?))",
                (as_json(no for no, _, _ in moves),),
            ).fetchall()
        )
        there = self.reader(dataset).on(list(dict.fromkeys(rid_of.values())))
        people = {slot.id: people_of(slot) for slots in there.values() for slot in slots if _live(slot)}
        possible: list[tuple[int, str, Reason]] = []
        waiting = [each for each in moves if each[0] in rid_of]
        while waiting:
            later = []
            for no, name, reason in waiting:
                others = (slot.id for slot in there[rid_of[no]] if slot.id != no and slot.id in people)
                if any(name in people[other] for other in others):
                    later.append((no, name, reason))
                    continue
                people[no] = {name}
                possible.append((no, name, reason))
            if len(later) == len(waiting):
                break
            waiting = later
        return possible

    def withdraw(self, dataset: Dataset, slots: Sequence[int], why: str) -> list[str]:
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        terms = settler.slots.terms
        withdrawn = STATE_NO[RowState.WITHDRAWN]
        touched: list[str] = []
        for part in _parts(slots, 3_000):
            wanted, json = set(part), as_json(part)
            there: dict[int, list[tuple[int, Light]]] = {}
            counts: Counter[tuple[int, int, int, int]] = Counter()
            for no, rid, plan, rule, *light in self._raw.execute(
                "SELECT no, rid, plan, rule, annotator, state, holder FROM slots WHERE rid IN "
                "(SELECT rid FROM slots WHERE no IN (SELECT value FROM json_each(?)))",
                (json,),
            ):
                there.setdefault(rid, []).append((no, (light[0], light[1], light[2])))
                if no in wanted and light[1] != withdrawn:
                    counts[plan, rule, light[0], light[1]] -= 1
                    counts[plan, rule, light[0], withdrawn] += 1
            for rid, each in there.items():
                before = terms.of(light for _, light in each)
                after = terms.of((light[0], withdrawn, None) if no in wanted else light for no, light in each)
                settler.counted.change(rid & 0xFFFFFFFF, before, after)
            for (plan, rule, annotator, state), change in counts.items():
                settler.slots.count(plan, rule, annotator, state, change)
            self._raw.execute(
                "INSERT OR IGNORE INTO past_assignees SELECT rid, holder FROM slots "
                "WHERE no IN (SELECT value FROM json_each(?)) AND holder IS NOT NULL",
                (json,),
            )
            self._raw.execute(
                "DELETE FROM waiting WHERE (dataset, annotator, behind, due, priority, slot) IN (SELECT dataset, "
                "annotator, behind, due, priority, no FROM slots WHERE no IN (SELECT value FROM json_each(?)))",
                (json,),
            )
            self._raw.execute(
                "UPDATE slots SET state = ?, why = ?, holder = NULL, until = NULL, token = NULL "
                "WHERE no IN (SELECT value FROM json_each(?))",
                (withdrawn, why, json),
            )
            touched += self._annotated(dataset, [rid & 0xFFFFFFFF for rid in there])
        settler.finish()
        return list(dict.fromkeys(touched))

    def withdraw_from(self, dataset: Dataset, ns: Sequence[int]) -> None:
        """Withdraw every slot of records that are about to be deleted."""
        base = dataset.no << 32
        with_slots = self._among("slots", [base | n for n in ns])
        if with_slots:
            slots = self._raw.execute(
                "SELECT no FROM slots WHERE rid IN (SELECT value FROM json_each(?)) AND state != ?",
                (as_json(with_slots), STATE_NO[RowState.WITHDRAWN]),
            )
            self.withdraw(dataset, [no for (no,) in slots], "record deleted")

    def revive(self, dataset: Dataset, slots: Sequence[int]) -> list[str]:
        def pending(slot: Slot) -> Slot:
            return replace(slot, state=RowState.PENDING, lease=None)

        return self._change(dataset, slots, pending, "back again")

    def _change(
        self, dataset: Dataset, nos: Sequence[int], step: Callable[[Slot], Slot], why: str | None
    ) -> list[str]:
        """Change slots by number, some hundred at a time; ids of their records that somebody answered."""
        base = dataset.no << 32
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        reader = self.reader(dataset)
        touched: list[str] = []
        for part in _parts(nos, 500):
            wanted = set(part)
            rids = [
                rid
                for (rid,) in self._raw.execute(
                    "SELECT DISTINCT rid FROM slots WHERE no IN (SELECT value FROM json_each(?))",
                    (as_json(part),),
                )
            ]
            for rid, there in reader.on(rids).items():
                after = [step(slot) if slot.id in wanted else slot for slot in there]
                settler.slots.change(rid & 0xFFFFFFFF, there, after, why)
            touched += self._annotated(dataset, (rid - base for rid in rids))
        settler.finish()
        return list(dict.fromkeys(touched))

    def save(self, dataset: Dataset, changed: Iterable[tuple[Slot, Slot]], why: str | None = None) -> None:
        after = {new.id: new for old, new in changed if old != new}
        if after:
            self._change(dataset, list(after), lambda slot: after[slot.id], why)

    def lease(self, dataset: Dataset, before: Sequence[Slot], leased: Sequence[Slot]) -> None:
        settler = Settler(self._link, dataset, self._book, self._agents, self._publish)
        of_record: dict[str, list[Slot]] = {}
        for slot in before:
            of_record.setdefault(slot.record, []).append(slot)
        after = {slot.id: slot for slot in leased}
        numbers = self.numbers(dataset, {slot.record for slot in leased})
        for id, n in numbers.items():
            there = of_record[id]
            settler.slots.change(n, there, [after.get(slot.id, slot) for slot in there])
        settler.finish()

    # Work

    def candidates(
        self, dataset: Dataset, taker: Taker, *, limit: int, now: int, within: Collection[str] | None = None
    ) -> list[Slot]:
        me = self._agents.find(taker.person.name)
        rids: dict[int, None] = {}
        if me is not None:
            rids.update(dict.fromkeys(self._held_rids(dataset, me)))
            rids.update(dict.fromkeys(islice(self._own(dataset, taker, me, now, within), limit)))
        rids.update(dict.fromkeys(islice(self._open(dataset, taker, me or -1, now, within), limit)))
        return self._offered(dataset, list(rids))

    def refused(self, dataset: Dataset, taker: Taker, *, limit: int) -> list[Slot]:
        rows = self._raw.execute(
            "SELECT DISTINCT rid FROM slots WHERE no IN (SELECT slot FROM (SELECT slot FROM waiting "
            "WHERE dataset = ?1 AND annotator = ?2 LIMIT ?3) UNION ALL SELECT slot FROM (SELECT slot FROM waiting "
            "WHERE dataset = ?1 AND annotator = 0 LIMIT ?3))",
            (dataset.no, self._agents.find(taker.person.name) or -1, limit),
        ).fetchall()
        return self._offered(dataset, [rid for (rid,) in rows])

    def _offered(self, dataset: Dataset, rids: list[int]) -> list[Slot]:
        found = self.reader(dataset).on(rids)
        rows = self._raw.execute(
            f"SELECT no FROM plans WHERE dataset = ? AND state = {_OFFERED}", (dataset.no,)
        )
        offered = {no for (no,) in rows}
        return [slot for slots in found.values() for slot in slots if slot.rule >> 8 in offered or _has(slot)]

    def _held_rids(self, dataset: Dataset, me: int) -> list[int]:
        rows = self._raw.execute(
            "SELECT rid FROM slots WHERE holder = ? AND dataset = ? AND state = 1", (me, dataset.no)
        )
        return [rid for (rid,) in rows]

    def _own(
        self, dataset: Dataset, taker: Taker, me: int, now: int, within: Collection[str] | None
    ) -> Iterator[int]:
        """Records of the slots in line that are planned for somebody and that they may begin with."""
        rows = self._raw.execute(
            "SELECT s.rid, r.id, NULL "
            f"{_IN_LINE} AND (s.plan << 8 | s.rule) NOT IN (SELECT value FROM json_each(?4)) {_ORDER}",
            (dataset.no, me, now, as_json(taker.full)),
        )
        return self._fitting(rows, taker, within)

    def _open(
        self, dataset: Dataset, taker: Taker, me: int, now: int, within: Collection[str] | None
    ) -> Iterator[int]:
        """Records of the open slots in line that somebody may take and is not on already."""
        if not taker.teams - taker.full:
            return iter(())
        rows = self._raw.execute(
            "SELECT s.rid, r.id, s.needs "
            f"{_IN_LINE} AND (s.plan << 8 | s.rule) IN (SELECT value FROM json_each(?4)) "
            "AND NOT EXISTS (SELECT 1 FROM slots o WHERE o.rid = s.rid AND (o.annotator = ?5 OR o.holder = ?5) "
            "AND o.state != 4) "
            "AND NOT EXISTS (SELECT 1 FROM declined d WHERE d.slot = s.no AND d.annotator = ?5) "
            "AND NOT EXISTS (SELECT 1 FROM annotations a WHERE a.rid = s.rid AND a.annotator = ?5 "
            f"AND a.state >= 2) {_ORDER}",
            (dataset.no, OPEN, now, as_json(taker.teams - taker.full), me),
        )
        return self._fitting(rows, taker, within)

    def _fitting(
        self, rows: Iterable[tuple[int, str, str | None]], taker: Taker, within: Collection[str] | None
    ) -> Iterator[int]:
        can: dict[str | None, bool] = {None: True}
        for rid, same in groupby(rows, key=itemgetter(0)):  # the slots of a record stand together
            for _, id, needs in same:
                if needs not in can:
                    can[needs] = taker.person.can(
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

    def expired(self, dataset: Dataset, now: int, limit: int) -> list[Slot]:
        rows = self._raw.execute(
            "SELECT no, rid FROM slots WHERE dataset = ? AND state = 1 AND until <= ? LIMIT ?",
            (dataset.no, now, limit),
        ).fetchall()
        wanted = {no for no, _ in rows}
        found = self.reader(dataset).on([rid for _, rid in rows])
        return [slot for slots in found.values() for slot in slots if slot.id in wanted]

    def counts(self, dataset: Dataset, annotator: str | None = None) -> list[Count]:
        condition = "dataset = ? AND n != 0"
        values: list[int] = [dataset.no]
        if annotator is not None:
            condition += " AND annotator = ?"
            values.append(self._agents.find(annotator) or -1)
        rows = self._raw.execute(
            f"SELECT plan, rule, annotator, state, n FROM slot_counts WHERE {condition}", values
        ).fetchall()
        return [
            Count(plan, rule, None if no == OPEN else self._agents.name(no), ROW_STATES[state], n)
            for plan, rule, no, state, n in rows
        ]

    def left(self, dataset: Dataset, taker: Taker, now: int) -> WorkLeft:
        me = self._agents.find(taker.person.name) or -1
        offered = f"plan IN (SELECT no FROM plans WHERE dataset = ?1 AND state = {_OFFERED})"
        own, free = self._raw.execute(
            f"SELECT coalesce(sum(n) FILTER (WHERE annotator = ?2 AND state < {_BEGUN}), 0), "
            f"coalesce(sum(n) FILTER (WHERE annotator = 0 AND state < {_BEGUN} AND (plan << 8 | rule) IN "
            "(SELECT value FROM json_each(?3))), 0) FROM slot_counts "
            f"WHERE dataset = ?1 AND annotator IN (0, ?2) AND {offered}",
            (dataset.no, me, as_json(taker.teams - taker.full)),
        ).fetchone()
        (open_held,) = self._raw.execute(
            f"SELECT count(*) FROM slots WHERE holder = ?2 AND dataset = ?1 AND state = 1 AND annotator = 0 "
            f"AND {offered}",
            (dataset.no, me),
        ).fetchone()
        if free:
            some = sum(1 for _ in islice(self._open(dataset, taker, me, now, None), COUNTED))
            free = some if some < COUNTED else max(some, free - open_held)
        return WorkLeft(own + open_held, free)

    def datasets_with_work(self, annotator: str) -> list[int]:
        me = self._agents.find(annotator) or -1
        rows = self._raw.execute(
            "SELECT DISTINCT dataset FROM slot_counts WHERE annotator IN (0, ?) AND n > 0", (me,)
        )
        return sorted(no for (no,) in rows)

    def last_active(self, dataset: Dataset) -> dict[str, tuple[int, float, int]]:
        base = dataset.no << 32
        rows = self._raw.execute(
            "SELECT annotator, max(updated), coalesce(sum(seconds), 0), sum(state = 1) FROM annotations "
            "WHERE rid >= ? AND rid < ? GROUP BY annotator",
            (base, base + (1 << 32)),
        ).fetchall()
        return {self._agents.name(no): (at, spent, drafts) for no, at, spent, drafts in rows}


def _needs(dealing: Dealing, rule: int, id: str) -> str | None:
    found = dealing.needs.get((rule, id))
    return None if found is None else msgspec.json.encode(found).decode()


def _live(slot: Slot) -> bool:
    return slot.state not in (RowState.WITHDRAWN, RowState.SKIPPED)


def _has(slot: Slot) -> bool:
    return slot.state not in (RowState.PENDING, RowState.LEASED)


def _parts(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _show_teams(teams: Sequence[Sequence[Person]]) -> list[list[dict[str, Any]]]:
    return [
        [
            {
                "name": person.name,
                "weight": person.weight,
                "cap": person.cap,
                "skills": {skill: list(values) for skill, values in person.skills.items()},
                "active": person.active,
            }
            for person in team
        ]
        for team in teams
    ]


def _read_teams(found: list[list[dict[str, Any]]]) -> tuple[tuple[Person, ...], ...]:
    return tuple(
        tuple(
            Person(
                each["name"],
                each["weight"],
                each["cap"],
                {skill: tuple(values) for skill, values in each["skills"].items()},
                each["active"],
            )
            for each in team
        )
        for team in found
    )


def _plan(row: SqlRow[Any]) -> StoredPlan:
    found = row._mapping
    return StoredPlan(
        found["no"],
        found["id"],
        PlanPhase(found["state"]),
        read_plan(found["spec"]),
        _read_teams(found["teams"]),
        found["figures"],
        found["created_by"],
        found["created_at"],
        found["changed_at"],
    )
