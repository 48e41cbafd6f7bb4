"""People: users, their keys, passwords, sessions and preferences; workspaces and who is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.people import User, Workspace
from apportion.ports.people import People
from apportion.ports.store import Store
from apportion.vocabulary import MembershipRole, Role
from stored_dataset import INDIVIDUAL, StoredDataset, read, text, write

T = TypeVar("T")
HERE, THERE = WorkspaceId("w-here"), WorkspaceId("w-there")


def user(name: str, at: int = 0) -> User:
    return User(UserId(f"u-{name}"), name, name.title(), None, Role.ANNOTATOR, True, at, at, "abc")


ANA, BEN = user("ana", 1), user("ben", 2)


class Team:
    """Ana and ben, and two workspaces; ana is in both."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.change(lambda people: people.add_user(ANA, key_hash="key of ana", password_hash="hash of ana"))
        self.change(lambda people: people.add_user(BEN, key_hash="key of ben"))
        self.change(lambda people: people.add_workspace(Workspace(HERE, "here", 2, 2)))
        self.change(lambda people: people.add_workspace(Workspace(THERE, "there", 1, 1)))
        self.change(lambda people: people.add_member(THERE, ANA.id, MembershipRole.MANAGER, now=1))
        self.change(lambda people: people.add_member(HERE, ANA.id, MembershipRole.ANNOTATOR, now=2))

    def change(self, fn: Callable[[People], None]) -> None:
        write(self.store, lambda tx: fn(tx.people))

    def see(self, fn: Callable[[People], T]) -> T:
        return read(self.store, lambda tx: fn(tx.people))


@pytest.fixture
def team(empty_store: Store) -> Team:
    return Team(empty_store)


def test_a_user_is_found_by_key_and_name_with_memberships_in_order_of_joining(empty_store: Store) -> None:
    team = Team(empty_store)
    found = team.see(lambda people: people.by_key("key of ana"))

    assert found is not None
    assert found.user == ANA
    assert found.workspaces == ("there", "here")
    assert found.role_in("there") is MembershipRole.MANAGER
    assert team.see(lambda people: people.actor("ana")) == found
    assert team.see(lambda people: people.by_key("no such key")) is None
    assert team.see(lambda people: people.actor("nobody")) is None
    assert team.see(lambda people: people.users()) == [found, team.see(lambda people: people.actor("ben"))]


def test_a_session_lasts_until_it_expires_or_is_closed(team: Team) -> None:
    def still(now: int) -> list[str]:
        names = ("one", "two", "bens")
        found = {sid: team.see(lambda people: people.by_session(sid, now)) for sid in names}
        return [sid for sid, actor in found.items() if actor is not None]

    team.change(lambda people: people.open_session("one", ANA.id, now=0, expires_at=10))
    team.change(lambda people: people.open_session("two", ANA.id, now=0, expires_at=12))
    team.change(lambda people: people.open_session("bens", BEN.id, now=0, expires_at=10))

    assert still(9) == ["one", "two", "bens"]
    assert still(10) == ["two"]
    team.change(lambda people: people.open_session("three", ANA.id, now=11, expires_at=20))
    assert still(0) == ["two", "bens"]  # an expired one of the same user is gone
    team.change(lambda people: people.close_sessions(ANA.id, but="two"))
    assert team.see(lambda people: people.by_session("three", 11)) is None
    assert still(0) == ["two", "bens"]
    team.change(lambda people: people.close_session("two"))
    assert still(0) == ["bens"]
    team.change(lambda people: people.close_sessions(BEN.id))
    assert still(0) == []


def test_deactivated_users_are_found_only_by_id_and_name(team: Team) -> None:
    team.change(lambda people: people.open_session("one", ANA.id, now=0, expires_at=10))
    team.change(lambda people: people.change_user(replace(ANA, active=False)))

    with team.store.read() as tx:
        people = tx.people
        assert people.by_key("key of ana") is None
        assert people.by_session("one", 5) is None
        assert people.actor("ana") is None
        assert people.password_hash("ana") is None
        assert people.members(HERE) == []
        assert [each.username for each in people.users()] == ["ben"]
        assert [each.username for each in people.users(inactive=True)] == ["ana", "ben"]
        assert people.user_by_name("ana") == people.user(ANA.id) == replace(ANA, active=False)
        assert people.user_by_name("cy") is people.user(UserId("u-cy")) is None
        assert people.count_users() == 1


