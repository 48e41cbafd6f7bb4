"""The port for users, workspaces, memberships and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.people import Actor, User, Workspace
from apportion.vocabulary import MembershipRole

__all__ = ["People"]


class People(Protocol):
    """Users, workspaces, memberships and sessions, within one transaction.

    Deactivated users are only found where a method says so. Lists are in order of creation, members in order
    of joining. ``now`` and all times are microseconds since 1970 in UTC.
    """

    # Signing in

    def by_key(self, key_hash: str) -> Actor | None:
        """Return the user whose API key has this SHA-256 (hex)."""
        ...

    def by_session(self, sid: str, now: int) -> Actor | None:
        """Return the user of a session, unless it has expired or was revoked."""
        ...

    def open_session(self, sid: str, user: UserId, *, now: int, expires_at: int) -> None:
        """Store a session; expired ones of the same user are deleted."""
        ...

    def close_session(self, sid: str) -> None: ...

    def close_sessions(self, user: UserId, *, but: str | None = None) -> None:
        """Revoke every session of a user, except one."""
        ...

    def password_hash(self, username: str) -> tuple[User, str | None] | None:
        """Return an active user and the hash of their password."""
        ...

    def set_password_hash(self, user: UserId, password_hash: str | None, *, now: int) -> None: ...

    def set_key(self, user: UserId, key_hash: str | None, prefix: str | None, *, now: int) -> None: ...

    # Users

    def actor(self, username: str) -> Actor | None:
        """Return the active user of that name with their memberships."""
        ...

    def user(self, id: UserId) -> User | None:
        """Return the user with that id, active or not."""
        ...

    def user_by_name(self, username: str) -> User | None:
        """Return the user of that name, active or not."""
        ...

    def users(self, *, inactive: bool = False) -> Sequence[Actor]:
        """Return everybody who may sign in; with ``inactive`` the deactivated too."""
        ...

    def count_users(self) -> int:
        """Count the active users."""
        ...

    def has_admin(self) -> bool:
        """Return whether there is an active administrator."""
        ...

    def count_admins(self) -> int: ...

    def add_user(
        self, user: User, *, password_hash: str | None = None, key_hash: str | None = None
    ) -> None: ...

    def change_user(self, user: User) -> None:
        """Store names, role, activity and ``updated_at`` of a user; the username never changes."""
        ...

    def annotation_count(self, username: str) -> int:
        """Count the annotations by that name."""
        ...

    def preferences(self, user: UserId) -> dict[str, Any]: ...

    def set_preferences(self, user: UserId, preferences: Mapping[str, Any]) -> None: ...

    # Workspaces

    def workspace(self, id: WorkspaceId) -> Workspace | None: ...

    def workspace_named(self, name: str) -> Workspace | None: ...

    def workspaces(self) -> Sequence[Workspace]: ...

    def add_workspace(self, workspace: Workspace) -> None: ...

    # Memberships

    def members(self, workspace: WorkspaceId) -> Sequence[tuple[Actor, MembershipRole]]:
        """Return active members of a workspace with their role in it."""
        ...

    def membership(self, workspace: WorkspaceId, user: UserId) -> MembershipRole | None: ...

    def add_member(self, workspace: WorkspaceId, user: UserId, role: MembershipRole, *, now: int) -> None: ...

    def set_member_role(self, workspace: WorkspaceId, user: UserId, role: MembershipRole) -> None: ...

    def remove_member(self, workspace: WorkspaceId, user: UserId) -> None: ...
