"""Rules for every route, whatever it does; and secrets, which stay where they are."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apportion.bootstrap import open_store, open_upkeep
from apportion.server import logs
from apportion.server.guard_middleware import ANONYMOUS_BODY
from apportion.settings import Settings
from support import Client
from upkeep import tables_of

OURS = {"X-Apportion": "ana"}
SHARED = {"workspace": "shared"}
TEXT = "TextClassification"
KNOWN_NAMES = {"task": TEXT, "id": "00000000-0000-0000-0000-000000000000"}


@pytest.fixture
def operations(client: Client) -> list[tuple[str, str]]:
    """Method and a possible address of every route of the document."""
    paths = client.get("/api/docs/spec.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"\{(\w+)\}", lambda found: KNOWN_NAMES.get(found[1], "some"), path))
        for path, methods in paths.items()
        for method in methods
    ]


# Every route


def test_a_cookie_alone_changes_nothing_on_any_route(client_as: Any, operations: Any) -> None:
    browser = client_as(None)
    browser.post("/api/session", json={"username": "eva", "password": "eva-password"}, headers=OURS)
    entries = {("POST", "/api/session"), ("POST", "/api/security/token"), ("POST", "/api/setup")}
    for method, path in operations:
        if method == "GET" or (method, path) in entries:
            continue
        answer = browser.request(method, path, params=SHARED)
        assert answer.status_code in (403, 422), f"{method} {path}: {answer.text[:200]}"
        assert answer.status_code == 422 or "X-Apportion" in answer.text, f"{method} {path}"
    assert browser.get("/api/me").status_code == 200
    assert client_as("eva").get("/api/workspaces").json()


def test_other_sites_are_told_nothing_by_any_route(client_as: Any, operations: Any) -> None:
    anonymous = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-apportion"}  # fmt: skip
    for method, path in operations:
        preflight = client_as(None).request("OPTIONS", path, headers=anonymous)
        assert preflight.status_code == 405, path
        if (method, path) == ("GET", "/api/events"):  # a stream has no end
            continue
        for answer in (preflight, client_as("eva").request(method, path, headers=anonymous)):
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


def test_no_answer_is_kept_by_caches_or_shown_as_something_else(client_as: Any, operations: Any) -> None:
    for method, path in operations:
        answer = client_as(None).request(method, path)
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "'unsafe-" not in answer.headers["content-security-policy"]


def test_pages_of_ours_keep_to_their_own_policy(client_as: Any, empty_app: Any) -> None:
    for path in ("/api/docs", "/"):
        answer = client_as(None).get(path)
        (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
        assert _source(style) in answer.headers["content-security-policy"], path
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def _source(text: str) -> str:
    import base64
    import hashlib

    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_the_sites_that_are_named_may_frame_an_embedded_app(
    make_app: Any, settings: Any, app: Any
) -> None:
    for sites, framed in (
        ((), "frame-ancestors *"),
        (("https://a.example",), "frame-ancestors https://a.example"),
    ):
        with Client(make_app(replace(settings, embedded=True, embedded_in=sites))) as client:
            assert client.get("/").headers["content-security-policy"].endswith(framed)


# Sizes


def sizes(client: Client, size: int, path: str = "/api/session", **headers: str) -> tuple[int, str]:
    answer = client.post(path, content=b" " * size, headers={"Content-Type": "application/json", **headers})
    streamed = client.post(path, content=iter([b" " * 100_000] * (size // 100_000)), headers=headers)
    assert answer.status_code == streamed.status_code
    return answer.status_code, answer.json()["detail"]["code"].rpartition(":")[2]


@pytest.mark.parametrize("path", ["/api/session", "/api/security/token", "/api/setup", "/api/datasets",
                                  f"/api/datasets/reviews/{TEXT}:bulk"])  # fmt: skip
def test_strangers_send_little(client_as: Any, path: str) -> None:
    much = ANONYMOUS_BODY + 1_000_000

    assert sizes(client_as(None), much, path) == (401, "UnauthorizedError")
    assert sizes(client_as(None), much, path, **{"X-Argilla-Api-Key": "wrong"}) == (401, "UnauthorizedError")
    assert sizes(client_as("ana"), much, path)[0] != 401


def test_a_cookie_without_its_header_sends_little_too(client_as: Any) -> None:
    browser = client_as(None)
    browser.post("/api/session", json={"username": "ana", "password": "ana-password"}, headers=OURS)

    assert sizes(browser, ANONYMOUS_BODY + 1_000_000, "/api/datasets") == (403, "ForbiddenOperationError")


def test_deep_bodies_are_refused_everywhere(client: Client, operations: Any) -> None:
    bodies = ["[" * 100_000, '{"a":' * 100_000, '{"records":' + "[" * 500 + "]" * 500 + "}"]
    for number, (method, path) in enumerate(operations):
        if method == "GET":
            continue
        body = bodies[number % 3]
        answer = client.request(method, path, params=SHARED, content=body)
        assert answer.status_code < 500, f"{method} {path}: {answer.text[:200]}"


@pytest.mark.parametrize(
    ("body", "format"),
    [
        ('{"id":"a","inputs":' + '{"a":' * 5000 + "1" + "}" * 5001, "jsonl"),
        ("id,text\n" + 'a,"' + "x" * 1_200_000 + '"\n', "csv"),
        ("id,text\n" + "a,b\n" * 10_001, "csv"),
        ('{"id":"a","text":"b"}\n' * 10_001, "jsonl"),
        ("id,text\n" + "a," * 50_000, "csv"),
    ],
    ids=["deep", "a long cell", "many rows", "many lines", "many columns"],
)
def test_files_are_limited_in_depth_size_and_count(client: Client, body: str, format: str) -> None:
    asked = {
        **SHARED,
        "task": "Text2Text",
        "format": format,
        "mapping": json.dumps({"id": "id", "text": "text"}),
    }
    answer = client.post("/api/datasets/fresh/import", params=asked, content=body)

    assert answer.status_code in (400, 413, 422), answer.text[:300]
    assert len(answer.content) < 20_000
    assert client.get("/api/datasets/fresh", params=SHARED).status_code == 404


# Names that become headers or files


@pytest.mark.parametrize("name", ["a%0d%0aX-Evil:1", "..%2f..%2fetc%2fpasswd", 'x"; filename="y', "ünïcode"])
def test_the_name_of_an_export_is_no_way_into_headers_or_folders(client: Client, name: str) -> None:
    answer = client.post(f"/api/datasets/{name}/export", params=SHARED, json={})

    assert answer.status_code in (404, 405, 422)
    assert "x-evil" not in answer.headers
    assert "content-disposition" not in answer.headers


def test_an_export_is_a_file_to_be_saved(client: Client) -> None:
    client.post("/api/datasets", params=SHARED, json={"name": "a-b_c", "task": TEXT})
    answer = client.post("/api/datasets/a-b_c/export", params=SHARED, json={"format": "csv"})

    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a-b_c.csv"


# Secrets


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    """All lines of the log, of every level, as text and as JSON."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("httpx"):  # what the test sends, told by the test's own client
                return
            lines.append(logs.PlainLines().format(record))
            lines.append(logs.JsonLines().format(record))

    handler, root = Keep(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("apportion").setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)
    logging.getLogger("apportion").setLevel(logging.NOTSET)


