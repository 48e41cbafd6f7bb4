"""Store of plans: add, change, read and delete them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy import Row as SqlRow

from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.assignment.spec import PlanSpec, show_plan
from apportion.domain.assignment.state import PlanState, read_state, show_state
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset
from apportion.domain.policies import Policies
from apportion.ports.assignments import ExtensionInProgress, PlanPhase, StoredPlan
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cases.case_writer import CaseWriter
from apportion.storage.sql.cases.slots import Light, SlotReader
from apportion.storage.sql.connection import RawConnection, SqlConnection
from apportion.storage.sql.index.cache_delta import CacheDelta
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.rows import as_json
from apportion.storage.tables import plans

__all__ = ["OFFERED", "PlanStore", "batches_of"]

OFFERED = f"'{PlanPhase.LIVE}'"
_PLAN = select(*(column for column in plans.c if column.name != "progress"))
_PLANS_KEPT = 100
_EXTENDING = "extending"
"""The key in a plan's figures, while an extension is being written, of what the plan was before."""


class PlanStore:
    """The plans of all datasets, within one transaction."""

    def __init__(
        self,
        connection: SqlConnection,
        *,
        registry: TermRegistry,
        agents: Agents,
        publish: Callable[[CacheDelta], None],
        shelf: dict[int, StoredPlan],
        numbering: dict[str, int],
    ) -> None:
        """``shelf`` caches plans between transactions, by number; ``numbering`` has the next number to assign."""
        self._connection = connection
        self._raw: RawConnection = connection.raw
        self._sql: Connection = connection.sql
        self._registry = registry
        self._agents = agents
        self._publish = publish
        self._plans: dict[int, StoredPlan] = {}
        self._listed: dict[int, tuple[int, list[StoredPlan]]] = {}
        """Plans by dataset, and how many rows this connection had changed when they were read."""
        self._reasons: dict[tuple[int, int], list[Any]] = {}
        self._plan_cache = shelf
        self._next_numbers = numbering

    def reader(self, dataset: Dataset) -> SlotReader:
        """Return a reader of the slots of a dataset."""
        return SlotReader(self._raw, self._agents, self._plan_of, Policies.of(dataset.policies).skip)

    # Plans

    def plans(self, dataset: Dataset) -> list[StoredPlan]:
        changed = self._raw.total_changes  # only this transaction can change what it sees
        listed = self._listed.get(dataset.no)
        if listed is None or listed[0] != changed:
            rows = self._raw.execute(
                "SELECT no, changed_at, state FROM plans WHERE dataset = ? ORDER BY no", (dataset.no,)
            ).fetchall()
            listed = self._listed[dataset.no] = changed, [self._known(*row) for row in rows]
        return list(listed[1])

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
        """Return a plan, read again only when it has changed: decoding a large team takes a while."""
        known = self._plan_cache.get(no)
        if known is None or known.changed_at != changed_at or str(known.phase) != state:
            row = self._sql.execute(_PLAN.where(plans.c.no == no)).one()
            known = self._plan_cache[no] = _plan(row)
            while len(self._plan_cache) > _PLANS_KEPT:
                self._plan_cache.pop(next(iter(self._plan_cache)))
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
            kept = {} if plan.extending is None else {_EXTENDING: _show_extending(plan.extending)}
            values["figures"] = {**figures, **kept}
        return self._update(plan, values)

    def _update(self, plan: StoredPlan, values: dict[str, Any]) -> StoredPlan:
        # No two states of a plan have the same time of change: the cache of plans recognises them by it
        values["changed_at"] = func.max(plans.c.changed_at + 1, values["changed_at"])
        row = self._sql.execute(
            update(plans).where(plans.c.no == plan.no).values(**values).returning(*_PLAN.selected_columns)
        ).one()
        self._plans.pop(plan.no, None)
        return _plan(row)

    def begin_extending(self, plan: StoredPlan, extending: ExtensionInProgress) -> StoredPlan:
        return self._refigure(plan, {**plan.figures, _EXTENDING: _show_extending(extending)})

    def end_extending(self, plan: StoredPlan) -> StoredPlan:
        figures = self._sql.execute(select(plans.c.figures).where(plans.c.no == plan.no)).scalar_one()
        figures.pop(_EXTENDING, None)
        return self._refigure(plan, figures)

    def _refigure(self, plan: StoredPlan, figures: Mapping[str, Any], **more: Any) -> StoredPlan:
        return self._update(plan, {"figures": dict(figures), "changed_at": plan.changed_at, **more})

    def delete_extension_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        extending = plan.extending
        assert extending is not None
        rows = self._raw.execute(
            "SELECT no, rule, annotator FROM slots WHERE no >= ? AND no < ? AND state = 0 LIMIT ?",
            (extending.first, extending.stop, limit),
        ).fetchall()
        if rows:
            touched = self._forget_slots(dataset, [no for no, _, _ in rows])
            gone = Counter((rule, annotator) for _, rule, annotator in rows)
            self._raw.executemany(
                "UPDATE slot_counts SET n = n - ? WHERE dataset = ? AND plan = ? AND rule = ? AND annotator = ? "
                "AND state = 0",
                [(n, dataset.no, plan.no, rule, annotator) for (rule, annotator), n in gone.items()],
            )
            return touched
        self._refigure(plan, extending.figures, progress=show_state(extending.state))
        return None

    def delete_plan_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        rows = self._raw.execute(  # the last to be written are found first
            "SELECT no FROM slots WHERE plan = ? ORDER BY no DESC LIMIT ?", (plan.no, limit)
        ).fetchall()
        if rows:
            return self._forget_slots(dataset, [no for (no,) in rows])
        for table in ("reasons", "slot_counts"):
            self._raw.execute(f"DELETE FROM {table} WHERE plan = ?", (plan.no,))
        self._raw.execute("DELETE FROM plans WHERE no = ?", (plan.no,))
        self._plans.pop(plan.no, None)
        self._plan_cache.pop(plan.no, None)
        return None

    def _forget_slots(self, dataset: Dataset, nos: Sequence[int]) -> list[str]:
        """Remove slots that were being written; some of their terms may not have been written yet."""
        json, gone = as_json(nos), set(nos)
        writer = CaseWriter(self._connection, dataset, self._registry, self._agents, self._publish)
        terms = writer.slots.terms
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
            for term_id in terms.of(light for _, light in each) - kept:
                lost.setdefault(term_id, []).append(rid & 0xFFFFFFFF)
        for term_id, ns in lost.items():
            writer.counted.take_from_many(term_id, ns)
        writer.finish()
        # First, because the slots have the key of their rows in ``waiting``
        self._raw.execute(
            "DELETE FROM waiting WHERE (dataset, annotator, behind, due, priority, slot) IN (SELECT dataset, "
            "annotator, behind, due, priority, no FROM slots WHERE no IN (SELECT value FROM json_each(?)))",
            (json,),
        )
        self._raw.execute("DELETE FROM slots WHERE no IN (SELECT value FROM json_each(?))", (json,))
        return self._annotated(dataset, [rid & 0xFFFFFFFF for rid in there])

    def unfinished(self) -> list[tuple[int, StoredPlan]]:
        half = plans.c.state.in_([str(PlanPhase.WRITING), str(PlanPhase.UNDOING)])
        rows = self._sql.execute(
            select(plans).where(half | plans.c.figures[_EXTENDING].as_string().is_not(None))
        )
        return [(row._mapping["dataset"], _plan(row)) for row in rows]

    # Records that slots are about

    def _among(self, table: str, rids: Sequence[int]) -> list[int]:
        """Return those of the records that have rows in a table."""
        # Most tables have no row near these records, which this look-up finds out at once
        span = f"SELECT 1 FROM {table} WHERE rid BETWEEN ? AND ? LIMIT 1"
        if not rids or self._raw.execute(span, (min(rids), max(rids))).fetchone() is None:
            return []
        # CROSS JOIN: look up the wanted records in the table, never the other way round. The list is one parameter,
        # as SQLite limits how many a statement may have
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


def _show_extending(extending: ExtensionInProgress) -> dict[str, Any]:
    slots, state = [extending.first, extending.stop], show_state(extending.state)
    return {"slots": slots, "figures": dict(extending.figures), "state": state}


def _read_extending(found: Mapping[str, Any] | None) -> ExtensionInProgress | None:
    if found is None:
        return None
    first, stop = found["slots"]
    return ExtensionInProgress(first, stop, found["figures"], read_state(found["state"]))


def _plan(row: SqlRow[Any]) -> StoredPlan:
    found = row._mapping
    figures = dict(found["figures"])
    extending = _read_extending(figures.pop(_EXTENDING, None))
    return StoredPlan(
        found["no"],
        found["id"],
        PlanPhase(found["state"]),
        read_plan(found["spec"]),
        _read_teams(found["teams"]),
        figures,
        found["created_by"],
        found["created_at"],
        found["changed_at"],
        extending,
    )


def batches_of(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
