"""Workspaces and their members."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from apportion.domain.errors import (
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
)
from apportion.domain.ids import UserId, WorkspaceId
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import leaders_out, member_out, members_out, user_out, workspace_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.people import workspaces as manage
from apportion.wire.people import UserOut
from apportion.wire.workspaces import (
    Leaders,
    MemberOut,
    Members,
    NewMember,
    NewWorkspace,
    RoleIn,
    WorkspaceOut,
)

__all__ = ["router"]

router = APIRouter(tags=["Workspaces"], route_class=JsonRoute)


@router.get("/api/workspaces")
async def list_workspaces(ctx: Ctx) -> list[WorkspaceOut]:
    """List workspaces: all for administrators, their own for everyone else."""
    found = await ctx.read(lambda tx: manage.list_workspaces(tx.people, ctx.actor))
    return [workspace_out(each) for each in found]


@router.post("/api/workspaces", responses=responses(ForbiddenOperationError, EntityAlreadyExistsError))
async def create_workspace(ctx: Ctx, wanted: NewWorkspace) -> WorkspaceOut:
    """Create an empty workspace."""
    now = ctx.state.clock.now()
    made = await ctx.write(lambda tx: manage.create_workspace(tx, ctx.actor, wanted.name, now=now))
    return workspace_out(made)


@router.get(
    "/api/workspaces/{id}/users",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def list_users(ctx: Ctx, id: UUID) -> list[UserOut]:
    """List the users of a workspace, in the order of joining."""
    which = WorkspaceId(str(id))
    found = await ctx.read_slow(lambda tx: manage.list_workspace_users(tx.people, ctx.actor, which))
    return [user_out(each) for each in found]


@router.post(
    "/api/workspaces/{id}/users/{user}",
    responses=responses(ForbiddenOperationError, EntityNotFoundError, EntityAlreadyExistsError),
)
async def add_user(ctx: Ctx, id: UUID, user: UUID) -> UserOut:
    """Add a user to a workspace."""
    which, who, now = WorkspaceId(str(id)), UserId(str(user)), ctx.state.clock.now()
    return user_out(await ctx.write(lambda tx: manage.add_user_to(tx, ctx.actor, which, who, now=now)))


@router.delete(
    "/api/workspaces/{id}/users/{user}",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def remove_user(ctx: Ctx, id: UUID, user: UUID) -> UserOut:
    """Remove a user from a workspace. Their annotations stay."""
    which, who, now = WorkspaceId(str(id)), UserId(str(user)), ctx.state.clock.now()
    return user_out(await ctx.write(lambda tx: manage.remove_user_from(tx, ctx.actor, which, who, now=now)))


@router.get(
    "/api/workspaces/{name}/members", responses=responses(ForbiddenOperationError, EntityNotFoundError)
)
async def list_members(ctx: Ctx, name: str) -> Members:
    """List the members of a workspace with their roles in it."""
    found = await ctx.read_slow(lambda tx: manage.list_members(tx.people, ctx.actor, name))
    return members_out(found)


@router.get(
    "/api/workspaces/{name}/leaders", responses=responses(ForbiddenOperationError, EntityNotFoundError)
)
async def list_leaders(ctx: Ctx, name: str) -> Leaders:
    """List the reviewers and managers of a workspace, for its members: people to turn to."""
    found = await ctx.read_slow(lambda tx: manage.list_leaders(tx.people, ctx.actor, name))
    return leaders_out(found)


@router.post(
    "/api/workspaces/{name}/members",
    responses=responses(ForbiddenOperationError, EntityNotFoundError, EntityAlreadyExistsError),
)
async def add_member(ctx: Ctx, name: str, wanted: NewMember) -> MemberOut:
    """Add an existing user to a workspace, with a role."""
    now = ctx.state.clock.now()
    added = await ctx.write(
        lambda tx: manage.add_member(
            tx, ctx.actor, name, manage.MemberChange(wanted.username, wanted.role, now)
        )
    )
    return member_out(added, wanted.role)


@router.patch(
    "/api/workspaces/{name}/members/{user}",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def set_member_role(ctx: Ctx, name: str, user: str, wanted: RoleIn) -> MemberOut:
    """Make a member annotator, reviewer or manager of a workspace."""
    now = ctx.state.clock.now()
    changed = await ctx.write(
        lambda tx: manage.set_member_role(tx, ctx.actor, name, manage.MemberChange(user, wanted.role, now))
    )
    return member_out(changed, wanted.role)
