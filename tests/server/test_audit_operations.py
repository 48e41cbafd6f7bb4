"""Every operation that changes something leaves an event: the whole OpenAPI document, one operation after the other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from apportion.vocabulary import EventCode
from patience import patience

if TYPE_CHECKING:
    from apportion.storage.sqlite.store import SqliteStore

WITHOUT = {
    "POST /api/datasets/{name}/{task}:search": "reads a page at a time",
    "POST /api/datasets/{name}/{task}/metrics/{metric}:summary": "reads figures",
    "POST /api/datasets/{name}/assignments:preview": "changes nothing",
    "POST /api/datasets/{name}/records/:resolutions": "reads a page of records",
    "POST /api/comments/{no}:done": "the comment itself says who dealt with it, and when",
    "PUT /api/me/preferences": "how one's own screens look",
    "POST /api/datasets/{name}/queue:claim": "a lease of some minutes; the answer is an event",
    "POST /api/datasets/{name}/queue:heartbeat": "keeps a lease",
    "POST /api/datasets/{name}/queue:release": "gives a lease back",
    "POST /api/setup": "only on an empty server: a test of its own",
}
"""Operations that leave no event, or not here, each with the reason."""

TEXT = "TextClassification"
GOOD = {"labels": [{"class": "good"}]}
RECORDS = [{"id": id, "inputs": {"text": f"text {id}"}} for id in "abcdef"]
PLAN = {"rules": [{"users": ["ana", "ben"]}], "seed": 1}


@dataclass
class Story:
    """Operations in their order; ``done`` has the operations that were."""

    client_as: Any
    store: SqliteStore
    operations: dict[str, re.Pattern[str]]
    done: set[str] = field(default_factory=set)

    def last(self) -> int:
        with self.store.read() as tx:
            return tx.events.last()

    def do(self, who: str, what: EventCode, method: str, path: str, body: Any = None, **more: Any) -> Any:
        before = self.last()
        params = {"workspace": "shared", **more.pop("params", {})}
        found = self.client_as(who).request(method, path, json=body, params=params, **more)
        assert found.status_code == 200, f"{method} {path}: {found.text}"
        with self.store.read() as tx:
            codes = [
                event[0]
                for event in tx.events._raw.execute("SELECT what FROM events WHERE no > ?", (before,))  # type: ignore[attr-defined]
            ]
        assert str(what) in codes, f"{method} {path} left {codes}"
        name = next(n for n, each in self.operations.items() if each.fullmatch(f"{method} {path}"))
        self.done.add(name)
        return found.json() if found.headers.get("content-type") == "application/json" else found.text

    def talk(self, who: str, what: EventCode, method: str, tail: str, body: Any = None, **more: Any) -> Any:
        return self.do(who, what, method, f"/api/datasets/talk{tail}", body, **more)


@pytest.fixture
def story(client_as: Any, store: Any) -> Story:
    operations = {}
    for path, methods in client_as("eva").get("/api/docs/spec.json").json()["paths"].items():
        for method in methods:
            if method != "get":
                pattern = "".join(
                    "[^/]+" if part.startswith("{") else re.escape(part)
                    for part in re.split(r"(\{\w+\})", path)
                )
                operations[f"{method.upper()} {path}"] = re.compile(f"{method.upper()} {pattern}")
    order = sorted(operations, key=lambda each: (each.count("{"), -len(each)))  # fixed words win
    return Story(client_as, store, {each: operations[each] for each in order})


def test_every_operation_that_changes_something_leaves_an_event(story: Story) -> None:
    for tell in (people, sessions, datasets, records, answers, plans, jobs, webhooks, ends):
        tell(story)

    left = story.operations.keys() - story.done - WITHOUT.keys()
    assert left == set(), "they need an event and a line here, or a reason in WITHOUT"
    assert WITHOUT.keys() <= story.operations.keys()


def people(story: Story) -> None:
    do = story.do
    admin = story.client_as("eva")
    new = {"first_name": "Cy", "username": "cy", "password": "long enough"}
    cy = do("eva", EventCode.CREATED_USER, "POST", "/api/users", new)["id"]
    several = {"users": [{**new, "username": "di"}], "workspace": "shared"}
    do("eva", EventCode.ADDED_MEMBER, "POST", "/api/users:create_many", several)
    do("eva", EventCode.CHANGED_ROLE, "PATCH", f"/api/users/{cy}", {"role": "admin"})
    do("eva", EventCode.RESET_KEY, "POST", f"/api/users/{cy}:reset_key")
    do("eva", EventCode.CREATED_WORKSPACE, "POST", "/api/workspaces", {"name": "fresh"})
    fresh = {each["name"]: each["id"] for each in admin.get("/api/workspaces").json()}["fresh"]
    do("eva", EventCode.ADDED_MEMBER, "POST", f"/api/workspaces/{fresh}/users/{cy}")
    do("eva", EventCode.REMOVED_MEMBER, "DELETE", f"/api/workspaces/{fresh}/users/{cy}")
    do("max", EventCode.ADDED_MEMBER, "POST", "/api/workspaces/shared/members", {"username": "olga"})
    role = {"role": "reviewer"}
    do("max", EventCode.CHANGED_MEMBER_ROLE, "PATCH", "/api/workspaces/shared/members/olga", role)
    do("eva", EventCode.DEACTIVATED_USER, "DELETE", f"/api/users/{cy}")


def sessions(story: Story) -> None:
    ana = {"username": "ana", "password": "ana-password"}
    browser = story.client_as(None, **{"X-Apportion": "ana"})
    story.client_as = _also(story.client_as, browser)
    story.do("browser", EventCode.SIGNED_IN, "POST", "/api/session", ana)
    browser.headers["X-Apportion"] = "ana"
    story.do("browser", EventCode.SIGNED_OUT, "DELETE", "/api/session")
    story.do("nobody", EventCode.SIGNED_IN, "POST", "/api/security/token", data=ana)
    word = {"current": "ben-password", "new": "another one altogether"}
    story.do("ben", EventCode.CHANGED_PASSWORD, "PUT", "/api/me/password", word)


def _also(client_as: Any, browser: Any) -> Callable[[str], Any]:
    return lambda who: {"browser": browser}.get(who) or client_as(None if who == "nobody" else who)


def datasets(story: Story) -> None:
    do, talk = story.do, story.talk
    do("max", EventCode.CREATED, "POST", "/api/datasets", {"name": "talk", "task": TEXT})
    talk("max", EventCode.CHANGED_TAGS, "PATCH", "", {"tags": {"lang": "en"}})
    talk("max", EventCode.CLOSED, "PUT", ":close")
    talk("max", EventCode.OPENED, "PUT", ":open")
    labels = {"label_schema": {"labels": ["good", "bad"]}}
    talk("max", EventCode.CHANGED_SETTINGS, "PUT", f"/{TEXT}/settings", labels)
    more = {"label_schema": {"labels": ["good", "bad", "unsure"]}}
    talk("max", EventCode.CHANGED_SETTINGS, "PATCH", f"/{TEXT}/settings", more)
    talk("max", EventCode.CHANGED_SETTINGS, "DELETE", f"/{TEXT}/settings")
    talk("max", EventCode.CHANGED_GUIDELINES, "PUT", "/guidelines", {"text": "Read twice."})
    rules = f"/{TEXT}/labeling/rules"
    talk("max", EventCode.ADDED_RULE, "POST", rules, {"query": "soup", "label": "good"})
    talk("max", EventCode.CHANGED_RULE, "PATCH", f"{rules}/soup", {"label": "bad"})
    talk("max", EventCode.DELETED_RULE, "DELETE", f"{rules}/soup")
    talk("max", EventCode.ADDED_RULE, "POST", f"{rules}:undo")
    talk("max", EventCode.SCANNED, "POST", f"{rules}:matches", {})


def records(story: Story) -> None:
    do, talk = story.do, story.talk
    talk("max", EventCode.LOGGED_RECORDS, "POST", f"/{TEXT}:bulk", {"records": RECORDS})
    talk("max", EventCode.CHANGED_RECORD, "PATCH", "/records/f", {"metadata": {"a": 1}})
    talk("max", EventCode.SCANNED, "POST", "/records/:search", {})
    talk("rita", EventCode.EXPORTED, "POST", "/export", {"format": "jsonl"})
    talk("max", EventCode.COPIED, "PUT", ":copy", {"name": "twin"})
    line = {"id": "1", "inputs": {"text": "a"}}
    file = "/api/datasets/imported/import"
    do("max", EventCode.IMPORTED_RECORDS, "POST", file, line, params={"task": TEXT})
    both = {"name": "talk", "workspaces": ["shared"], "into": "together"}
    admin = story.client_as("eva")
    admin.post("/api/workspaces", json={"name": "ana"}).raise_for_status()
    admin.post(
        f"/api/datasets/talk/{TEXT}:bulk", params={"workspace": "ana"}, json={"records": RECORDS}
    ).raise_for_status()
    do("eva", EventCode.GATHERED, "POST", "/api/datasets:gather", {**both, "workspaces": ["ana"]})
    talk("max", EventCode.DELETED_RECORDS, "DELETE", "/data", {"ids": ["f"]})


def answers(story: Story) -> None:
    talk = story.talk
    talk("max", EventCode.CHANGED_POLICIES, "PATCH", "/policies", {"annotation": "individual", "required": 2})
    mine = "/records/a/annotations/me"
    answer = {"value": GOOD, "state": "submitted", "version": 0}
    talk("ana", EventCode.SUBMITTED, "PUT", mine, answer)
    talk("ana", EventCode.TOOK_BACK, "DELETE", mine)
    talk("ana", EventCode.SUBMITTED, "POST", f"{mine}:undo")
    talk("rita", EventCode.ADJUDICATED, "PUT", "/records/a/gold", {"value": GOOD})
    talk("rita", EventCode.REMOVED_GOLD, "DELETE", "/records/a/gold")
    talk("ana", EventCode.COMMENTED, "POST", "/records/a/comments", {"text": "Hm."})
    again = {"reason": "Read it to the end."}
    talk("rita", EventCode.TOOK_BACK, "POST", "/records/a/annotations/ana:ask_again", again)
    talk("rita", EventCode.IMPORTED_GOLD, "POST", "/gold:import", {"gold": [{"id": "b", "value": GOOD}]})


def plans(story: Story) -> None:
    talk = story.talk
    plan = talk("max", EventCode.ASSIGNED, "POST", "/assignments", PLAN)["id"]
    one = f"/assignments/{plan}"
    logged = {"records": [{"id": "g", "inputs": {"text": "new"}}]}
    talk("max", EventCode.LOGGED_RECORDS, "POST", f"/{TEXT}:bulk", logged)
    talk("max", EventCode.EXTENDED, "POST", f"{one}:extend", {})
    claimed = story.client_as("ana").post(
        "/api/datasets/talk/queue:claim", params={"workspace": "shared"}, json={"limit": 1}
    )
    first = claimed.json()["records"][0]
    skipped = {"id": first["id"], "token": first["assignment"]["token"]}
    talk("ana", EventCode.SKIPPED, "POST", "/queue:skip", skipped)
    talk("ana", EventCode.TOOK_SKIP_BACK, "POST", "/queue:undo_skip", {"id": first["id"]})
    story.client_as("ana").post(
        "/api/datasets/talk/queue:claim", params={"workspace": "shared"}, json={"limit": 1}
    ).raise_for_status()
    talk("max", EventCode.TOOK_RECORDS_BACK, "POST", "/queue:take_back", {"annotators": ["ana"]})
    talk("max", EventCode.MOVED, "POST", f"{one}:move", {"annotator": "ben", "to": "ana"})
    talk("max", EventCode.REBALANCED, "POST", f"{one}:rebalance", {"users": ["ana", "ben"]})
    talk("max", EventCode.WITHDRAWN, "POST", f"{one}:withdraw", {"annotators": ["ben"]})
    talk("max", EventCode.UNDONE, "POST", f"{one}:undo", {})


def jobs(story: Story) -> None:
    talk = story.talk
    begun = talk(
        "rita", EventCode.STARTED_JOB, "POST", "/annotations:apply", {"query": "text", "value": GOOD}
    )
    until = time.monotonic() + patience(60)
    while story.client_as("rita").get(f"/api/jobs/{begun['id']}").json()["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.01)
    story.do("rita", EventCode.UNDID_JOB, "POST", f"/api/jobs/{begun['id']}:undo")
    talk("rita", EventCode.ACCEPTED_CONSENSUS, "POST", "/consensus:accept", {})


def webhooks(story: Story) -> None:
    do, hooks = story.do, "/api/webhooks"
    made = do("max", EventCode.CREATED_WEBHOOK, "POST", hooks, {"url": "https://example.org/key-of-the-hook"})
    hook = f"{hooks}/{made['id']}"
    do("max", EventCode.CHANGED_WEBHOOK, "PATCH", hook, {"events": ["submitted"]})
    do("max", EventCode.DISABLED_WEBHOOK, "PATCH", hook, {"enabled": False})
    do("max", EventCode.ENABLED_WEBHOOK, "PATCH", hook, {"enabled": True})
    do("max", EventCode.ROTATED_WEBHOOK_SECRET, "POST", f"{hook}:rotate_secret")
    ping = do("max", EventCode.PINGED_WEBHOOK, "POST", f"{hook}:ping")
    again = f"{hook}/deliveries/{ping['id']}:send_again"
    do("max", EventCode.SENT_DELIVERY_AGAIN, "POST", again)
    do("max", EventCode.DELETED_WEBHOOK, "DELETE", hook)


def ends(story: Story) -> None:
    story.do("eva", EventCode.EXPORTED_AUDIT_LOG, "POST", "/api/audit:export", {"format": "csv"})
    story.talk("max", EventCode.DELETED, "DELETE", "")
    story.do("max", EventCode.RESTORED, "POST", "/api/datasets:restore", {"name": "talk"})
