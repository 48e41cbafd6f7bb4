"""Users, workspaces, memberships and sessions in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.people import Actor, Membership, User, Workspace
from apportion.storage.tables import agents, memberships, metadata, sessions, users, workspaces
from apportion.vocabulary import MembershipRole, Role

from .connection import SqlConnection
from .dialect import Dialect

__all__ = ["SqlPeople"]

_ANSWERS = metadata.tables["annotations"]

_USER = (
    users.c.id,
    users.c.username,
    users.c.first_name,
    users.c.last_name,
    users.c.role,
    users.c.active,
    users.c.inserted_at,
    users.c.updated_at,
    users.c.key_prefix,
)

_WITH_MEMBERSHIPS = (
    select(*_USER, workspaces.c.name, memberships.c.role)
    .select_from(
        users.outerjoin(memberships, memberships.c.user_id == users.c.id).outerjoin(
            workspaces, workspaces.c.id == memberships.c.workspace_id
        )
    )
    .order_by(users.c.inserted_at, users.c.username, memberships.c.no)
)
_ACTIVE = _WITH_MEMBERSHIPS.where(users.c.active)

# These three run with every request or nearly so, hence are built once
_BY_KEY = _ACTIVE.where(users.c.key_hash == bindparam("key_hash"))
_BY_NAME = _ACTIVE.where(users.c.username == bindparam("username"))
_BY_SESSION = _ACTIVE.where(
    users.c.id
    == select(sessions.c.user_id)
    .where(sessions.c.sid == bindparam("sid"), sessions.c.expires_at > bindparam("now"))
    .scalar_subquery()
)


class SqlPeople:
    """``ports.People`` over one connection, inside its transaction."""

    def __init__(self, connection: SqlConnection) -> None:
        self._sql = connection.sql
        self._raw = connection.raw

    # Signing in

    def by_key(self, key_hash: str) -> Actor | None:
        return self._one_actor(_BY_KEY, {"key_hash": key_hash})

    def by_session(self, sid: str, now: int) -> Actor | None:
        return self._one_actor(_BY_SESSION, {"sid": sid, "now": now})

    def open_session(self, sid: str, user: UserId, *, now: int, expires_at: int) -> None:
        # Nobody else removes sessions that expired
        old = delete(sessions).where(sessions.c.user_id == user, sessions.c.expires_at <= now)
        self._sql.execute(old)
        row = {"sid": sid, "user_id": user, "created_at": now, "expires_at": expires_at}
        self._sql.execute(insert(sessions), row)

    def close_session(self, sid: str) -> None:
        self._sql.execute(delete(sessions).where(sessions.c.sid == sid))

    def close_sessions(self, user: UserId, *, but: str | None = None) -> None:
        which = delete(sessions).where(sessions.c.user_id == user)
        if but is not None:
            which = which.where(sessions.c.sid != but)
        self._sql.execute(which)

    def password_hash(self, username: str) -> tuple[User, str | None] | None:
        asked = select(*_USER, users.c.password_hash).where(users.c.username == username, users.c.active)
        row = self._sql.execute(asked).first()
        return None if row is None else (_user(row), row[len(_USER)])

    def set_password_hash(self, user: UserId, password_hash: str | None, *, now: int) -> None:
        self._change(user, password_hash=password_hash, updated_at=now)

    def set_key(self, user: UserId, key_hash: str | None, prefix: str | None, *, now: int) -> None:
        self._change(user, key_hash=key_hash, key_prefix=prefix, updated_at=now)

    # Users

    def actor(self, username: str) -> Actor | None:
        return self._one_actor(_BY_NAME, {"username": username})

    def user(self, id: UserId) -> User | None:
        row = self._sql.execute(select(*_USER).where(users.c.id == id)).first()
        return None if row is None else _user(row)

    def user_by_name(self, username: str) -> User | None:
        row = self._sql.execute(select(*_USER).where(users.c.username == username)).first()
        return None if row is None else _user(row)

    def users(self, *, inactive: bool = False) -> Sequence[Actor]:
        return _actors(self._sql.execute(_WITH_MEMBERSHIPS if inactive else _ACTIVE))

    def count_users(self) -> int:
        return self._count(select(func.count()).select_from(users).where(users.c.active))

    def has_admin(self) -> bool:
        return self.count_admins() > 0

    def count_admins(self) -> int:
        which = (users.c.active, users.c.role == Role.ADMIN.value)
        return self._count(select(func.count()).select_from(users).where(*which))

    def add_user(self, user: User, *, password_hash: str | None = None, key_hash: str | None = None) -> None:
        row: dict[str, Any] = {
            "id": user.id,
            "username": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "role": user.role.value,
            "active": user.active,
            "inserted_at": user.inserted_at,
            "updated_at": user.updated_at,
            "key_prefix": user.key_prefix,
            "key_hash": key_hash,
            "password_hash": password_hash,
            "preferences": {},
        }
        self._sql.execute(insert(users), row)

    def change_user(self, user: User) -> None:
        self._change(
            user.id,
            first_name=user.first_name,
            last_name=user.last_name,
            role=user.role.value,
            active=user.active,
            updated_at=user.updated_at,
        )

    def _change(self, user: UserId, **values: Any) -> None:
        self._sql.execute(update(users).where(users.c.id == user).values(**values))

    def annotation_count(self, username: str) -> int:
        number = select(agents.c.no).where(agents.c.name == username).scalar_subquery()
        return self._count(select(func.count()).select_from(_ANSWERS).where(_ANSWERS.c.annotator == number))

    def preferences(self, user: UserId) -> dict[str, Any]:
        return dict(self._sql.scalar(select(users.c.preferences).where(users.c.id == user)) or {})

    def set_preferences(self, user: UserId, preferences: Mapping[str, Any]) -> None:
        self._change(user, preferences=dict(preferences))

    # Workspaces

    def workspace(self, id: WorkspaceId) -> Workspace | None:
        return self._one_workspace(select(workspaces).where(workspaces.c.id == id))

    def workspace_named(self, name: str) -> Workspace | None:
        return self._one_workspace(select(workspaces).where(workspaces.c.name == name))

    def workspaces(self) -> Sequence[Workspace]:
        asked = select(workspaces).order_by(workspaces.c.inserted_at, workspaces.c.name)
        return [_workspace(row) for row in self._sql.execute(asked)]

    def add_workspace(self, workspace: Workspace) -> None:
        row = {
            "id": workspace.id,
            "name": workspace.name,
            "inserted_at": workspace.inserted_at,
            "updated_at": workspace.updated_at,
        }
        self._sql.execute(insert(workspaces), row)

    # Memberships

    def members(self, workspace: WorkspaceId) -> Sequence[tuple[Actor, MembershipRole]]:
        here = memberships.alias()
        inside = select(here.c.user_id).where(here.c.workspace_id == workspace)
        actors = {
            each.user.id: each for each in _actors(self._sql.execute(_ACTIVE.where(users.c.id.in_(inside))))
        }
        asked = (
            select(memberships.c.user_id, memberships.c.role)
            .where(memberships.c.workspace_id == workspace)
            .order_by(memberships.c.no)
        )
        # Members who were deactivated are not shown, and stay members
        return [
            (actors[user], MembershipRole(role)) for user, role in self._sql.execute(asked) if user in actors
        ]

    def membership(self, workspace: WorkspaceId, user: UserId) -> MembershipRole | None:
        role = self._sql.scalar(select(memberships.c.role).where(*_which(workspace, user)))
        return None if role is None else MembershipRole(role)

    def add_member(self, workspace: WorkspaceId, user: UserId, role: MembershipRole, *, now: int) -> None:
        row = {"workspace_id": workspace, "user_id": user, "role": role.value, "inserted_at": now}
        self._sql.execute(insert(memberships), row)

    def set_member_role(self, workspace: WorkspaceId, user: UserId, role: MembershipRole) -> None:
        which = _which(workspace, user)
        self._sql.execute(update(memberships).where(*which).values(role=role.value))

    def remove_member(self, workspace: WorkspaceId, user: UserId) -> None:
        self._sql.execute(delete(memberships).where(*_which(workspace, user)))

    # Reading rows

    def _one_actor(self, asked: Select[Any], values: Mapping[str, Any]) -> Actor | None:
        # Without SQLAlchemy: every request looks up who asks
        text, names = _compiled(self._raw.dialect, asked)
        # A tuple, by which ``_first`` is cached
        return _first(tuple(self._raw.execute(text, [values[name] for name in names]).fetchall()))

    def _one_workspace(self, asked: Select[Any]) -> Workspace | None:
        row = self._sql.execute(asked).first()
        return None if row is None else _workspace(row)

    def _count(self, asked: Select[Any]) -> int:
        return self._sql.scalar(asked) or 0


@cache
def _compiled(dialect: Dialect, statement: Select[Any]) -> tuple[str, list[str]]:
    return dialect.compiled(statement)


@lru_cache(1000)
def _first(rows: tuple[tuple[Any, ...], ...]) -> Actor | None:
    """Build the actor of these rows; every request asks twice, and most find what the one before found."""
    return next(iter(_actors(rows)), None)


def _which(workspace: WorkspaceId, user: UserId) -> tuple[Any, Any]:
    return memberships.c.workspace_id == workspace, memberships.c.user_id == user


def _user(row: Any) -> User:
    id, username, first_name, last_name, role, active, inserted_at, updated_at, key_prefix = row[: len(_USER)]
    return User(
        UserId(id),
        username,
        first_name,
        last_name,
        Role(role),
        bool(active),
        inserted_at,
        updated_at,
        key_prefix,
    )


def _actors(rows: Iterable[Any]) -> list[Actor]:
    """Build actors from rows of users, one row for each membership."""
    found: dict[str, tuple[User, list[Membership]]] = {}
    for row in rows:
        known = found.get(row[0])
        if known is None:
            known = found[row[0]] = (_user(row), [])
        workspace, role = row[len(_USER) :]
        if workspace is not None:
            known[1].append(Membership(workspace, MembershipRole(role)))
    return [Actor(user, tuple(joined)) for user, joined in found.values()]


def _workspace(row: Any) -> Workspace:
    id, name, inserted_at, updated_at = row
    return Workspace(WorkspaceId(id), name, inserted_at, updated_at)
