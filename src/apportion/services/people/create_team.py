"""Create several users at once and add them to a workspace: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.errors import ValidationError
from apportion.domain.ids import UserId
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.ports.people import People
from apportion.ports.store import Transaction
from apportion.vocabulary import MembershipRole

from .users import NewUser, add_user, new_key
from .workspaces import MemberChange, change_member_role, ensure_workspace, join

__all__ = ["CreatedTeam", "create_team"]


@dataclass(frozen=True, slots=True)
class CreatedTeam:
    """New users; the workspace they all join, created if there is none; and whether each gets one of their own."""

    users: Sequence[NewUser]
    workspace: str | None = None
    membership: MembershipRole = MembershipRole.ANNOTATOR
    personal: bool = True


def create_team(tx: Transaction, actor: Actor, team: CreatedTeam, *, now: int) -> list[tuple[Actor, str]]:
    """Create the users; return them with their API keys, which are shown only this once."""
    require(actor, Action.CREATE_USER)
    people, by = tx.people, actor.username
    names = [each.username for each in team.users]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValidationError(
            [{"loc": ["body", "users"], "msg": f"{', '.join(twice)} is there twice", "type": "value_error"}]
        )
    made = []
    for place, new in enumerate(team.users):
        key = new_key()
        add_user(tx, new, key=key, now=now + place, by=by)  # users are listed by creation time
        if team.personal:
            own = ensure_workspace(tx, new.username, now=now, by=by)
            join(tx, own, MemberChange(new.username, MembershipRole.ANNOTATOR, now, by))
        made.append((new.username, key))
    if team.workspace is not None:
        shared = ensure_workspace(tx, team.workspace, now=now, by=by)
        for name, _ in made:
            if people.membership(shared.id, _id(people, name)) is None:
                join(tx, shared, MemberChange(name, team.membership, now, by))
            else:
                change_member_role(tx, shared, MemberChange(name, team.membership, now, by))
    return [(_actor(people, name), key) for name, key in made]


def _actor(people: People, name: str) -> Actor:
    actor = people.actor(name)
    assert actor is not None
    return actor


def _id(people: People, name: str) -> UserId:
    return _actor(people, name).user.id
