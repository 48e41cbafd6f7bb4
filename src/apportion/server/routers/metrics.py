"""Metrics of 1.x: figures over the records that match."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    WrongTaskError,
)
from apportion.server.bodies import JsonRoute, json_body
from apportion.server.convert.queries import read_metric_query
from apportion.server.convert.records_out import record_metrics
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.server.wire_routes import described_body
from apportion.services.insight import metrics_1x
from apportion.wire.labeling_rules import MetricOut
from apportion.wire.queries import Query as RecordQuery

__all__ = ["router"]

router = APIRouter(tags=["Metrics"], route_class=JsonRoute)
_METRICS = "/api/datasets/{name}/{task}/metrics"
_REFUSALS = responses(WrongTaskError, ForbiddenOperationError, EntityNotFoundError)


@router.get(_METRICS, responses=_REFUSALS)
async def list_metrics(ctx: Ctx, name: str, task: str) -> list[MetricOut]:
    """List the metrics this server computes for a dataset."""
    name, which = name_and_task(name, task)
    address = ctx.address(name, task=which)
    found = await ctx.read(lambda tx: metrics_1x.metrics_of(tx, ctx.actor, address))
    return [MetricOut(id=each.id, name=each.name, description=each.description) for each in found]


@router.post(
    _METRICS + "/{metric}:summary",
    openapi_extra=described_body(RecordQuery),
    responses={**_REFUSALS, **responses(BadRequestError, InvalidTextSearchError)},
)
async def metric_summary(
    ctx: Ctx,
    request: Request,
    name: str,
    task: str,
    metric: str,
    interval: Annotated[
        float | None, Query(gt=0, allow_inf_nan=False, description="The width of a bucket.")
    ] = None,
    size: Annotated[int | None, Query(ge=1, description="How many values, the most frequent first.")] = None,
    entity_size: Annotated[int | None, Query(ge=1, description="How many labels per mention.")] = None,
    rule_query: Annotated[
        str | None, Query(max_length=10_000, description="The query of a labeling rule, for `labeling_rule`.")
    ] = None,
    labels: Annotated[list[str] | None, Query(description="The labels of that rule.")] = None,
    queries: Annotated[
        list[str] | None, Query(description="Queries of rules, for `dataset_labeling_rules`.")
    ] = None,
) -> dict[str, Any]:
    """Compute one metric of the records that match, as you may see them."""
    name, which = name_and_task(name, task)
    body = await json_body(request)
    criteria = await ctx.digested(body, lambda: read_metric_query(body, which))
    address = ctx.address(name, task=which)
    rule = (rule_query, tuple(labels or ()), tuple(queries or ()))
    wanted = metrics_1x.MetricRequest(metric, record_metrics, interval, size, entity_size, *rule)
    found = await ctx.read_slow(
        lambda tx: metrics_1x.metric_summary(tx, ctx.actor, address, criteria, wanted),
        long=True,
    )
    return dict(found)
