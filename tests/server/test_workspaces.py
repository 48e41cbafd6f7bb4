"""Workspaces and their members."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support import Client


def ids(client: Client) -> dict[str, str]:
    users = {each["username"]: each["id"] for each in client.get("/api/users").json()}
    return users | {each["name"]: each["id"] for each in client.get("/api/workspaces").json()}


def test_administrators_see_all_workspaces_and_others_their_own(client_as: Any) -> None:
    assert [each["name"] for each in client_as("eva").get("/api/workspaces").json()] == ["shared", "other"]
    assert [each["name"] for each in client_as("olga").get("/api/workspaces").json()] == ["other"]


def test_a_workspace_has_a_good_name_that_nobody_has_yet(client: Client) -> None:
    made = client.post("/api/workspaces", json={"name": "fresh"}).json()

    assert set(made) == {"id", "name", "inserted_at", "updated_at"}
    assert client.post("/api/workspaces", json={"name": "fresh"}).status_code == 409
    assert client.post("/api/workspaces", json={"name": "Not good"}).status_code == 422


def test_no_workspace_can_be_deleted(client: Client) -> None:
    answer = client.delete(f"/api/workspaces/{ids(client)['shared']}")

    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


def test_users_join_and_leave_as_in_1x(client: Client) -> None:
    known = ids(client)
    seat = f"/api/workspaces/{known['other']}/users/{known['ana']}"

    assert client.post(seat).json()["workspaces"] == ["shared", "other"]
    again = client.post(seat)
    assert (again.status_code, again.json()["detail"]["params"]["type"]) == (409, "User")
    members = client.get(f"/api/workspaces/{known['other']}/users").json()
    assert [each["username"] for each in members] == ["olga", "ana"]
    assert client.delete(seat).json()["workspaces"] == ["shared"]
    assert client.delete(seat).status_code == 404


def test_unknown_workspaces_and_users_are_told_apart(client: Client) -> None:
    known = ids(client)

    def kind(workspace: str, user: str) -> str:
        answer = client.post(f"/api/workspaces/{workspace}/users/{user}")
        return f"{answer.status_code} {answer.json()['detail']['params']['type']}"

    assert kind(str(uuid4()), known["ana"]) == "404 Workspace"
    assert kind(known["shared"], str(uuid4())) == "404 User"


def test_managers_run_their_own_workspace_and_no_other(client: Client, client_as: Any) -> None:
    known, manager = ids(client), client_as("max")

    added = manager.post(f"/api/workspaces/{known['shared']}/users/{known['olga']}")

    assert added.json()["workspaces"] == ["other", "shared"]
    assert manager.post(f"/api/workspaces/{known['other']}/users/{known['ana']}").status_code == 403


def test_members_have_roles_that_managers_change(client_as: Any) -> None:
    manager = client_as("max")

    manager.post("/api/workspaces/shared/members", json={"username": "olga", "role": "reviewer"})
    changed = manager.patch("/api/workspaces/shared/members/ana", json={"role": "manager"})

    assert changed.json()["role"] == "manager"
    members = client_as("rita").get("/api/workspaces/shared/members").json()["members"]
    assert {each["username"]: each["role"] for each in members} == {
        "max": "manager", "rita": "reviewer", "ana": "manager", "ben": "annotator", "olga": "reviewer",
    }  # fmt: skip
    assert client_as("ana").get("/api/me").json()["memberships"][0]["role"] == "manager"


def test_only_members_have_a_role(client: Client) -> None:
    role = {"role": "reviewer"}

    assert client.patch("/api/workspaces/shared/members/olga", json=role).status_code == 404
    assert client.patch("/api/workspaces/nowhere/members/ana", json=role).status_code == 404
    assert client.patch("/api/workspaces/shared/members/ana", json={"role": "boss"}).status_code == 422


def test_annotators_learn_whom_to_turn_to_and_no_more(client_as: Any) -> None:
    ana, eva = client_as("ana"), client_as("eva")
    reply = ana.get("/api/workspaces/shared/leaders").json()
    assert reply == {
        "leaders": [{"username": "max", "role": "manager"}, {"username": "rita", "role": "reviewer"}]
    }
    assert ana.get("/api/workspaces/shared/members").status_code == 403
    assert client_as("olga").get("/api/workspaces/shared/leaders").status_code in (403, 404)
    for name in ("rita", "max"):
        eva.patch(f"/api/workspaces/shared/members/{name}", json={"role": "annotator"})
    admins = ana.get("/api/workspaces/shared/leaders").json()["leaders"]
    assert admins == [
        {"username": "eva", "role": "manager"}
    ]  # nobody leads here, so who leads everywhere does