def test_what_changes_of_a_user_is_kept(team: Team) -> None:
    assert team.see(lambda people: (people.has_admin(), people.count_admins())) == (False, 0)

    changed = replace(ANA, first_name="Anne", last_name="Frei", role=Role.ADMIN, updated_at=7)
    team.change(lambda people: people.change_user(replace(changed, username="another")))
    assert team.see(lambda people: people.user(ANA.id)) == changed  # the username never changes
    team.change(lambda people: people.set_key(ANA.id, "new key", "new", now=8))
    assert team.see(lambda people: people.by_key("key of ana")) is None
    found = team.see(lambda people: people.by_key("new key"))
    assert found is not None
    assert found.user == replace(changed, key_prefix="new", updated_at=8)
    team.change(lambda people: people.set_password_hash(ANA.id, "new hash", now=9))
    hashed = replace(found.user, updated_at=9), "new hash"
    assert team.see(lambda people: people.password_hash("ana")) == hashed
    assert team.see(lambda people: people.password_hash("ben")) == (BEN, None)
    team.change(lambda people: people.set_preferences(ANA.id, {"theme": "dark", "n": [1, None]}))
    assert team.see(lambda people: people.preferences(ANA.id)) == {"theme": "dark", "n": [1, None]}
    assert team.see(lambda people: people.preferences(BEN.id)) == {}
    assert team.see(lambda people: (people.has_admin(), people.count_admins())) == (True, 1)
    assert team.see(lambda people: people.count_users()) == 2


def test_keys_and_passwords_may_be_removed(team: Team) -> None:
    team.change(lambda people: people.set_key(ANA.id, None, None, now=8))
    team.change(lambda people: people.set_password_hash(ANA.id, None, now=8))

    assert team.see(lambda people: people.by_key("key of ana")) is None
    known = replace(ANA, key_prefix=None, updated_at=8)
    assert team.see(lambda people: people.password_hash("ana")) == (known, None)


def test_workspaces_are_in_order_of_creation(team: Team) -> None:
    here = Workspace(HERE, "here", 2, 2)

    assert team.see(lambda people: [each.name for each in people.workspaces()]) == ["there", "here"]
    assert team.see(lambda people: people.workspace_named("here")) == here
    assert team.see(lambda people: people.workspace(HERE)) == here
    assert team.see(lambda people: people.workspace_named("nowhere")) is None
    assert team.see(lambda people: people.workspace(WorkspaceId("nowhere"))) is None


def test_members_are_in_order_of_joining_and_may_leave(team: Team) -> None:
    team.change(lambda people: people.add_member(HERE, BEN.id, MembershipRole.ANNOTATOR, now=3))
    team.change(lambda people: people.set_member_role(HERE, BEN.id, MembershipRole.REVIEWER))

    members = team.see(lambda people: people.members(HERE))
    assert [(each.username, role) for each, role in members] == [
        ("ana", MembershipRole.ANNOTATOR),
        ("ben", MembershipRole.REVIEWER),
    ]
    assert members[0][0] == team.see(lambda people: people.actor("ana"))
    assert team.see(lambda people: people.membership(THERE, ANA.id)) is MembershipRole.MANAGER
    team.change(lambda people: people.remove_member(HERE, ANA.id))
    assert team.see(lambda people: people.membership(HERE, ANA.id)) is None
    assert team.see(lambda people: [each.username for each, _ in people.members(THERE)]) == ["ana"]
    assert team.see(lambda people: [each.username for each, _ in people.members(HERE)]) == ["ben"]


def test_annotations_are_counted_by_name_over_all_datasets(empty_store: Store) -> None:
    for _ in range(2):
        stored = StoredDataset(empty_store, policies=INDIVIDUAL)
        stored.log(text("a"), text("b"))
        for id, who in (("a", "ana"), ("b", "ana"), ("a", "ben")):
            stored.annotate(who, id, (("A", 1.0),))

    assert read(empty_store, lambda tx: tx.people.annotation_count("ana")) == 4
    assert read(empty_store, lambda tx: tx.people.annotation_count("ben")) == 2
    assert read(empty_store, lambda tx: tx.people.annotation_count("nobody")) == 0


def test_a_transaction_sees_the_people_it_has_added(empty_store: Store) -> None:
    def work(people: People) -> None:
        people.add_user(ANA, key_hash="k")
        people.add_workspace(Workspace(HERE, "here", 2, 2))
        people.add_member(HERE, ANA.id, MembershipRole.ANNOTATOR, now=2)
        actor = people.by_key("k")
        assert actor is not None
        assert actor.workspaces == ("here",)
        people.remove_member(HERE, ANA.id)
        assert people.members(HERE) == []
        actor = people.by_key("k")
        assert actor is not None
        assert actor.workspaces == ()

    write(empty_store, lambda tx: work(tx.people))
