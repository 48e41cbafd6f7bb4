"""Assignment plans: preview, apply, list, change, explain.

Planning needs numpy, a quarter of an idle server's memory, so it is imported when somebody plans.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Query

from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.assignment.refusals import NothingToAssignError, PlanMovedError
from apportion.domain.assignment.spec import MAX_SEED, PlanSpec
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import (
    ConflictError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    RecordNotFound,
)
from apportion.domain.permissions import Action, require
from apportion.domain.times import end_in, utc_iso
from apportion.ports.plans import StoredPlan
from apportion.server.bodies import JsonRoute
from apportion.server.convert.assignments import plan_json, row_out
from apportion.server.deps import KEYED, Context, Ctx
from apportion.server.errors import responses
from apportion.server.late_imports import imported
from apportion.server.wire_routes import Reply, json_reply
from apportion.services.datasets.access import open_dataset
from apportion.services.insight.progress import finish_dates
from apportion.wire.assignments import (
    Explanation,
    ExtendIn,
    MoveIn,
    PlanChangeOut,
    PlanOut,
    PlanPreview,
    PlansOut,
    RebalanceIn,
    RowsOut,
    WithdrawIn,
)

if TYPE_CHECKING:
    from apportion.ports.store import Transaction
    from apportion.services.assignments.apply_change import ApplyPlanChange, UndoPlan
    from apportion.services.assignments.compute_plan import ComputedPlan

__all__ = ["router"]

router = APIRouter(tags=["Assignments"], route_class=JsonRoute)
_PLANS = "/api/datasets/{name}/assignments"
_PLAN = _PLANS + "/{plan}"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)
_PLANNING = {**_REFUSALS, **responses(NothingToAssignError, InvalidTextSearchError, PlanMovedError)}
_CHANGES = {**_REFUSALS, **responses(ConflictError)}
_TRIES = 3
_EXAMPLE = {
    "rules": [{"users": ["ana", "ben", "cy"], "overlap": {"annotators": 2, "share": 0.2}}],
    "blind": True,
    "seed": 7,
}
PlanBody = Annotated[
    dict[str, Any],
    Body(description="The plan: rules, seed, blind, visibility, standing, adaptive, checks, mirror, digest.",
         examples=[_EXAMPLE])
]  # fmt: skip


def _spec(ctx: Context, sent: dict[str, Any]) -> PlanSpec:
    """Return the requested plan; a seed is drawn if none is given, and due dates end in the server's time zone."""
    spec = read_plan(sent, "body")
    zone = ctx.settings.timezone
    if zone != "UTC":
        local = [
            rule if rule.due is None else replace(rule, due=end_in(rule.due, ZoneInfo(zone)))
            for rule in spec.rules
        ]
        spec = replace(spec, rules=tuple(local))
    return spec if spec.seed is not None else replace(spec, seed=secrets.randbelow(MAX_SEED))


async def _plan(ctx: Context, address: DatasetAddress, spec: PlanSpec, digest: str | None) -> ComputedPlan:
    await imported("apportion.services.assignments.compute_plan")
    from apportion.services.assignments import compute_plan

    await ctx.read(lambda tx: open_dataset(tx, ctx.actor, address, Action.ASSIGN))
    return await ctx.read_slow(
        lambda tx: compute_plan.compute_plan(tx, ctx.actor, address, spec, digest=digest),
        long=True,
    )


@router.post(_PLANS + ":preview", responses=_PLANNING)
async def preview(ctx: Ctx, name: str, sent: PlanBody) -> Reply[PlanPreview]:
    """Preview a plan: who would get how many, pairs, what can't be assigned and why. Nothing is written.

    ``finish_at`` says when each would be done at the pace of the last seven days in this dataset; null: not known.
    """
    address, now = ctx.address(name), ctx.state.clock.now()
    require(ctx.actor, Action.ASSIGN, address.workspace)
    planned = await _plan(ctx, address, _spec(ctx, sent), None)
    loads = planned.plan.loads
    dates = await ctx.read_slow(lambda tx: finish_dates(tx, planned.dataset, loads, now=now))
    finish = {name: None if at is None else utc_iso(at) for name, at in dates.items()}
    return json_reply({**planned.show(), "finish_at": finish})


@router.post(_PLANS, responses=_PLANNING, dependencies=KEYED)
async def make_plan(ctx: Ctx, name: str, sent: PlanBody) -> Reply[PlanOut]:
    """Apply a plan. With the ``digest`` of a preview it is refused if the plan would differ from the preview."""
    address = ctx.address(name)
    require(ctx.actor, Action.ASSIGN, address.workspace)
    if (kept := await ctx.kept_reply()) is not None:
        return kept
    spec = _spec(ctx, sent)
    for attempt in range(_TRIES):
        planned = await _plan(ctx, address, spec, spec.digest)
        try:
            stored = await _plan_made(ctx, planned)
            break
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
    return await ctx.keep(await _shown(ctx, address, stored.id))


