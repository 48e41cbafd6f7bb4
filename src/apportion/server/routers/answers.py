"""One's own annotation of a record, everybody's, their history, and the gold value."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    DatasetGoneError,
    EntityNotFoundError,
    ForbiddenOperationError,
    OtherContentError,
    RecordNotFound,
    StaleVersionError,
    StillAtWorkError,
)
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.individual.showing import show_annotation
from apportion.domain.permissions import Action
from apportion.domain.sentences import COUNT_DECISIONS, history_sentence
from apportion.domain.times import utc_iso
from apportion.ports.annotations import Comment, CommentPage, HistoryPage
from apportion.ports.store import Transaction
from apportion.server.convert.values import gold_out, read_value, value_out
from apportion.server.deps import KEYED, Ctx
from apportion.server.errors import responses
from apportion.server.paths import RecordRoute, record_id
from apportion.server.wire_routes import Reply
from apportion.services.answers import adjudicate, own_annotations
from apportion.services.answers.own_annotations import AnnotationEntry, AnnotationReceipt
from apportion.services.answers.resolutions import RecordResolution, find_resolutions
from apportion.services.datasets.access import open_dataset
from apportion.services.insight import comments
from apportion.services.insight.ask_again import SecondRequest, undo_ask_again
from apportion.services.insight.ask_again import ask_again as send_back
from apportion.vocabulary import AnnotationState, Task
from apportion.wire.annotations import (
    AnnotationIn,
    AnnotationOut,
    AnnotationsOut,
    AskAgainIn,
    CommentIn,
    CommentOut,
    CommentsOut,
    GoldIn,
    GoldOut,
    HistoryOut,
    OneAnnotation,
    PastAnnotationOut,
    RecordsIn,
    ResolutionOut,
    ResolutionsOut,
    ResolvedRecordOut,
)

__all__ = ["router"]

router = APIRouter(tags=["Annotations"], route_class=RecordRoute)
_RECORD = "/api/datasets/{name}/records/{id:path}"
_MINE = f"{_RECORD}/annotations/me"
_REFUSALS = responses(ForbiddenOperationError, RecordNotFound)
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Cursor = Annotated[str | None, Query(description="``next`` of the page before.")]
_WRITES = {
    **_REFUSALS,
    **responses(BadRequestError, OtherContentError, StaleVersionError, DatasetGoneError),
}


def _number_in(cursor: str | None) -> int | None:
    """Return the number that is a cursor, None if it is no valid one."""
    return int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else None


def _mine(found: AnnotationReceipt) -> AnnotationOut:
    shown = show_annotation(found.annotation, found.dataset.task)
    return AnnotationOut(
        **{**shown, "seconds": found.seconds},
        counted=found.counted,
        why=found.why,
        why_text=None if found.why is None else COUNT_DECISIONS[found.why],
        gold=gold_out(found.gold, found.dataset.task),
    )


@router.get(_MINE, responses=_REFUSALS)
async def get_mine(ctx: Ctx, request: Request, name: str) -> AnnotationOut:
    """Show your own annotation of a record."""
    id, address = record_id(request), ctx.address(name)
    return _mine(await ctx.read(lambda tx: own_annotations.read_own(tx, ctx.actor, address.record(id))))


@router.put(_MINE, responses=_WRITES)
async def put_mine(ctx: Ctx, request: Request, name: str, given: AnnotationIn) -> AnnotationOut:
    """Set your own annotation: a draft, an answer, or that the record is unusable."""
    id, address, now = record_id(request), ctx.address(name, uuid=given.dataset), ctx.state.clock.now()
    entry = AnnotationEntry(
        lambda task: read_value(task, given.value, ctx.settings.answer_limits),
        AnnotationState(given.state),
        given.version,
        given.seconds,
        given.text,
    )
    return _mine(
        await ctx.write(
            lambda tx: own_annotations.put_own_annotation(tx, ctx.actor, address.record(id), entry, now=now),
            urgent=True,
        )
    )


@router.delete(_MINE, responses=_WRITES)
async def delete_mine(
    ctx: Ctx,
    request: Request,
    name: str,
    version: Annotated[int | None, Query(ge=0, description="The version this builds on.")] = None,
) -> AnnotationOut:
    """Take your own annotation back; its history stays."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    return _mine(
        await ctx.write(
            lambda tx: own_annotations.withdraw_own_annotation(
                tx, ctx.actor, address.record(id), version, now=now
            ),
            urgent=True,
        )
    )


