"""Create several users at once and let them into a workspace: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.errors import ValidationError
from apportion.domain.ids import UserId
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.ports.people import People
from apportion.vocabulary import MembershipRole

from .manage_users import NewUser, add_user, new_key
from .manage_workspaces import ensure_workspace, join

__all__ = ["Team", "create_team"]


@dataclass(frozen=True, slots=True)
class Team:
    """New users; the workspace they all join, made if there is none; and whether each gets one of their own."""

    users: Sequence[NewUser]
    workspace: str | None = None
    membership: MembershipRole = MembershipRole.ANNOTATOR
    personal: bool = True


def create_team(people: People, actor: Actor, team: Team, *, now: int) -> list[tuple[Actor, str]]:
    """The users and their API keys, which nobody will be shown again."""
    require(actor, Action.CREATE_USER)
    names = [each.username for each in team.users]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValidationError(
            [{"loc": ["body", "users"], "msg": f"{', '.join(twice)} is there twice", "type": "value_error"}]
        )
    made = []
    for place, new in enumerate(team.users):
        key = new_key()
        add_user(people, new, key=key, now=now + place)  # lists are in the order of creation
        if team.personal:
            own = ensure_workspace(people, new.username, now=now)
            join(people, own, new.username, MembershipRole.ANNOTATOR, now=now)
        made.append((new.username, key))
    if team.workspace is not None:
        shared = ensure_workspace(people, team.workspace, now=now)
        for name, _ in made:
            if people.membership(shared.id, _id(people, name)) is None:
                join(people, shared, name, team.membership, now=now)
            else:
                people.set_member_role(shared.id, _id(people, name), team.membership)
    return [(_actor(people, name), key) for name, key in made]


def _actor(people: People, name: str) -> Actor:
    actor = people.actor(name)
    assert actor is not None
    return actor


def _id(people: People, name: str) -> UserId:
    return _actor(people, name).user.id
