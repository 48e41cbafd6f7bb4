"""A server with which people have worked for a while, and all that its file holds, in a form to be compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from apportion.storage.tables import metadata
from servers import SHARED, TEXT, TOKEN, LocalServer, furnish

__all__ = ["columns_of", "contents", "contents_but_events", "derived", "seed_data"]

WORDS = ["soup", "tea", "Bilbao 🌧", "naïve café", "漢字", "a-b_c", "x" * 300]
_DERIVED = {"vals", "facet", "numbers", "waiting", "slot_counts", "fields"}
_TERMS = {"terms", "answer_terms"}
_OF_SERVERS = {"replies", "owner"}


def seed_data(local: LocalServer) -> None:
    """A dataset of each task, one that everybody answers under two plans, one in the trash; a webhook."""
    eva = local.client("eva")
    furnish(eva)
    eva.patch("/api/datasets/reviews", params=SHARED, json={"tags": {"lang": "en"}})
    labels = {"label_schema": {"labels": ["good", "bad", "unsure"]}}
    eva.put(f"/api/datasets/reviews/{TEXT}/settings", params=SHARED, json=labels).raise_for_status()
    eva.put(
        "/api/datasets/reviews/guidelines", params=SHARED, json={"text": "Read twice."}
    ).raise_for_status()
    _speak(local)
    _name(local)
    gone = {
        "records": [{"id": "gone", "inputs": {"text": "in the trash"}, "metadata": {"when": "2024-02-29"}}]
    }
    eva.post(f"/api/datasets/gone/{TEXT}:bulk", params=SHARED, json=gone).raise_for_status()
    eva.delete("/api/datasets/gone", params=SHARED).raise_for_status()
    hook = eva.post(
        "/api/webhooks", params=SHARED, json={"url": "https://example.org/hook", "dataset": "talk"}
    )
    eva.post(f"/api/webhooks/{hook.json()['id']}:ping").raise_for_status()


def _speak(local: LocalServer) -> None:
    eva, talk = local.client("eva"), "/api/datasets/talk"

    def ask(who: str, method: str, path: str, body: Any = None) -> Any:
        answer = local.client(who).request(method, f"{talk}/{path}", params=SHARED, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    records = [
        {
            "id": f"r{n}",
            "inputs": {"text": f"{WORDS[n % len(WORDS)]} number {n}", "title": ["a", "list"]},
            "prediction": {"agent": "model", "labels": [{"class": "good", "score": n / 40}]},
            "metadata": {
                "n": n,
                "source": WORDS[n % 3],
                "share": n / 7,
                "day": "2024-05-01",
                "_hidden": "yes",
            },
            "vectors": {"mini": {"value": [n, 1.0], "model": "m"}},
            "event_timestamp": "2024-05-01T10:00:00Z",
        }
        for n in range(24)
    ]
    eva.post(f"{talk}/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()
    pushed = {
        "rules": [{"where": "metadata.n:<16", "users": ["ana", "ben", "rita"], "overlap": 2}],
        "seed": 5,
    }
    ask("max", "POST", "assignments", {**pushed, "mirror": "user"})
    pulled = {"rules": [{"where": "metadata.n:>=16", "users": ["ana", "ben"], "overlap": 2, "mode": "pull"}]}
    ask("max", "POST", "assignments", {**pulled, "seed": 6})
    for place, who in enumerate(("ana", "ben", "rita", "ana")):
        claimed = ask(who, "POST", "queue:claim", {"limit": 6})["records"]
        for count, each in enumerate(claimed):
            mine, token = f"records/{each['id']}/annotations/me", each["assignment"]["token"]
            if count == 4:
                ask(who, "POST", "queue:skip", {"id": each["id"], "token": token, "reason": "hard"})
                continue
            state = ("submitted", "submitted", "discarded", "draft", "", "submitted")[count]
            given = {"labels": [{"class": ("good", "bad")[(count + place) % 2]}]}
            sent = {
                "value": given,
                "state": state,
                "version": each["assignment"]["version"],
                "token": token,
                "seconds": 1.5 + count,
            }
            version = ask(who, "PUT", mine, sent)["version"]
            if count == 1:
                ask(
                    who, "PUT", mine, {**sent, "value": {"labels": [{"class": "unsure"}]}, "version": version}
                )
    ask(
        "max", "PUT", "records/r3/annotations/me", {"value": given, "state": "submitted", "version": 0}
    )  # an extra
    ask("rita", "PUT", "records/r2/gold", {"value": given, "reason": "irony"})
    ask("rita", "PUT", "records/r5/gold", {"state": "discarded"})
    ask("ana", "POST", "records/r2/comments", {"text": "Really?", "to": "rita"})
    changed = {"records": [{**records[1], "inputs": {"text": "another text altogether"}}]}
    eva.post(f"{talk}/{TEXT}:bulk", params=SHARED, json=changed).raise_for_status()
    deleted = eva.request("DELETE", f"{talk}/data", params=SHARED, json={"ids": ["r7"]})
    assert deleted.status_code == 200


def _name(local: LocalServer) -> None:
    """Spans, with a policy that never settles by itself."""
    eva, talk = local.client("eva"), "/api/datasets/names"
    record = {"text": "Ana met Ben in Bilbao", "tokens": ["Ana", "met", "Ben", "in", "Bilbao"]}
    records = [{"id": f"n{n}", **record} for n in range(4)]
    eva.post(f"{talk}/{TOKEN}:bulk", params=SHARED, json={"records": records}).raise_for_status()
    wanted = {"annotation": "individual", "required": 2, "resolution": "unanimous"}
    eva.patch(f"{talk}/policies", params=SHARED, json=wanted).raise_for_status()
    for who, end in (("ana", 3), ("ben", 7)):
        for n in range(3):
            spans = [{"start": 0 if end == 3 or n else 8, "end": 3 if end == 3 or n else 11, "label": "PER"}]
            sent = {"value": {"entities": spans}, "state": "submitted", "version": 0}
            mine = f"{talk}/records/n{n}/annotations/me"
            local.client(who).put(mine, params=SHARED, json=sent).raise_for_status()


Columns = dict[str, list[str]]


def columns_of(path: Path) -> Columns:
    """The columns of each table that people put something in, numbers of values apart, which may be given anew, and
    what the servers at work on it keep for themselves.
    """
    found = {}
    with closing(sqlite3.connect(path)) as raw:
        for table in metadata.sorted_tables:
            known = {row[1] for row in raw.execute(f"PRAGMA table_info({table.name})")}
            if known and table.name not in _DERIVED | _OF_SERVERS:
                found[table.name] = [
                    each.name for each in table.columns if each.name in known - _TERMS - _OF_SERVERS
                ]
    return found


def contents(path: Path, *, only: Columns | None = None) -> dict[str, Any]:
    """Every row that people put in, by table."""
    with closing(sqlite3.connect(path)) as raw:
        return {
            table: sorted(raw.execute(f"SELECT {_list(names)} FROM {table}").fetchall(), key=repr)
            for table, names in (only or columns_of(path)).items()
        }


def contents_but_events(path: Path) -> dict[str, Any]:
    """The same apart from what happened to the file: a command that restores it leaves an event in it, which webhooks
    that look for events move on to.
    """
    return {name: rows for name, rows in contents(path).items() if name not in ("events", "webhooks")}


def _list(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def derived(path: Path) -> dict[str, Any]:
    """Return what is derived from that, under names instead of numbers."""
    with closing(sqlite3.connect(path)) as raw:
        value = "d.name, d.deleted_at, f.name, v.viewer, v.value"
        joined = "vals v JOIN fields f ON f.no = v.field JOIN datasets d ON d.no = f.dataset"
        asked = {
            "facets": f"SELECT {value}, x.key & 4294967295 FROM {joined} JOIN facet x ON x.key >> 32 = v.vid",
            "counters": f"SELECT {value}, v.num, v.n FROM {joined} WHERE v.n > 0",
            "numbers": "SELECT f.dataset, f.name, n.value, n.n FROM numbers n JOIN fields f ON f.no = n.field",
            "waiting": "SELECT * FROM waiting",
            "slots": "SELECT * FROM slot_counts WHERE n <> 0",
            "fields": "SELECT dataset, name, kind FROM fields",
        }
        return {name: sorted(raw.execute(query).fetchall(), key=repr) for name, query in asked.items()}
