"""Create, change and deactivate users; give them API keys."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.errors import (
    BadRequestError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    PayloadTooLargeError,
)
from apportion.domain.events import difference
from apportion.domain.ids import UserId
from apportion.domain.people import Actor, User, check_first_name, check_username
from apportion.domain.permissions import Action, require
from apportion.ports.events import About
from apportion.ports.people import People
from apportion.ports.store import Transaction
from apportion.vocabulary import COMMAND_LINE, EventCode, Role

from .release_leases import release_leases
from .sign_in import hash_key

__all__ = [
    "NewUser",
    "UserChanges",
    "add_user",
    "change_own_password",
    "change_user",
    "create_user",
    "deactivate_user",
    "key_prefix",
    "list_users",
    "new_key",
    "reset_key",
    "set_preferences",
]

_PREFIX_LENGTH = 6
PREFERENCES_SIZE = 65_536


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to create; the password already hashed."""

    username: str
    first_name: str
    last_name: str | None = None
    role: Role = Role.ANNOTATOR
    password_hash: str | None = None
    restore: bool = False
    """True activates a deactivated user of that name again, with everything they did."""


@dataclass(frozen=True, slots=True)
class UserChanges:
    """Changes to a user; None leaves a value as it is, and an empty last name removes it."""

    first_name: str | None = None
    last_name: str | None = None
    role: Role | None = None
    password_hash: str | None = None


def new_key() -> str:
    """Return a new random API key."""
    return secrets.token_urlsafe(48)


