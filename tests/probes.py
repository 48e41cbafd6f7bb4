"""Everything that somebody who annotates can ask about datasets: for each route of the document, some requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import FastAPI

from patience import patience
from servers import SHARED, T2T, TEXT, TOKEN
from tested_store import tested_store

Json = Any
TASKS = {"talk": TEXT, "tags": TEXT, "planned": TEXT, "places": TOKEN, "sums": T2T}
"""Datasets by name, all of them blind; `planned` is shared out, of `tags` each record may have many labels."""
SORTS = (
    "id", "score", "predicted", "predicted_as", "predicted_by", "annotated_as", "annotated_by", "status",
    "last_updated", "event_timestamp", "metadata.n",
)  # fmt: skip
_DATASET = "/api/datasets/{name}"
_RECORD = _DATASET + "/records/{id}"
_MINE = _RECORD + "/annotations/me"
_TASK = _DATASET + "/{task}"
_RULES = _TASK + "/labeling/rules"
_PLAN = _DATASET + "/assignments/{plan}"
_METRICS = (
    "dataset_labels", "F1", "MultiLabelF1", "annotated_as", "annotated_by", "error_distribution", "status_distribution",
    "metadata", "annotated_entity_labels", "annotated_mentions_distribution", "annotated_tag_consistency",
    "annotated_entity_density", "annotated_top_k_mentions_consistency", "token_capitalness", "unknown",
)  # fmt: skip
_NOT_ABOUT_DATASETS = (
    "/api/_info", "/api/_status", "/api/health", "/api/security/token", "/api/session", "/api/users", "/api/setup",
)  # fmt: skip
"""Routes whose answers do not depend on any dataset; other tests say who may ask."""


class Probe(NamedTuple):
    """A request, and the route of the document that it exercises."""

    method: str
    route: str
    names: dict[str, str]
    params: dict[str, Any]
    body: Json = None

    @property
    def url(self) -> str:
        return self.route.format(**self.names)

    def __str__(self) -> str:
        return f"{self.method} {self.url} {self.params} {json.dumps(self.body)[:200]}"


def queries(labels: list[str], people: list[str]) -> Iterator[str]:
    """Yield the queries one could try in order to learn what others answered, or if they answered."""
    for label in labels:
        for field in ("annotated_as", "predicted_as", "annotations.ben.labels.class_label", "annotations.ben.label",
                      "annotations.*", "annotation.labels.class_label", "*", "metrics.annotated.mentions.label",
                      "metrics.annotated.tags.value", "mentions", "annotated_as.text", "annotated_as.exact",
                      "annotations.ben.sentences.text", "metrics.tokens.tag"):  # fmt: skip
            yield f'{field}:"{label}"'
        yield f"annotated_as:{label[:3]}*"
        yield f"annotated_as:[{label} TO *]"
        yield f"annotated_as:/{label[:2]}.*/"
        yield label
    for name in (*people, "me", "consensus*", "adjudicated*", "*"):
        for field in (
            "annotated_by",
            "assigned_to",
            "annotations",
            "metadata.who",
            "predicted_by",
            "annotated_by.text",
        ):
            yield f"{field}:{name}"
        yield f"_exists_:annotations.{name}"
        yield f"_exists_:annotations.{name}.labels"
    for state in ("Default", "Edited", "Validated", "Discarded"):
        yield f"status:{state}"
        yield f"NOT status:{state} AND predicted:ok"
    for state in ("pending", "done", "skipped", "leased", "withdrawn", "*"):
        yield f"assignment:{state}"
        yield f"assignment:{state} AND assigned_to:ben"
    yield from (
        "*", "conflict:true", "conflict:false", "NOT conflict:true", "_exists_:conflict", "conflict:[a TO z]",
        "conflict.text:true", "conflict:t*", "agreement:<0.5", "agreement:[0 TO 1]", "_exists_:agreement",
        "_exists_:compared", "compared:ben", "compared.label:good", "compared.at:[2000 TO 2100]",
        "disagree:(ana ben)", "disagree:true", "predicted:ok", "predicted:ko", "_exists_:predicted",
        "_exists_:annotated_as", "_exists_:annotated_by", "_exists_:annotations", "_exists_:gold", "gold:*",
        "last_updated:[2023-11-14T22:13:21 TO *]", "last_updated:<2023-11-15", "version:>1", "counted:true",
        "metrics.annotated.mentions.length:>1", "_exists_:metrics.annotated", "metrics.annotated.tags.tag:*",
        "rule:*", "covered:false", "covered:true", "covered:conflict",
        "a*:x", "c*:true", "annot*:*", "score:>0.5", "metadata.who:ben", "extra:true", "drafts:>0",
    )  # fmt: skip


def probes(
    name: str, ids: list[str], plan: str, labels: list[str], *, part: int = 0, parts: int = 1
) -> Iterator[Probe]:
    """Everything to ask about one dataset, what only looks first; of the searches, one part of so many.

    The second of ``ids`` is not annotated: somebody has settled it.
    """
    task = TASKS[name]
    at = {"name": name, "task": task, "plan": plan}

    def probe(request: str, body: Json = None, names: dict[str, str] | None = None, **params: Any) -> Probe:
        method, _, route = request.partition(" ")
        return Probe(method, route, {**at, **(names or {})}, {**SHARED, **params}, body)

    yield from list(_searches(probe, labels))[part::parts]
    for id in (*ids[part % 2 :: 2], "unknown"):
        for look in ("", "/annotations/me", "/annotations", "/history", "/comments"):
            yield probe(f"GET {_RECORD}{look}", names={"id": id})
        for who in (None, "ben"):
            whose: dict[str, Json] = {} if who is None else {"annotator": who}
            yield probe(f"GET {_DATASET}/explain", record=id, **whose)
    for look in ("", "/policies", "/guidelines", "/progress", "/hours", "/events", "/assignments", "/queue"):
        yield probe(f"GET {_DATASET}{look}")
    yield probe(f"GET {_DATASET}/progress", median=True)
    yield probe(f"GET {_DATASET}/events", limit=1)
    yield probe(f"GET {_DATASET}/queue", where="annotated_as:good OR conflict:true", limit=20)
    for look in ("/settings", "/labeling/rules", "/labeling/rules/metrics", "/metrics"):
        yield probe(f"GET {_TASK}{look}")
    yield probe(f"GET {_RULES}/{{query}}", names={"query": "good"})
    for rule in ("text", f"annotated_as:{labels[0]}", "annotated_by:ben", "_exists_:annotated_by"):
        for label in ("", *labels):
            yield probe(f"GET {_RULES}/{{query}}/metrics", names={"query": rule}, label=label)
    yield probe(f"GET {_RULES}:figures")
    yield probe(f"GET {_RULES}:figures", answers=True)
    yield probe(f"POST {_RULES}:matches", {})
    yield probe(
        f"POST {_RULES}:matches", {"queries": ["text", "annotated_by:ben", f"annotated_as:{labels[0]}"]}
    )
    for id, params in (
        ("labeling_rule", {"rule_query": f"annotated_as:{labels[0]}", "labels": labels[0]}),
        ("dataset_labeling_rules", {"queries": ["text", "annotated_by:ben"]}),
    ):
        yield probe(f"POST {_TASK}/metrics/{{metric}}:summary", {}, {"metric": id}, **params)
    yield probe(f"GET {_PLAN}")
    yield probe(f"GET {_PLAN}/rows")
    for metric in _METRICS:
        yield probe(f"POST {_TASK}/metrics/{{metric}}:summary", {}, {"metric": metric})
    for route in (
        "/api/datasets",
        "/api/me",
        "/api/me/work",
        "/api/me/feedback",
        "/api/comments",
        "/api/me/preferences",
        "/api/overview",
        "/api/team",
        "/api/workspaces",
    ):
        yield probe(f"GET {route}")
    yield probe("GET /api/workspaces/{name}/leaders", names={"name": "shared"})
    yield probe("GET /api/workspaces/{name}/hours", names={"name": "shared"})
    yield probe("GET /api/events", dataset=name)
    if name == "planned":
        yield from _refused(probe)
    yield from _own(probe, ids, task)


def _searches(probe: Any, labels: list[str]) -> Iterator[Probe]:
    asked: list[Json] = [
        {"query_text": each} for each in queries(labels, ["ana", "ben", "rita", "max", "eva"])
    ]
    asked += [{"annotated_by": [who]} for who in ("ana", "ben", "adjudicated:rita")]
    asked += [{"annotated_as": [label]} for label in labels]
    asked += [{"status": [status]} for status in ("Default", "Edited", "Validated", "Discarded")]
    asked += [{"has_annotation": True}, {"predicted": "ok"}, {"predicted": "ko"}, {"score": {"from": 0.2}}]
    asked += [{"uncovered_by_rules": [f"annotated_as:{labels[0]}"]}, {"ids": ["r0", "r1"]}]
    asked.append({"vector": {"name": "v", "value": [1.0, 0.0], "k": 3}})
    for each in asked:
        yield probe(f"POST {_TASK}:search", {"query": each})
    for sort in SORTS:
        for order in ("asc", "desc"):
            by = [{"id": sort, "order": order}]
            yield probe(f"POST {_TASK}:search", {"query": {}, "sort": by}, limit=3, include_metrics=True)
            yield probe(f"POST {_DATASET}/records/:search", {"query": {}, "sort_by": by}, limit=2)
    yield probe(
        f"POST {_TASK}:search",
        {},
        facets="status,annotated_as,annotated_by,predicted,conflict,metadata,mentions",
    )
    for query in ({}, {"ids": ["r0", "r1"]}, {"query_text": "covered:conflict OR rule:text"}):
        yield probe(f"POST {_TASK}:search", {"query": query}, facets="covered,rule")
    for each in asked[:40:3]:
        yield probe(f"POST {_DATASET}/records/:search", {"query": each})


def _refused(probe: Any) -> Iterator[Probe]:
    """Yield requests that annotators may not make: refusals tell nothing either."""
    yield probe("POST /api/datasets", {"name": "more", "task": TEXT})
    yield probe(f"PUT {_DATASET}:close")
    yield probe(f"PUT {_DATASET}:open")
    yield probe(f"PUT {_DATASET}:copy", {"name": "copied"})
    yield probe("POST /api/datasets:gather", {"name": "talk", "workspaces": ["shared"], "into": "x"})
    yield probe(f"POST {_DATASET}/queue:take_back", {"annotators": ["ben"]})
    yield probe("GET /api/audit")
    yield probe("POST /api/audit:export", {})
    yield probe("GET /api/datasets:deleted")
    yield probe("POST /api/datasets:restore", {"name": "talk"})
    yield probe(f"DELETE {_DATASET}")
    body: Json
    for method, body in (
        ("PATCH", {"label_schema": {"labels": ["x"]}}),
        ("PUT", {"label_schema": {}}),
        ("DELETE", None),
    ):
        yield probe(f"{method} {_TASK}/settings", body)
    yield probe(f"PATCH {_DATASET}/policies", {"blind": False})
    yield probe(f"PUT {_DATASET}/guidelines", {"text": "x"})
    yield probe(f"POST {_DATASET}/assignments:preview", {})
    yield probe(f"POST {_DATASET}/assignments", {})
    for verb, body in (
        ("extend", {}),
        ("rebalance", {}),
        ("move", {"to": "ana"}),
        ("withdraw", {}),
        ("undo", {}),
    ):
        yield probe(f"POST {_PLAN}:{verb}", {**body, "dry_run": True})
    yield probe(f"PUT {_RECORD}/gold", {"state": "discarded"}, {"id": "r1"})
    yield probe(f"DELETE {_RECORD}/gold", None, {"id": "r1"})
    yield probe(f"POST {_RULES}", {"query": "a", "label": "b"})
    for method in ("PATCH", "DELETE"):
        yield probe(f"{method} {_RULES}/{{query}}", {"label": "b"}, {"query": "a"})
    yield probe(f"POST {_RULES}:undo")
    for method, route in (("GET", "members"), ("POST", "members")):
        yield probe(f"{method} /api/workspaces/{{name}}/{route}", {"username": "olga"}, {"name": "shared"})
    yield probe(
        "PATCH /api/workspaces/{name}/members/{user}", {"role": "manager"}, {"name": "shared", "user": "ana"}
    )
    nobody = "00000000-0000-0000-0000-000000000000"
    hook = {"id": nobody, "delivery": nobody}
    for request, body in (
        ("GET /api/webhooks", None),
        ("POST /api/webhooks", {"url": "https://example.org/hook"}),
        ("GET /api/webhooks/{id}", None),
        ("PATCH /api/webhooks/{id}", {"enabled": True}),
        ("DELETE /api/webhooks/{id}", None),
        ("POST /api/webhooks/{id}:ping", None),
        ("POST /api/webhooks/{id}:rotate_secret", None),
        ("GET /api/webhooks/{id}/deliveries", None),
        ("POST /api/webhooks/{id}/deliveries/{delivery}:send_again", None),
    ):
        yield probe(request, body, hook)
    yield probe("GET /api/workspaces/{id}/users", None, {"id": nobody})
    for method in ("POST", "DELETE"):
        yield probe(f"{method} /api/workspaces/{{id}}/users/{{user}}", None, {"id": nobody, "user": nobody})
    yield probe("POST /api/workspaces", {"name": "mine"})
    for look in ("agreement", "conflicts", "annotators"):
        yield probe(f"GET {_DATASET}/{look}")
        yield probe(f"GET {_DATASET}/{look}", query="annotated_as:good")
    yield probe(f"POST {_DATASET}/records/:resolutions", {"ids": ["r0", "r1"]})
    yield probe(f"POST {_DATASET}/export", {"format": "jsonl"})
    yield probe(f"POST {_DATASET}/import", {}, task=TEXT, format="jsonl")
    yield probe(f"POST {_DATASET}/gold:import", {"gold": [{"id": "r1", "state": "discarded"}]})
    yield probe(f"POST {_DATASET}/consensus:accept", {})
    yield probe(
        f"POST {_RECORD}/annotations/{{annotator}}:ask_again",
        {"reason": "Hm."},
        {"id": "r1", "annotator": "ben"},
    )
    yield probe("POST /api/comments/{no}:done", {}, {"no": "1"})
    yield probe("GET /api/server")
    yield probe("GET /metrics")
    yield probe("GET /api/jobs/{id}", None, {"id": nobody})
    yield probe("POST /api/jobs/{id}:undo", None, {"id": nobody})


def value(task: str, label: str) -> Json:
    """A value of a task that says ``label``."""
    if task == TOKEN:
        return {"entities": [{"start": 0, "end": 3, "label": label}]}
    return {"sentences": [{"text": label}]} if task == T2T else {"labels": [{"class": label}]}


def logged(task: str, id: str, text: str, **more: Json) -> Json:
    """A record as it is logged."""
    answer: dict[str, Json] = {"inputs": {"text": text}} if task == TEXT else {"text": text}
    if task == TOKEN:
        answer["tokens"] = text.split(" ")
    return {"id": id, **answer, **more}


def _own(probe: Any, ids: list[str], task: str) -> Iterator[Probe]:
    """Yield requests about what annotators do themselves: the answers must not tell what others did either."""
    yield probe(f"POST {_DATASET}/queue:claim", {"limit": 2})
    yield probe(f"POST {_DATASET}/queue:heartbeat", {"leases": [{"id": ids[0], "token": "x"}]})
    yield probe(f"POST {_DATASET}/queue:skip", {"id": ids[3], "reason": "too hard"})
    yield probe(f"POST {_DATASET}/queue:undo_skip", {"id": ids[3]})
    yield probe(f"POST {_DATASET}/queue:undo_skip", {"id": ids[0]})
    yield probe(f"POST {_DATASET}/queue:release", {})
    for id in (ids[0], *ids[2:4]):
        for state, version in (("draft", 0), ("submitted", 1), ("submitted", 0)):
            sent = {"value": value(task, "mine"), "state": state, "version": version}
            yield probe(f"PUT {_MINE}", sent, {"id": id})
        yield probe(f"POST {_MINE}:undo", None, {"id": id})
        yield probe(f"POST {_RECORD}/comments", {"text": "Hm.", "to": "rita"}, {"id": id})
        yield probe(f"GET {_MINE}", None, {"id": id})
        yield probe(f"PATCH {_RECORD}", {"status": "Validated"}, {"id": id})
        yield probe(f"PATCH {_RECORD}", {"metadata": {"a": 1}}, {"id": id})
    yield probe(f"DELETE {_MINE}", None, {"id": ids[0]})
    answer = {"annotation": {"agent": "ben", **value(task, "mine too")}, "status": "Validated"}
    yield probe(f"POST {_TASK}:bulk", {"records": [logged(task, ids[2], f"text {ids[2]}", **answer)]})
    yield probe(f"POST {_TASK}:bulk", {"records": [logged(task, ids[2], "other text", **answer)]})
    yield probe(f"POST {_TASK}:bulk", {"records": [logged(task, "new", "text", **answer)]})
    yield probe(f"POST {_TASK}:bulk", {"records": [logged(task, "r1", "text r1", annotation=7)]})
    for query in ("annotated_as:good", "conflict:true"):
        among = f"({query}) AND NOT id:{ids[1]}"
        yield probe(f"DELETE {_DATASET}/data", {"query_text": among}, mark_as_discarded="true")
        yield probe(f"DELETE {_DATASET}/data", {"query_text": query})
    yield probe(f"PATCH {_DATASET}", {"tags": {"a": "b"}})
    yield probe("PUT /api/me/preferences", {"theme": "dark"})
    yield probe("PUT /api/me/password", {"current": "not this", "new": "long enough"})
    answered_by_all = {
        "query": f"annotated_as:good AND NOT id:{ids[1]}",
        "value": value(task, "x"),
        "state": "submitted",
    }
    yield probe(f"POST {_DATASET}/annotations:apply", answered_by_all)


def not_asked(document: Json, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Routes of the document that no probe exercised."""
    routes = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if not path.startswith(_NOT_ABOUT_DATASETS)
    }
    return routes - asked


