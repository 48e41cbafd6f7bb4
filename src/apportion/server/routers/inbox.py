"""Comments that wait for the caller, and what was decided about their answers, in all datasets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from apportion.domain.errors import EntityNotFoundError
from apportion.domain.times import utc_iso
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.insight.feedback import feedback
from apportion.services.insight.inbox import InboxComment, inbox, mark_done
from apportion.wire.inbox import (
    DatasetFeedbackOut,
    DecidedRecord,
    DoneIn,
    FeedbackOut,
    InboxCommentOut,
    InboxOut,
)

__all__ = ["router"]

router = APIRouter(tags=["Inbox"], route_class=JsonRoute)


def _comment(each: InboxComment) -> InboxCommentOut:
    comment = each.comment
    return InboxCommentOut(
        no=comment.no,
        workspace=each.dataset.workspace,
        dataset=each.dataset.name,
        record=comment.record,
        author=comment.author,
        to=comment.to,
        text=comment.text,
        at=utc_iso(comment.at),
        done_by=comment.done_by,
        done_at=None if comment.done_at is None else utc_iso(comment.done_at),
    )


@router.get("/api/comments")
async def list_comments(
    ctx: Ctx,
    done: Annotated[bool, Query(description="Those marked as done, instead of the open ones.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
) -> InboxOut:
    """List comments by others that are for you: those to you, and in workspaces you lead also those to no one."""
    before = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else None
    found = await ctx.read_slow(lambda tx: inbox(tx, ctx.actor, done=done, before=before, limit=limit))
    following = str(found[-1].comment.no) if len(found) == limit else None
    return InboxOut(comments=[_comment(each) for each in found], next=following)


@router.post("/api/comments/{no}:done", responses=responses(EntityNotFoundError))
async def comment_done(ctx: Ctx, no: int, sent: DoneIn) -> InboxCommentOut:
    """Mark a comment that is for you as done, or as open again."""
    now = ctx.state.clock.now()
    return _comment(
        await ctx.write(lambda tx: mark_done(tx, ctx.actor, no, done=sent.done, now=now), urgent=True)
    )


@router.get("/api/me/feedback")
async def my_feedback(ctx: Ctx) -> FeedbackOut:
    """Show how your answers were reviewed: how many were confirmed, and which records have another final value."""
    found = await ctx.read_slow(lambda tx: feedback(tx, ctx.actor), long=True)
    return FeedbackOut(
        datasets=[
            DatasetFeedbackOut(
                workspace=each.dataset.workspace,
                name=each.dataset.name,
                confirmed=each.confirmed,
                changed=[DecidedRecord(id=id, at=utc_iso(at)) for id, at in each.changed],
            )
            for each in found
        ]
    )
