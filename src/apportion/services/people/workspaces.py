"""Create workspaces; list, add and remove their members, and change their roles."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from apportion.domain.errors import EntityAlreadyExistsError, EntityNotFoundError
from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.people import Actor, User, Workspace, check_name
from apportion.domain.permissions import Action, require
from apportion.ports.events import About
from apportion.ports.people import People
from apportion.ports.store import Transaction
from apportion.vocabulary import COMMAND_LINE, EventCode, MembershipRole, Role

from .release_leases import release_leases

__all__ = [
    "MemberChange",
    "add_member",
    "add_user_to",
    "add_workspace",
    "change_member_role",
    "create_workspace",
    "ensure_workspace",
    "find_workspace",
    "join",
    "list_leaders",
    "list_members",
    "list_workspace_users",
    "list_workspaces",
    "remove_user_from",
    "set_member_role",
    "visible_workspaces",
]


def list_workspaces(people: People, actor: Actor) -> Sequence[Workspace]:
    """Return every workspace for administrators, their own for everybody else."""
    require(actor, Action.LIST_WORKSPACES)
    everything = people.workspaces()
    return everything if actor.is_admin else [each for each in everything if each.name in actor.workspaces]


def visible_workspaces(people: People, actor: Actor) -> Sequence[str]:
    """Return the names of the workspaces that ``actor`` may see."""
    return [each.name for each in people.workspaces()] if actor.is_admin else actor.workspaces


def create_workspace(tx: Transaction, actor: Actor, name: str, *, now: int) -> Workspace:
    """Create a workspace without members."""
    require(actor, Action.CREATE_WORKSPACE)
    return add_workspace(tx, name, now=now, by=actor.username)


def add_workspace(tx: Transaction, name: str, *, now: int, by: str = COMMAND_LINE) -> Workspace:
    """Create a workspace without checking rights: for the command line and the first admin."""
    people = tx.people
    check_name(name, "body", "name")
    if people.workspace_named(name) is not None:
        raise EntityAlreadyExistsError(name, "Workspace")
    made = Workspace(WorkspaceId(str(uuid.uuid4())), name, now, now)
    people.add_workspace(made)
    tx.events.add(EventCode.CREATED_WORKSPACE, About(workspace=name), who=by, at=now)
    return made


def ensure_workspace(tx: Transaction, name: str, *, now: int, by: str = COMMAND_LINE) -> Workspace:
    """Return the workspace of that name, created if there is none."""
    return tx.people.workspace_named(name) or add_workspace(tx, name, now=now, by=by)


def find_workspace(people: People, name: str) -> Workspace:
    """Return the workspace of that name."""
    found = people.workspace_named(name)
    if found is None:
        raise EntityNotFoundError(name, "Workspace")
    return found


def list_workspace_users(people: People, actor: Actor, id: WorkspaceId) -> Sequence[Actor]:
    """Return the members of a workspace, in order of joining."""
    workspace = _allowed(people.workspace(id), id, actor, Action.LIST_WORKSPACE_USERS)
    return [member for member, _ in people.members(workspace.id)]


def list_members(people: People, actor: Actor, workspace: str) -> Sequence[tuple[Actor, MembershipRole]]:
    """Return the members of a workspace with their roles, in order of joining."""
    found = _allowed(people.workspace_named(workspace), workspace, actor, Action.SEE_MEMBERS)
    return people.members(found.id)


def list_leaders(people: People, actor: Actor, workspace: str) -> Sequence[tuple[Actor, MembershipRole]]:
    """Return the reviewers and managers of a workspace, in order of joining; the administrators where it has none.

    Members may know this much of each other, so that they know whom to ask.
    """
    found = _allowed(people.workspace_named(workspace), workspace, actor, Action.SEE_LEADERS)
    leading = [
        (each, MembershipRole.MANAGER if each.is_admin else role)
        for each, role in people.members(found.id)
        if each.is_admin or role is not MembershipRole.ANNOTATOR
    ]
    return leading or [(each, MembershipRole.MANAGER) for each in people.users() if each.is_admin]


def add_user_to(tx: Transaction, actor: Actor, workspace: WorkspaceId, user: UserId, *, now: int) -> Actor:
    """Add a user to a workspace, both by id, as 1.x does."""
    people = tx.people
    found = _allowed(people.workspace(workspace), workspace, actor, Action.ADD_MEMBER)
    who = people.user(user)
    if who is None or not who.active:
        raise EntityNotFoundError(user, "User")
    change = MemberChange(who.username, MembershipRole.ANNOTATOR, now, actor.username)
    return _join(tx, found, who, change)


@dataclass(frozen=True, slots=True)
class MemberChange:
    """A user who is to have a role in a workspace, from when on, and by whom."""

    username: str
    role: MembershipRole
    at: int
    by: str = COMMAND_LINE


def add_member(tx: Transaction, actor: Actor, workspace: str, change: MemberChange) -> Actor:
    """Add a user to a workspace, both by name."""
    found = _allowed(tx.people.workspace_named(workspace), workspace, actor, Action.ADD_MEMBER)
    return join(tx, found, replace(change, by=actor.username))


def join(tx: Transaction, workspace: Workspace, change: MemberChange) -> Actor:
    """Add a user to a workspace without checking rights: for the command line and the first admin."""
    return _join(tx, workspace, _active(tx.people, change.username), change)


def remove_user_from(
    tx: Transaction, actor: Actor, workspace: WorkspaceId, user: UserId, *, now: int
) -> Actor:
    """Remove a user from a workspace, both by id, as 1.x does; their annotations stay, their leases are released."""
    people = tx.people
    found, who = people.workspace(workspace), people.user(user)
    role = None if found is None or who is None else people.membership(found.id, who.id)
    if found is None or who is None or role is None:
        raise EntityNotFoundError(user, "User")  # before checking rights, as 1.x does
    require(actor, Action.REMOVE_MEMBER, found.name)
    people.remove_member(found.id, who.id)
    if who.role is not Role.ADMIN:  # an administrator may still annotate there
        release_leases(tx, who.username, found.name)
    about = About(workspace=found.name, object=who.username)
    before = {"role": str(role)}
    tx.events.add(EventCode.REMOVED_MEMBER, about, who=actor.username, at=now, before=before)
    return _rejoin(people, who)


def set_member_role(tx: Transaction, actor: Actor, workspace: str, change: MemberChange) -> Actor:
    """Change the role of a member in a workspace."""
    people = tx.people
    found = _allowed(people.workspace_named(workspace), workspace, actor, Action.SET_MEMBER_ROLE)
    who = _active(people, change.username)
    change_member_role(tx, found, replace(change, by=actor.username))
    return _rejoin(people, who)


def change_member_role(tx: Transaction, workspace: Workspace, change: MemberChange) -> None:
    """Change a member's role without checking rights; refused for a user who is no member."""
    who, role = _active(tx.people, change.username), change.role
    before = tx.people.membership(workspace.id, who.id)
    if before is None:
        raise EntityNotFoundError(who.username, "User")
    if before is role:
        return
    tx.people.set_member_role(workspace.id, who.id, role)
    tx.events.add(
        EventCode.CHANGED_MEMBER_ROLE,
        About(workspace=workspace.name, object=who.username),
        who=change.by,
        at=change.at,
        before={"role": str(before)},
        after={"role": str(role)},
    )


def _allowed(found: Workspace | None, sought: str, actor: Actor, action: Action) -> Workspace:
    """Return the workspace, once rights are checked; those without them do not learn whether it exists."""
    require(actor, action, found.name if found is not None else None)
    if found is None:
        raise EntityNotFoundError(sought, "Workspace")
    return found


def _join(tx: Transaction, workspace: Workspace, who: User, change: MemberChange) -> Actor:
    people, role = tx.people, change.role
    if people.membership(workspace.id, who.id) is not None:
        raise EntityAlreadyExistsError(who.username, "User")
    people.add_member(workspace.id, who.id, role, now=change.at)
    about = About(workspace=workspace.name, object=who.username)
    tx.events.add(EventCode.ADDED_MEMBER, about, who=change.by, at=change.at, after={"role": str(role)})
    return _rejoin(people, who)


def _active(people: People, username: str) -> User:
    who = people.user_by_name(username)
    if who is None or not who.active:
        raise EntityNotFoundError(username, "User")
    return who


def _rejoin(people: People, who: User) -> Actor:
    return people.actor(who.username) or Actor(who)
