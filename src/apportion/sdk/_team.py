"""Client methods for users and workspaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from . import _people
from ._connection import Connection
from ._http import Steps
from .people import Member, User, Workspace

__all__ = ["Team"]

T = TypeVar("T")


class Team:
    """Methods of a client for users and workspaces."""

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    def me(self) -> User:
        """Return the user the key belongs to, as the server has them now."""
        self._run(self._connection.user())
        return self._run(self._connection.refresh())

    def list_users(self) -> list[User]:
        """Return all users of the server; see ``rg.User.list``."""
        return self._run(_people.list_users(self._connection))

    def user_named(self, username: str) -> User:
        """Return the user of that name; see ``rg.User.from_name``."""
        return self._run(_people.find_user(self._connection, username))

    def create_user(
        self,
        username: str,
        password: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        role: str = "annotator",
        workspaces: Iterable[str] = (),
    ) -> User:
        """Create a user; see ``rg.User.create``."""
        return self._run(
            _people.create_user(
                self._connection,
                username,
                password,
                first_name=first_name,
                last_name=last_name,
                role=role,
                workspaces=workspaces,
            )
        )

    def list_workspaces(self) -> list[Workspace]:
        """Return all workspaces for administrators, their own for everybody else."""
        return [self._ours(each) for each in self._run(_people.list_workspaces(self._connection))]

    def workspace_named(self, name: str) -> Workspace:
        """Return the workspace of that name; see ``rg.Workspace.from_name``."""
        return self._ours(self._run(_people.find_workspace(self._connection, name)))

    def create_workspace(self, name: str) -> Workspace:
        """Create a workspace; see ``rg.Workspace.create``."""
        return self._ours(self._run(_people.create_workspace(self._connection, name)))

    def _ours(self, workspace: Workspace) -> Workspace:
        return replace(workspace, _client=self)

    def list_workspace_users(self, workspace: str) -> list[User]:
        """Return the people in a workspace; see ``rg.Workspace.users``."""
        return self._run(_people.list_workspace_users(self._connection, workspace))

    def list_members(self, workspace: str) -> list[Member]:
        """Return the people in a workspace with their roles there."""
        return self._run(_people.list_members(self._connection, workspace))

    def add_member(self, workspace: str, username: str, role: str = "annotator") -> Member:
        """Add a user to a workspace; see ``rg.Workspace.add_user``."""
        return self._run(_people.add_member(self._connection, workspace, username, role))

    def remove_member(self, workspace: str, username: str) -> None:
        """Remove a user from a workspace; see ``rg.Workspace.remove_user``."""
        self._run(_people.remove_member(self._connection, workspace, username))