def unnamed(text: str) -> str:
    """A reply without what was drawn at random: UUIDs, the ids of requests and the tokens of leases."""
    text = re.sub(r'"request":"[0-9a-f]{16}"', '"request":"REQUEST"', text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    return re.sub(r'"token":"[\w-]{16}"', '"token":"TOKEN"', text)


_LISTENS = 0.1 if tested_store() == "sqlite" else patience(1)
"""Seconds within which what there was is sent; a database sends it later than a file."""


def overheard(app: FastAPI, url: str, params: dict[str, Any], headers: dict[str, str]) -> str:
    """The beginning of a stream of events, from the very first one on."""
    heard: list[str] = []

    async def listen() -> None:
        async def receive() -> Json:
            await asyncio.sleep(60)

        async def send(message: Json) -> None:
            heard.append(str(message.get("status", "")) + message.get("body", b"").decode())

        sent = [(b"last-event-id", b"0"), *((k.lower().encode(), v.encode()) for k, v in headers.items())]
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
                 "path": url, "raw_path": url.encode(), "query_string": urlencode(params).encode(), "headers": sent,
                 "client": ("test", 1), "server": ("test", 80), "root_path": ""}  # fmt: skip
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(app(scope, receive, send), _LISTENS)

    asyncio.run(listen())
    return "".join(heard)
