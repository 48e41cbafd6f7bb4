"""Labeling rules of 1.x: not there yet, but clients that look for them must not stumble."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    WrongTaskError,
)
from apportion.domain.permissions import Action
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.services.manage_datasets import find_dataset
from apportion.vocabulary import Task

__all__ = ["router"]

router = APIRouter(tags=["Labeling rules"], route_class=JsonRoute)
_RULES = "/api/datasets/{name}/{task}/labeling/rules"
_REFUSALS = responses(BadRequestError, WrongTaskError, ForbiddenOperationError, EntityNotFoundError)


async def _require(ctx: Context, first: str, second: str, action: Action) -> None:
    name, task = name_and_task(first, second)
    workspace = ctx.require_workspace()
    if task is not Task.TEXT_CLASSIFICATION:
        raise WrongTaskError(f"Labeling rules are for {Task.TEXT_CLASSIFICATION} only, not for {task}")
    await ctx.read(lambda work: find_dataset(work, ctx.actor, workspace, name, action, task=task))


@router.get(_RULES, responses=_REFUSALS)
async def list_rules(ctx: Ctx, name: str, task: str) -> list[dict[str, Any]]:
    """The dataset's labeling rules: none can be stored yet."""
    await _require(ctx, name, task, Action.SEE_RULES)
    return []


@router.get(_RULES + "/metrics", responses=_REFUSALS)
async def rules_metrics(ctx: Ctx, name: str, task: str) -> dict[str, float]:
    """How much of the dataset the rules cover: nothing, without rules."""
    await _require(ctx, name, task, Action.SEE_RULES)
    return {"coverage": 0.0, "coverage_annotated": 0.0, "total_records": 0, "annotated_records": 0}


@router.get(_RULES + "/{query:path}", responses=_REFUSALS)
async def get_rule(ctx: Ctx, name: str, task: str, query: str) -> dict[str, Any]:
    """One labeling rule: there is none yet."""
    await _require(ctx, name, task, Action.SEE_RULES)
    raise EntityNotFoundError(query.strip(), "ServiceLabelingRule")


@router.post(_RULES, responses=_REFUSALS)
@router.patch(_RULES + "/{query:path}", operation_id="rules_edit_rule", responses=_REFUSALS)
@router.delete(_RULES + "/{query:path}", operation_id="rules_delete_rule", responses=_REFUSALS)
async def change_rules(ctx: Ctx, name: str, task: str) -> None:
    """Store, change or delete a labeling rule: not yet available."""
    await _require(ctx, name, task, Action.EDIT_RULES)
    raise BadRequestError("Labeling rules are not yet available on this server. Nothing was stored.")
