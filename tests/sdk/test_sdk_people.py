"""`rg.User` and `rg.Workspace`."""

from __future__ import annotations

import asyncio

import pytest

import apportion as rg
from apportion.sdk.errors import (
    AlreadyExistsApiError,
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
    ValidationApiError,
)
from sdk_support import URL, ClientAs, InProcess


def test_an_administrator_lists_everybody(active: rg.Client) -> None:
    assert [user.username for user in rg.User.list()] == ["eva", "max", "rita", "ana", "ben", "olga"]
    assert [user.username for user in rg.User.list() if user.role == "annotator"][-1] == "olga"


def test_a_user_has_the_attributes_of_1x(active: rg.Client) -> None:
    found = active.user

    assert (found.username, found.full_name, found.disabled, found.email) == ("eva", "Eva", False, None)
    assert found.api_key == "eva.apikey"
    assert set(found.workspaces) == {"shared", "other"}


def test_keys_are_not_shown(active: rg.Client) -> None:
    assert "apikey" not in repr(rg.User.me())


def test_an_annotator_may_not_list_users(client_as: ClientAs) -> None:
    with pytest.raises(ForbiddenApiError, match="only administrators may see all users"):
        client_as("ana").list_users()


def test_a_new_user_joins_workspaces_that_are_made_for_them(active: rg.Client, client_as: ClientAs) -> None:
    made = rg.User.create("nora", "nora-password", workspaces=["shared", "new"])

    assert made.api_key
    assert made.workspaces == ("shared", "new")
    assert [each.name for each in rg.Workspace.list()] == ["shared", "other", "new"]
    assert rg.User.from_name("nora").workspaces == ("shared", "new")


def test_a_name_is_taken_once(active: rg.Client) -> None:
    with pytest.raises(AlreadyExistsApiError, match="There is a user 'ana' already"):
        rg.User.create("ana", "another-password")


def test_a_short_password_is_refused_by_name(active: rg.Client) -> None:
    with pytest.raises(ValidationApiError, match="password: ensure this value has at least 8 characters"):
        rg.User.create("nora", "short")


def test_an_unknown_role_is_refused_before_asking(active: rg.Client, transport: InProcess) -> None:
    with pytest.raises(InputValueError, match="'boss' is no role here; there are admin, annotator"):
        rg.User.create("nora", "nora-password", role="boss")
    assert transport.paths == []


def test_a_user_who_is_not_there(active: rg.Client) -> None:
    with pytest.raises(NotFoundApiError, match=r"There is no user 'nora'\. There are: eva, max"):
        rg.User.from_name("nora")


def test_everybody_may_look_up_themselves(client_as: ClientAs) -> None:
    ana = client_as("ana")

    assert ana.user_named("ana").workspaces == ana.me().workspaces == ("shared",)


def test_people_are_let_in_and_taken_out(active: rg.Client) -> None:
    team = rg.Workspace.create("team")

    team.add_user("ana")
    team.add_user(rg.User.from_name("ben"), role="manager")
    assert [(each.username, str(each.role)) for each in team.members] == [
        ("ana", "annotator"),
        ("ben", "manager"),
    ]
    team.remove_user("ana")
    assert [each.username for each in team.users] == ["ben"]


def test_who_is_in_it_already_cannot_be_let_in(active: rg.Client) -> None:
    with pytest.raises(AlreadyExistsApiError):
        rg.Workspace.from_name("shared").add_user("ana")
    with pytest.raises(NotFoundApiError, match="There is no user 'olga'"):
        rg.Workspace.from_name("shared").remove_user("olga")


def test_people_see_their_own_workspaces(client_as: ClientAs) -> None:
    assert [each.name for each in client_as("olga").list_workspaces()] == ["other"]
    with pytest.raises(NotFoundApiError, match=r"There is no workspace 'shared'\. There are: other"):
        client_as("olga").workspace_named("shared")


def test_a_reviewer_sees_members_and_an_annotator_does_not(client_as: ClientAs) -> None:
    assert len(client_as("rita").workspace_named("shared").members) == 4
    with pytest.raises(ForbiddenApiError):
        _ = client_as("ana").workspace_named("shared").members


def test_the_tutorial_s_list_of_annotators_works_as_printed(active: rg.Client) -> None:
    users = active.client.get("/api/users")

    assert [user["username"] for user in users if user["role"] == "annotator"][:2] == ["max", "rita"]


def test_an_async_client_does_the_same(transport: InProcess) -> None:
    async def act() -> tuple[list[str], list[str], rg.Workspace]:
        async with rg.AsyncClient(URL, "eva.apikey", transport=transport) as client:
            await client.create_user("nora", "nora-password", workspaces=["new"])
            await client.add_member("new", "ana")
            await client.remove_member("new", "nora")
            users = [each.username for each in await client.list_users()]
            members = [each.username for each in await client.list_members("new")]
            return users, members, await client.workspace_named("new")

    users, members, workspace = asyncio.run(act())
    assert (users[-1], members) == ("nora", ["ana"])
    with pytest.raises(InputValueError, match="came from an AsyncClient"):
        _ = workspace.users
