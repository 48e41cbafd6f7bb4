"""Users, as administrators manage them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from support import Client

NEW = {"first_name": " Cy ", "username": "cy", "password": "long enough"}


def id_of(client: Client, username: str) -> str:
    return str(next(each["id"] for each in client.get("/api/users").json() if each["username"] == username))


def test_users_are_listed_in_order_and_without_their_keys(client: Client) -> None:
    users = client.get("/api/users").json()

    assert [each["username"] for each in users] == ["eva", "max", "rita", "ana", "ben", "olga"]
    assert users[3]["workspaces"] == ["shared"]
    assert users[2]["memberships"] == [{"workspace": "shared", "role": "reviewer"}]
    assert not any("api_key" in each or "last_name" in each for each in users)


def test_me_lists_every_workspace_for_administrators_and_ones_own_for_others(client_as: Any) -> None:
    assert client_as("eva").get("/api/me").json()["workspaces"] == ["shared", "other"]
    me = client_as("max").get("/api/me").json()
    assert (me["role"], me["workspaces"]) == ("annotator", ["shared"])
    assert me["memberships"] == [{"workspace": "shared", "role": "manager"}]


def test_a_new_user_gets_a_key_that_works_and_is_shown_once(client: Client, client_as: Any) -> None:
    made = client.post("/api/users", json={**NEW, "unknown": 1}).json()

    assert (made["full_name"], made["role"], made["workspaces"]) == ("Cy", "annotator", [])
    assert made["api_key"].startswith(made["key_prefix"])
    me = client_as(None).get("/api/me", headers={"X-Argilla-Api-Key": made["api_key"]})
    assert me.json()["username"] == "cy"
    assert made["api_key"] not in client.get("/api/users").text


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"username": "-cy"}, "value_error.str.regex"),
        ({"username": "cy\n"}, "value_error.str.regex"),
        ({"username": "Cy"}, "value_error.str.regex"),
        ({"username": "c" * 51}, "value_error.any_str.max_length"),
        ({"username": "me"}, "value_error"),
        ({"password": "short"}, "value_error.any_str.min_length"),
        ({"password": "x" * 101}, "value_error.any_str.max_length"),
        ({"first_name": "  "}, "value_error.any_str.min_length"),
        ({"role": "owner"}, "type_error.enum"),
    ],
)
def test_a_malformed_user_is_refused_with_a_reason(client: Client, change: dict[str, str], kind: str) -> None:
    answer = client.post("/api/users", json={**NEW, **change})

    (error,) = answer.json()["detail"]["params"]["errors"]
    assert (answer.status_code, error["loc"], error["type"]) == (422, ["body", *change], kind)


def test_a_name_is_taken_once(client: Client) -> None:
    answer = client.post("/api/users", json={**NEW, "username": "ana"})

    assert answer.status_code == 409
    assert answer.json()["detail"]["params"] == {"name": "ana", "type": "User"}


def test_a_deleted_user_is_locked_out_but_their_name_stays_theirs(client: Client, client_as: Any) -> None:
    ana = id_of(client, "ana")

    assert client.delete(f"/api/users/{ana}").json()["workspaces"] == ["shared"]

    assert client_as("ana").get("/api/me").status_code == 401
    assert "ana" not in [each["username"] for each in client.get("/api/users").json()]
    assert client.get("/api/users?inactive=true").json()[3]["active"] is False
    refused = client.post("/api/users", json={**NEW, "username": "ana"})
    assert refused.status_code == 409
    assert refused.json()["detail"]["params"]["annotations"] == 0
    restored = client.post("/api/users?restore=true", json={**NEW, "username": "ana"}).json()
    assert (restored["id"], restored["workspaces"]) == (ana, ["shared"])


def test_nobody_deletes_themselves_and_one_administrator_stays(client: Client) -> None:
    eva = id_of(client, "eva")

    assert client.delete(f"/api/users/{eva}").status_code == 403
    assert client.patch(f"/api/users/{eva}", json={"role": "annotator"}).status_code == 400


def test_names_role_and_password_can_be_changed_but_not_the_username(client: Client) -> None:
    ana = id_of(client, "ana")
    wanted = {"first_name": "Anne", "last_name": "Frei", "role": "admin", "username": "anne"}

    changed = client.patch(f"/api/users/{ana}", json=wanted).json()

    assert (changed["full_name"], changed["role"], changed["username"]) == ("Anne Frei", "admin", "ana")
    assert client.patch(f"/api/users/{ana}", json={"last_name": ""}).json()["full_name"] == "Anne"


def test_a_reset_key_replaces_the_old_one(client: Client, client_as: Any) -> None:
    ana = id_of(client, "ana")

    key = client_as("ana").post(f"/api/users/{ana}:reset_key").json()["api_key"]

    assert client_as("ana").get("/api/me").status_code == 401
    assert client_as(None).get("/api/me", headers={"X-Argilla-Api-Key": key}).status_code == 200
    assert client_as("ben").post(f"/api/users/{ana}:reset_key").status_code == 403


def test_an_unknown_user_is_not_found_even_by_those_who_may_not_delete(client_as: Any) -> None:
    answer = client_as("ana").delete(f"/api/users/{uuid4()}")

    assert answer.status_code == 404
    assert answer.json()["detail"]["params"]["type"] == "User"
    assert client_as("eva").delete("/api/users/nonsense").status_code == 422
