"""Client methods for plans, progress and the caller's own queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from typing_extensions import Unpack

from . import _audit, _plans, _queue, _work
from ._audit import AuditEvent, AuditOptions
from ._connection import Connection
from ._http import Steps
from ._plans import PlanOptions
from .hours import HoursReport, Period, ask_for
from .plans import Plan, PlanChange, PlanRow
from .queue import Answered, MyQueue, QueueItem, Skipped, State
from .work import (
    Event,
    Explanation,
    Gathered,
    Guidelines,
    Policies,
    PolicyChanges,
    TeamProgress,
    WorkItem,
)

__all__ = ["Sharing"]

T = TypeVar("T")


class Sharing:
    """Methods of a client for plans, progress and queues."""

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    # Plans

    def assign(self, name: str, **options: Unpack[PlanOptions]) -> Plan:
        """Assign the records of a dataset, or preview the plan with ``dry_run=True``; see ``rg.assign``."""
        return self._run(_plans.assign(self._connection, self, name, options))

    def plans(self, name: str, workspace: str | None = None) -> list[Plan]:
        """Return the plans of a dataset, oldest first."""
        return self._run(_plans.list_plans(self._connection, self, name, workspace))

    def plan(self, name: str, id: str, workspace: str | None = None) -> Plan:
        """Return one plan with its progress. Raises ``NotFoundApiError``."""
        return self._run(_plans.find_plan(self._connection, self, name, id, workspace))

    def apply_plan(self, plan: Plan) -> Plan:
        """Apply a previewed plan; see ``Plan.apply``."""
        return self._run(_plans.apply_plan(self._connection, plan))

    def refresh_plan(self, plan: Plan) -> Plan:
        """Return the plan as it is now."""
        id = plan.id or "preview"
        return self._run(_plans.find_plan(self._connection, self, plan.dataset, id, plan.workspace))

    def plan_rows(
        self, plan: Plan, *, annotator: str | None = None, state: str | None = None, limit: int | None = None
    ) -> list[PlanRow]:
        """Return the slots of a plan; see ``Plan.rows``."""
        return self._run(_plans.plan_rows(self._connection, plan, annotator, state, limit))

    def change_plan(self, plan: Plan, what: str, *, dry_run: bool = False, **options: Any) -> PlanChange:
        """Change a plan: ``what`` is ``extend``, ``rebalance``, ``move``, ``withdraw`` or ``undo``; see ``Plan``."""
        return self._run(_plans.change_plan(self._connection, plan, what, dry_run, options))

    # Progress and explanations

    def progress(self, name: str, workspace: str | None = None) -> TeamProgress:
        """Return the progress of a dataset, by person; see ``rg.progress``."""
        return self._run(_work.progress(self._connection, name, workspace))

    def hours(
        self,
        name: str | None = None,
        workspace: str | None = None,
        *,
        first: str | date | None = None,
        last: str | date | None = None,
        by: Period = "day",
        timezone: str | None = None,
    ) -> HoursReport:
        """Return the hours spent on a dataset, or on each dataset of a workspace; see ``rg.hours``."""
        asked = ask_for(first, last, by, timezone)
        return self._run(_work.hours(self._connection, name, workspace, asked))

    def my_work(self) -> list[WorkItem]:
        """Return the caller's work in all datasets, most left first."""
        return self._run(_work.my_work(self._connection))

    def explain(
        self, name: str, record: str | int, annotator: str | None = None, workspace: str | None = None
    ) -> Explanation:
        """Explain why a person has a record or does not; see ``rg.explain``."""
        return self._run(_work.explain(self._connection, name, record, annotator, workspace))

    def events(self, name: str, limit: int | None = 50, workspace: str | None = None) -> list[Event]:
        """Return the events of a dataset, newest first; see ``rg.events``."""
        return self._run(_work.events(self._connection, name, limit, workspace))

    def audit(self, limit: int | None = 50, **options: Unpack[AuditOptions]) -> list[AuditEvent]:
        """Return audit events of the server or of your workspaces, newest first; see ``rg.audit``."""
        return self._run(_audit.audit(self._connection, limit, options))

    # Policies and guidelines

    def policies(self, name: str, workspace: str | None = None) -> Policies:
        """Return the policies of a dataset."""
        return self._run(_work.find_policies(self._connection, name, workspace))

    def set_policies(
        self, name: str, workspace: str | None = None, **changes: Unpack[PolicyChanges]
    ) -> Policies:
        """Change policies, and keep those that are not named; see ``rg.set_policies``."""
        return self._run(_work.change_policies(self._connection, name, workspace, changes))

    def guidelines(self, name: str, version: int | None = None, workspace: str | None = None) -> Guidelines:
        """Return the guidelines for annotators: the latest version, or an earlier one."""
        return self._run(_work.find_guidelines(self._connection, name, version, workspace))

    def set_guidelines(
        self, name: str, text: str, version: int | None = None, workspace: str | None = None
    ) -> Guidelines:
        """Write new guidelines; see ``rg.set_guidelines``."""
        return self._run(_work.write_guidelines(self._connection, name, text, version, workspace))

    def gather(
        self,
        name: str,
        workspaces: Sequence[str],
        into: str | None = None,
        workspace: str | None = None,
        dry_run: bool = False,
    ) -> Gathered:
        """Merge copies by record id; see ``rg.gather``."""
        return self._run(_work.gather(self._connection, name, workspaces, into or name, workspace, dry_run))

    # The caller's records

    def next_records(
        self,
        name: str,
        limit: int = 5,
        where: str | None = None,
        look: bool = False,
        workspace: str | None = None,
    ) -> MyQueue:
        """Claim the caller's next records; see ``rg.next_records``."""
        return self._run(_queue.next_records(self._connection, self, name, limit, where, look, workspace))

    def submit(
        self,
        name: str,
        record: str | int,
        annotation: Any = None,
        *,
        state: State = "submitted",
        version: int | None = None,
        seconds: float | None = None,
        token: str | None = None,
        workspace: str | None = None,
    ) -> Answered:
        """Submit an answer to a record; see ``rg.submit``."""
        return self._run(
            _queue.submit(
                self._connection, name, record, annotation, state, version, seconds, token, workspace
            )
        )

    def skip(
        self,
        name: str,
        record: str | int,
        reason: str | None = None,
        *,
        token: str | None = None,
        workspace: str | None = None,
    ) -> Skipped:
        """Skip a record; see ``rg.skip``."""
        return self._run(_queue.skip(self._connection, name, record, reason, token, workspace))

    def release(
        self, name: str, items: Sequence[QueueItem] | None = None, workspace: str | None = None
    ) -> list[str]:
        """Release claimed records, by default all of the caller's; return the ids that are free again."""
        return self._run(_queue.release(self._connection, name, items, workspace))
