"""Rights end when they end: also those of streams, of requests that are under way, and of jobs."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.jobs import JobKind, JobState
from apportion.server import routers
from dataset_client import DatasetClient
from dataset_jobs import GOOD, applied, ended, undone
from patience import patience

SHARED = {"X-Argilla-Workspace": "shared"}


def user_id(client_as: Any, name: str) -> str:
    return next(
        str(each["id"]) for each in client_as("eva").get("/api/users").json() if each["username"] == name
    )


def take_out(client_as: Any, name: str) -> None:
    spaces = client_as("eva").get("/api/workspaces").json()
    shared = next(each["id"] for each in spaces if each["name"] == "shared")
    client_as("eva").delete(f"/api/workspaces/{shared}/users/{user_id(client_as, name)}").raise_for_status()


def demote(client_as: Any, name: str) -> None:
    path = f"/api/workspaces/shared/members/{name}"
    client_as("eva").patch(path, json={"role": "annotator"}).raise_for_status()


ENDS: dict[str, Callable[[Any], Any]] = {
    "deactivated": lambda client_as: client_as("eva").delete(f"/api/users/{user_id(client_as, 'rita')}"),
    "taken out": lambda client_as: take_out(client_as, "rita"),
    "demoted": lambda client_as: demote(client_as, "rita"),
    "another key": lambda client_as: client_as("eva").post(
        f"/api/users/{user_id(client_as, 'rita')}:reset_key"
    ),
    "another password": lambda client_as: client_as("eva").patch(
        f"/api/users/{user_id(client_as, 'rita')}", json={"password": "another-password"}
    ),
}
OF_A_KEY = [how for how in ENDS if how != "another password"]
"""Ends of the rights of a key: it goes on when its owner gets another password."""
WAYS = [(how, "key") for how in OF_A_KEY] + [(how, "session") for how in ENDS]


def session_of(client_as: Any, who: str) -> dict[str, str]:
    """Return the header of somebody who has signed in."""
    browser, login = client_as(None), {"username": who, "password": f"{who}-password"}
    browser.post("/api/session", json=login, headers={"X-Apportion": "1"}).raise_for_status()
    return {"cookie": f"apportion_session={browser.cookies['apportion_session']}"}


@pytest.mark.parametrize(("how", "by"), WAYS)
def test_the_next_claim_and_answer_know_that_rights_have_ended(
    client_as: Any, how: str, by: str, caplog: pytest.LogCaptureFixture
) -> None:
    DatasetClient(client_as, "ab")
    by_cookie = by == "session"
    rita = client_as(None if by_cookie else "rita")
    if by_cookie:
        sent = {"username": "rita", "password": "rita-password"}
        assert rita.post("/api/session", json=sent, headers={"X-Apportion": "1"}).status_code == 200
        rita.headers["X-Apportion"] = "rita"
    answer = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}
    mine, talk = "/api/datasets/talk/records/a/annotations/me", {"params": {"workspace": "shared"}}

    def statuses(answer: dict[str, Any]) -> list[int]:
        return [
            rita.post("/api/datasets/talk/queue:claim", json={}, **talk).status_code,
            rita.put(mine, json=answer, **talk).status_code,
            rita.get(mine, **talk).status_code,
        ]

    assert statuses(answer) == [200, 200, 200]
    ENDS[how](client_as)
    caplog.clear()
    after = statuses({**answer, "version": 1})

    assert len(set(after)) == 1
    assert (after[0] == 200) == (how == "demoted")
    refused = [each for each in caplog.records if each.getMessage() == "API key refused"]
    assert len(refused) == (3 if after[0] == 401 and not by_cookie else 0)


class Held:
    """A request to the app whose body and answer are taken piece by piece."""

    def __init__(self, app: Any, who: str, method: str, path: str, **headers: str) -> None:
        path, _, query = path.partition("?")
        sent = {"x-argilla-api-key": f"{who}.apikey", "x-argilla-workspace": "shared", **headers}
        if "cookie" in sent:
            del sent["x-argilla-api-key"]
        self.scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "root_path": "", "scheme": "http", "server": ("testserver", 80),
            "client": ("127.0.0.1", 1), "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        }  # fmt: skip
        self.app = app
        self.status = 0
        self.sent = b""

    async def run(self, body: Callable[[], Any], seen: Callable[[bytes], Any] = lambda _: None) -> None:
        """``body`` gives the whole body once it is asked for; ``seen`` is called with what has been answered so far."""
        given = False

        async def receive() -> Any:
            nonlocal given
            if given:
                await asyncio.Event().wait()
            given = True
            return {"type": "http.request", "body": body(), "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                self.sent += message.get("body", b"")
                seen(self.sent)

        await asyncio.wait_for(self.app(self.scope, receive, send), patience(30))


# Streams


@pytest.mark.parametrize(("how", "by"), WAYS)
def test_a_stream_of_events_ends_with_the_rights_of_who_reads_it(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch, how: str, by: str
) -> None:
    monkeypatch.setattr("apportion.server.event_poller.POLL", 0.01)
    talk = DatasetClient(client_as)
    cookie = session_of(client_as, "rita") if by == "session" else {}
    stream = Held(app, "rita", "GET", "/api/events?dataset=talk", **cookie)
    ending: list[threading.Thread] = []

    def seen(answered: bytes) -> None:
        if not ending:
            ending.append(threading.Thread(target=end))
            ending[0].start()

    def end() -> None:
        ENDS[how](client_as)
        put = {"value": GOOD, "state": "submitted", "reason": "TOPSECRET", "version": 0}
        talk.ask("eva", "PUT", "records/a/gold", json=put).raise_for_status()

    asyncio.run(stream.run(lambda: b"", seen))
    ending[0].join()
    assert stream.sent.endswith(b"event: gone\ndata: {}\n\n")
    assert b"TOPSECRET" not in stream.sent


@pytest.mark.parametrize("how", OF_A_KEY)
def test_an_export_breaks_off_when_the_rights_of_who_takes_it_end(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("apportion.services.records.export.PAGE", 1)
    DatasetClient(client_as, "abcdefghij")
    export = Held(app, "rita", "POST", "/api/datasets/talk/export")
    pages = 0

    def seen(_: bytes) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            thread = threading.Thread(target=ENDS[how], args=[client_as])
            thread.start()
            thread.join()

    with pytest.raises(ConnectionAbortedError):
        asyncio.run(export.run(lambda: b"{}", seen))
    for thread in threading.enumerate():
        if thread.name == "apportion-export":
            thread.join()
    assert 0 < export.sent.count(b'"id"') < 10


@pytest.mark.parametrize(("how", "by"), WAYS)
@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_an_export_of_the_audit_log_breaks_off_when_the_rights_of_who_takes_it_end(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch, how: str, by: str, format: str
) -> None:
    monkeypatch.setattr("apportion.services.insight.audit.PAGE", 1)
    talk = DatasetClient(client_as)
    path = "/api/workspaces/shared/members/rita"
    client_as("eva").patch(path, json={"role": "manager"}).raise_for_status()
    for n in range(5):
        talk.ask("max", "PATCH", "policies", json={"required": 3 + n}).raise_for_status()
    events = len(client_as("rita").get("/api/audit", params={"limit": 1000}).json()["events"])
    assert events > 5
    cookie = session_of(client_as, "rita") if by == "session" else {}
    if cookie:
        cookie["x-apportion"] = "rita"
    export = Held(app, "rita", "POST", "/api/audit:export", **cookie)
    ended: list[int] = []

    def seen(answered: bytes) -> None:
        if answered.count(b"\n") > 2 and not ended:
            ended.append(answered.count(b"\n"))
            thread = threading.Thread(target=ENDS[how], args=[client_as])
            thread.start()
            thread.join()

    with pytest.raises(ConnectionAbortedError):
        asyncio.run(export.run(lambda: json.dumps({"format": format}).encode(), seen))
    assert export.sent.count(b"\n") == ended[0] < events


# Bodies still coming, and writes that wait for their turn


LATE: dict[str, tuple[str, str, Any]] = {
    "log": ("POST", "/api/datasets/talk/TextClassification:bulk", {"records": [{"id": "z", "inputs": {"text": "x"}}]}),
    "delete": ("DELETE", "/api/datasets/talk/data", {"ids": ["a"]}),
    "import": ("POST", "/api/datasets/talk/import?task=TextClassification", {"text": "x"}),
    "import as a new dataset": ("POST", "/api/datasets/fresh/import?task=TextClassification", {"text": "x"}),
    "copy": ("PUT", "/api/datasets/talk:copy", {"name": "fresh"}),
    "policies": ("PATCH", "/api/datasets/talk/policies", {"required": 3}),
    "plan": ("POST", "/api/datasets/talk/assignments", {"rules": [{"users": "all", "overlap": 1}], "seed": 1}),
    "member": ("POST", "/api/workspaces/shared/members", {"username": "olga"}),
    "search": ("POST", "/api/datasets/talk/TextClassification:search", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", LATE)
def test_a_body_that_comes_after_its_senders_rights_have_ended_does_nothing(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("apportion.server.deps.LATELY", 0)
    talk = DatasetClient(client_as)
    method, path, body = LATE[what]
    late = Held(app, "max", method, path)

    def then() -> bytes:
        thread = threading.Thread(
            target=lambda: client_as("eva").delete(f"/api/users/{user_id(client_as, 'max')}")
        )
        thread.start()
        thread.join()
        return json.dumps(body).encode()

    asyncio.run(late.run(then))
    assert late.status == 401, late.sent
    assert talk.found("rita", "*") == ["a", "b", "c"]
    assert client_as("eva").get("/api/datasets/fresh", headers=SHARED).status_code == 404


def test_of_two_administrators_who_delete_each_other_at_once_one_is_refused(
    app: Any, client_as: Any, store: Any
) -> None:
    new = {"username": "ivy", "first_name": "Ivy", "password": "ivy-password", "role": "admin"}
    made = client_as("eva").post("/api/users", json=new).json()
    eva = user_id(client_as, "eva")
    first = Held(app, "eva", "DELETE", f"/api/users/{made['id']}")
    second = Held(app, "eva", "DELETE", f"/api/users/{eva}", **{"x-argilla-api-key": made["api_key"]})
    go = threading.Event()
    held: Future[bool] = store.write(
        lambda _: go.wait(patience(20))
    )  # so that both have been let in before either is done

    async def both() -> None:
        asyncio.get_running_loop().call_later(0.3, go.set)
        await asyncio.gather(first.run(lambda: b""), second.run(lambda: b""))

    asyncio.run(both())
    assert held.result()
    assert sorted([first.status, second.status]) == [200, 401]
    assert len([each for each in store_admins(store) if each]) == 1


def store_admins(store: Any) -> list[str]:
    with store.read() as tx:
        return [each.username for each in tx.people.users() if each.is_admin]


def test_what_was_deleted_in_parts_stops_between_them(
    client_as: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.services.records.remove.AT_ONCE", 1)
    DatasetClient(client_as, "abcd")
    original = store.write

    def removed(tx: Any) -> bool:
        job = tx.jobs.latest(tx.datasets.find("shared", "talk"), JobKind.DELETE)
        return job is not None and job.done > 0

    def write(fn: Any, *, urgent: bool = False) -> Any:
        found = original(fn, urgent=urgent)
        if ended_once or wait([found]).not_done:
            return found
        with store.read() as tx:
            begun = removed(tx)
        if begun:
            ended_once.append(True)
            thread = threading.Thread(target=demote, args=[client_as, "max"])
            thread.start()
            thread.join()
        return found

    ended_once: list[bool] = []
    monkeypatch.setattr(store, "write", write)
    refused = client_as("max").delete("/api/datasets/talk/data", headers=SHARED)
    assert refused.status_code == 403
    left = (
        client_as("eva").post("/api/datasets/talk/TextClassification:search", headers=SHARED, json={}).json()
    )
    assert 0 < left["total"] < 5
    with store.read() as tx:
        dataset = tx.datasets.find("shared", "talk")
        job = tx.jobs.latest(dataset, JobKind.DELETE)
    assert job.state is JobState.FAILED
    assert "What was done before stays" in job.message


def test_no_handler_writes_past_the_door_where_rights_are_looked_up() -> None:
    """``ctx.write``, ``ctx.run`` and ``ctx.store`` look up who acts; the server's own writes name no caller."""
    allowed = {
        "setup.py": 2,
        "records.py": 1,
        "export.py": 1,
        "jobs.py": 1,
        "bulk.py": 4,
    }  # the first administrator has no account yet; a removal looks its caller up itself, in every step, and what is
    # stored in parts until it is accepted: after that it is finished whatever becomes of its caller. A standing plan is
    # its manager's, and takes what was logged, or leaves it to a job
    for file in Path(routers.__file__).parent.glob("*.py"):
        text = file.read_text("utf-8")
        past = len(
            re.findall(
                r"state\.write\(|state\.store\.write|store ?= ?ctx\.state\.store\)?$", text, re.MULTILINE
            )
        )
        assert past == allowed.get(file.name, 0), file.name


