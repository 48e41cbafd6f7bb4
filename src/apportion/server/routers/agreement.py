"""Agreement, conflicts and quality of annotators, for reviewers and up."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from apportion.domain.agreement.measures import By, Interval, Measure
from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
)
from apportion.domain.query import MatchAll
from apportion.server.bodies import JsonRoute
from apportion.server.convert.agreement import (
    conflict_out,
    figures_out,
    read_position,
    show_position,
    team_out,
)
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.late_imports import imported
from apportion.wire.agreement import AgreementOut, AnnotatorsOut, ConflictsOut

__all__ = ["router"]

router = APIRouter(tags=["Agreement"], route_class=JsonRoute)
_DATASET = "/api/datasets/{name}"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError, InvalidTextSearchError, BadRequestError)
Where = Annotated[
    str | None, Query(description="Only records that match; in the search language.", examples=["soup"])
]


@router.get(_DATASET + "/agreement", responses=_REFUSALS)
async def agreement(
    ctx: Ctx,
    name: str,
    measure: Annotated[Measure | None, Query(description="The usual one of the task when left out.")] = None,
    by: Annotated[
        By | None, Query(description="Also one figure per label, pair of people, week, or person.")
    ] = None,
    interval: Annotated[
        Literal["jackknife", "bootstrap", "none"], Query(description="How it is found.")
    ] = "jackknife",
    level: Annotated[float, Query(ge=0.5, le=0.999)] = 0.95,
    seed: Annotated[
        int, Query(ge=0, lt=2**32, description="Of the bootstrap, and of what gamma takes for chance.")
    ] = 0,
    query: Where = None,
) -> AgreementOut:
    """Measure how far people agree, with an interval and the query that opens the records behind each figure."""
    # imports numpy, which is only loaded when needed
    await imported("apportion.services.insight.agreement")
    from apportion.services.insight import agreement as measuring

    address = ctx.address(name)
    asked = measuring.FigureRequest(
        measure,
        by,
        None if interval == "none" else Interval(interval),
        level,
        seed,
        await ctx.parsed(query),
    )
    found = await ctx.read_slow(lambda tx: measuring.measure(tx, ctx.actor, address, asked), long=True)
    return figures_out(found)


@router.get(_DATASET + "/conflicts", responses=_REFUSALS)
async def conflicts(
    ctx: Ctx,
    name: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
    open: Annotated[bool, Query(description="Only those that are not resolved.")] = False,
    query: Where = None,
) -> ConflictsOut:
    """List the records that people disagree on, most disputed first, with all answers and the resolution."""
    await imported("apportion.services.insight.agreement")
    from apportion.services.insight import agreement as measuring

    address = ctx.address(name)
    wanted, place = await ctx.parsed(query), read_position(cursor)
    dataset, total, found, following = await ctx.read_slow(
        lambda tx: measuring.conflicts(
            tx, ctx.actor, address, measuring.ConflictPage(wanted, limit, place, open)
        ),
        long=True,
    )
    opens = "agreement:<1" + (" AND conflict:true" if open else "")
    if not isinstance(wanted, MatchAll):
        opens = f"({query}) AND {opens}"
    return ConflictsOut(
        conflicts=[conflict_out(each, dataset) for each in found],
        total=total,
        query=opens,
        next=show_position(following),
    )


@router.get(_DATASET + "/annotators", responses=_REFUSALS)
async def annotators(ctx: Ctx, name: str, query: Where = None) -> AnnotatorsOut:
    """Estimate the quality of annotators with a model of all answers (Dawid and Skene), and show where pairs differ."""
    await imported("apportion.services.insight.agreement")
    from apportion.services.insight import agreement as measuring

    address, wanted = ctx.address(name), await ctx.parsed(query)
    found = await ctx.read_slow(
        lambda tx: measuring.annotator_report(tx, ctx.actor, address, wanted), long=True
    )
    return team_out(found)