async def _plan_made(ctx: Context, planned: ComputedPlan) -> StoredPlan:
    await imported("apportion.services.assignments.apply_plan")
    from apportion.services.assignments.apply_plan import ApplyPlan

    at = ctx.state.clock.now()
    making = await ctx.state.run_in_thread(lambda: ApplyPlan(planned, by=ctx.actor.username, at=at))
    await ctx.run(making)
    return making.plan


async def _shown(ctx: Context, address: DatasetAddress, id: str) -> Reply[PlanOut]:
    def find(tx: Transaction) -> dict[str, Any]:
        dataset = open_dataset(tx, ctx.actor, address, Action.SEE_PROGRESS).dataset
        stored = tx.assignments.plan(dataset, id)
        if stored is None:
            raise EntityNotFoundError(id, "AssignmentPlan")
        return plan_json(stored, tx.assignments.slot_counts(dataset))

    return json_reply(await ctx.read_slow(find))


@router.get(_PLANS, responses=_REFUSALS)
async def list_plans(ctx: Ctx, name: str) -> Reply[PlansOut]:
    """List the plans of a dataset, oldest first, with their progress."""
    address = ctx.address(name)

    def find(tx: Transaction) -> list[dict[str, Any]]:
        dataset = open_dataset(tx, ctx.actor, address, Action.SEE_PROGRESS).dataset
        counts = tx.assignments.slot_counts(dataset)
        return [plan_json(stored, counts) for stored in tx.assignments.plans(dataset)]

    return json_reply({"assignments": await ctx.read_slow(find)})


@router.get(_PLAN, responses=_REFUSALS)
async def get_plan(ctx: Ctx, name: str, plan: str) -> Reply[PlanOut]:
    """Show a plan as it was applied, with its progress."""
    return await _shown(ctx, ctx.address(name), plan)


