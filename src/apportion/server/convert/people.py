"""Users and workspaces on the wire, as 1.x has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apportion.domain.passwords import weak_because
from apportion.domain.people import (
    NAME_LENGTH,
    NAME_PATTERN,
    PASSWORD_LENGTHS,
    Actor,
    Workspace,
)
from apportion.domain.times import naive_iso
from apportion.vocabulary import MembershipRole, Role

__all__ = [
    "Leaders",
    "Login",
    "Me",
    "MemberOut",
    "Members",
    "NewMember",
    "NewTeam",
    "NewUserIn",
    "NewUsers",
    "NewWorkspace",
    "PasswordIn",
    "RoleIn",
    "Setup",
    "Token",
    "UserChanges",
    "UserOut",
    "WorkspaceOut",
    "leaders_out",
    "me_out",
    "member_out",
    "members_out",
    "user_out",
    "workspace_out",
]

# pydantic's own regex engine has no look-ahead; Python's does
_Name = Annotated[str, Field(pattern=NAME_PATTERN, min_length=1, max_length=NAME_LENGTH)]
_Given = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH)]


def _not_weak(password: str) -> str:
    if problem := weak_because(password):
        raise ValueError(problem)
    return password


_Password = Annotated[
    str,
    Field(min_length=PASSWORD_LENGTHS[0], max_length=PASSWORD_LENGTHS[1]),
    AfterValidator(_not_weak),
]


class _In(BaseModel):
    """Base of request bodies: numbers are taken as text, unknown members are ignored, as in 1.x."""

    model_config = ConfigDict(coerce_numbers_to_str=True, regex_engine="python-re", extra="ignore")


class NewUserIn(_In):
    """A user to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"first_name": "Ana", "username": "ana", "password": "long enough", "role": "annotator"}
            ]
        }
    )

    first_name: _Given
    last_name: _Given | None = None
    username: _Name
    role: Role | None = None
    password: _Password


class NewTeam(_In):
    """Several users to create, the workspace they join, and whether each also gets one of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "users": [{"first_name": "Ana", "username": "ana", "password": "long enough"}],
                    "workspace": "team",
                    "membership": "annotator",
                }
            ]
        }
    )

    users: Annotated[list[NewUserIn], Field(min_length=1, max_length=100)]
    workspace: _Name | None = None
    membership: MembershipRole = MembershipRole.ANNOTATOR
    personal: bool = Field(
        True, description="A workspace called like each of them, which only they belong to."
    )


class UserChanges(_In):
    """Changes to a user; whatever is left out stays. The username never changes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "admin"}, {"password": "a new password"}]}
    )

    first_name: _Given | None = None
    last_name: Annotated[str, Field(max_length=NAME_LENGTH)] | None = None
    role: Role | None = None
    password: _Password | None = None


class Setup(NewUserIn):
    """The first administrator, and the code from the server's console."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"code": "abcd-efgh-jkmn", "first_name": "Eva", "username": "eva", "password": "long enough"}
            ]
        }
    )

    code: str


class Login(_In):
    """Username and password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "ana", "password": "long enough"}]}
    )

    username: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=1)]


class PasswordIn(_In):
    """One's own password, and the new one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"current": "long enough", "new": "even longer"}]}
    )

    current: Annotated[str, Field(min_length=1)]
    new: _Password


class NewWorkspace(_In):
    """A workspace to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "recognai"}]})

    name: _Name


class NewMember(_In):
    """A user to add to a workspace, and their role in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "ana", "role": "annotator"}]})

    username: str
    role: MembershipRole = MembershipRole.ANNOTATOR


class RoleIn(_In):
    """The new role of a member."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "reviewer"}]})

    role: MembershipRole


class Token(BaseModel):
    """A bearer token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - a word of OAuth


class UserOut(BaseModel):
    """A user. The API key is only present when it has just been created."""

    id: str
    first_name: str
    last_name: str | None = None
    full_name: str
    username: str
    role: Role
    workspaces: list[str]
    api_key: str | None = None
    key_prefix: str | None = None
    active: bool | None = Field(None, description="False for deactivated users; otherwise left out.")
    inserted_at: str
    updated_at: str


class NewUsers(BaseModel):
    """Users that have just been created, each with their API key, which is never shown again."""

    users: list[UserOut]


class MembershipOut(BaseModel):
    """A user's role in one workspace."""

    workspace: str
    role: MembershipRole


class Me(UserOut):
    """The caller; administrators see every workspace. Echoes the API key the request carried."""

    memberships: list[MembershipOut]


class WorkspaceOut(BaseModel):
    """A workspace."""

    id: str
    name: str
    inserted_at: str
    updated_at: str


class MemberOut(BaseModel):
    """A member of a workspace."""

    id: str
    username: str
    full_name: str
    global_role: Role
    role: MembershipRole


class Members(BaseModel):
    """Everybody who belongs to a workspace."""

    members: list[MemberOut]
    total: int


class LeaderOut(BaseModel):
    """A reviewer or manager of a workspace, with their role."""

    username: str
    role: MembershipRole


class Leaders(BaseModel):
    """People that the members of a workspace can turn to."""

    leaders: list[LeaderOut]


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
        "api_key": key,
        "key_prefix": user.key_prefix,
        "active": None if user.active else False,
        "inserted_at": naive_iso(user.inserted_at),
        "updated_at": naive_iso(user.updated_at),
    }


def user_out(actor: Actor, *, key: str | None = None) -> UserOut:
    """Return a user as lists show them; ``key`` is their API key if it has just been created."""
    return UserOut(**_user(actor, actor.workspaces, key))


def me_out(actor: Actor, workspaces: Sequence[str], key: str | None) -> Me:
    """Return a user as they see themselves."""
    memberships = [MembershipOut(workspace=each.workspace, role=each.role) for each in actor.memberships]
    return Me(**_user(actor, workspaces, key), memberships=memberships)


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
