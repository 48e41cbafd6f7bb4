"""Workspaces and their members."""

from __future__ import annotations

from msgspec import Struct

from apportion.vocabulary import MembershipRole, Role

from .bodies import LenientBody, Name

__all__ = [
    "LeaderOut",
    "Leaders",
    "MemberOut",
    "Members",
    "NewMember",
    "NewWorkspace",
    "RoleIn",
    "WorkspaceOut",
]


class NewWorkspace(LenientBody, kw_only=True):
    """A workspace to create."""

    name: Name


class NewMember(LenientBody, kw_only=True):
    """A user to add to a workspace, and their role in it."""

    username: str
    role: MembershipRole = MembershipRole.ANNOTATOR


class RoleIn(LenientBody, kw_only=True):
    """The new role of a member."""

    role: MembershipRole


class WorkspaceOut(Struct, kw_only=True):
    """A workspace."""

    id: str
    name: str
    inserted_at: str
    updated_at: str


class MemberOut(Struct, kw_only=True):
    """A member of a workspace."""

    id: str
    username: str
    full_name: str
    global_role: Role
    role: MembershipRole


class Members(Struct, kw_only=True):
    """Everybody who belongs to a workspace."""

    members: list[MemberOut]
    total: int


class LeaderOut(Struct, kw_only=True):
    """A reviewer or manager of a workspace, with their role."""

    username: str
    role: MembershipRole


class Leaders(Struct, kw_only=True):
    """People that the members of a workspace can turn to."""

    leaders: list[LeaderOut]
