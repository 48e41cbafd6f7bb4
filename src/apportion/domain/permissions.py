"""Permissions: one table of actions and the roles that may perform them.

Everybody who has signed in has exactly one effective role in one workspace:

    outsider  does not belong to the workspace
    member    belongs to it
    reviewer  a member who also sees everyone's annotations and resolves conflicts
    manager   a reviewer who also runs the workspace's datasets and members
    admin     runs everything

A member who created a dataset (only possible in data brought from 1.x) may also do what its row says.
"""

from __future__ import annotations

from enum import Enum

from apportion.vocabulary import MembershipRole

from .errors import ForbiddenOperationError
from .people import Actor

__all__ = [
    "ALLOWED",
    "Action",
    "EffectiveRole",
    "allowed",
    "effective_role",
    "has_lost_rights",
    "membership_of",
    "require",
]


class EffectiveRole(str, Enum):
    """The role of a user in one workspace, administrators and creators of datasets included."""

    OUTSIDER = "outsider"
    MEMBER = "member"
    CREATOR = "creator"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    ADMIN = "admin"


class Action(str, Enum):
    """The actions that permissions cover; the value completes the sentence "you may not …"."""

    # The server
    SEE_SERVER = "see how the server fares"
    SEE_AUDIT = "see the audit log"
    MANAGE_SERVER_WEBHOOKS = "manage webhooks of the whole server"
    # People
    SEE_ME = "see yourself"
    SEE_USERS = "see all users"
    CREATE_USER = "create users"
    EDIT_USER = "change users"
    RESET_KEY = "reset the API keys of others"
    DELETE_USER = "delete users"
    LIST_WORKSPACES = "list workspaces"
    CREATE_WORKSPACE = "create workspaces"
    SEE_MEMBERS = "see who belongs to a workspace"
    SEE_LEADERS = "see who leads a workspace"
    LIST_WORKSPACE_USERS = "list the users of a workspace"
    ADD_MEMBER = "add members"
    REMOVE_MEMBER = "remove members"
    SET_MEMBER_ROLE = "change the roles of members"
    MANAGE_WEBHOOKS = "manage the webhooks of a workspace"
    # Datasets
    LIST_DATASETS = "list datasets"
    CREATE_DATASET = "create datasets"
    SEE_DATASET = "see this dataset"
    EDIT_TAGS = "change tags or metadata of this dataset"
    DELETE_DATASET = "delete this dataset"
    RESTORE_DATASET = "restore this dataset"
    OPEN_CLOSE = "open or close this dataset"
    COPY_DATASET = "copy this dataset"
    SEE_SETTINGS = "see the settings of this dataset"
    EDIT_SETTINGS = "change the settings of this dataset"
    # Records
    BULK = "log records into this dataset"
    CREATE_BY_LOGGING = "create a dataset by logging records"
    SEARCH = "search this dataset"
    SEE_RECORD = "see records of this dataset"
    PATCH_RECORD = "change records of this dataset"
    DELETE_RECORDS = "delete records of this dataset"
    DISCARD_RECORDS = "discard records of this dataset"
    SEE_RULES = "see the labeling rules of this dataset"
    EDIT_RULES = "change the labeling rules of this dataset"
    SEE_METRICS = "see the metrics of this dataset"
    # Leading a team
    ANNOTATE = "annotate in this dataset"
    SEE_ANNOTATIONS = "see the annotations of others"
    SEE_PROGRESS = "see the progress of others"
    SEE_AGREEMENT = "see agreement and conflicts"
    SEE_EVENTS = "see what others did"
    ADJUDICATE = "resolve conflicts"
    EXPORT = "export this dataset"
    ASSIGN = "assign records"
    EDIT_POLICIES = "change the policies of this dataset"
    EDIT_GUIDELINES = "change the guidelines of this dataset"

    def __str__(self) -> str:
        return str(self.value)


_EVERYBODY = frozenset(EffectiveRole)
_MEMBERS = _EVERYBODY - {EffectiveRole.OUTSIDER}
_REVIEWERS = frozenset({EffectiveRole.REVIEWER, EffectiveRole.MANAGER, EffectiveRole.ADMIN})
_MANAGERS = frozenset({EffectiveRole.MANAGER, EffectiveRole.ADMIN})
_CREATOR_TOO = _MANAGERS | {EffectiveRole.CREATOR}
_ADMINS = frozenset({EffectiveRole.ADMIN})