def key_prefix(key: str) -> str | None:
    """Return the part of a key that is shown, so that its owner can recognise it; of a short key less, or none.

    >>> key_prefix("gvXaK0nM" * 8), key_prefix("ana.apikey"), key_prefix("abc")
    ('gvXaK0', 'an', None)
    """
    return key[: min(_PREFIX_LENGTH, len(key) // 4)] or None


def list_users(people: People, actor: Actor, *, inactive: bool = False) -> Sequence[Actor]:
    """Return all users, in order of creation."""
    require(actor, Action.SEE_USERS)
    return people.users(inactive=inactive)


def create_user(
    tx: Transaction, actor: Actor, new: NewUser, *, now: int, restore: bool = False
) -> tuple[Actor, str]:
    """Create a user; return them and their API key, which is shown only this once.

    A deactivated user keeps their name, because their annotations have it: ``restore`` activates the same person
    again, with everything they did; without it the name is refused.
    """
    require(actor, Action.CREATE_USER)
    key = new_key()
    return add_user(tx, replace(new, restore=restore), key=key, now=now, by=actor.username), key


def add_user(tx: Transaction, new: NewUser, *, key: str | None, now: int, by: str = COMMAND_LINE) -> Actor:
    """Create or restore a user without checking rights: for the command line and the first admin."""
    people = tx.people
    check_username(new.username, "body", "username")
    first_name = check_first_name(new.first_name, "body", "first_name")
    known = people.user_by_name(new.username)
    if known is not None and not (new.restore and not known.active):
        raise _username_taken(people, known)
    user = User(
        id=known.id if known is not None else UserId(str(uuid.uuid4())),
        username=new.username,
        first_name=first_name,
        last_name=new.last_name or None,
        role=new.role,
        active=True,
        inserted_at=known.inserted_at if known is not None else now,
        updated_at=now,
        key_prefix=key_prefix(key) if key is not None else None,
    )
    key_hash = hash_key(key) if key is not None else None
    if known is None:
        people.add_user(user, password_hash=new.password_hash, key_hash=key_hash)
    else:
        people.change_user(user)
        people.set_password_hash(user.id, new.password_hash, now=now)
        people.set_key(user.id, key_hash, user.key_prefix, now=now)
    what = EventCode.CREATED_USER if known is None else EventCode.RESTORED_USER
    tx.events.add(what, About(object=user.username), who=by, at=now, after=_shown(user))
    return _actor(people, user.username)


def _shown(user: User) -> dict[str, Any]:
    """Return a user as the audit log shows them."""
    return {"first_name": user.first_name, "last_name": user.last_name, "role": str(user.role)}


def _username_taken(people: People, known: User) -> EntityAlreadyExistsError:
    if known.active:
        return EntityAlreadyExistsError(known.username, "User")
    count = people.annotation_count(known.username)
    return EntityAlreadyExistsError(
        known.username,
        "User",
        deactivated=True,
        annotations=count,
        message=f"A deactivated user {known.username} made {count} annotations. If this is the same person, "
        "restore them with restore=true; otherwise choose another username.",
    )


def change_user(tx: Transaction, actor: Actor, id: UserId, changes: UserChanges, *, now: int) -> Actor:
    """Change names, role or password. A new password ends every session of that user."""
    people = tx.people
    user = _existing(people, id)
    require(actor, Action.EDIT_USER)
    if changes.role is Role.ANNOTATOR and user.role is Role.ADMIN:
        _keep_an_admin(people)
    first, last = changes.first_name, changes.last_name
    changed = replace(
        user,
        first_name=user.first_name if first is None else check_first_name(first, "body", "first_name"),
        last_name=user.last_name if last is None else (last.strip() or None),
        role=changes.role or user.role,
        updated_at=now,
    )
    people.change_user(changed)
    about, (before, after) = About(object=user.username), difference(_shown(user), _shown(changed))
    if after:
        what = EventCode.CHANGED_ROLE if "role" in after else EventCode.CHANGED_USER
        tx.events.add(what, about, who=actor.username, at=now, before=before, after=after)
    if changes.password_hash is not None:
        people.set_password_hash(id, changes.password_hash, now=now)
        people.close_sessions(id)
        tx.events.add(EventCode.CHANGED_PASSWORD, about, who=actor.username, at=now)
    return _actor(people, user.username)


def change_own_password(
    tx: Transaction, actor: Actor, password_hash: str, *, now: int, sid: str | None
) -> None:
    """Set one's own password; ends one's other sessions, in case somebody else opened one of them."""
    tx.people.set_password_hash(actor.user.id, password_hash, now=now)
    tx.people.close_sessions(actor.user.id, but=sid)
    about = About(object=actor.username)
    tx.events.add(EventCode.CHANGED_PASSWORD, about, who=actor.username, at=now)


def reset_key(
    tx: Transaction, actor: Actor, id: UserId, *, now: int, sid: str | None = None
) -> tuple[Actor, str]:
    """Give a user a new API key; the old one stops working, and so do their sessions, except the present one.

    Everybody may reset their own.
    """
    people = tx.people
    if id != actor.user.id:
        user = _existing(people, id)
        require(actor, Action.RESET_KEY)
    else:
        user = actor.user
    key = new_key()
    people.set_key(id, hash_key(key), key_prefix(key), now=now)
    people.close_sessions(id, but=sid if id == actor.user.id else None)
    tx.events.add(EventCode.RESET_KEY, About(object=user.username), who=actor.username, at=now)
    return _actor(people, user.username), key


def deactivate_user(tx: Transaction, actor: Actor, id: UserId, *, now: int) -> Actor:
    """Deactivate a user and release their leases; their annotations keep their name. Return them as they were."""
    people = tx.people
    user = _existing(people, id)
    require(actor, Action.DELETE_USER)
    if user.id == actor.user.id:
        raise ForbiddenOperationError("Operation not allowed: another administrator must delete you.")
    if user.role is Role.ADMIN:
        _keep_an_admin(people)
    before = _actor(people, user.username)
    people.change_user(replace(user, active=False, key_prefix=None, updated_at=now))
    people.set_key(id, None, None, now=now)
    people.set_password_hash(id, None, now=now)
    people.close_sessions(id)
    release_leases(tx, user.username)
    about = About(object=user.username)
    tx.events.add(EventCode.DEACTIVATED_USER, about, who=actor.username, at=now, before=_shown(user))
    return before


def set_preferences(people: People, actor: Actor, preferences: dict[str, Any]) -> dict[str, Any]:
    """Store a user's own display preferences."""
    if len(json.dumps(preferences)) > PREFERENCES_SIZE:
        raise PayloadTooLargeError(f"Preferences may have {PREFERENCES_SIZE} characters.")
    people.set_preferences(actor.user.id, preferences)
    return preferences


def _existing(people: People, id: UserId) -> User:
    user = people.user(id)
    if user is None or not user.active:
        raise EntityNotFoundError(id, "User")
    return user


def _keep_an_admin(people: People) -> None:
    if people.count_admins() <= 1:
        raise BadRequestError(
            "This is the only administrator. Make someone else an administrator first. Nothing was changed."
        )


def _actor(people: People, username: str) -> Actor:
    actor = people.actor(username)
    if actor is None:
        raise EntityNotFoundError(username, "User")
    return actor
