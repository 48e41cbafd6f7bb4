"""Whoever keeps people keeps these promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.people import User, Workspace
from apportion.storage.sql.people import SqlPeople
from apportion.storage.sqlite.connection import SqliteConnection
from apportion.storage.tables import metadata
from apportion.vocabulary import MembershipRole, Role

HERE, THERE = WorkspaceId("w-here"), WorkspaceId("w-there")


def user(name: str, at: int = 0) -> User:
    return User(UserId(f"u-{name}"), name, name.title(), None, Role.ANNOTATOR, True, at, at, "abc")


ANA, BEN = user("ana", 1), user("ben", 2)


@pytest.fixture
def connection(tmp_path: Any) -> Iterator[SqliteConnection]:
    connection = SqliteConnection(tmp_path / "people.db", readonly=False)
    metadata.create_all(connection.sql)
    yield connection
    connection.close()


@pytest.fixture
def people(connection: SqliteConnection) -> SqlPeople:
    """Ana and ben, and two workspaces; ana is in both."""
    people = SqlPeople(connection.sql)
    people.add_user(ANA, key_hash="key of ana", password_hash="hash of ana")
    people.add_user(BEN, key_hash="key of ben")
    people.add_workspace(Workspace(HERE, "here", 2, 2))
    people.add_workspace(Workspace(THERE, "there", 1, 1))
    people.add_member(THERE, ANA.id, MembershipRole.MANAGER, now=1)
    people.add_member(HERE, ANA.id, MembershipRole.ANNOTATOR, now=2)
    return people


def test_a_key_finds_its_user_with_memberships_in_order_of_joining(people: SqlPeople) -> None:
    found = people.by_key("key of ana")

    assert found is not None
    assert found.user == ANA
    assert found.workspaces == ("there", "here")
    assert found.role_in("there") is MembershipRole.MANAGER
    assert people.by_key("no such key") is None


def test_finding_a_key_needs_no_scan(people: SqlPeople, connection: SqliteConnection) -> None:
    from apportion.storage.sql.people import _BY_KEY

    plan = connection.sql.execute(text(f"EXPLAIN QUERY PLAN {_BY_KEY.compile()}"), {"key_hash": "x"})

    assert not [row for row in plan if row.detail.startswith("SCAN")]


def test_a_session_lasts_until_it_expires_or_is_closed(people: SqlPeople) -> None:
    people.open_session("one", ANA.id, now=0, expires_at=10)
    people.open_session("two", ANA.id, now=0, expires_at=10)
    people.open_session("bens", BEN.id, now=0, expires_at=10)

    assert people.by_session("one", 9) is not None
    assert people.by_session("one", 10) is None
    people.close_sessions(ANA.id, but="two")
    assert [people.by_session(each, 5) is not None for each in ("one", "two", "bens")] == [False, True, True]
    people.close_session("two")
    assert people.by_session("two", 5) is None


def test_deactivated_users_are_found_only_by_id_and_name(people: SqlPeople) -> None:
    people.open_session("one", ANA.id, now=0, expires_at=10)
    people.change_user(replace(ANA, active=False))

    assert people.by_key("key of ana") is None
    assert people.by_session("one", 5) is None
    assert people.actor("ana") is None
    assert people.password_hash("ana") is None
    assert people.members(HERE) == []
    assert [each.username for each in people.users()] == ["ben"]
    assert [each.username for each in people.users(inactive=True)] == ["ana", "ben"]
    found = people.user_by_name("ana")
    assert found is not None
    assert found == people.user(ANA.id)
    assert not found.active


def test_what_changes_of_a_user_is_kept(people: SqlPeople) -> None:
    people.change_user(replace(ANA, first_name="Anne", last_name="Frei", role=Role.ADMIN, updated_at=7))
    people.set_key(ANA.id, "new key", "new", now=8)
    people.set_password_hash(ANA.id, "new hash", now=9)
    people.set_preferences(ANA.id, {"theme": "dark"})

    found = people.by_key("new key")
    assert found is not None
    assert (found.user.full_name, found.user.key_prefix, found.user.updated_at) == ("Anne Frei", "new", 9)
    assert people.has_admin()
    assert people.password_hash("ana") == (found.user, "new hash")
    assert people.preferences(ANA.id) == {"theme": "dark"}
    assert people.preferences(BEN.id) == {}


def test_workspaces_are_in_order_of_creation(people: SqlPeople) -> None:
    assert [each.name for each in people.workspaces()] == ["there", "here"]
    assert people.workspace_named("here") == people.workspace(HERE)
    assert people.workspace_named("nowhere") is None


def test_members_are_in_order_of_joining_and_may_leave(people: SqlPeople) -> None:
    people.add_member(HERE, BEN.id, MembershipRole.ANNOTATOR, now=3)
    people.set_member_role(HERE, BEN.id, MembershipRole.REVIEWER)

    assert [(each.username, str(role)) for each, role in people.members(HERE)] == [
        ("ana", "annotator"),
        ("ben", "reviewer"),
    ]
    people.remove_member(HERE, ANA.id)
    assert people.membership(HERE, ANA.id) is None
    assert people.workspaces_of(ANA.id) == ["there"]


def test_annotations_are_counted_by_name(people: SqlPeople, connection: SqliteConnection) -> None:
    connection.sql.execute(text("INSERT INTO agents (no, name) VALUES (5, 'ana')"))
    for rid in (1, 2):
        row = "INSERT INTO annotations (rid, annotator, state, version, updated, terms)"
        connection.sql.execute(text(f"{row} VALUES ({rid}, 5, 2, 1, 0, x'')"))

    assert people.annotation_count("ana") == 2
    assert people.annotation_count("nobody") == 0
