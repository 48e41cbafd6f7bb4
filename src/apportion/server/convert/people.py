"""Users and workspaces on the wire, as 1.x has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apportion.domain.people import Actor, Workspace
from apportion.domain.times import naive_iso
from apportion.vocabulary import MembershipRole
from apportion.wire.people import CreatedUser, Me, MembershipOut, UserOut
from apportion.wire.workspaces import LeaderOut, Leaders, MemberOut, Members, WorkspaceOut

__all__ = [
    "created_user_out",
    "leaders_out",
    "me_out",
    "member_out",
    "members_out",
    "user_out",
    "workspace_out",
]


def _user(actor: Actor, workspaces: Sequence[str], key: str | None) -> dict[str, Any]:
    user = actor.user
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name,
        "username": user.username,
        "role": user.role,
        "workspaces": list(workspaces),
        "memberships": [
            MembershipOut(workspace=each.workspace, role=each.role) for each in actor.memberships
        ],
        "api_key": key,
        "key_prefix": user.key_prefix,
        "active": None if user.active else False,
        "inserted_at": naive_iso(user.inserted_at),
        "updated_at": naive_iso(user.updated_at),
    }


def user_out(actor: Actor, *, key: str | None = None) -> UserOut:
    """Return a user as lists show them; ``key`` is their API key if it has just been created."""
    return UserOut(**_user(actor, actor.workspaces, key))


def created_user_out(actor: Actor, key: str) -> CreatedUser:
    """Return a user who has just been created with others."""
    return CreatedUser(**_user(actor, actor.workspaces, key))


def me_out(actor: Actor, workspaces: Sequence[str], key: str | None) -> Me:
    """Return a user as they see themselves."""
    return Me(**_user(actor, workspaces, key))


def workspace_out(workspace: Workspace) -> WorkspaceOut:
    """Return a workspace as lists show it."""
    return WorkspaceOut(
        id=workspace.id,
        name=workspace.name,
        inserted_at=naive_iso(workspace.inserted_at),
        updated_at=naive_iso(workspace.updated_at),
    )


def member_out(actor: Actor, role: MembershipRole) -> MemberOut:
    """Return a member with their role in the workspace in question."""
    user = actor.user
    return MemberOut(
        id=user.id, username=user.username, full_name=user.full_name, global_role=user.role, role=role
    )


def leaders_out(leaders: Sequence[tuple[Actor, MembershipRole]]) -> Leaders:
    """Return the reviewers and managers of a workspace, by name alone."""
    return Leaders(leaders=[LeaderOut(username=each.username, role=role) for each, role in leaders])


def members_out(members: Sequence[tuple[Actor, MembershipRole]]) -> Members:
    """Return all members of a workspace."""
    return Members(members=[member_out(*each) for each in members], total=len(members))