# Jobs


def test_gold_set_in_bulk_is_undone_by_who_may_settle_only(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    job = applied(talk, "rita", query="id:a", value=GOOD)
    demote(client_as, "rita")
    refused = client_as("rita").post(f"/api/jobs/{job['id']}:undo")
    assert refused.status_code == 403
    assert "may resolve conflicts" in refused.text
    assert talk.see("max", "a")["annotation"]["agent"] == "adjudicated:rita"
    assert undone(talk, "max", job)["result"]["changed"] == 1


def test_a_job_is_seen_by_members_only(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    job = applied(talk, "rita", query="id:a", value=GOOD)
    assert client_as("rita").get(f"/api/jobs/{job['id']}").status_code == 200
    take_out(client_as, "rita")
    assert client_as("rita").get(f"/api/jobs/{job['id']}").status_code == 404
    assert client_as("rita").post(f"/api/jobs/{job['id']}:undo").status_code == 404


@pytest.mark.parametrize("how", ["demoted", "taken out", "deactivated"])
def test_a_job_stops_when_who_began_it_may_not_do_it_any_more(
    app: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("apportion.services.background.record_jobs.AT_ONCE", 1)
    talk, jobs, asked = DatasetClient(client_as, "abcd"), app.state.app_state.jobs, []

    def stopping() -> bool:
        """Asked once before and then between the records: their rights end after the first."""
        asked.append(True)
        if len(asked) == 3:
            ENDS[how](client_as)
        return False

    monkeypatch.setattr(jobs, "_context", replace(jobs._context, stopping=stopping))
    jobs._thread.submit(int).result(
        patience(20)
    )  # a round that has begun would take the job with the old one
    job = ended(talk, "max", talk.post("rita", "annotations:apply", {"query": "*", "value": GOOD}))
    assert (job["state"], job["done"]) == ("failed", 1)
    assert job["message"].startswith("rita ")
    assert "any more. What was done before stays." in job["message"]
    assert undone(talk, "max", job)["result"]["changed"] == 1
