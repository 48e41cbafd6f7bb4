"""Asynchronous client methods for plans, progress and the caller's own queue."""

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

__all__ = ["AsyncSharing"]

T = TypeVar("T")


class AsyncSharing:
    """Methods of an asynchronous client for plans, progress and queues."""

    _connection: Connection

    async def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    # Plans

    async def assign(self, name: str, **options: Unpack[PlanOptions]) -> Plan:
        """Assign the records of a dataset, or preview the plan with ``dry_run=True``; see ``rg.assign``."""
        return await self._run(_plans.assign(self._connection, None, name, options))

    async def plans(self, name: str, workspace: str | None = None) -> list[Plan]:
        """Return the plans of a dataset, oldest first."""
        return await self._run(_plans.list_plans(self._connection, None, name, workspace))

    async def plan(self, name: str, id: str, workspace: str | None = None) -> Plan:
        """Return one plan with its progress. Raises ``NotFoundApiError``."""
        return await self._run(_plans.find_plan(self._connection, None, name, id, workspace))

    async def apply_plan(self, plan: Plan) -> Plan:
        """Apply a previewed plan; see ``Plan.apply``."""
        return await self._run(_plans.apply_plan(self._connection, plan))

    async def refresh_plan(self, plan: Plan) -> Plan:
        """Return the plan as it is now."""
        id = plan.id or "preview"
        return await self._run(_plans.find_plan(self._connection, None, plan.dataset, id, plan.workspace))

    async def plan_rows(
        self, plan: Plan, *, annotator: str | None = None, state: str | None = None, limit: int | None = None
    ) -> list[PlanRow]:
        """Return the slots of a plan; see ``Plan.rows``."""
        return await self._run(_plans.plan_rows(self._connection, plan, annotator, state, limit))

    async def change_plan(
        self, plan: Plan, what: str, *, dry_run: bool = False, **options: Any
    ) -> PlanChange:
        """Change a plan: ``what`` is ``extend``, ``rebalance``, ``move``, ``withdraw`` or ``undo``; see ``Plan``."""
        return await self._run(_plans.change_plan(self._connection, plan, what, dry_run, options))

    # Progress and explanations

    async def progress(self, name: str, workspace: str | None = None) -> TeamProgress:
        """Return the progress of a dataset, by person; see ``rg.progress``."""
        return await self._run(_work.progress(self._connection, name, workspace))

    async def hours(
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
        return await self._run(_work.hours(self._connection, name, workspace, asked))

    async def my_work(self) -> list[WorkItem]:
        """Return the caller's work in all datasets, most left first."""
        return await self._run(_work.my_work(self._connection))

    async def explain(
        self, name: str, record: str | int, annotator: str | None = None, workspace: str | None = None
    ) -> Explanation:
        """Explain why a person has a record or does not; see ``rg.explain``."""
        return await self._run(_work.explain(self._connection, name, record, annotator, workspace))

    async def events(self, name: str, limit: int | None = 50, workspace: str | None = None) -> list[Event]:
        """Return the events of a dataset, newest first; see ``rg.events``."""
        return await self._run(_work.events(self._connection, name, limit, workspace))

    async def audit(self, limit: int | None = 50, **options: Unpack[AuditOptions]) -> list[AuditEvent]:
        """Return audit events of the server or of your workspaces, newest first; see ``rg.audit``."""
        return await self._run(_audit.audit(self._connection, limit, options))

    # Policies and guidelines

    async def policies(self, name: str, workspace: str | None = None) -> Policies:
        """Return the policies of a dataset."""
        return await self._run(_work.find_policies(self._connection, name, workspace))

    async def set_policies(
        self, name: str, workspace: str | None = None, **changes: Unpack[PolicyChanges]
    ) -> Policies:
        """Change policies, and keep those that are not named; see ``rg.set_policies``."""
        return await self._run(_work.change_policies(self._connection, name, workspace, changes))

    async def guidelines(
        self, name: str, version: int | None = None, workspace: str | None = None
    ) -> Guidelines:
        """Return the guidelines for annotators: the latest version, or an earlier one."""
        return await self._run(_work.find_guidelines(self._connection, name, version, workspace))

    async def set_guidelines(
        self, name: str, text: str, version: int | None = None, workspace: str | None = None
    ) -> Guidelines:
        """Write new guidelines; see ``rg.set_guidelines``."""
        return await self._run(_work.write_guidelines(self._connection, name, text, version, workspace))

    async def gather(
        self,
        name: str,
        workspaces: Sequence[str],
        into: str | None = None,
        workspace: str | None = None,
        dry_run: bool = False,
    ) -> Gathered:
        """Merge copies by record id; see ``rg.gather``."""
        return await self._run(
            _work.gather(self._connection, name, workspaces, into or name, workspace, dry_run)
        )

    # The caller's records

    async def next_records(
        self,
        name: str,
        limit: int = 5,
        where: str | None = None,
        look: bool = False,
        workspace: str | None = None,
    ) -> MyQueue:
        """Claim the caller's next records; see ``rg.next_records``."""
        return await self._run(
            _queue.next_records(self._connection, None, name, limit, where, look, workspace)
        )

    async def submit(
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
        return await self._run(
            _queue.submit(
                self._connection, name, record, annotation, state, version, seconds, token, workspace
            )
        )

    async def skip(
        self,
        name: str,
        record: str | int,
        reason: str | None = None,
        *,
        token: str | None = None,
        workspace: str | None = None,
    ) -> Skipped:
        """Skip a record; see ``rg.skip``."""
        return await self._run(_queue.skip(self._connection, name, record, reason, token, workspace))

    async def release(
        self, name: str, items: Sequence[QueueItem] | None = None, workspace: str | None = None
    ) -> list[str]:
        """Release claimed records, by default all of the caller's; return the ids that are free again."""
        return await self._run(_queue.release(self._connection, name, items, workspace))
