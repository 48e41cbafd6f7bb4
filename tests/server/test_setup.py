"""From an empty server to its first administrator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from support import Client, FakeClock

EVA = {"first_name": "Eva", "username": "eva", "password": "long enough"}


@pytest.fixture
def visitor(empty_app: FastAPI) -> Iterator[Client]:
    with Client(empty_app) as client:
        yield client


@pytest.fixture
def code(empty_app: FastAPI) -> str:
    return str(empty_app.state.app_state.setup.code)


def test_the_code_of_the_console_makes_an_administrator_with_a_workspace(visitor: Client, code: str) -> None:
    made = visitor.post("/api/setup", json={**EVA, "code": code}).json()

    assert (made["role"], made["workspaces"]) == ("admin", ["eva"])
    assert visitor.get("/api/me").json()["username"] == "eva"
    key = {"X-Argilla-Api-Key": made["api_key"]}
    assert visitor.get("/api/users", headers=key).status_code == 200


def test_without_the_code_nobody_gets_in(visitor: Client) -> None:
    assert visitor.post("/api/setup", json={**EVA, "code": "guess"}).status_code == 403
    assert visitor.post("/api/setup", json=EVA).status_code == 422
    assert visitor.get("/api/me").status_code == 401


def test_guessing_the_code_is_slow(visitor: Client, code: str, clock: FakeClock) -> None:
    for _ in range(20):
        visitor.post("/api/setup", json={**EVA, "code": "guess"})

    assert visitor.post("/api/setup", json={**EVA, "code": code}).status_code == 429
    clock.pass_minutes(11)
    assert visitor.post("/api/setup", json={**EVA, "code": code}).status_code == 200


def test_there_is_only_one_first_administrator(visitor: Client, code: str) -> None:
    visitor.post("/api/setup", json={**EVA, "code": code})

    again = visitor.post("/api/setup", json={**EVA, "username": "mallory", "code": code})

    assert again.status_code == 403


def test_the_start_page_asks_for_the_administrator_and_shows_the_key_once(visitor: Client, code: str) -> None:
    assert 'name="code"' in visitor.get("/").text
    wrong = visitor.post("/", data={**EVA, "code": code, "username": "<Eva>"})
    assert wrong.status_code == 422
    assert "&lt;Eva&gt;" in wrong.text
    assert "long enough" not in wrong.text

    welcome = visitor.post("/", data={**EVA, "code": code})

    assert "Welcome, Eva" in welcome.text
    assert visitor.get("/api/me").json()["username"] == "eva"
    assert 'name="code"' not in visitor.get("/").text


def test_the_start_page_says_what_is_here(client_as: Any) -> None:
    page = client_as(None).get("/").text

    assert "shares text records out" in page
    assert "/api/docs" in page


def test_the_link_a_notebook_prints_says_how_to_load_the_dataset(client_as: Any) -> None:
    answer = client_as(None).get("/datasets/team/<b>reviews")
    assert answer.status_code == 200
    assert "rg.load(&#x27;&lt;b&gt;reviews&#x27;, workspace=&#x27;team&#x27;)" in answer.text
    assert "<b>reviews" not in answer.text.replace("<b>&lt;b&gt;reviews", "")
