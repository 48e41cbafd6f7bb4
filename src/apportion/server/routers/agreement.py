"""Agreement, conflicts and quality of annotators, for reviewers and up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from apportion.domain.agreement.measures import By, Interval, Measure
from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
)
from apportion.domain.query import MatchAll
from apportion.server.convert.agreement import (
    conflict_out,
    figures_out,
    read_position,
    show_position,
    team_out,
)
from apportion.server.deps import Ctx
from apportion.server.errors import responses

__all__ = ["router"]

router = APIRouter(tags=["Agreement"])
_DATASET = "/api/datasets/{name}"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError, InvalidTextSearchError, BadRequestError)
Where = Annotated[
    str | None, Query(description="Only records that match; in the search language.", examples=["soup"])
]


class Figure(BaseModel):
    """A figure of agreement, or in ``undefined`` and ``why`` the reason why there is none.

    ``records`` were answered by two or more of ``annotators`` people; ``query`` opens them. ``low`` and ``high`` are
    the interval of that ``level``; ``caution`` says where such intervals are known to fail, ``caution_why`` in words.
    ``left_out`` answers were requested in view of other answers and do not count.
    """

    measure: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    records: int
    annotators: int
    answers: int
    query: str
    interval: str | None = None
    undefined: str | None = None
    no_interval: str | None = None
    why: str | None = None
    caution: str | None = None
    caution_why: str | None = None
    label: str | None = None
    pair: list[str] | None = None
    week: str | None = None
    person: str | None = None
    left_out: int | None = None


class AgreementOut(Figure):
    """The figure over everything, and by label, pair, week or person if that was asked for."""

    by: list[Figure] | None = None
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "measure": "alpha",
                    "estimate": 0.71,
                    "low": 0.66,
                    "high": 0.76,
                    "level": 0.95,
                    "records": 240,
                    "annotators": 3,
                    "answers": 510,
                    "query": "_exists_:agreement",
                    "interval": "jackknife",
                }
            ]
        }
    )


@router.get(_DATASET + "/agreement", responses=_REFUSALS, response_model_exclude_none=False)
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
    return AgreementOut.model_validate(figures_out(found))


class ConflictsOut(BaseModel):
    """Records whose answers differ, most disputed first; ``query`` opens all of them."""

    conflicts: list[dict[str, Any]]
    total: int
    query: str
    next: str | None = None


@router.get(_DATASET + "/conflicts", responses=_REFUSALS)
async def conflicts(
    ctx: Ctx,
    name: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
    open: Annotated[bool, Query(description="Only those that nothing has settled.")] = False,
    query: Where = None,
) -> ConflictsOut:
    """List the records that people disagree on, most disputed first, with all answers and the resolution."""
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


class ChecksOut(BaseModel):
    """Results on records with a known gold value: how many somebody answered, and right at the first answer."""

    answered: int
    right: int


class AnnotatorQuality(BaseModel):
    """Quality of one annotator: number of answers, accuracy by the model, and confusion of labels."""

    annotator: str
    answers: int
    checks: ChecksOut | None = None
    accuracy: float | None
    confusion: list[list[float]] | None = Field(
        description="``confusion[true][answered]``, in the order of ``labels``; rows sum to one."
    )


class AnnotatorsOut(BaseModel):
    """Quality of all annotators; without a ``model``, ``why`` has the reason.

    ``pairs`` are the labels that two people gave to the same records. With a model, ``labels`` are those given to
    records that several people answered.
    """

    annotators: list[AnnotatorQuality]
    labels: list[str]
    model: str | None
    why: str | None
    pairs: list[dict[str, Any]]


@router.get(_DATASET + "/annotators", responses=_REFUSALS)
async def annotators(ctx: Ctx, name: str, query: Where = None) -> AnnotatorsOut:
    """Estimate the quality of annotators with a model of all answers (Dawid and Skene), and show where pairs differ."""
    from apportion.services.insight import agreement as measuring

    address, wanted = ctx.address(name), await ctx.parsed(query)
    found = await ctx.read_slow(
        lambda tx: measuring.annotator_report(tx, ctx.actor, address, wanted), long=True
    )
    return AnnotatorsOut.model_validate(team_out(found))
