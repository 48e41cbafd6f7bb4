"""Metrics of 1.x: so far the one its web app needs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from apportion.domain.errors import EntityNotFoundError, ForbiddenOperationError, WrongTaskError
from apportion.domain.permissions import Action
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.services import search_records
from apportion.services.manage_datasets import find_dataset
from apportion.vocabulary import Task

__all__ = ["router"]

router = APIRouter(tags=["Metrics"], route_class=JsonRoute)
_METRICS = "/api/datasets/{name}/{task}/metrics"
_REFUSALS = responses(WrongTaskError, ForbiddenOperationError, EntityNotFoundError)


@router.get(_METRICS, responses=_REFUSALS)
async def list_metrics(ctx: Ctx, name: str, task: str) -> list[dict[str, Any]]:
    """The metrics this server computes for a dataset."""
    name, which = name_and_task(name, task)
    workspace = ctx.require_workspace()
    await ctx.read(
        lambda work: find_dataset(work, ctx.actor, workspace, name, Action.SEE_METRICS, task=which)
    )
    if which is Task.TEXT2TEXT:
        return []
    about = "Every label that predictions or annotations of the dataset have"
    return [{"id": "dataset_labels", "name": "The dataset's labels", "description": about}]


@router.post(_METRICS + "/{metric}:summary", responses=_REFUSALS)
async def metric_summary(ctx: Ctx, name: str, task: str, metric: str) -> dict[str, Any]:
    """One metric, computed."""
    name, which = name_and_task(name, task)
    workspace = ctx.require_workspace()
    found = await ctx.read_slow(
        lambda work: search_records.dataset_labels(work, ctx.actor, workspace, name, which, metric)
    )
    return dict(found)
