"""The built web app: which addresses lead to it, what it may load, how long files are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.settings import Settings
from support import Client

PAGE = '<base href="__BASE__"><meta name="style-nonce" content="__NONCE__"><title>The app</title>'


@pytest.fixture
def built(web_folder: Path) -> Path:
    (web_folder / "assets").mkdir(parents=True)
    (web_folder / "index.html").write_text(PAGE)
    (web_folder / "assets" / "index-abc.js").write_text("let app = 1;" * 100)
    (web_folder.parent / "secret.txt").write_text("not for everybody")
    return web_folder


@pytest.fixture
def visitor(built: Path, client_as: Any) -> Client:
    client: Client = client_as(None)
    return client


@pytest.mark.parametrize("address", ["/", "/datasets", "/datasets/team/reviews", "/login", "/anything/else"])
def test_every_address_that_is_not_of_the_api_leads_to_the_app(visitor: Client, address: str) -> None:
    answer = visitor.get(address)

    assert answer.status_code == 200
    assert "The app" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_what_the_api_does_not_have_stays_an_error(visitor: Client) -> None:
    assert visitor.get("/api/nothing").json() == {"detail": "Not Found"}
    assert visitor.get("/assets/gone-123.js").status_code == 404
    assert visitor.post("/datasets/team/reviews").status_code == 405


def test_the_app_asks_for_the_first_administrator_itself(built: Path, empty_app: FastAPI) -> None:
    with Client(empty_app) as client:
        assert "<title>The app</title>" in client.get("/").text
        assert client.get("/api/setup").json() == {"needed": True}
        code = empty_app.state.app_state.setup.code
        eva = {"first_name": "Eva", "username": "eva", "password": "long enough", "code": code}
        client.post("/api/setup", json=eva)
        assert client.get("/api/setup").json() == {"needed": False}


def test_scripts_come_from_the_server_and_styles_bear_this_page_s_nonce(visitor: Client) -> None:
    first, second = visitor.get("/"), visitor.get("/")
    policy = first.headers["content-security-policy"]
    nonce = re.search(r'style-nonce" content="([^"]+)"', first.text)

    assert nonce is not None
    assert f"style-src 'self' 'nonce-{nonce[1]}'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert first.text != second.text


def test_files_with_a_hash_in_their_name_are_kept_and_sent_compressed(visitor: Client) -> None:
    answer = visitor.get("/assets/index-abc.js")

    assert answer.text.startswith("let app")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "javascript" in answer.headers["content-type"]
    plain = visitor.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("address", ["/%00", "/%ff", "/" + "a" * 5000, "//etc/passwd"])
def test_addresses_no_file_could_have_lead_to_the_app_too(visitor: Client, address: str) -> None:
    answer = visitor.get(address)

    assert answer.status_code == 200
    assert "The app" in answer.text


@pytest.mark.parametrize("address", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt"])
def test_files_outside_the_app_are_out_of_reach(visitor: Client, address: str) -> None:
    assert "not for everybody" not in visitor.get(address).text


def test_the_page_knows_the_path_it_is_served_under(
    built: Path, app: FastAPI, make_app: Callable[[Settings], FastAPI], settings: Settings
) -> None:
    with Client(make_app(replace(settings, base_url="/team/"))) as client:
        assert '<base href="/team/">' in client.get("/team/datasets").text
        assert client.get("/team/assets/index-abc.js").status_code == 200
        assert client.get("/datasets").status_code == 404