ALLOWED: dict[Action, frozenset[EffectiveRole]] = {
    Action.SEE_SERVER: _ADMINS,
    Action.SEE_AUDIT: _MANAGERS,
    Action.MANAGE_SERVER_WEBHOOKS: _ADMINS,
    Action.SEE_ME: _EVERYBODY,
    Action.SEE_USERS: _ADMINS,
    Action.CREATE_USER: _ADMINS,
    Action.EDIT_USER: _ADMINS,
    Action.RESET_KEY: _ADMINS,
    Action.DELETE_USER: _ADMINS,
    Action.LIST_WORKSPACES: _EVERYBODY,
    Action.CREATE_WORKSPACE: _ADMINS,
    Action.SEE_MEMBERS: _REVIEWERS,
    Action.SEE_LEADERS: _MEMBERS,
    Action.LIST_WORKSPACE_USERS: _MANAGERS,
    Action.ADD_MEMBER: _MANAGERS,
    Action.REMOVE_MEMBER: _MANAGERS,
    Action.SET_MEMBER_ROLE: _MANAGERS,
    Action.MANAGE_WEBHOOKS: _MANAGERS,
    Action.LIST_DATASETS: _EVERYBODY,
    Action.CREATE_DATASET: _MANAGERS,
    Action.SEE_DATASET: _MEMBERS,
    Action.EDIT_TAGS: _MEMBERS,
    Action.DELETE_DATASET: _CREATOR_TOO,
    Action.RESTORE_DATASET: _CREATOR_TOO,
    Action.OPEN_CLOSE: _CREATOR_TOO,
    Action.COPY_DATASET: _MANAGERS,
    Action.SEE_SETTINGS: _MEMBERS,
    Action.EDIT_SETTINGS: _MANAGERS,
    Action.BULK: _MEMBERS,
    Action.CREATE_BY_LOGGING: _MANAGERS,
    Action.SEARCH: _MEMBERS,
    Action.SEE_RECORD: _MEMBERS,
    Action.PATCH_RECORD: _MEMBERS,
    Action.DELETE_RECORDS: _CREATOR_TOO,
    Action.DISCARD_RECORDS: _MEMBERS,
    Action.SEE_RULES: _MEMBERS,
    Action.EDIT_RULES: _MEMBERS,
    Action.SEE_METRICS: _MEMBERS,
    Action.ANNOTATE: _MEMBERS,
    Action.SEE_ANNOTATIONS: _REVIEWERS,
    Action.SEE_PROGRESS: _REVIEWERS,
    Action.SEE_AGREEMENT: _REVIEWERS,
    Action.SEE_EVENTS: _REVIEWERS,
    Action.ADJUDICATE: _REVIEWERS,
    Action.EXPORT: _REVIEWERS,
    Action.ASSIGN: _MANAGERS,
    Action.EDIT_POLICIES: _MANAGERS,
    Action.EDIT_GUIDELINES: _MANAGERS,
}

_ROLE_OF_MEMBERSHIP = {
    MembershipRole.ANNOTATOR: EffectiveRole.MEMBER,
    MembershipRole.REVIEWER: EffectiveRole.REVIEWER,
    MembershipRole.MANAGER: EffectiveRole.MANAGER,
}


def effective_role(actor: Actor, workspace: str | None) -> EffectiveRole:
    """Return the role of ``actor`` in a workspace, or on the whole server where none is named."""
    if actor.is_admin:
        return EffectiveRole.ADMIN
    role = actor.role_in(workspace) if workspace is not None else None
    return EffectiveRole.OUTSIDER if role is None else _ROLE_OF_MEMBERSHIP[role]


def membership_of(role: EffectiveRole) -> MembershipRole:
    """Return the role of a membership that gives this role in a workspace."""
    return next(each for each, found in _ROLE_OF_MEMBERSHIP.items() if found is role)


_RANKS = tuple(_ROLE_OF_MEMBERSHIP)


def has_lost_rights(before: Actor, now: Actor) -> bool:
    """Return whether a user may do less anywhere than before, or is another user."""
    if before.user.id != now.user.id or (before.is_admin and not now.is_admin):
        return True
    if now.is_admin:
        return False
    for each in before.memberships:
        role = now.role_in(each.workspace)
        if role is None or _RANKS.index(role) < _RANKS.index(each.role):
            return True
    return False


def allowed(
    actor: Actor, action: Action, workspace: str | None = None, created_by: str | None = None
) -> bool:
    """Return whether ``actor`` may do that there. ``created_by`` is the creator of the dataset in question."""
    role = effective_role(actor, workspace)
    if role in ALLOWED[action]:
        return True
    created = role is not EffectiveRole.OUTSIDER and created_by is not None and created_by == actor.username
    return created and EffectiveRole.CREATOR in ALLOWED[action]


def require(
    actor: Actor, action: Action, workspace: str | None = None, created_by: str | None = None
) -> None:
    """Refuse unless ``actor`` may do that there; the error names the roles that may."""
    if allowed(actor, action, workspace, created_by):
        return
    raise ForbiddenOperationError(f"Operation not allowed: only {_roles(action, workspace)} may {action}.")


def _roles(action: Action, workspace: str | None) -> str:
    roles = ALLOWED[action]
    where = f" of workspace {workspace}" if workspace is not None else ""
    if EffectiveRole.MEMBER in roles:
        return f"members{where}"
    if EffectiveRole.REVIEWER in roles:
        return f"reviewers and managers{where} and administrators"
    if EffectiveRole.MANAGER in roles:
        return f"managers{where} and administrators"
    return "administrators"
