"""Take over the users of a 1.x server from what its users file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apportion.domain.errors import EntityAlreadyExistsError, ValidationError
from apportion.domain.people import Actor, check_name
from apportion.ports.people import People
from apportion.vocabulary import MembershipRole, Role

from .manage_users import NewUser, add_user
from .manage_workspaces import ensure_workspace, join
from .sign_in import hash_key

__all__ = ["import_users", "with_personal"]


def with_personal(username: str, workspaces: Sequence[str]) -> list[str]:
    """The workspaces somebody belongs to, their own first unless it is listed; each once.

    >>> with_personal("ana", ["team", "team"])
    ['ana', 'team']
    """
    listed = list(dict.fromkeys(workspaces))
    return listed if username in listed else [username, *listed]


def import_users(people: People, entries: Any, *, now: int) -> Sequence[Actor]:
    """Create every user of the file with the keys and password hashes they have.

    Who has no ``workspaces`` at all becomes an administrator, everybody else an annotator; all belong to a
    workspace of their own name first. Refuses the whole file when anything in it is wrong, and says what.
    """
    if not isinstance(entries, list) or not entries:
        raise _wrong([_problem("a list of users is expected")])
    problems: list[dict[str, Any]] = []
    made: list[Actor] = []
    for place, entry in enumerate(entries):
        found = list(_shape(entry, place))
        if not found:
            try:
                made.append(_import_one(people, entry, place, now))
            except ValidationError as invalid:
                found = [{**each, "loc": [place, *_field(each)]} for each in invalid.errors]
            except EntityAlreadyExistsError as taken:
                found = [_problem(f"{taken}", place)]
        problems += found
    if problems:
        raise _wrong(problems)
    return made


def _import_one(people: People, entry: Mapping[str, Any], place: int, now: int) -> Actor:
    username, key = entry["username"], entry["api_key"]
    owner = people.by_key(hash_key(key))
    if owner is not None:
        raise _wrong([_problem(f"this key is {owner.username}'s already", place, "api_key")])
    workspaces = entry.get("workspaces")
    new = NewUser(
        username,
        (entry.get("full_name") or "").strip() or username,
        role=Role.ADMIN if workspaces is None else Role.ANNOTATOR,
        password_hash=entry.get("hashed_password"),
    )
    actor = add_user(people, new, key=key, now=now)
    for name in with_personal(username, workspaces or ()):
        workspace = ensure_workspace(people, check_name(name, "body", "workspaces"), now=now)
        actor = join(people, workspace, username, MembershipRole.ANNOTATOR, now=now)
    return actor


def _shape(entry: Any, place: int) -> Iterator[dict[str, Any]]:
    """What is wrong with the form of one entry, before anybody looks at what it says."""
    if not isinstance(entry, Mapping):
        yield _problem("a user is expected, with username, api_key and so on", place)
        return
    for name in ("username", "api_key"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            yield _problem("a text is expected", place, name)
    for name in ("full_name", "hashed_password"):
        if not isinstance(entry.get(name), str | None):
            yield _problem("a text is expected", place, name)
    workspaces = entry.get("workspaces")
    if workspaces is not None and not (
        isinstance(workspaces, list) and all(isinstance(each, str) for each in workspaces)
    ):
        yield _problem("a list of names is expected", place, "workspaces")


def _field(error: Mapping[str, Any]) -> list[str | int]:
    return [each for each in error["loc"] if each != "body"]


def _problem(message: str, *where: str | int) -> dict[str, Any]:
    return {"loc": list(where) or ["users"], "msg": message, "type": "value_error"}


def _wrong(problems: Sequence[dict[str, Any]]) -> ValidationError:
    return ValidationError(problems, model="UsersFile")
