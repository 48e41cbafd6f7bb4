"""Users and workspaces of a server: `rg.User` and `rg.Workspace`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from apportion.vocabulary import MembershipRole, Role

from .errors import InputValueError, NotFoundApiError

__all__ = [
    "Member",
    "PeopleClient",
    "User",
    "Workspace",
    "read_member",
    "read_user",
    "read_workspace",
    "set_active_client",
]

_Users: TypeAlias = "list[User]"
_Workspaces: TypeAlias = "list[Workspace]"


class PeopleClient(Protocol):
    """The methods of a client that users and workspaces use; the operations have their signatures."""

    @property
    def me(self) -> Callable[..., User]: ...
    @property
    def list_users(self) -> Callable[..., _Users]: ...
    @property
    def user_named(self) -> Callable[..., User]: ...
    @property
    def create_user(self) -> Callable[..., User]: ...
    @property
    def list_workspaces(self) -> Callable[..., _Workspaces]: ...
    @property
    def workspace_named(self) -> Callable[..., Workspace]: ...
    @property
    def create_workspace(self) -> Callable[..., Workspace]: ...
    @property
    def list_workspace_users(self) -> Callable[..., _Users]: ...
    @property
    def list_members(self) -> Callable[..., list[Member]]: ...
    @property
    def add_member(self) -> Callable[..., Member]: ...
    @property
    def remove_member(self) -> Callable[..., None]: ...


@dataclass(frozen=True)
class User:
    """A user who can sign in. ``api_key`` is only known right after it was created, and of yourself."""

    username: str
    """The name they sign in with."""
    first_name: str = ""
    """The first name."""
    last_name: str | None = None
    """The last name."""
    role: Role = Role.ANNOTATOR
    """Their role on the server: ``admin`` or ``annotator``."""
    workspaces: tuple[str, ...] = ()
    """The names of the workspaces they belong to."""
    id: str | None = None
    """The id, which stays."""
    api_key: str | None = field(default=None, repr=False)
    """The API key."""
    active: bool = True
    """False if they can no longer sign in."""
    email: str | None = None
    """The e-mail address."""

    @property
    def full_name(self) -> str:
        """The first and last name."""
        return " ".join(filter(None, [self.first_name, self.last_name]))

    @property
    def disabled(self) -> bool:
        """True if they can no longer sign in."""
        return not self.active

    @property
    def is_annotator(self) -> bool:
        """True if their role is annotator."""
        return self.role == Role.ANNOTATOR

    @classmethod
    def list(cls) -> _Users:
        """Return all users of the server, in order of creation. For administrators.

        >>> [user.username for user in rg.User.list() if user.is_annotator]  # doctest: +SKIP
        ['ana', 'ben', 'cy']

        Raises ``ForbiddenApiError``.
        """
        return _active().list_users()

    @classmethod
    def create(
        cls,
        username: str,
        password: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        role: str = "annotator",
        workspaces: Iterable[str] = (),
    ) -> User:
        """Create a user; return them with the API key, which is never shown again. For administrators.

        They join ``workspaces``, which are created where there are none.

        >>> rg.User.create("ana", "long enough", workspaces=["recognai"]).api_key  # doctest: +SKIP
        'IH7...'

        Raises ``AlreadyExistsApiError``, ``ForbiddenApiError``, ``ValidationApiError`` (a password has 8 to
        100 characters).
        """
        return _active().create_user(
            username, password, first_name=first_name, last_name=last_name, role=role, workspaces=workspaces
        )

    @classmethod
    def from_name(cls, username: str) -> User:
        """Return the user of that name. For administrators; everybody may look up themselves.

        Raises ``NotFoundApiError``, ``ForbiddenApiError``.
        """
        return _active().user_named(username)

    @classmethod
    def me(cls) -> User:
        """Return yourself, as the server has you now.

        >>> rg.User.me().workspaces  # doctest: +SKIP
        ('recognai',)
        """
        return _active().me()


@dataclass(frozen=True)
class Member:
    """A member of a workspace: ``role`` is their role there."""

    username: str
    """The name they sign in with."""
    full_name: str
    """The first and last name."""
    role: MembershipRole
    """Their role in the workspace."""
    id: str
    """The id of the user."""


@dataclass(frozen=True)
class Workspace:
    """A workspace: datasets and the people who work on them."""

    name: str
    """The name."""
    id: str
    """The id."""
    _client: PeopleClient | None = field(default=None, repr=False, compare=False)

    @property
    def users(self) -> _Users:
        """The people in it, in the order in which they joined. For its managers and administrators."""
        return self._blocking_client().list_workspace_users(self.name)

    @property
    def members(self) -> tuple[Member, ...]:
        """The people in it with their roles there. For its reviewers and managers, and administrators."""
        return tuple(self._blocking_client().list_members(self.name))

    def add_user(self, user: User | str, role: str = "annotator") -> None:
        """Add a user, as ``annotator``, ``reviewer`` or ``manager``.

        >>> rg.Workspace.from_name("recognai").add_user("ana")  # doctest: +SKIP

        Raises ``AlreadyExistsApiError`` if they are in it, ``NotFoundApiError``, ``ForbiddenApiError``.
        """
        self._blocking_client().add_member(self.name, username_of(user), role)

    def remove_user(self, user: User | str) -> None:
        """Remove a user; their annotations stay.

        Raises ``NotFoundApiError`` if they are not in it, ``ForbiddenApiError``.
        """
        self._blocking_client().remove_member(self.name, username_of(user))

    def _blocking_client(self) -> PeopleClient:
        if self._client is None:
            raise InputValueError(
                "This workspace came from an AsyncClient: ask that, as in "
                f"`await client.list_members({self.name!r})`."
            )
        return self._client

    @classmethod
    def list(cls) -> _Workspaces:
        """Return all workspaces for administrators, their own for everybody else."""
        return _active().list_workspaces()

    @classmethod
    def create(cls, name: str) -> Workspace:
        """Create a workspace with nobody in it. For administrators.

        >>> rg.Workspace.create("recognai").add_user("ana")  # doctest: +SKIP

        Raises ``AlreadyExistsApiError``, ``ForbiddenApiError``, ``InputValueError``.
        """
        return _active().create_workspace(name)

    @classmethod
    def from_name(cls, name: str) -> Workspace:
        """Return the workspace of that name.

        Raises ``NotFoundApiError`` if there is none, or none you belong to.
        """
        return _active().workspace_named(name)


def set_active_client(active_client: Callable[[], PeopleClient]) -> None:
    """Set the client that the class methods use; called by the module that has the active client."""
    global _active
    _active = active_client


def _active() -> PeopleClient:
    raise InputValueError("Reach this as rg.User or rg.Workspace, after `import apportion as rg`.")


def username_of(user: User | str) -> str:
    """Return the name of a person given as user or by name."""
    return user.username if isinstance(user, User) else user


# Reading responses


def read_user(found: Mapping[str, Any]) -> User:
    """Read a user from the server's JSON."""
    return User(
        username=found["username"],
        first_name=found.get("first_name") or "",
        last_name=found.get("last_name"),
        role=Role(found.get("role") or Role.ANNOTATOR),
        workspaces=tuple(found.get("workspaces") or ()),
        id=found.get("id"),
        api_key=found.get("api_key"),
        active=found.get("active") is not False,
        email=found.get("email"),
    )


def read_member(found: Mapping[str, Any]) -> Member:
    """Read a member from the server's JSON."""
    return Member(found["username"], found["full_name"], MembershipRole(found["role"]), found["id"])


def read_workspace(found: Mapping[str, Any]) -> Workspace:
    """Read a workspace from the server's JSON."""
    return Workspace(found["name"], found["id"])


def named(found: Iterable[Any], name: str, kind: str) -> Any:
    """Return the item of that name."""
    known = list(found)
    for each in known:
        if name == getattr(each, "username", getattr(each, "name", None)):
            return each
    names = ", ".join(getattr(each, "username", None) or each.name for each in known)
    ctx = {"code": "EntityNotFoundError", "params": {"name": name, "type": kind}}
    raise NotFoundApiError(f"There is no {kind.lower()} {name!r}. There are: {names or 'none'}.", **ctx)
