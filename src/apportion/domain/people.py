"""Users, workspaces, memberships, and the rules for their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apportion.vocabulary import NAME_LENGTH, NAME_PATTERN, PASSWORD_LENGTHS, MembershipRole, Role

from .errors import ValidationError
from .ids import UserId, WorkspaceId
from .passwords import weak_because

__all__ = [
    "NAME_LENGTH",
    "NAME_PATTERN",
    "PASSWORD_LENGTHS",
    "USERNAME_LENGTH",
    "Actor",
    "Membership",
    "User",
    "Workspace",
    "check_first_name",
    "check_name",
    "check_password",
    "check_username",
]

USERNAME_LENGTH = 50
"""``adjudicated:<username>`` must fit into the 64 characters that 1.x clients allow an agent."""

RESERVED_USERNAMES = frozenset({"me", "apportion", "adjudicated", "consensus"})
"""Names that stand for the current user, and names that the server signs with."""

_NAME = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in. Deactivated users stay, since their annotations do."""

    id: UserId
    username: str
    first_name: str
    last_name: str | None
    role: Role
    active: bool
    inserted_at: int
    updated_at: int
    key_prefix: str | None = None

    @property
    def full_name(self) -> str:
        """First and last name, separated by a space."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name


@dataclass(frozen=True, slots=True)
class Workspace:
    """A group of datasets that some users share."""

    id: WorkspaceId
    name: str
    inserted_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """Membership in the workspace of that name, with the role there."""

    workspace: str
    role: MembershipRole


@dataclass(frozen=True, slots=True)
class Actor:
    """A user together with their memberships, in the order of joining: all that permissions depend on."""

    user: User
    memberships: tuple[Membership, ...] = ()

    @property
    def username(self) -> str:
        return self.user.username

    @property
    def is_admin(self) -> bool:
        return self.user.role is Role.ADMIN

    @property
    def workspaces(self) -> tuple[str, ...]:
        """Names of the workspaces they belong to. Administrators see all others too."""
        return tuple(each.workspace for each in self.memberships)

    def role_in(self, workspace: str) -> MembershipRole | None:
        """Return their role in that workspace; None where they do not belong."""
        for each in self.memberships:
            if each.workspace == workspace:
                return each.role
        return None


def check_name(name: str, *field: str | int, model: str = "Request") -> str:
    """Return ``name`` if a workspace or dataset may be called that; ``field`` is its place in the input."""
    if not _NAME.fullmatch(name):
        raise _wrong(
            field,
            f'string does not match regex "{NAME_PATTERN}"',
            "value_error.str.regex",
            model,
            pattern=NAME_PATTERN,
        )
    if len(name) > NAME_LENGTH:
        raise _wrong(
            field,
            f"ensure this value has at most {NAME_LENGTH} characters",
            "value_error.any_str.max_length",
            model,
            limit_value=NAME_LENGTH,
        )
    return name


def check_username(name: str, *field: str | int) -> str:
    """Return ``name`` if a new user may be called that."""
    check_name(name, *field)
    if len(name) > USERNAME_LENGTH:
        raise _wrong(
            field,
            f"ensure this value has at most {USERNAME_LENGTH} characters",
            "value_error.any_str.max_length",
            limit_value=USERNAME_LENGTH,
        )
    if name in RESERVED_USERNAMES:
        raise _wrong(field, f"{name!r} is reserved, choose another username", "value_error")
    return name


def check_first_name(name: str, *field: str | int) -> str:
    """Return ``name`` without surrounding space; it must not be empty."""
    if not name.strip():
        raise _wrong(
            field,
            "ensure this value has at least 1 characters",
            "value_error.any_str.min_length",
            limit_value=1,
        )
    return name.strip()


def check_password(password: str, *field: str | int, username: str | None = None) -> str:
    """Return ``password`` if it is neither too short nor too long, and not among the most common ones."""
    shortest, longest = PASSWORD_LENGTHS
    if len(password) < shortest:
        raise _wrong(
            field,
            f"ensure this value has at least {shortest} characters",
            "value_error.any_str.min_length",
            limit_value=shortest,
        )
    if len(password) > longest:
        raise _wrong(
            field,
            f"ensure this value has at most {longest} characters",
            "value_error.any_str.max_length",
            limit_value=longest,
        )
    if problem := weak_because(password, username):
        raise _wrong(field, problem, "value_error")
    return password


def _wrong(
    field: tuple[str | int, ...], msg: str, type: str, model: str = "Request", **ctx: Any
) -> ValidationError:
    error: dict[str, Any] = {"loc": list(field), "msg": msg, "type": type}
    if ctx:
        error["ctx"] = ctx
    return ValidationError([error], model=model)
