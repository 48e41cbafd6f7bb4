"""Users, and the caller's own account, as 1.x has them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from apportion.vocabulary import NAME_LENGTH, PASSWORD_LENGTHS, MembershipRole, Role

from .bodies import LenientBody, Name, Reading

__all__ = [
    "CreatedUser",
    "Login",
    "Me",
    "MembershipOut",
    "NewTeam",
    "NewUserIn",
    "NewUsers",
    "PasswordIn",
    "Setup",
    "SetupState",
    "Token",
    "UserChanges",
    "UserOut",
]

_Given = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH), Reading.STRIPPED]
_Password = Annotated[
    str, Meta(min_length=PASSWORD_LENGTHS[0], max_length=PASSWORD_LENGTHS[1]), Reading.STRONG
]
_Filled = Annotated[str, Meta(min_length=1)]


# Requests


class NewUserIn(LenientBody, kw_only=True):
    """A user to create."""

    first_name: _Given
    last_name: _Given | None = None
    username: Name
    role: Role | None = None
    password: _Password


class NewTeam(LenientBody, kw_only=True):
    """Several users to create, the workspace they join, and whether each also gets one of their own."""

    users: Annotated[list[NewUserIn], Meta(min_length=1, max_length=100)]
    workspace: Name | None = None
    membership: MembershipRole = MembershipRole.ANNOTATOR
    personal: Annotated[
        bool, Meta(description="A workspace called like each of them, which only they belong to.")
    ] = True


class UserChanges(LenientBody, kw_only=True):
    """Changes to a user; whatever is left out stays. The username never changes."""

    first_name: _Given | None = None
    last_name: Annotated[str, Meta(max_length=NAME_LENGTH)] | None = None
    role: Role | None = None
    password: _Password | None = None


class Setup(NewUserIn, kw_only=True):
    """The first administrator, and the code from the server's console."""

    code: str


class Login(LenientBody, kw_only=True):
    """Username and password."""

    username: _Filled
    password: _Filled


class PasswordIn(LenientBody, kw_only=True):
    """One's own password, and the new one."""

    current: _Filled
    new: _Password


# Responses


class Token(Struct, kw_only=True):
    """A bearer token."""

    access_token: str
    token_type: str


class SetupState(Struct, kw_only=True):
    """State of the setup: the server may still wait for its first administrator."""

    needed: bool


class MembershipOut(Struct, kw_only=True):
    """A user's role in one workspace."""

    workspace: str
    role: MembershipRole


class UserOut(Struct, kw_only=True, omit_defaults=True):
    """A user. The API key is only present when it has just been created."""

    id: str
    first_name: str
    last_name: str | None = None
    full_name: str
    username: str
    role: Role
    workspaces: list[str]
    memberships: Annotated[
        list[MembershipOut], Meta(description="The user's role in each workspace they are a member of.")
    ]
    api_key: str | None = None
    key_prefix: str | None = None
    active: Annotated[bool | None, Meta(description="False for deactivated users; otherwise left out.")] = (
        None
    )
    inserted_at: str
    updated_at: str


class CreatedUser(UserOut, kw_only=True, omit_defaults=False):
    """A user that has just been created, with their API key; what is not set is null."""


class NewUsers(Struct, kw_only=True):
    """Users that have just been created, each with their API key, which is never shown again."""

    users: list[CreatedUser]


class Me(UserOut, kw_only=True, omit_defaults=True):
    """The caller; administrators see every workspace. Echoes the API key the request carried."""
