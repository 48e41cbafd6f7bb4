"""Import the users of a 1.x server from its users file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.errors import EntityAlreadyExistsError, ValidationError
from apportion.domain.people import Actor, check_name
from apportion.ports.store import Transaction
from apportion.vocabulary import MembershipRole, Role

from .sign_in import hash_key
from .users import NewUser, add_user
from .workspaces import MemberChange, ensure_workspace, join

__all__ = ["ImportedUser", "import_users", "with_personal"]


def with_personal(username: str, workspaces: Sequence[str]) -> list[str]:
    """Return the workspaces a user belongs to, their own first unless it is listed; each once.

    >>> with_personal("ana", ["team", "team"])
    ['ana', 'team']
    """
    listed = list(dict.fromkeys(workspaces))
    return listed if username in listed else [username, *listed]


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A user of the file, and the outcome.

    ``created``, ``completed`` (they existed, and joined workspaces) or ``here`` (nothing was to be done).
    """

    actor: Actor
    outcome: str


def import_users(
    tx: Transaction, entries: Any, *, now: int, workspaces: Sequence[str] = ()
) -> Sequence[ImportedUser]:
    """Create every user of the file with the keys and password hashes they have.

    Where the file has no roles, users without any ``workspaces`` become administrators, all others annotators; all
    belong to a workspace of their own name first. Users who exist already, with the same key, stay as they are except
    that they join workspaces they do not belong to yet, so that a file can be imported twice. ``workspaces`` are
    created whether anybody belongs to them or not. Refuses the whole file, with the reasons, when any of it is wrong.
    """
    if not isinstance(entries, list) or not entries:
        raise _wrong([_problem("a list of users is expected")])
    problems: list[dict[str, Any]] = []
    made: list[ImportedUser] = []
    for place, entry in enumerate(entries):
        found = list(_shape(entry, place))
        if not found:
            try:
                made.append(_import_one(tx, entry, place, now))
            except ValidationError as invalid:
                found = [{**each, "loc": [place, *_field(each)]} for each in invalid.errors]
            except EntityAlreadyExistsError as taken:
                found = [_problem(f"{taken}, with another key", place)]
        problems += found
    for name in workspaces:
        try:
            ensure_workspace(tx, check_name(name, "body", "workspaces"), now=now)
        except ValidationError as invalid:
            problems += invalid.errors
    if problems:
        raise _wrong(problems)
    return made


def _import_one(tx: Transaction, entry: Mapping[str, Any], place: int, now: int) -> ImportedUser:
    people = tx.people
    username, key = entry["username"], entry["api_key"]
    owner = people.by_key(hash_key(key))
    if owner is not None and owner.username != username:
        raise _wrong([_problem(f"this key is {owner.username}'s already", place, "api_key")])
    workspaces = entry.get("workspaces")
    outcome = "here"
    if owner is None:
        role = (
            Role(entry["role"]) if "role" in entry else Role.ADMIN if workspaces is None else Role.ANNOTATOR
        )
        first_name = (entry.get("first_name") or entry.get("full_name") or "").strip() or username
        new = NewUser(
            username,
            first_name,
            last_name=(entry.get("last_name") or "").strip() or None,
            role=role,
            password_hash=entry.get("hashed_password"),
        )
        owner, outcome = add_user(tx, new, key=key, now=now), "created"
    listed = workspaces or []
    wanted = list(listed) if "role" in entry else with_personal(username, listed)
    for name in wanted or [username]:
        if name in owner.workspaces:
            continue
        workspace = ensure_workspace(tx, check_name(name, "body", "workspaces"), now=now)
        owner = join(tx, workspace, MemberChange(username, MembershipRole.ANNOTATOR, now))
        outcome = "completed" if outcome == "here" else outcome
    return ImportedUser(owner, outcome)


def _shape(entry: Any, place: int) -> Iterator[dict[str, Any]]:
    """Yield the problems with the types of one entry, before its values are checked."""
    if not isinstance(entry, Mapping):
        yield _problem("a user is expected, with username, api_key and so on", place)
        return
    for name in ("username", "api_key"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            yield _problem("a text is expected", place, name)
    if "role" in entry and entry["role"] not in [role.value for role in Role]:
        yield _problem(f"{' or '.join(role.value for role in Role)} is expected", place, "role")
    for name in ("full_name", "first_name", "last_name", "hashed_password"):
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
