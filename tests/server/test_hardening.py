"""Small doors that were open: addresses, keys, passwords, what strangers are told, deletions nobody meant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from apportion.server.convert.export_tables import shown
from apportion.services.people.sign_in import hash_key
from apportion.services.people.users import key_prefix
from apportion.settings import Settings
from dataset_client import DatasetClient
from patience import patience
from support import Client

SHARED = {"X-Argilla-Workspace": "shared"}
LOGIN = {"username": "ana", "password": "wrong"}
PROXY = (ip_network("127.0.0.1"),)


def tries(client: Client, addresses: Any) -> list[int]:
    """Return the answers to wrong passwords that come by a proxy from these addresses."""
    page = {"X-Apportion": "1"}
    return [
        client.post("/api/session", json=LOGIN, headers={**page, "X-Forwarded-For": each}).status_code
        for each in addresses
    ]


@pytest.fixture
def proxied(app: Any, make_app: Callable[[Settings], Any], settings: Settings) -> Client:
    return Client(make_app(replace(settings, trusted_proxy=PROXY)))


@pytest.mark.parametrize(
    "address", ["203.0.113.9:{}", "[2001:db8::1]:{}", "::ffff:203.0.113.9", "no address {}", "[{}"]
)
def test_a_port_is_no_part_of_an_address_that_is_counted(proxied: Client, address: str) -> None:
    with proxied:
        assert tries(proxied, [address.format(4000 + n) for n in range(12)]) == [401] * 10 + [429] * 2


def test_addresses_of_ipv4_are_told_apart_however_they_are_written(proxied: Client) -> None:
    with proxied:
        assert 429 not in tries(proxied, [f"::ffff:203.0.113.{n}" for n in range(12)])


# API keys


def test_wrong_api_keys_are_slowed_and_logged_and_shut_out_nobody_known(
    client_as: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ana, nobody = client_as("ana"), client_as("nobody")
    ana.get("/api/me").raise_for_status()

    answers = [nobody.get("/api/me").status_code for _ in range(102)]

    assert answers == [401] * 100 + [429] * 2
    assert sum("API key refused" in each.message for each in caplog.records) == 100
    assert ana.get("/api/me").status_code == 200
    assert client_as("ben").get("/api/me").status_code == 429  # it may be the hundred and first guess


def test_of_a_short_key_less_is_shown() -> None:
    assert [key_prefix("x" * length) for length in (3, 8, 16, 64)] == [None, "xx", "xxxx", "xxxxxx"]


# Passwords


@pytest.mark.parametrize(
    "password", ["password", "12345678", "        ", "Qwertyui", "87654321", "cy-the-first"]
)
def test_passwords_that_anybody_would_try_are_refused(client: Client, password: str) -> None:
    new = {"first_name": "Cy", "username": "cy-the-first", "password": password}
    for path, body in (("/api/users", new), ("/api/users:create_many", {"users": [new]})):
        refused = client.post(path, json=body)
        assert refused.status_code == 422
        assert "password" in refused.text
    assert len(client.get("/api/users").json()) == 6


def test_a_new_password_is_not_ones_name(client: Client, client_as: Any) -> None:
    new = {"first_name": "Cy", "username": "cy-the-first", "password": "long enough"}
    made = client.post("/api/users", json=new).json()
    own = {"current": "long enough", "new": "cy-the-first"}

    assert client.patch(f"/api/users/{made['id']}", json={"password": "cy-the-first"}).status_code == 422
    with client_as(None, **{"X-Argilla-Api-Key": made["api_key"]}) as cy:
        assert cy.put("/api/me/password", json=own).status_code == 422


@pytest.mark.parametrize("name", ["apportion", "adjudicated", "consensus", "me"])
def test_nobody_is_called_what_the_server_signs_with(client: Client, name: str) -> None:
    new = {"first_name": "Cy", "username": name, "password": "long enough"}
    assert client.post("/api/users", json=new).status_code == 422


def test_a_hundred_guesses_from_one_address_do_not_hold_up_others(proxied: Client, monkeypatch: Any) -> None:
    import asyncio

    state = proxied._transport._app.state.app_state  # type: ignore[attr-defined]
    go, order = threading.Event(), []

    async def all_of_them() -> None:
        guesses = [
            asyncio.create_task(state.hashing(lambda: go.wait(patience(20)), "203.0.113.9"))
            for _ in range(100)
        ]
        await asyncio.sleep(0.05)
        order.append(await asyncio.wait_for(state.hashing(lambda: "in", "203.0.113.7"), patience(20)))
        go.set()
        await asyncio.gather(*guesses)

    asyncio.run(all_of_them())
    proxied.close()
    assert order == ["in"]


# What strangers are told


def test_strangers_learn_neither_memory_nor_version_nor_numbers(client_as: Any) -> None:
    anonymous, eva = client_as(None), client_as("eva")
    status = anonymous.get("/api/_status").json()
    assert (status["mem_info"], "apportion" in status) == ({}, False)
    assert status["version"]
    assert eva.get("/api/_status").json()["mem_info"]
    page = anonymous.get("/").text
    assert "Version" not in page
    assert "datasets" not in page
    assert "people" not in page


def test_who_does_not_belong_learns_not_whether_a_dataset_is_there(client_as: Any) -> None:
    DatasetClient(client_as)
    olga = client_as("olga", **SHARED)
    paths = [
        "",
        "/policies",
        "/records/a",
        "/progress",
        "/TextClassification/settings",
        "/Text2Text/settings",
    ]
    for path in paths:
        there, missing = (olga.get(f"/api/datasets/{name}{path}") for name in ("talk", "nowhere"))
        assert there.status_code == missing.status_code == 403
        assert there.text == missing.text
    assert olga.delete("/api/datasets/talk").text == olga.delete("/api/datasets/nowhere").text


# Deleting


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {}), ("", {"ids": []}), ("", {"query_text": " "}), ("", {"query": {"query_text": ""}}),
        ("", {"ids": [], "query_text": "text"}), ("?query=id:a", None), ("?ids=a", {"query_text": "text"}),
    ],
)  # fmt: skip
def test_a_deletion_that_names_nothing_deletes_nothing(client_as: Any, query: str, body: Any) -> None:
    talk = DatasetClient(client_as)

    refused = client_as("max").request("DELETE", f"/api/datasets/talk/data{query}", headers=SHARED, json=body)

    assert refused.status_code == 422, refused.text
    assert "Nothing was removed" in refused.text
    assert talk.found("rita", "*") == ["a", "b", "c"]


def test_all_records_are_deleted_by_saying_so(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    done = client_as("max").request(
        "DELETE", "/api/datasets/talk/data", headers=SHARED, json={"query_text": "*"}
    )
    assert done.json()["processed"] == 3
    assert talk.found("rita", "*") == []


# Leases, pages, cells, hosts


def test_a_lease_is_kept_and_given_back_by_its_holder_or_who_leads(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    rule = {"users": ["ana", "ben"], "overlap": 1, "mode": "pull"}
    talk.post("max", "assignments", {"rules": [rule], "seed": 1})
    (record,) = talk.post("ana", "queue:claim", {"limit": 1})["records"]
    mine = {"leases": [{"id": record["id"], "token": record["assignment"]["token"]}]}

    assert talk.post("ben", "queue:heartbeat", mine)["leases"][0]["lease_until"] is None
    assert talk.post("ben", "queue:release", mine)["released"] == []
    assert talk.post("ana", "queue:heartbeat", mine)["leases"][0]["lease_until"] is not None
    assert talk.post("max", "queue:release", mine)["released"] == [record["id"]]


def test_comments_and_history_come_a_page_at_a_time(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    for n in range(5):
        talk.post("rita", "records/a/comments", {"text": f"comment {n}"})
        assert talk.put("ana", "a", f"label{n}", version=n).status_code == 200
    for path, name, key in (("comments", "comments", "text"), ("history", "history", "version")):
        whole = [each[key] for each in talk.get("rita", f"records/a/{path}")[name]]
        found: list[Any] = []
        page: Any = {"next": None}
        while not found or page["next"]:
            more = {} if page["next"] is None else {"cursor": page["next"]}
            page = talk.get("rita", f"records/a/{path}", limit=2, **more)
            assert len(page[name]) <= 2
            found += [each[key] for each in page[name]]
        assert found == whole
        assert len(whole) >= 4


@pytest.mark.parametrize(
    "cell", ["=1", "\n=1", ";=1", " =1", "＝1", "＋1", "\t1", "\r1", "@x", "-x", ",+x", "－x", "＠x"]
)
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert shown(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-0.5", "+1", "text", "a=1", "", "(=1)"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert shown(cell) == cell


def test_hosts_that_were_not_named_are_refused(app: Any, make_app: Any, settings: Settings) -> None:
    with Client(make_app(replace(settings, allowed_hosts=("localhost",)))) as client:
        known = dict.fromkeys(("localhost:6900", "127.0.0.1:6900", "[::1]:6900"), 200)
        for host, status in {**known, "evil.example:6900": 400, "": 400}.items():
            assert client.get("/api/_info", headers={"Host": host}).status_code == status, host


def test_sessions_are_kept_as_hashes_only(client_as: Any, store: Any, app: Any) -> None:
    browser = client_as(None)
    login = {"username": "ana", "password": "ana-password"}
    browser.post("/api/session", json=login, headers={"X-Apportion": "1"}).raise_for_status()
    cookie = browser.cookies["apportion_session"]
    with store.read() as tx:
        (kept,) = tx.people._raw.execute("SELECT sid FROM sessions").fetchone()
    import jwt

    sid = jwt.decode(cookie, options={"verify_signature": False})["sid"]
    assert kept == hash_key(sid)
    assert browser.get("/api/me").status_code == 200