@router.post(f"{_MINE}:undo", responses=_WRITES)
async def undo_mine(ctx: Ctx, request: Request, name: str) -> AnnotationOut:
    """Go back to your previous answer; a first answer becomes a draft. Undoing twice is redoing."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    return _mine(
        await ctx.write(
            lambda tx: own_annotations.undo_own_annotation(tx, ctx.actor, address.record(id), now=now),
            urgent=True,
        )
    )


@router.get(f"{_RECORD}/annotations", responses=_REFUSALS)
async def get_everyones(ctx: Ctx, request: Request, name: str) -> AnnotationsOut:
    """Show everyone's annotations of a record; not for annotators of a blind dataset."""
    id, address = record_id(request), ctx.address(name)
    dataset, found, gold = await ctx.read_slow(
        lambda tx: own_annotations.all_annotations(tx, ctx.actor, address.record(id))
    )
    return AnnotationsOut(
        annotations=[_one(each, dataset.task) for each in found], gold=gold_out(gold, dataset.task)
    )


def _one(each: Annotation, task: Task) -> OneAnnotation:
    return OneAnnotation(annotator=each.annotator, counted=each.counted, **show_annotation(each, task))


@router.post(
    "/api/datasets/{name}/records/:resolutions",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def get_resolutions(ctx: Ctx, name: str, asked: RecordsIn) -> ResolutionsOut:
    """Show the final values of records and why: everyone's answers, gold values and how they resolve; for reviewers
    and managers.
    """
    address = ctx.address(name)
    dataset, found = await ctx.read_slow(lambda tx: find_resolutions(tx, ctx.actor, address, asked.ids))
    return ResolutionsOut(records=[_resolved(each, dataset.task) for each in found])


def _resolved(each: RecordResolution, task: Task) -> ResolvedRecordOut:
    found = each.resolution
    return ResolvedRecordOut(
        id=each.id,
        annotations=[_one(answer, task) for answer in each.annotations],
        gold=gold_out(each.gold, task),
        resolution=None
        if found is None
        else ResolutionOut(
            outcome=found.outcome.value,
            agent=found.agent,
            answers=list(found.answers),
            agreeing=list(found.agreeing),
            support=found.support,
            by_token=found.by_token,
            conflict=None if found.conflict is None else str(found.conflict),
            why=found.why,
            missing=found.missing,
        ),
    )


@router.post(
    f"{_RECORD}/annotations/{{annotator}}:ask_again",
    responses={**_REFUSALS, **responses(BadRequestError, ConflictError)},
)
async def ask_again(
    ctx: Ctx, request: Request, name: str, annotator: str, asked: AskAgainIn
) -> AnnotationsOut:
    """Ask someone to answer a record again: their answer becomes a draft of theirs, and a comment tells them why.

    With ``undo`` the answer is restored, and the comment is marked as done.
    """
    address, now = ctx.address(name).record(record_id(request)), ctx.state.clock.now()

    def ask(tx: Transaction) -> tuple[Dataset, list[Annotation], GoldValue | None]:
        if asked.undo:
            undo_ask_again(tx, ctx.actor, address, annotator, now=now)
        elif not (asked.reason or "").strip():
            raise BadRequestError("Say why: the annotator reads the reason. Nothing was changed.")
        else:
            send_back(tx, ctx.actor, address, SecondRequest(annotator, asked.reason or ""), now=now)
        return own_annotations.all_annotations(tx, ctx.actor, address)

    dataset, found, gold = await ctx.write(ask, urgent=True)
    return AnnotationsOut(
        annotations=[_one(each, dataset.task) for each in found], gold=gold_out(gold, dataset.task)
    )


@router.get(f"{_RECORD}/history", responses=_REFUSALS)
async def get_history(
    ctx: Ctx, request: Request, name: str, limit: _Limit = 50, cursor: _Cursor = None
) -> HistoryOut:
    """List earlier annotations of a record, newest first: your own, or everyone's if you may see them."""
    id, address = record_id(request), ctx.address(name)
    page = HistoryPage(limit, _number_in(cursor))
    dataset, found, more = await ctx.read_slow(
        lambda tx: own_annotations.history(tx, ctx.actor, address.record(id), page)
    )
    return HistoryOut(
        next=str(found[-1][0]) if more else None,
        history=[
            PastAnnotationOut(
                annotator=each.annotator,
                value=value_out(each.value, dataset.task),
                state=each.state,
                version=each.version,
                at=utc_iso(each.at),
                why=each.why,
                why_text=history_sentence(each.why, each.by),
                by=each.by,
            )
            for _, each in found
        ],
    )


@router.put(f"{_RECORD}/gold", responses=_WRITES)
async def put_gold(ctx: Ctx, request: Request, name: str, given: GoldIn) -> GoldOut:
    """Decide a record: set its gold value, or mark it as unusable."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    task = await ctx.read(lambda tx: open_dataset(tx, ctx.actor, address, Action.ADJUDICATE).dataset.task)
    value = read_value(task, given.value, ctx.settings.answer_limits)
    entry = adjudicate.GoldEntry(value, given.state == "discarded", given.reason, given.version)
    dataset, case = await ctx.write(
        lambda tx: adjudicate.put_gold(tx, ctx.actor, address.record(id), entry, now=now),
        urgent=True,
    )
    return GoldOut(gold=gold_out(case.gold, dataset.task))


@router.delete(f"{_RECORD}/gold", responses=_WRITES)
async def delete_gold(
    ctx: Ctx,
    request: Request,
    name: str,
    version: Annotated[int | None, Query(ge=0, description="The version this builds on.")] = None,
) -> GoldOut:
    """Take a decision back: the record's value follows from people's answers again."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    dataset, case = await ctx.write(
        lambda tx: adjudicate.remove_gold(tx, ctx.actor, address.record(id), version, now=now),
        urgent=True,
    )
    return GoldOut(gold=gold_out(case.gold, dataset.task))


