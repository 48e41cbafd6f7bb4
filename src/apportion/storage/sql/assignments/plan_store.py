"""Store of plans: add, change, read and delete them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Text, case, cast, insert, select, update
from sqlalchemy import Row as SqlRow

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import PlanSpec, show_plan
from apportion.domain.assignment.state import PlanState, read_state, show_state
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset
from apportion.domain.policies import Policies
from apportion.ports.plans import ExtensionInProgress, PlanPhase, StoredPlan
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.cases.case_writer import CaseWriter, StoredCases
from apportion.storage.sql.cases.slots import Light, SlotReader
from apportion.storage.sql.codec.rule_keys import rule_keys
from apportion.storage.sql.connection import RawConnection, SqlConnection, owner_of
from apportion.storage.sql.datasets import PlanListing
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.tables import plans

from .person_counts import CountRow, counts_of_person

__all__ = ["PlanStore", "batches_of"]

# Without ``progress``: only what goes on with a plan needs it, and reads it by ``state_of``
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
        plan_cache: dict[int, StoredPlan],
        listed: dict[int, list[PlanListing]] | None = None,
    ) -> None:
        """``plan_cache`` caches plans between transactions, by number.

        ``listed`` has the plans of datasets that this transaction has read already.
        """
        self._connection = connection
        self._raw: RawConnection = connection.raw
        self._sql: Connection = connection.sql
        self._registry = registry
        self._agents = agents
        self._publish = publish
        self._plans: dict[int, StoredPlan] = {}
        self._listed = {} if listed is None else listed
        self._last_list: tuple[list[PlanListing], list[StoredPlan]] = ([], [])
        """The plans of the dataset that was asked for last, and what they were listed as."""
        self._reasons: dict[tuple[int, int], list[Any]] = {}
        self._counts_read: tuple[int, int, int, list[CountRow]] = (0, 0, 0, [])
        """The counters read last: of which dataset and person, and how many rows had been changed then."""
        self._slots_read: tuple[int, dict[int, list[Slot]]] = (0, {})
        """The last slots read, by record, and how many rows this connection had changed then."""
        self._plan_cache = plan_cache

    def reader(self, dataset: Dataset) -> SlotReader:
        """Return a reader of the slots of a dataset."""

        def plan_of(no: int) -> StoredPlan:
            if no not in self._plans:
                self.plans(dataset)  # one statement for all of them
            return self._plan_of(no)

        return SlotReader(self._raw, self._agents, plan_of, Policies.of(dataset.policies).skip)

    def _slots_on(self, dataset: Dataset, rids: Sequence[int]) -> dict[int, list[Slot]]:
        """Return all slots of these records, and keep them for whoever changes some of them next."""
        found = self.reader(dataset).on(rids)
        self._slots_read = self._raw.total_changes, found
        return found

    # Plans

    def plans(self, dataset: Dataset) -> list[StoredPlan]:
        listed = self._listed.get(dataset.no)
        if listed is None:
            listed = self._listed[dataset.no] = self._raw.execute(
                "SELECT no, changed_at, state FROM plans WHERE dataset = ? ORDER BY no", (dataset.no,)
            ).fetchall()
        last = self._last_list
        # By identity: after a change ``_listed`` is empty, and the next list is another object
        if last[0] is not listed:
            last = self._last_list = listed, [self._known(*row) for row in listed]
        return list(last[1])

    def plan(self, dataset: Dataset, id: str) -> StoredPlan | None:
        row = self._raw.execute(
            "SELECT no, changed_at, state FROM plans WHERE dataset = ? AND id = ?", (dataset.no, id)
        ).fetchone()
        return None if row is None else self._known(*row)

    def _plan_of(self, no: int) -> StoredPlan:
        known = self._plans.get(no)
        if known is None:
            row = self._raw.execute("SELECT no, changed_at, state FROM plans WHERE no = ?", (no,)).fetchone()
            known = self._known(*row)
        return known

    def _offered_plans(self, dataset: Dataset) -> set[int]:
        """Return the numbers of the plans whose slots the queue offers."""
        return {plan.no for plan in self.plans(dataset) if plan.phase is PlanPhase.LIVE}

    def _half_written(self, dataset: Dataset) -> bool:
        """Return True if a plan is being written or extended: terms of its later slots are not written yet."""
        plans = self.plans(dataset)
        return any(plan.phase is PlanPhase.WRITING or plan.extending is not None for plan in plans)

    def rules(self, dataset: Dataset) -> list[RuleId]:
        """Return every rule of a dataset's plans."""
        plans = self.plans(dataset)
        return [RuleId(plan.no, rule) for plan in plans for rule in range(len(plan.spec.rules))]

    def has_caps(self, dataset: Dataset) -> bool:
        """Return True if some plan limits how many slots somebody may have."""
        return any(
            person.cap is not None for plan in self.plans(dataset) for team in plan.teams for person in team
        )

    def _counts_of(self, dataset: Dataset, me: int) -> list[CountRow]:
        """Return a person's counters and leases: whoever asks for the one asks for the other next."""
        self._raw.locks.person(dataset.no, me)
        *of, found = self._counts_read
        if of != [dataset.no, me, self._raw.total_changes]:
            sql = self._raw.dialect
            found = self._raw.execute(
                counts_of_person(sql, "?1", "?2", "?3"), (dataset.no, me, rule_keys(sql, self.rules(dataset)))
            ).fetchall()
            self.keep_counts(dataset, me, found)
        return found

    def keep_counts(self, dataset: Dataset, me: int, rows: list[CountRow]) -> None:
        """Keep a person's counters and leases, as just read, for whoever asks for them next."""
        self._counts_read = (dataset.no, me, self._raw.total_changes, rows)

    def mirrors(self, dataset: Dataset) -> frozenset[str]:
        """Return the metadata fields under which plans show the assignees of a record."""
        shown = (PlanPhase.LIVE, PlanPhase.UNDOING)
        keys = {plan.spec.mirror for plan in self.plans(dataset) if plan.phase in shown}
        return frozenset(f"metadata.{key}" for key in keys if key is not None)

    def writer(self, dataset: Dataset, stored: StoredCases | None = None) -> CaseWriter:
        """Return a writer of changes to single records of a dataset."""
        return CaseWriter(
            self._connection,
            dataset,
            self._registry,
            self._agents,
            self._publish,
            half_written=lambda: self._half_written(dataset),
            stored=stored,
        )

    def _known(self, no: int, changed_at: int, state: str) -> StoredPlan:
        """Return a plan, read again only when it has changed: decoding a large team takes a while."""
        known = self._plans.get(no) or self._plan_cache.get(no)
        if known is None or known.changed_at != changed_at or known.phase != state:
            known = _plan(self._sql.execute(_PLAN.where(plans.c.no == no)).one())
            self._remember(known)
        self._plans[no] = known
        return known

    def _remember(self, plan: StoredPlan) -> None:
        """Cache a plan once it is committed: another change after a rollback may have the same time."""

        def remember() -> None:
            self._plan_cache[plan.no] = plan
            while len(self._plan_cache) > _PLANS_KEPT:
                self._plan_cache.pop(next(iter(self._plan_cache)), None)

        if self._connection.reads_only:
            remember()
        else:
            self._connection.after.append(remember)

    def _changed(self, no: int) -> None:
        self._plans.pop(no, None)
        self._listed.clear()

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
        self._raw.locks.alone(dataset.no)
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
                owner=owner_of(self._connection),
            )
            .returning(*_PLAN.selected_columns)
        ).one()
        self._listed.clear()
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
            if phase is PlanPhase.UNDOING:
                values["owner"] = owner_of(self._connection)
        if spec is not None:
            values["spec"] = show_plan(spec)
        if teams is not None:
            values["teams"] = _show_teams(teams)
        if state is not None:
            values["progress"] = show_state(state)
        if figures is not None:
            # Figures of a change must not lose the mark by which an extension is undone after a stop
            kept = {} if plan.extending is None else {_EXTENDING: _show_extending(plan.extending)}
            values["figures"] = {**figures, **kept}
        return self._update(plan, values)

    def _update(self, plan: StoredPlan, values: dict[str, Any]) -> StoredPlan:
        # No two states of a plan have the same time of change: the cache of plans recognises them by it
        later, at = plans.c.changed_at + 1, values["changed_at"]
        values["changed_at"] = case((later > at, later), else_=at)
        row = self._sql.execute(
            update(plans).where(plans.c.no == plan.no).values(**values).returning(*_PLAN.selected_columns)
        ).one()
        self._changed(plan.no)
        return _plan(row)

    def begin_extending(self, plan: StoredPlan, extending: ExtensionInProgress) -> StoredPlan:
        figures = {**plan.figures, _EXTENDING: _show_extending(extending)}
        return self._refigure(plan, figures, owner=owner_of(self._connection))

    def end_extending(self, plan: StoredPlan) -> StoredPlan:
        figures = self._sql.execute(select(plans.c.figures).where(plans.c.no == plan.no)).scalar_one()
        figures.pop(_EXTENDING, None)
        return self._refigure(plan, figures)

    def _refigure(self, plan: StoredPlan, figures: Mapping[str, Any], **more: Any) -> StoredPlan:
        # ``_update`` makes it later, so that caches take it for another state
        return self._update(plan, {"figures": dict(figures), "changed_at": plan.changed_at, **more})

    def delete_extension_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        extending = plan.extending
        assert extending is not None
        rows = self._raw.execute(
            "SELECT no, rule, annotator FROM slots WHERE no >= ? AND no < ? AND state = 0 LIMIT ?",
            # What somebody began meanwhile is not pending any more, and stays
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
        # Only once all of its slots are gone: a stop before that finds the mark and goes on here
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
        # Last: a stop before this finds the plan again, and goes on
        self._raw.execute("DELETE FROM plans WHERE no = ?", (plan.no,))
        self._changed(plan.no)
        return None

    def _forget_slots(self, dataset: Dataset, nos: Sequence[int]) -> list[str]:
        """Remove slots that were being written; some of their terms may not have been written yet."""
        sql, gone = self._raw.dialect, set(nos)
        listed, among = sql.numbers(nos), sql.in_numbers("no")
        writer = self.writer(dataset)
        terms = writer.slots.terms
        there: dict[int, list[tuple[int, Light]]] = {}
        for no, rid, *light in self._raw.execute(
            "SELECT no, rid, annotator, state, holder FROM slots WHERE rid IN "
            f"(SELECT rid FROM slots WHERE {among})",
            (listed,),
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
            f"annotator, behind, due, priority, no FROM slots WHERE {among})",
            (listed,),
        )
        self._raw.execute(f"DELETE FROM slots WHERE {among}", (listed,))
        return self._annotated(dataset, [rid & 0xFFFFFFFF for rid in there])

    def unfinished(self, alive: Callable[[int], bool]) -> list[tuple[int, StoredPlan]]:
        half = plans.c.state.in_([str(PlanPhase.WRITING), str(PlanPhase.UNDOING)])
        # Looked for in the text, since databases differ in how they look into JSON
        maybe = cast(plans.c.figures, Text).contains(f'"{_EXTENDING}"')
        rows = self._sql.execute(select(plans).where(half | maybe))
        # Plans from before there were owners have none, and 0 is no server
        found = [
            (row._mapping["dataset"], _plan(row)) for row in rows if not alive(row._mapping["owner"] or 0)
        ]
        return [
            (no, plan)
            for no, plan in found
            # The text may have held the word by chance
            if plan.phase in (PlanPhase.WRITING, PlanPhase.UNDOING) or plan.extending is not None
        ]

    # Records that slots are about

    def _among(self, table: str, rids: Sequence[int]) -> list[int]:
        """Return those of the records that have rows in a table."""
        # Most tables have no row near these records, which this look-up finds out at once
        span = f"SELECT 1 FROM {table} WHERE rid BETWEEN ? AND ? LIMIT 1"
        if not rids or self._raw.execute(span, (min(rids), max(rids))).fetchone() is None:
            return []
        sql = self._raw.dialect
        # Look up the wanted records in the table, never the other way round
        rows = self._raw.execute(
            f"SELECT DISTINCT t.rid FROM {sql.listed_numbers('wanted')} {sql.then_join} {table} t "
            "ON t.rid = wanted.value",
            (sql.numbers(rids),),
        )
        return [rid for (rid,) in rows]

    def _annotated(self, dataset: Dataset, ns: Iterable[int]) -> list[str]:
        rids = [dataset.no << 32 | n for n in ns]
        found = {*self._among("annotations", rids), *self._among("gold", rids)}
        return self._ids(found)

    def _ids(self, rids: Iterable[int]) -> list[str]:
        sql = self._raw.dialect
        rows = self._raw.execute(
            f"SELECT id FROM records WHERE {sql.in_numbers('rid')} ORDER BY rid", (sql.numbers(rids),)
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