@router.get(_PLAN + "/rows", responses=_REFUSALS)
async def rows(
    ctx: Ctx,
    name: str,
    plan: str,
    annotator: Annotated[str | None, Query(description="Only this person's.")] = None,
    state: Annotated[RowState | None, Query(description="Only those in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
) -> RowsOut:
    """List the slots of a plan: the person, the record, the state, and the reason for the assignment."""
    address = ctx.address(name)
    after = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else 0

    await imported("apportion.services.assignments.explain")
    from apportion.services.assignments.explain import with_reasons_that_hold

    def find(tx: Transaction) -> RowsOut:
        dataset = open_dataset(tx, ctx.actor, address, Action.SEE_PROGRESS).dataset
        stored = tx.assignments.plan(dataset, plan)
        if stored is None:
            raise EntityNotFoundError(plan, "AssignmentPlan")
        found = tx.assignments.rows_of(stored, annotator=annotator, state=state, after=after, limit=limit)
        following = str(found[-1][0]) if len(found) == limit else None
        rows = with_reasons_that_hold(tx, dataset, [row for _, row in found])
        return RowsOut(rows=[row_out(row) for row in rows], next=following)

    # a filter may pass over every slot of the plan
    return await ctx.read_slow(find)


@router.get("/api/datasets/{name}/explain", responses={**_REFUSALS, **responses(RecordNotFound)})
async def explain(
    ctx: Ctx,
    name: str,
    record: Annotated[str, Query(description="The record's id.")],
    annotator: Annotated[str | None, Query(description="Whom it is about; you, if no one is named.")] = None,
) -> Explanation:
    """Explain why a person has a record, or why not. Annotators may ask about themselves."""
    await imported("apportion.services.assignments.explain")
    from apportion.services.assignments.explain import explain as why

    address = ctx.address(name)
    name_of, now = annotator or ctx.actor.username, ctx.state.clock.now()
    # short, but in a row on the event loop many of them would hold others up: among the readers a person waits in turn
    found, sentences = await ctx.read_slow(
        lambda tx: why(tx, ctx.actor, address.record(record), name_of, now=now)
    )
    return Explanation(
        record=record,
        annotator=name_of,
        assigned=any(row.state is not RowState.WITHDRAWN for row in found),
        why=sentences,
        rows=[row_out(row) for row in found],
    )


# Changing a plan


@router.post(_PLAN + ":extend", responses=_PLANNING, dependencies=KEYED)
async def extend(ctx: Ctx, name: str, plan: str, sent: ExtendIn) -> Reply[PlanOut] | Reply[PlanPreview]:
    """Extend a plan to records logged since, by the same rules; no earlier row moves."""
    await imported("apportion.services.assignments.compute_plan")
    from apportion.services.assignments import compute_plan

    address = ctx.address(name)

    def work_out(tx: Transaction) -> ComputedPlan:
        dataset, stored = compute_plan.find_plan(tx, ctx.actor, address.plan(plan))
        return compute_plan.compute_extension(tx, dataset, stored)

    if (kept := await ctx.kept_reply()) is not None:
        return kept
    for attempt in range(_TRIES):
        planned = await ctx.read_slow(work_out, long=True)
        if sent.dry_run:
            return json_reply(planned.show())
        try:
            await _plan_made(ctx, planned)
            break
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
    return await ctx.keep(await _shown(ctx, address, plan))


@router.post(_PLAN + ":rebalance", responses=_CHANGES, dependencies=KEYED)
async def rebalance(ctx: Ctx, name: str, plan: str, sent: RebalanceIn) -> Reply[PlanChangeOut]:
    """Bring a plan in line with its team as it is now; only pending rows move, and only those that must."""
    await imported("apportion.services.assignments.compute_change")
    from apportion.services.assignments import compute_change

    address, now = ctx.address(name), ctx.state.clock.now()
    wanted = compute_change.Rebalance(sent.users, sent.level, sent.rule)
    return await _change(
        ctx,
        sent.dry_run,
        lambda tx: compute_change.compute_rebalance(tx, ctx.actor, address.plan(plan), wanted, now=now),
    )


@router.post(_PLAN + ":move", responses=_CHANGES, dependencies=KEYED)
async def move(ctx: Ctx, name: str, plan: str, sent: MoveIn) -> Reply[PlanChangeOut]:
    """Move pending rows to a person by hand."""
    await imported("apportion.services.assignments.compute_change")
    from apportion.services.assignments import compute_change

    address, now = ctx.address(name), ctx.state.clock.now()
    wanted = compute_change.Move(
        compute_change.RowSelection(sent.records, sent.annotator), sent.to, sent.rule
    )
    return await _change(
        ctx,
        sent.dry_run,
        lambda tx: compute_change.compute_move(tx, ctx.actor, address.plan(plan), wanted, now=now),
    )


@router.post(_PLAN + ":withdraw", responses=_CHANGES, dependencies=KEYED)
async def withdraw(ctx: Ctx, name: str, plan: str, sent: WithdrawIn) -> Reply[PlanChangeOut]:
    """Take pending rows back; rows that were begun stay."""
    await imported("apportion.services.assignments.compute_change")
    from apportion.services.assignments import compute_change

    address, now = ctx.address(name), ctx.state.clock.now()
    wanted = compute_change.RowSelection(sent.records, sent.annotator)
    return await _change(
        ctx,
        sent.dry_run,
        lambda tx: compute_change.compute_withdrawal(tx, ctx.actor, address.plan(plan), wanted, now=now),
    )


@router.post(_PLAN + ":undo", responses=_CHANGES, dependencies=KEYED)
async def undo(ctx: Ctx, name: str, plan: str, sent: ExtendIn) -> Reply[PlanChangeOut]:
    """Undo a whole plan, except for the rows that were begun."""
    await imported(
        "apportion.services.assignments.apply_change", "apportion.services.assignments.compute_change"
    )
    from apportion.services.assignments import apply_change, compute_change

    address, now = ctx.address(name), ctx.state.clock.now()
    return await _change(
        ctx,
        sent.dry_run,
        lambda tx: compute_change.compute_undo(tx, ctx.actor, address.plan(plan), now=now),
        apply_change.UndoPlan,
    )


async def _change(
    ctx: Context,
    dry_run: bool,
    work_out: Callable[[Transaction], Any],
    make: Callable[..., ApplyPlanChange | UndoPlan] | None = None,
) -> Reply[PlanChangeOut]:
    await imported("apportion.services.assignments.apply_change")
    from apportion.services.assignments.apply_change import ApplyPlanChange

    if (kept := await ctx.kept_reply()) is not None:
        return kept
    for attempt in range(_TRIES):
        planned: Any = await ctx.read_slow(work_out, long=True)
        if dry_run:
            break
        try:
            making = (make or ApplyPlanChange)(planned, by=ctx.actor.username, at=ctx.state.clock.now())
            await ctx.run(making)
            break
        except ConflictError:
            if attempt == _TRIES - 1:
                raise
    return await ctx.keep(json_reply({"dry_run": dry_run, **planned.show()}))