# Comments on a record


def _comment(each: Comment) -> CommentOut:
    return CommentOut(author=each.author, to=each.to, text=each.text, at=utc_iso(each.at))


@router.get(f"{_RECORD}/comments", responses=_REFUSALS)
async def get_comments(
    ctx: Ctx, request: Request, name: str, limit: _Limit = 50, cursor: _Cursor = None
) -> CommentsOut:
    """List the comments on a record; annotators of a blind dataset see only those from or to them."""
    id, address = record_id(request), ctx.address(name)
    page = CommentPage(limit + 1, _number_in(cursor) or 0)
    found = await ctx.read_slow(lambda tx: comments.comments(tx, ctx.actor, address.record(id), page))
    following = str(found[limit - 1][0]) if len(found) > limit else None
    return CommentsOut(comments=[_comment(each) for _, each in found[:limit]], next=following)


@router.post(
    f"{_RECORD}/comments",
    responses={**_REFUSALS, **responses(BadRequestError, StillAtWorkError)},
    dependencies=KEYED,
)
async def post_comment(ctx: Ctx, request: Request, name: str, sent: CommentIn) -> Reply[CommentOut]:
    """Comment on a record, or flag it to someone."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    comment = comments.NewComment(sent.text, sent.to)
    return await ctx.once(
        lambda tx: _comment(comments.add_comment(tx, ctx.actor, address.record(id), comment, now=now)),
        urgent=True,
    )