def test_no_secret_is_in_a_log_or_an_error(
    client: Client, client_as: Any, everything_logged: list[str]
) -> None:
    secrets = [
        "pass-word-1",
        "wrong-word-2",
        "new-word-3",
        "wrong-key-4",
        "ana-password",
        "eva.apikey",
        "ana.apikey",
    ]
    heard: list[str] = []

    def ask(who: Any, method: str, path: str, **more: Any) -> Any:
        answer = who.request(method, path, **more)
        if answer.status_code >= 400:
            heard.append(answer.text + str(answer.headers))
        return answer

    nobody, browser = client_as(None), client_as(None)
    made = ask(
        client, "POST", "/api/users", json={"first_name": "Cy", "username": "cy", "password": secrets[0]}
    )
    secrets.append(made.json()["api_key"])
    ask(client, "POST", "/api/users", json={"first_name": "Cy", "username": "Cy!", "password": secrets[0]})
    ask(client, "POST", "/api/users", json={"username": "x", "password": secrets[0]})
    ask(nobody, "POST", "/api/security/token", data={"username": "cy", "password": secrets[1]})
    ask(nobody, "POST", "/api/session", json={"username": 7, "password": [secrets[1]]}, headers=OURS)
    ask(nobody, "GET", "/api/me", headers={"X-Argilla-Api-Key": secrets[3]})
    ask(nobody, "GET", "/api/me", headers={"Authorization": f"Bearer {secrets[3]}"})
    ask(nobody, "GET", f"/api/datasets?api_key={secrets[3]}")
    ask(browser, "POST", "/api/session", json={"username": "ana", "password": "ana-password"}, headers=OURS)
    secrets.append(browser.cookies["apportion_session"])
    change = {"current": secrets[1], "new": secrets[2]}
    ask(browser, "PUT", "/api/me/password", json=change, headers=OURS)
    ask(browser, "PUT", "/api/me/password", json={**change, "current": 7}, headers=OURS)
    ask(
        nobody,
        "POST",
        "/api/setup",
        json={"code": "x", "first_name": "a", "username": "b", "password": secrets[0]},
    )
    written = "\n".join(everything_logged)

    assert "cy" in written
    for secret in secrets:
        assert secret not in written
        assert secret not in "".join(heard)


def test_what_is_kept_is_for_its_owner_only_and_holds_hashes(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    settings = Settings(home=home)
    settings.signing_key()
    open_store(settings, serving=True).close()
    open_upkeep(settings).backup(tmp_path / "monday.db")
    store = open_store(settings)
    store.write(lambda tx: tx.people.set_preferences("nobody", {})).result()  # type: ignore[arg-type]
    files = {each.name: each.stat().st_mode & 0o777 for each in home.iterdir() if each.stat().st_size}
    store.close()

    assert home.stat().st_mode & 0o777 == 0o700
    assert set(files.values()) == {0o600}, files
    assert (tmp_path / "monday.db").stat().st_mode & 0o777 == 0o600


def test_no_password_key_or_session_can_be_read_from_the_database(client: Client, store: Any) -> None:
    made = client.post(
        "/api/users", json={"first_name": "Cy", "username": "cy", "password": "pass-word-1"}
    ).json()
    client.post("/api/security/token", data={"username": "cy", "password": "pass-word-1"})
    dump = str(tables_of(store))

    assert "$argon2id$" in dump
    assert "pass-word-1" not in dump
    assert made["api_key"] not in dump
    assert "eva.apikey" not in dump


def test_settings_do_not_show_the_secret() -> None:
    assert "only for me" not in repr(Settings(secret_key="only for me, and long enough for it"))
