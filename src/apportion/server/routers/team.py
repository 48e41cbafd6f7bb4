"""Overview of the caller's teams, and release of records that somebody left unattended."""

from __future__ import annotations

from fastapi import APIRouter

from apportion.domain.errors import BadRequestError, EntityNotFoundError, ForbiddenOperationError
from apportion.domain.times import utc_iso
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.insight import team_overview
from apportion.wire.progress import TeamDataset, TeamMemberOut, TeamOut, TeamPerson
from apportion.wire.queue import TakeBackIn, TakenBack

__all__ = ["router"]

router = APIRouter(tags=["Progress"], route_class=JsonRoute)


@router.get("/api/team")
async def get_team(ctx: Ctx) -> TeamOut:
    """Show all teams I lead: what each person has left, what is due, what is unattended."""
    now = ctx.state.clock.now()
    found = await ctx.read_slow(lambda tx: team_overview.team_overview(tx, ctx.actor, now=now), long=True)
    return TeamOut(
        datasets=[_dataset(each) for each in found.datasets],
        members=[
            TeamMemberOut(workspace=each.workspace, username=each.username, full_name=each.full_name)
            for each in found.members
        ],
    )


def _time(at: int | None) -> str | None:
    return None if at is None else utc_iso(at)


def _dataset(each: team_overview.TeamDataset) -> TeamDataset:
    dataset, progress = each.dataset, each.progress
    people = []
    for person in progress.annotators:
        hold = each.holds.get(person.annotator)
        people.append(
            TeamPerson(
                annotator=person.annotator,
                assigned=person.assigned,
                done=person.done,
                skipped=person.skipped,
                drafts=person.drafts,
                last_active=_time(person.last_active),
                finish_at=_time(person.finish_at),
                member=person.annotator not in each.gone,
                held=0 if hold is None else hold.records,
                seen=None if hold is None else _time(hold.seen),
                held_until=None if hold is None else _time(hold.until),
            )
        )
    return TeamDataset(
        workspace=dataset.workspace,
        name=dataset.name,
        dataset=dataset.uuid,
        task=dataset.task,
        records=progress.records,
        complete=progress.complete,
        in_conflict=progress.in_conflict,
        open=progress.open,
        free=each.free,
        due=_time(each.due),
        finish_at=_time(progress.finish_at),
        people=people,
    )


@router.post(
    "/api/datasets/{name}/queue:take_back",
    responses=responses(ForbiddenOperationError, EntityNotFoundError, BadRequestError),
)
async def take_back(ctx: Ctx, name: str, sent: TakeBackIn) -> TakenBack:
    """End the leases of people who left records unattended, at once; drafts stay, and late answers are still kept."""
    address, now = ctx.address(name), ctx.state.clock.now()
    freed = await ctx.write(
        lambda tx: team_overview.release_for(tx, ctx.actor, address, sent.annotators, now=now)
    )
    return TakenBack(released=freed)
