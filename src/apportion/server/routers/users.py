"""Users, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from apportion.domain.errors import (
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
)
from apportion.domain.ids import UserId
from apportion.domain.people import check_password
from apportion.domain.permissions import Action, require
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import created_user_out, user_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.people import users as manage
from apportion.services.people.create_team import CreatedTeam, create_team
from apportion.vocabulary import Role
from apportion.wire.people import NewTeam, NewUserIn, NewUsers, UserChanges, UserOut

if TYPE_CHECKING:
    from apportion.ports.store import Transaction

__all__ = ["router"]

router = APIRouter(tags=["Users"], route_class=JsonRoute)


@router.get("/api/users", responses=responses(ForbiddenOperationError))
async def list_users(
    ctx: Ctx, inactive: Annotated[bool, Query(description="List deactivated users too.")] = False
) -> list[UserOut]:
    """List all users, in the order in which they were created."""

    def find(tx: Transaction) -> list[UserOut]:
        found = manage.list_users(tx.people, ctx.actor, inactive=inactive)
        return [user_out(each) for each in found]

    return await ctx.read_slow(find)


@router.post(
    "/api/users",
    responses=responses(ForbiddenOperationError, EntityAlreadyExistsError),
)
async def create_user(
    ctx: Ctx,
    wanted: NewUserIn,
    restore: Annotated[bool, Query(description="Let a deactivated user of that name in again.")] = False,
) -> UserOut:
    """Create a user. The answer has their API key, which is never shown again."""
    require(ctx.actor, Action.CREATE_USER)
    check_password(wanted.password, "body", "password", username=wanted.username)
    hashed = await ctx.state.hashing(lambda: ctx.state.passwords.hash(wanted.password))
    new = manage.NewUser(
        wanted.username, wanted.first_name, wanted.last_name, wanted.role or Role.ANNOTATOR, hashed
    )
    now = ctx.state.clock.now()
    made, key = await ctx.write(lambda tx: manage.create_user(tx, ctx.actor, new, now=now, restore=restore))
    return user_out(made, key=key)


@router.post(
    "/api/users:create_many",
    responses=responses(ForbiddenOperationError, EntityAlreadyExistsError),
)
async def create_users(ctx: Ctx, wanted: NewTeam) -> NewUsers:
    """Create several users and add them to a workspace, created if there is none: all of it or nothing."""
    require(ctx.actor, Action.CREATE_USER)
    users = []
    for place, each in enumerate(wanted.users):
        check_password(each.password, "body", "users", place, "password", username=each.username)
    for each in wanted.users:
        hashed = await ctx.state.hashing(lambda each=each: ctx.state.passwords.hash(each.password))  # type: ignore[misc]
        role = each.role or Role.ANNOTATOR
        users.append(manage.NewUser(each.username, each.first_name, each.last_name, role, hashed))
    team = CreatedTeam(users, wanted.workspace, wanted.membership, wanted.personal)
    now = ctx.state.clock.now()
    made = await ctx.write(lambda tx: create_team(tx, ctx.actor, team, now=now))
    return NewUsers(users=[created_user_out(actor, key) for actor, key in made])


@router.patch(
    "/api/users/{id}",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def change_user(ctx: Ctx, id: UUID, wanted: UserChanges) -> UserOut:
    """Change a user's names, role or password. The username never changes."""
    require(ctx.actor, Action.EDIT_USER)
    hashed = None
    if (password := wanted.password) is not None:
        whose = await ctx.read(lambda tx: tx.people.user(UserId(str(id))))
        check_password(password, "body", "password", username=None if whose is None else whose.username)
        hashed = await ctx.state.hashing(lambda: ctx.state.passwords.hash(password))
    changes = manage.UserChanges(wanted.first_name, wanted.last_name, wanted.role, hashed)
    user, now = UserId(str(id)), ctx.state.clock.now()
    changed = await ctx.write(lambda tx: manage.change_user(tx, ctx.actor, user, changes, now=now))
    return user_out(changed)


@router.post(
    "/api/users/{id}:reset_key",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def reset_key(ctx: Ctx, id: UUID) -> UserOut:
    """Reset a user's API key; the old one and their sessions stop working. Everyone may reset their own."""
    user, now = UserId(str(id)), ctx.state.clock.now()
    changed, key = await ctx.write(lambda tx: manage.reset_key(tx, ctx.actor, user, now=now, sid=ctx.sid))
    return user_out(changed, key=key)


@router.delete(
    "/api/users/{id}",
    responses=responses(ForbiddenOperationError, EntityNotFoundError),
)
async def delete_user(ctx: Ctx, id: UUID) -> UserOut:
    """Deactivate a user: no one can sign in as them any more, and their annotations keep their name."""
    user, now = UserId(str(id)), ctx.state.clock.now()
    gone = await ctx.write(lambda tx: manage.deactivate_user(tx, ctx.actor, user, now=now))
    return user_out(gone)
