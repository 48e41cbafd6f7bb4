"""Names, and what a person is where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apportion.domain.errors import ValidationError
from apportion.domain.people import check_name, check_password, check_username
from apportion.vocabulary import MembershipRole, Role
from support import actor


@pytest.mark.parametrize("name", ["ana", "a", "007", "a-b_c", "ends-"])
def test_names_are_lower_case_letters_digits_and_dashes(name: str) -> None:
    assert check_name(name) == name
    assert check_username(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "A", "ä", "a b", "ana\n", "a/b", "a.b"])
def test_other_names_are_refused_with_the_place_they_stood_in(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_name(name, "body", "name")

    (error,) = refused.value.errors
    assert (error["loc"], error["type"]) == (["body", "name"], "value_error.str.regex")


@pytest.mark.parametrize("name", ["me", "x" * 51])
def test_some_names_suit_workspaces_but_not_users(name: str) -> None:
    check_name(name)
    with pytest.raises(ValidationError):
        check_username(name)


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (100, True), (101, False)])
def test_passwords_are_neither_short_nor_endless(length: int, fits: bool) -> None:
    try:
        check_password(("good horse battery " * 6)[:length])
    except ValidationError:
        assert not fits
    else:
        assert fits


def test_an_actor_knows_their_workspaces_and_roles() -> None:
    ana = actor("ana", shared="reviewer", hers="manager")

    assert ana.workspaces == ("shared", "hers")
    assert ana.role_in("hers") is MembershipRole.MANAGER
    assert ana.role_in("elsewhere") is None
    assert not ana.is_admin
    assert actor("eva", Role.ADMIN).is_admin


def test_a_full_name_needs_no_last_name() -> None:
    user = actor("ana").user

    assert user.full_name == "Ana"
    assert replace(user, last_name="Frei").full_name == "Ana Frei"
