"""The people of a quickstart: the demo team, with the names, passwords and keys that the environment gives.

The names of the variables are those of 1.x's quickstart image, so that a Space or a compose file goes on working.
"""

from __future__ import annotations

import os
from dataclasses import replace

from apportion.demo import TEAM, Person
from apportion.vocabulary import PASSWORD_LENGTHS, Role

from .output import RefusedError

__all__ = ["AMOUNTS", "amount", "team"]

AMOUNTS = ("full", "single", "none")
"""Choices of the demo's datasets to load: all of them, the one that is shared out, or none."""


def team() -> tuple[Person, ...]:
    """Return the administrator, as ADMIN_USERNAME, ADMIN_PASSWORD and ADMIN_API_KEY say, and the demo's annotators.

    ANNOTATOR_USERNAME, with ANNOTATOR_PASSWORD and ANNOTATOR_API_KEY, is one annotator more; without a name, the
    password is that of all annotators. Raises ``RefusedError`` for a password that is too short.
    """
    admin, *annotators = TEAM
    password = _password("ANNOTATOR_PASSWORD")
    name = os.environ.get("ANNOTATOR_USERNAME")
    if password is not None and not name:
        annotators = [replace(each, password=password) for each in annotators]
    found = [_named("ADMIN", admin), *annotators]
    if name:
        found.append(_named("ANNOTATOR", Person(name, name.title(), Role.ANNOTATOR)))
    names = [each.username for each in found]
    if twice := {each for each in names if names.count(each) > 1}:
        raise RefusedError(
            f"{', '.join(sorted(twice))} would be two people: ADMIN_USERNAME and ANNOTATOR_USERNAME are names besides "
            f"{', '.join(each.username for each in annotators)}."
        )
    return tuple(found)


def amount() -> str:
    """Return how many datasets LOAD_DATASETS wants. Raises ``RefusedError`` for a word that is none of them."""
    found = os.environ.get("LOAD_DATASETS") or "full"
    if found not in AMOUNTS:
        raise RefusedError(f"LOAD_DATASETS is {', '.join(AMOUNTS[:-1])} or {AMOUNTS[-1]}; it says {found!r}.")
    return found


def _named(prefix: str, person: Person) -> Person:
    return replace(
        person,
        username=os.environ.get(f"{prefix}_USERNAME") or person.username,
        password=_password(f"{prefix}_PASSWORD") or person.password,
        key=os.environ.get(f"{prefix}_API_KEY") or None,
    )


def _password(name: str) -> str | None:
    found = os.environ.get(name) or None
    shortest, longest = PASSWORD_LENGTHS
    if found is not None and not shortest <= len(found) <= longest:
        raise RefusedError(f"{name} must have {shortest} to {longest} characters; it has {len(found)}.")
    return found
