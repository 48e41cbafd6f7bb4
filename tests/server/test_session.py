"""Signing in with a browser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dataset_client import DatasetClient
from support import Client

OURS = {"X-Apportion": "ana"}
ANA = {"username": "ana", "password": "ana-password"}


@pytest.fixture
def browser(client_as: Any) -> Client:
    """A browser in which ana has signed in."""
    client: Client = client_as(None)
    assert client.post("/api/session", json=ANA, headers=OURS).status_code == 200
    return client


def test_the_cookie_is_out_of_reach_of_scripts(client_as: Any) -> None:
    cookie = client_as(None).post("/api/session", json=ANA, headers=OURS).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_on_https(app: Any) -> None:
    with Client(app, base_url="https://testserver") as client:
        assert "Secure" in client.post("/api/session", json=ANA, headers=OURS).headers["set-cookie"]


def test_an_embedded_app_has_a_cookie_that_lives_in_frames(app: Any, make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, embedded=True))) as client:
        cookie = client.post("/api/session", json=ANA, headers=OURS).headers["set-cookie"]

    assert all(word in cookie for word in ("SameSite=None", "Secure", "Partitioned"))


def test_the_cookie_signs_in(browser: Client) -> None:
    assert browser.get("/api/me").json()["username"] == "ana"


def test_what_changes_something_needs_a_header_that_other_sites_cannot_send(browser: Client) -> None:
    assert browser.put("/api/me/preferences", json={}).status_code == 403
    assert browser.put("/api/me/preferences", json={}, headers=OURS).status_code == 200


def test_signing_in_needs_that_header_too(client_as: Any) -> None:
    assert client_as(None).post("/api/session", json=ANA).status_code == 403


def test_signing_out_ends_the_session_itself(browser: Client) -> None:
    kept = {"Cookie": f"apportion_session={browser.cookies['apportion_session']}"}

    assert browser.delete("/api/session", headers=OURS).status_code == 200

    assert "apportion_session" not in browser.cookies
    assert browser.get("/api/me", headers=kept).status_code == 401


def test_preferences_are_each_persons_own(client_as: Any) -> None:
    liked = {"theme": "dark", "keys": {"1": "PER"}}

    assert client_as("ana").put("/api/me/preferences", json=liked).json() == liked

    assert client_as("ana").get("/api/me/preferences").json() == liked
    assert client_as("ben").get("/api/me/preferences").json() == {}
    assert client_as("ana").put("/api/me/preferences", json={"x": "y" * 70_000}).status_code == 413


# Whoever gets at one credential does not keep the others


def another(client_as: Any) -> Client:
    client: Client = client_as(None)
    client.post("/api/session", json=ANA, headers=OURS).raise_for_status()
    return client


def test_a_password_of_ones_own_ends_ones_other_sessions(browser: Client, client_as: Any) -> None:
    elsewhere = another(client_as)
    wanted = {"current": "ana-password", "new": "something new"}

    assert (
        browser.put("/api/me/password", json={**wanted, "current": "wrong"}, headers=OURS).status_code == 403
    )
    assert browser.put("/api/me/password", json={**wanted, "new": "short"}, headers=OURS).status_code == 422
    assert browser.put("/api/me/password", json=wanted, headers=OURS).status_code == 200

    assert browser.get("/api/me").status_code == 200
    assert elsewhere.get("/api/me").status_code == 401
    assert client_as("ana").get("/api/me").status_code == 200
    assert client_as(None).post("/api/session", json=ANA, headers=OURS).status_code == 401
    renewed = {**ANA, "password": "something new"}
    assert client_as(None).post("/api/session", json=renewed, headers=OURS).status_code == 200


def test_guessing_a_present_password_is_stopped(browser: Client) -> None:
    for _ in range(10):
        browser.put("/api/me/password", json={"current": "wrong", "new": "something new"}, headers=OURS)
    answer = browser.put(
        "/api/me/password", json={"current": "ana-password", "new": "something new"}, headers=OURS
    )

    assert answer.status_code == 429


def test_a_new_key_ends_the_old_one_and_other_sessions(browser: Client, client_as: Any) -> None:
    elsewhere, me = another(client_as), browser.get("/api/me").json()["id"]

    browser.post(f"/api/users/{me}:reset_key", headers=OURS).raise_for_status()

    assert browser.get("/api/me").status_code == 200
    assert elsewhere.get("/api/me").status_code == 401
    assert client_as("ana").get("/api/me").status_code == 401


@pytest.mark.parametrize("how", ["reset_key", "password", "delete"])
def test_what_an_administrator_does_ends_every_session(
    client: Client, browser: Client, client_as: Any, how: str
) -> None:
    token = client_as(None).post("/api/security/token", data=ANA).json()["access_token"]
    ana = client_as("ana").get("/api/me").json()["id"]
    if how == "reset_key":
        client.post(f"/api/users/{ana}:reset_key").raise_for_status()
    elif how == "password":
        client.patch(f"/api/users/{ana}", json={"password": "something new"}).raise_for_status()
    else:
        client.delete(f"/api/users/{ana}").raise_for_status()

    assert browser.get("/api/me").status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert client_as(None).get("/api/me", headers=bearer).status_code == 401


# Two people, one browser: a page says whose it is


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/me/preferences"), ("GET", "/api/me/preferences"), ("DELETE", "/api/session")],
)
def test_a_page_of_somebody_else_is_refused_and_told_who_has_signed_in(
    browser: Client, method: str, path: str
) -> None:
    body: dict[str, str] | None = {} if method == "PUT" else None

    refused = browser.request(method, path, json=body, headers={"X-Apportion": "ben"})

    assert refused.status_code == 401
    detail = refused.json()["detail"]
    assert detail["code"] == "argilla.api.errors::SessionChangedError"
    assert (detail["params"]["believed"], detail["params"]["current"]) == ("ben", "ana")
    assert browser.get("/api/me").status_code == 200


@pytest.mark.parametrize("believed", ["1", "", "Ana", "anabel"])
def test_who_does_not_say_whose_the_page_is_may_only_look(browser: Client, believed: str) -> None:
    refused = browser.put("/api/me/preferences", json={}, headers={"X-Apportion": believed})

    assert refused.status_code == 401
    assert browser.get("/api/me", headers={"X-Apportion": "1"}).status_code == 200


def test_an_api_key_needs_no_such_header_and_heeds_none(client_as: Any) -> None:
    assert (
        client_as("ana").put("/api/me/preferences", json={}, headers={"X-Apportion": "ben"}).status_code
        == 200
    )


def test_an_answer_of_a_tab_that_was_anas_is_not_stored_as_bens(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    browser = client_as(None)
    browser.post("/api/session", json=ANA, headers=OURS).raise_for_status()
    browser.delete("/api/session", headers=OURS).raise_for_status()
    ben = {"username": "ben", "password": "ben-password"}
    browser.post("/api/session", json=ben, headers=OURS).raise_for_status()
    answer = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}

    path = "/api/datasets/talk/records/a/annotations/me?workspace=shared"
    refused = browser.put(path, json=answer, headers={"X-Apportion": "ana"})

    assert refused.status_code == 401
    assert talk.found("ben", "status:Validated") == []
    assert browser.put(path, json=answer, headers={"X-Apportion": "ben"}).status_code == 200
    assert talk.found("ben", "status:Validated") == ["a"]
