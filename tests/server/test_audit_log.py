"""The audit log: what it has, who reads it, that nobody changes it, and when it is forgotten."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.server.housekeeping import prune_audit_log, purge
from apportion.settings import Settings, SettingsError, load_settings
from apportion.storage.sql.operations.events import SqlEvents
from apportion.vocabulary import COMMAND_LINE, SERVER, SOMEBODY_UNKNOWN, EventCode
from dataset_client import DatasetClient
from owners import nobody
from support import FakeClock

DAY = 24 * 60


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, "ab")


def audit(client_as: Any, reader: str = "eva", **params: Any) -> list[dict[str, Any]]:
    found = client_as(reader).get("/api/audit", params=params)
    assert found.status_code == 200, found.text
    events: list[dict[str, Any]] = found.json()["events"]
    return events


def codes(events: list[dict[str, Any]]) -> list[str]:
    return [each["what"] for each in events]


def tag(talk: DatasetClient) -> None:
    body, where = {"tags": {"a": "b"}}, {"workspace": "shared"}
    talk.client_as("max").patch("/api/datasets/talk", json=body, params=where).raise_for_status()


# What it has


def test_an_event_says_who_did_what_to_whom_from_where_and_what_was_there_before(client_as: Any) -> None:
    max_ = client_as("max", **{"X-Request-ID": "a-request-of-max"})
    max_.patch("/api/workspaces/shared/members/ben", json={"role": "reviewer"}).raise_for_status()

    (event,) = audit(client_as, what="changed_member_role")

    assert (event["who"], event["workspace"], event["object"]) == ("max", "shared", "ben")
    assert (event["before"], event["after"]) == ({"role": "annotator"}, {"role": "reviewer"})
    assert (event["area"], event["request"], event["address"]) == ("people", "a-request-of-max", "127.0.0.1")
    assert event["at"].endswith("Z")


def test_the_events_of_long_operations_name_their_request(talk: DatasetClient) -> None:
    max_, where = talk.client_as("max", **{"X-Request-ID": "a-long-operation"}), {"workspace": "shared"}
    asked: list[tuple[str, str, Any, str]] = [
        ("POST", "/assignments", {"rules": [{"users": ["ana"]}]}, "assigned"),
        ("PATCH", "/policies", {"required": 3}, "changed_policies"),
        ("PUT", ":copy", {"name": "talk-2"}, "copied"),
        ("DELETE", "/data", {"ids": ["a"]}, "deleted_records"),
    ]
    for method, path, body, code in asked:
        sent = max_.request(method, f"/api/datasets/talk{path}", params=where, json=body)
        assert sent.status_code == 200, sent.text
        assert audit(talk.client_as, what=code)[0]["request"] == "a-long-operation", code


def test_a_role_that_stays_what_it_was_is_no_event(client_as: Any) -> None:
    client_as("max").patch("/api/workspaces/shared/members/ben", json={"role": "annotator"})

    assert audit(client_as, what="changed_member_role") == []


def test_who_was_let_in_on_the_command_line_is_told(client_as: Any) -> None:
    created = audit(client_as, what="created_user")

    assert {each["object"] for each in created} >= {"eva", "ana"}
    assert {each["who"] for each in created} == {COMMAND_LINE}


def test_a_change_of_settings_has_what_was_there_before_and_after(talk: DatasetClient) -> None:
    for labels in (["good"], ["good", "bad"]):
        body = {"label_schema": {"labels": labels}}
        talk.ask("max", "PUT", "TextClassification/settings", json=body).raise_for_status()

    second, first = audit(talk.client_as, what="changed_settings")

    assert first["before"] == {}
    assert [each["name"] for each in second["before"]["labels"]] == ["good"]
    assert [each["name"] for each in second["after"]["labels"]] == ["good", "bad"]
    assert "vectors" not in second["after"]


def test_an_export_says_who_took_how_many_records_by_which_query(talk: DatasetClient) -> None:
    body = {"format": "csv", "query": "id:a"}
    talk.ask("rita", "POST", "export", json=body).raise_for_status()

    (event,) = audit(talk.client_as, "max", area="downloads")

    assert (event["who"], event["what"], event["dataset"]) == ("rita", "exported", "talk")
    assert event["detail"] == {"format": "csv", "query": "id:a", "answers": True, "records": 1}


def test_a_scan_of_several_pages_is_one_event_with_the_number_of_records(talk: DatasetClient) -> None:
    first = talk.post("rita", "records/:search?limit=1", {})
    talk.post("rita", "records/:search?limit=1", {"next_idx": first["next_idx"]})
    talk.post("max", "records/:search?limit=1", {"next_idx": "a"})  # from a place of one's own making

    events = audit(talk.client_as, what="scanned")

    assert [(each["who"], each["detail"]["records"]) for each in events] == [("max", 2), ("rita", 2)]


def test_deleted_records_are_counted_and_named(talk: DatasetClient) -> None:
    talk.ask("max", "DELETE", "data", json={"ids": ["a"]}).raise_for_status()
    talk.ask("max", "DELETE", "data", json={"query_text": "text AND id:b"}).raise_for_status()

    by_query, by_id = audit(talk.client_as, what="deleted_records")

    assert by_id["detail"] == {"records": 1, "ids": ["a"]}
    assert by_query["detail"]["records"] == 1
    assert "id:b" in by_query["detail"]["query"]


def test_the_first_administrator_is_in_the_log(empty_app: FastAPI) -> None:
    from support import Client

    state = empty_app.state.app_state
    with Client(empty_app) as client:
        wrong = {"code": "wrong", "username": "eva", "first_name": "Eva", "password": "long enough"}
        client.post("/api/setup", json=wrong)
        made = client.post("/api/setup", json={**wrong, "code": state.setup.code})
        assert made.status_code == 200
        found = client.get("/api/audit", headers={"X-Argilla-Api-Key": made.json()["api_key"]}).json()

    assert [(each["what"], each["who"]) for each in found["events"]] == [
        ("signed_in", "eva"),
        ("added_member", "eva"),
        ("created_workspace", "eva"),
        ("created_user", "eva"),
        ("sign_in_refused", SOMEBODY_UNKNOWN),
    ]


def test_a_change_whose_event_cannot_be_written_is_not_made(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("no room for it")

    monkeypatch.setattr(SqlEvents, "add", broken)
    client_as("eva").post("/api/workspaces", json={"name": "unnoted"})
    monkeypatch.undo()

    assert "unnoted" not in [each["name"] for each in client_as("eva").get("/api/workspaces").json()]


# Sign-ins


def sign_in(client_as: Any, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    return int(client_as(None, **{"X-Apportion": "1"}).post("/api/session", json=body).status_code)


def test_a_refused_password_is_in_the_log_and_many_of_a_minute_are_one_event(
    client_as: Any, app: FastAPI, clock: FakeClock
) -> None:
    for _ in range(4):
        assert sign_in(client_as, "ana", "a wrong one") == 401
    app.state.app_state.refusals.flush()
    assert [each["detail"]["attempts"] for each in audit(client_as, what="sign_in_refused")] == [1]

    clock.pass_minutes(2)
    for each in app.state.app_state.refusals.flush():
        each.result()

    rest, first = audit(client_as, what="sign_in_refused")
    assert (first["who"], first["detail"]) == ("ana", {"why": "wrong name or password", "attempts": 1})
    assert (rest["who"], rest["detail"]["attempts"], rest["address"]) == ("ana", 3, "127.0.0.1")


def test_too_many_attempts_and_a_wrong_key_are_told_apart(client_as: Any, app: FastAPI) -> None:
    for _ in range(11):
        sign_in(client_as, "ana", "a wrong one")
    client_as("stranger").get("/api/me")
    app.state.app_state.store.write(lambda _: None).result()  # whatever was queued before is written by then

    found = {(each["who"], each["detail"]["why"]) for each in audit(client_as, what="sign_in_refused")}

    assert found == {
        ("ana", "wrong name or password"),
        ("ana", "too many attempts"),
        (SOMEBODY_UNKNOWN, "wrong API key"),
    }


def test_a_wrong_present_password_is_a_refusal_too(client_as: Any) -> None:
    client_as("ana").put("/api/me/password", json={"current": "not this", "new": "another long one"})

    (event,) = audit(client_as, what="sign_in_refused")
    assert (event["who"], event["detail"]["why"]) == ("ana", "wrong current password")


def test_no_secret_is_ever_in_the_log(client_as: Any, store: Any, tmp_path: Path) -> None:
    admin = client_as("eva")
    new = {"first_name": "Cy", "username": "cy", "password": "secret-one-of-cy"}
    made = admin.post("/api/users", json=new).json()
    admin.patch(f"/api/users/{made['id']}", json={"password": "secret-two-of-cy"}).raise_for_status()
    key = admin.post(f"/api/users/{made['id']}:reset_key").json()["api_key"]
    word = {"current": "ana-password", "new": "secret-three-of-ana"}
    client_as("ana").put("/api/me/password", json=word).raise_for_status()
    browser = client_as(None, **{"X-Apportion": "1"})
    session = {"username": "ana", "password": "secret-three-of-ana"}
    token = browser.post("/api/session", json=session).cookies["apportion_session"]
    sign_in(client_as, "secret-typed-as-a-name", "ben-password")
    sign_in(client_as, "ben", "secret-but-wrong")
    client_as("secret-key-that-is-wrong").get("/api/me")

    with store.read() as tx:
        rows = repr(tx.events._raw.execute("SELECT * FROM events").fetchall())
        hashes = tx.events._raw.execute("SELECT password_hash, key_hash FROM users").fetchall()

    kept = [each for row in hashes for each in row if each]
    for secret in ("secret-", "ana-password", made["api_key"], key, token, *kept):
        assert secret not in rows
    assert SOMEBODY_UNKNOWN in rows


# Who reads it


def test_managers_read_of_their_workspaces_and_not_where_requests_came_from(talk: DatasetClient) -> None:
    admin = talk.client_as("eva")
    admin.post("/api/workspaces", json={"name": "elsewhere"}).raise_for_status()
    talk.ask("max", "PATCH", "policies", json={"required": 3}).raise_for_status()

    found = audit(talk.client_as, "max", limit=1000)

    assert {each["workspace"] for each in found} == {"shared"}
    assert "changed_policies" in codes(found)
    assert not {"signed_in", "created_user"} & set(codes(found))
    assert {each["address"] for each in found} == {None} == {each["request"] for each in found}
    assert audit(talk.client_as, "max", text="127.0.0.1") == []
    assert audit(talk.client_as, "eva", text="127.0.0.1") != []


@pytest.mark.parametrize("who", ["ana", "rita", "olga"])
def test_annotators_and_reviewers_read_none_of_it(talk: DatasetClient, who: str) -> None:
    client = talk.client_as(who)

    for params in ({}, {"workspace": "shared"}, {"who": who}, {"dataset": "talk"}):
        assert client.get("/api/audit", params=params).status_code == 403
    assert client.post("/api/audit:export", json={}).status_code == 403
    assert talk.client_as("max").get("/api/audit", params={"workspace": "other"}).status_code == 403
    assert audit(talk.client_as, what="exported_audit_log") == []


def test_what_only_the_audit_log_has_is_not_among_the_events_of_a_dataset(talk: DatasetClient) -> None:
    tag(talk)
    talk.ask("rita", "POST", "export", json={}).raise_for_status()
    talk.put("ana", "a", "good")

    assert codes(talk.get("rita", "events")["events"]) == ["submitted", "changed_policies"]
    assert codes(talk.get("ana", "events")["events"]) == ["submitted"]


def test_it_can_be_narrowed_and_read_page_by_page(talk: DatasetClient) -> None:
    talk.answer(ana="good bad", ben="good -")
    everything = audit(talk.client_as, limit=1000)

    pages, cursor = [], None
    while True:
        page = talk.client_as("eva").get("/api/audit", params={"limit": 3, "cursor": cursor}).json()
        pages += page["events"]
        if (cursor := page["next"]) is None:
            break

    assert pages == everything
    assert codes(audit(talk.client_as, who="ana")) == ["submitted", "submitted"]
    assert {each["record"] for each in audit(talk.client_as, area="answers", text="TALK")} == {"a", "b"}
    day = everything[0]["at"][:10]
    assert len(audit(talk.client_as, limit=1000, **{"from": day, "to": day})) == len(everything)
    assert audit(talk.client_as, to="2000-01-01") == []
    assert talk.client_as("eva").get("/api/audit", params={"from": "soon"}).status_code == 400
    assert talk.client_as("eva").get("/api/audit", params={"what": "soon"}).status_code == 422


def test_an_export_of_the_log_has_what_matches_and_is_itself_in_it(talk: DatasetClient) -> None:
    name = "=HYPERLINK(1)"
    talk.ask("max", "POST", "TextClassification/labeling/rules", json={"query": name, "label": "a"})
    asked = {"workspace": "shared", "what": ["added_rule"], "area": ["records"]}

    table = talk.client_as("max").post("/api/audit:export", json={**asked, "format": "csv"})
    lines = talk.client_as("max").post("/api/audit:export", json={**asked, "format": "jsonl"})

    rows = list(csv.DictReader(io.StringIO(table.text)))
    events = [json.loads(each) for each in lines.text.splitlines()]
    assert [each["what"] for each in rows] == codes(events) == ["added_rule", "logged_records"]
    assert (rows[0]["object"], events[0]["object"]) == (f"'{name}", name)
    first, second = audit(talk.client_as, "max", what="exported_audit_log")
    assert (first["detail"]["format"], second["detail"]["format"]) == ("jsonl", "csv")
    assert (first["who"], first["detail"]["events"]) == ("max", 2)


def test_hours_that_leave_as_a_table_are_a_download(talk: DatasetClient) -> None:
    talk.get("max", "hours", by="week")
    assert audit(talk.client_as, what="exported_hours") == []

    table = {"format": "csv", "from": "2024-01-01"}
    talk.ask("max", "GET", "hours", params=table).raise_for_status()
    talk.client_as("ana").get("/api/workspaces/shared/hours", params={"format": "csv"}).raise_for_status()
    refused = talk.client_as("olga").get("/api/workspaces/shared/hours", params={"format": "csv"})

    assert refused.status_code == 403
    second, first = audit(talk.client_as, "max", what="exported_hours")
    assert (first["who"], first["object"], first["dataset"]) == ("max", "talk", "talk")
    assert first["detail"] == {"format": "csv", "by": "day", "from": "2024-01-01", "rows": 0}
    assert (second["who"], second["object"], second["workspace"]) == ("ana", "shared", "shared")


# Nobody changes it


def test_no_route_changes_or_deletes_any_of_it(client: Any) -> None:
    paths = client.get("/api/docs/spec.json").json()["paths"]

    found = {path: set(methods) for path, methods in paths.items() if path.startswith("/api/audit")}
    assert found == {"/api/audit": {"get"}, "/api/audit:export": {"post"}}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET who = 'nobody'", "DELETE FROM events", "DELETE FROM events WHERE no = 1"],
)
def test_the_table_refuses_to_change_or_forget_events(client_as: Any, store: Any, statement: str) -> None:
    before = audit(client_as)

    with pytest.raises(Exception, match="events are only ever added"):
        store.database.write(lambda connection: connection.raw.execute(statement)).result()

    assert audit(client_as) == before


def test_the_events_of_a_dataset_outlive_it(talk: DatasetClient, app: FastAPI, clock: FakeClock) -> None:
    talk.put("ana", "a", "good")
    where = {"workspace": "shared"}
    talk.client_as("max").delete("/api/datasets/talk", params=where).raise_for_status()
    clock.pass_minutes(8 * DAY)

    asyncio.run(purge(app.state.app_state))

    with app.state.app_state.store.read() as tx:
        assert tx.datasets.deleted() == []
        assert tx.datasets.pending_purge(nobody) == []
    found = audit(talk.client_as, "max", dataset="talk")
    assert codes(found)[:3] == ["purged", "deleted", "submitted"]
    assert [each["who"] for each in found[:3]] == [SERVER, "max", "ana"]
    assert {each["workspace"] for each in found} == {"shared"}
    assert codes(audit(talk.client_as, dataset=found[0]["dataset_uuid"])) == codes(found)


# Retention


def test_events_are_forgotten_after_their_time_and_the_log_tells_so(
    make_app: Any, settings: Settings, talk: DatasetClient, clock: FakeClock
) -> None:
    old = audit(talk.client_as, limit=1000)
    clock.pass_minutes(40 * DAY)
    tag(talk)
    state = make_app(replace(settings, audit_retention_days=30)).state.app_state

    asyncio.run(prune_audit_log(state))
    asyncio.run(prune_audit_log(state))

    pruned, changed = audit(talk.client_as)
    assert (changed["what"], pruned["what"], pruned["who"]) == ("changed_tags", "pruned_audit_log", SERVER)
    assert pruned["detail"]["events"] == len(old)


def test_nothing_is_forgotten_where_no_time_is_set(app: FastAPI, client_as: Any, clock: FakeClock) -> None:
    before = audit(client_as)
    clock.pass_minutes(4000 * DAY)

    asyncio.run(prune_audit_log(app.state.app_state))

    assert audit(client_as) == before


def test_the_log_is_kept_for_a_month_at_least() -> None:
    with pytest.raises(SettingsError, match="AUDIT_RETENTION_DAYS must be 0, or"):
        load_settings({"APPORTION_AUDIT_RETENTION_DAYS": "7"})


def test_every_code_has_an_area_and_is_one_word() -> None:
    for each in EventCode:
        assert each.area is not None
        assert each.value.replace("_", "").isalpha()
        assert each.value == each.value.lower()
