"""Whatever is sent: a documented error or a proper answer, never a failure, and the data stays as it was."""

from __future__ import annotations

import asyncio
import gzip
import json
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from servers import SHARED, T2T, TEXT, TOKEN, LocalServer, everything, scan

BULK = f"/api/datasets/reviews/{TEXT}:bulk"
SEARCH = f"/api/datasets/reviews/{TEXT}:search"
SCAN = "/api/datasets/reviews/records/:search"
DATASET = "/api/datasets/reviews"
RECORD = "/api/datasets/reviews/records/1"
SETTINGS = f"/api/datasets/reviews/{TEXT}/settings"
DATA = "/api/datasets/reviews/data"
JSON = {"Content-Type": "application/json"}
HUGE = "a" * 10_000_000
LARGE = "a" * 2_000_000
"""As much as fits into a request that is not about many records."""
INVALID, BAD, MISSING, NO_SUCH_ROUTE, TOO_LARGE = 422, 400, 404, (404, 405), 413


class Bad(NamedTuple):
    """A request, its status, and a word of the answer that helps."""

    name: str
    method: str
    path: str
    body: Any
    status: int | tuple[int, ...]
    says: str = ""
    headers: dict[str, str] = JSON
    params: dict[str, str] | None = SHARED


def bad(
    name: str, request: str, body: Any, status: int | tuple[int, ...], says: str = "", **more: Any
) -> Bad:
    method, _, path = request.partition(" ")
    return Bad(name, method, path, body, status, says, **more)


def text_record(**members: Any) -> dict[str, Any]:
    return {"records": [{"id": "new", "inputs": {"text": "hello"}, **members}]}


def labelled(**members: Any) -> dict[str, Any]:
    return {"agent": "eva", "labels": [{"class": "good", "score": 1.0}], **members}


# Shapes


def malformed() -> Iterator[Bad]:
    for body in ('{"records":[', "nope", '{"records":[],}', '{"records":[]} and more', "\x00"):
        yield bad(f"malformed: {body!r}", f"POST {BULK}", body, INVALID, "jsondecode")
    for path in (SEARCH, SCAN):
        yield bad(f"malformed at {path}", f"POST {path}", '{"query":', INVALID, "jsondecode")
    yield bad("malformed deletion", f"DELETE {DATA}", '{"ids": [', INVALID, "jsondecode")
    yield bad("malformed changes", f"PATCH {DATASET}", '{"tags":', INVALID, "jsondecode")
    for raw in (b'{"tags":{"a":"\xff"}}', b'{"tags":{"a":"\xed\xa0\x80"}}'):
        yield bad(f"no UTF-8: {raw!r}", f"PATCH {DATASET}", raw, INVALID, "UTF-8")
        yield bad(f"no UTF-8 in bulk: {raw!r}", f"POST {BULK}", raw, INVALID, "UTF-8")
    packed = {**JSON, "Content-Encoding": "gzip"}
    for raw in (b"\x1f\x8b\x00junk", gzip.compress(b'{"records":[]}', mtime=0)):
        yield bad(f"packed: {raw[:8]!r}", f"POST {BULK}", raw, INVALID, "UTF-8", headers=packed)
    for kind in ("text/plain", "application/xml", "multipart/form-data", "; ;", "a/b/c"):
        headers = {"Content-Type": kind}
        sent = {"records": [], "tags": {"a": "b"}}
        yield bad(f"bulk as {kind}", f"POST {BULK}", sent, INVALID, "not a valid dict", headers=headers)
        yield bad(
            f"changes as {kind}", f"PATCH {DATASET}", sent, INVALID, "not a valid dict", headers=headers
        )


WRONG: tuple[Any, ...] = (None, True, 7, 2.5, "x", [], [7], {}, {"x": 7})


def wrong_types() -> Iterator[Bad]:
    body: Any
    for body in (
        [],
        "x",
        7,
        None,
        {},
        {"records": None},
        {"records": {}},
        {"records": [7]},
        {"records": ["x"]},
    ):
        yield bad(f"bulk of {body}", f"POST {BULK}", body, INVALID, "loc")
    places: dict[str, tuple[Any, ...]] = {
        "inputs": (None, 7, "x", [], {}, {"text": None}, {"text": {}}, {"text": [None]}),
        "metadata": (7, "x", [], True),
        "status": (7, "x", [], {}),
        "event_timestamp": ("x", [], {}, "2024-13-45", "9" * 400),
        "prediction": (7, "x", [], {}, {"agent": "a"}, labelled(agent=None), labelled(agent=[])),
        "annotation": (labelled(labels=7), labelled(labels=[7]), labelled(labels=[{}]), labelled(agent="")),
        "predictions": (7, [], {"a": 7}, {"": labelled()}),
        "vectors": (7, [], {"v": 7}, {"v": {}}, {"v": {"value": "x"}}, {"v": {"value": ["x"]}}),
        "explanation": (7, [], {"text": 7}, {"text": [7]}),
        "multi_label": ("perhaps", [], {}),
        "id": ([], {}, ""),
    }
    for member, values in places.items():
        for value in values:
            yield bad(
                f"{member}: {value!r:.40}", f"POST {BULK}", text_record(**{member: value}), INVALID, "loc"
            )
    for member in ("ids", "annotated_by", "status", "metadata", "vector", "query_text", "predicted"):
        yield bad(f"query {member}", f"POST {SEARCH}", {"query": {member: {"x": {}}}}, INVALID, member)
        yield bad(f"deletion {member}", f"DELETE {DATA}", {member: {"x": {}}}, INVALID, member)
    yield bad("deletion by something unknown", f"DELETE {DATA}", {"idz": ["1"]}, INVALID, "extra fields")
    for params in ({"limit": "x"}, {"limit": "-1"}, {"limit": "1001"}, {"from": "10001"}, {"limit": "1e9"}):
        yield bad(f"{params}", f"POST {SEARCH}", {}, INVALID, "loc", params={**SHARED, **params})
    yield bad("beyond the window", f"POST {SEARCH}", {}, BAD, "window", params={**SHARED, "from": "9999"})
    for member, status in (("sort", INVALID), ("query", INVALID)):
        yield bad(f"search {member}: 7", f"POST {SEARCH}", {member: 7}, status, member)
    yield bad("sort by anything", f"POST {SEARCH}", {"sort": [{"id": "zzz"}]}, BAD, "Valid sort ids")
    for value in (7, "x", []):
        yield bad(f"tags: {value}", f"PATCH {DATASET}", {"tags": value}, INVALID, "tags")
        yield bad(f"record metadata: {value}", f"PATCH {RECORD}", {"metadata": value}, INVALID, "metadata")
        yield bad(f"labels: {value}", f"PATCH {SETTINGS}", {"label_schema": value}, INVALID, "label_schema")
    yield bad("no status", f"PATCH {RECORD}", {"status": "Nope"}, INVALID, "enum")


def wrong_work() -> Iterator[Bad]:
    """Plans, queue, annotations of one's own, policies."""
    mine, plans = f"{RECORD}/annotations/me", f"{DATASET}/assignments"
    for body in WRONG[:-2]:
        for path in (
            f"POST {plans}",
            f"POST {DATASET}/queue:claim",
            f"PUT {mine}",
            f"PATCH {DATASET}/policies",
        ):
            yield bad(f"{path} of {body!r}", path, body, INVALID, "loc")
    yield bad("malformed plan", f"POST {plans}", '{"rules": [', INVALID, "jsondecode")
    rule: Any
    for rule in (
        {"users": ["nobody"]}, {"users": []}, {"users": [7]}, {"users": [{"user": "ana", "weight": 0}]},
        {"users": [{"user": "ana", "weight": "NaN"}]}, {"users": [{"user": "ana", "weight": -1}]},
        {"users": [{"user": "ana", "cap": -1}]}, {"users": ["ana", "ana"]}, {"overlap": 0}, {"overlap": 3},
        {"overlap": "most"}, {"overlap": {"annotators": 2, "share": 2}}, {"anchors": -1}, {"mode": "shove"},
        {"lease": 0}, {"due": "someday"}, {"skip": "never"}, {"where": 7}, {"order": {"x": 1}}, {"needs": 7},
    ):  # fmt: skip
        yield bad(f"plan {rule}", f"POST {plans}", {"rules": [rule]}, INVALID, "loc")
    yield bad(
        "weight NaN", f"POST {plans}", '{"rules":[{"users":[{"user":"ana","weight":NaN}]}]}', INVALID, ""
    )
    for member in (
        {"seed": "7"},
        {"seed": -1},
        {"seed": 2.5},
        {"blind": "perhaps"},
        {"digest": 7},
        {"rules": 7},
    ):
        yield bad(f"plan {member}", f"POST {plans}", member, INVALID, "loc")
    yield bad(
        "plan for nothing", f"POST {plans}", {"rules": [{"where": "id:nowhere"}]}, BAD, "NothingToAssign"
    )
    yield bad("unreadable where", f"POST {plans}", {"rules": [{"where": "((("}]}, BAD, "")
    yield bad("stale digest", f"POST {plans}", {"seed": 1, "digest": "x"}, 409, "PlanMoved")
    for verb in ("extend", "rebalance", "withdraw", "undo"):
        yield bad(f"no plan to {verb}", f"POST {plans}/nope:{verb}", {}, MISSING, "AssignmentPlan")
    for limit in (0, 21, "x", None):
        yield bad(f"claim {limit}", f"POST {DATASET}/queue:claim", {"limit": limit}, INVALID, "limit")
    yield bad("claim where (", f"POST {DATASET}/queue:claim", {"where": "((("}, BAD, "")
    yield bad("claim in another", f"POST {DATASET}/queue:claim", {"dataset": "x"}, 410, "DatasetGone")
    yield bad("keep nothing", f"POST {DATASET}/queue:heartbeat", {"leases": [{"id": "1"}]}, INVALID, "token")
    yield bad("skip nothing", f"POST {DATASET}/queue:skip", {}, INVALID, "id")
    yield bad("skip unknown", f"POST {DATASET}/queue:skip", {"id": "nope"}, MISSING, "RecordNotFound")
    good = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 1}
    change: dict[str, Any]
    for change in (
        {"state": "finished"}, {"version": -1}, {"version": None}, {"seconds": -1}, {"value": {"labels": 7}},
        {"value": {"entities": []}}, {"value": {"labels": [{"class": "a"}, {"class": "b"}]}},
    ):  # fmt: skip
        yield bad(f"answer {change}", f"PUT {mine}", {**good, **change}, INVALID, "loc")
    yield bad("stale answer", f"PUT {mine}", {**good, "version": 99}, 409, "StaleVersion")
    yield bad("answer to another", f"PUT {mine}", {**good, "dataset": "x"}, 410, "DatasetGone")
    yield bad("comment of nothing", f"POST {RECORD}/comments", {"text": ""}, INVALID, "text")
    yield bad("comment to nobody", f"POST {RECORD}/comments", {"text": "x", "to": "nobody"}, INVALID, "to")
    for policy in ({"blind": 7}, {"required": 0}, {"resolution": "chance"}, {"skip": 7}, {"colour": 1}):
        yield bad(f"policy {policy}", f"PATCH {DATASET}/policies", policy, INVALID, "loc")
    yield bad("explain nothing", f"GET {DATASET}/explain", None, INVALID, "record")
    for params in ({"limit": "0"}, {"limit": "1001"}, {"limit": "x"}):
        yield bad(
            f"events {params}", f"GET {DATASET}/events", None, INVALID, "limit", params={**SHARED, **params}
        )


def unknown_things() -> Iterator[Bad]:
    for task in ("TextClasification", "Text", "%00", "TaskType.nothing", "None"):
        yield bad(f"task {task}", f"POST /api/datasets/reviews/{task}:bulk", {"records": []}, NO_SUCH_ROUTE)
        yield bad(f"search task {task}", f"POST /api/datasets/reviews/{task}:search", {}, NO_SUCH_ROUTE)
    yield bad("create for no task", "POST /api/datasets", {"name": "x", "task": "Nope"}, INVALID, "enum")
    yield bad("another task", f"POST /api/datasets/reviews/{T2T}:search", {}, BAD, "WrongTask")
    yield bad("no such dataset", f"POST /api/datasets/nope/{TEXT}:search", {}, MISSING, "ServiceDataset")
    yield bad(
        "no such workspace", f"POST {BULK}", {"records": []}, MISSING, "Workspace", params={"workspace": "?"}
    )
    yield bad("no workspace", f"POST {BULK}", {"records": []}, BAD, "MissingInputParam", params={})
    yield bad("no such record", f"PATCH {RECORD}0", {}, MISSING, "RecordNotFound")


# Sizes


def too_large() -> Iterator[Bad]:
    at = f"POST {BULK}"
    yield bad("text", at, text_record(inputs={"text": HUGE}), INVALID, "at most 1000000")
    yield bad("input name", at, text_record(inputs={HUGE: "x"}), INVALID, "at most 512")
    yield bad("id", at, text_record(id=HUGE), INVALID, "at most 512")
    yield bad("label", at, text_record(annotation=labelled(labels=[{"class": HUGE}])), INVALID, "at most")
    yield bad("agent", at, text_record(prediction=labelled(agent=HUGE)), INVALID, "at most 64")
    yield bad("metadata key", at, text_record(metadata={HUGE: 1}), BAD, "512")
    yield bad("vector name", at, text_record(vectors={HUGE: {"value": [1, 2, 3]}}), BAD, "512")
    yield bad("tag", f"PATCH {DATASET}", {"tags": {"a": LARGE}}, BAD, "1,000,000")
    yield bad("tag by logging", at, {"records": [], "tags": {"a": HUGE}}, BAD, "1,000,000")
    yield bad(
        "tag of a new one",
        "POST /api/datasets",
        {"name": "x", "task": TEXT, "tags": {"a": LARGE}},
        BAD,
        "1,000,000",
    )
    yield bad("dataset name", "POST /api/datasets", {"name": LARGE, "task": TEXT}, INVALID, "at most 200")
    yield bad("workspace name", "POST /api/workspaces", {"name": LARGE}, INVALID, "at most 200")
    person = {"first_name": LARGE, "username": "someone", "password": "long enough"}
    yield bad("first name", "POST /api/users", person, INVALID, "at most 200")
    yield bad(
        "username", "POST /api/users", {**person, "first_name": "A", "username": LARGE}, INVALID, "at most"
    )
    yield bad("preferences", "PUT /api/me/preferences", {"a": LARGE}, TOO_LARGE, "65536")
    yield bad("query text", f"POST {SEARCH}", {"query": {"query_text": HUGE}}, BAD, "Failed to parse")
    yield bad("sort", f"POST {SEARCH}", {"sort": [{"id": HUGE}]}, BAD, "Valid sort ids")
    body: dict[str, Any] = {"records": [{"text": HUGE, "tokens": ["a"]}]}
    yield bad("token text", f"POST /api/datasets/places/{TOKEN}:bulk", body, INVALID, "at most 1000000")
    answer = {"agent": "a", "sentences": [{"text": HUGE}]}
    body = {"records": [{"text": "x", "prediction": answer}]}
    yield bad("sentence", f"POST /api/datasets/summaries/{T2T}:bulk", body, INVALID, "at most 1000000")
    yield bad("body", at, b" " * (16 * 1024 * 1024 + 1), TOO_LARGE, "16,777,216")
    yield bad("control body", f"PATCH {DATASET}", b" " * 4_000_001, TOO_LARGE, "4,000,000")
    yield bad("too many records", at, {"records": text_record()["records"] * 51}, INVALID, "at most 50")
    yield bad("too many errors", at, {"records": [7] * 50}, INVALID, "not a valid dict")


# Contents


def halves_of_characters() -> Iterator[Bad]:
    half = "\\ud800"
    records = {
        "id": f'{{"id":"{half}","inputs":{{"text":"x"}}}}',
        "text": f'{{"inputs":{{"text":"x{half}"}}}}',
        "input name": f'{{"inputs":{{"x{half}":"x"}}}}',
        "metadata key": f'{{"inputs":{{"text":"x"}},"metadata":{{"k{half}":1}}}}',
        "metadata": f'{{"inputs":{{"text":"x"}},"metadata":{{"user":"{half}"}}}}',
        "label": f'{{"inputs":{{"text":"x"}},"annotation":{{"agent":"a","labels":[{{"class":"{half}"}}]}}}}',
        "agent": f'{{"inputs":{{"text":"x"}},"annotation":{{"agent":"{half}","labels":[]}}}}',
        "agents": f'{{"inputs":{{"text":"x"}},"predictions":{{"{half}":{{"labels":[]}}}}}}',
        "vector": f'{{"inputs":{{"text":"x"}},"vectors":{{"{half}":{{"value":[1]}}}}}}',
        "explanation": f'{{"inputs":{{"text":"x"}},"explanation":{{"text":[{{"token":"{half}"}}]}}}}',
    }
    for where, record in records.items():
        yield bad(
            f"half a character in {where}", f"POST {BULK}", f'{{"records":[{record}]}}', INVALID, "surrogate"
        )
    others = {
        f"POST {SEARCH}": (
            '{"query":{"query_text":"%s"}}',
            '{"query":{"ids":["%s"]}}',
            '{"sort":[{"id":"%s"}]}',
        ),
        f"POST {SCAN}": ('{"next_idx":"%s"}', '{"fields":["%s"]}'),
        f"DELETE {DATA}": ('{"query_text":"%s"}',),
        f"PATCH {DATASET}": ('{"tags":{"a":"%s"}}', '{"tags":{"%s":"a"}}', '{"metadata":{"a":["%s"]}}'),
        f"PATCH {RECORD}": ('{"metadata":{"a":"%s"}}',),
        f"PATCH {SETTINGS}": ('{"label_schema":{"labels":["%s"]}}', '{"vectors":{"%s":3}}'),
        f"PUT {DATASET}:copy": ('{"name":"%s"}', '{"name":"a","target_workspace":"%s"}'),
        "POST /api/datasets": (
            '{"name":"x%s","task":"Text2Text"}',
            '{"name":"x","task":"Text2Text","workspace":"%s"}',
        ),
        "POST /api/workspaces": ('{"name":"%s"}',),
        "POST /api/users": ('{"first_name":"%s","username":"z","password":"long enough"}',),
        "PUT /api/me/preferences": ('{"a":"%s"}', '{"%s":"a"}'),
        "POST /api/workspaces/shared/members": ('{"username":"%s"}',),
    }
    for request, bodies in others.items():
        for body in bodies:
            yield bad(f"half a character: {request} {body}", request, body % half, INVALID, "surrogate")


def numbers() -> Iterator[Bad]:
    at = f"POST {BULK}"
    record = '{"records":[{"inputs":{"text":"x"},%s}]}'
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        for member in (
            '"metadata":{"new":%s}',
            '"event_timestamp":%s',
            '"vectors":{"small":{"value":[1,2,%s]}}',
            '"prediction":{"agent":"a","labels":[{"class":"l","score":%s}]}',
            '"explanation":{"text":[{"token":"x","attributions":{"l":%s}}]}',
        ):
            yield bad(f"{member % number}", at, record % member % number, INVALID, "loc")
        yield bad(
            f"{number} kept", f"PATCH {DATASET}", f'{{"metadata":{{"a":{number}}}}}', INVALID, "NaN and Inf"
        )
        yield bad(
            f"{number} of", "PUT /api/me/preferences", f'{{"a":[{number}]}}', INVALID, "NaN and Infinity"
        )
        yield bad(
            f"score from {number}", f"POST {SEARCH}", f'{{"query":{{"score":{{"from":{number}}}}}}}', INVALID
        )
    for number in (str(2**63), "9" * 30, "9" * 5000):
        for member in ('"metadata":{"new":%s}', '"metadata":{"n":%s}', '"metadata":{"a":[{"b":%s}]}'):
            yield bad(f"{member % number:.40}", at, record % member % number, INVALID, "loc")
        yield bad(
            f"{number:.20} kept", f"PATCH {DATASET}", f'{{"metadata":{{"a":{number}}}}}', INVALID, "loc"
        )
        body = f'{{"query":{{"vector":{{"name":"small","value":[1,2,3],"k":{number}}}}}}}'
        yield bad(f"{number:.20} nearest", f"POST {SEARCH}", body, INVALID, "loc")


def deep() -> Iterator[Bad]:
    query = '{"query":{"metadata":{"a":%s}}}'
    for depth in (70, 2_000, 100_000):
        inner = '{"a":' * depth + "1" + "}" * depth if depth == 70 else "[" * depth + "]" * depth
        bodies = {
            f"POST {BULK}": '{"records":[{"inputs":{"text":"x"},"metadata":{"k":[%s]}}]}',
            f"POST {BULK}#": '{"records":[],"metadata":{"k":%s}}',
            f"PATCH {DATASET}": '{"metadata":{"k":%s}}',
            f"PATCH {RECORD}": '{"metadata":{"k":%s}}',
            "PUT /api/me/preferences": '{"k":%s}',
            f"PUT {DATASET}:copy": '{"name":"x","metadata":{"k":%s}}',
        }
        for request, body in bodies.items():
            yield bad(f"{depth} deep: {request}", request, body % inner, INVALID, "more than 64")
        yield bad(f"{depth} deep filter", f"POST {SEARCH}", query % inner, INVALID)


def contradictions() -> Iterator[Bad]:
    at = f"POST {BULK}"
    yield bad(
        "51 keys", at, text_record(metadata={f"k{n}": 1 for n in range(51)}), BAD, "MetadataLimitExceeded"
    )
    yield bad("47 keys more", at, text_record(metadata={f"k{n}": 1 for n in range(47)}), BAD, '"len":51')
    keys = {f"k{n}": 1 for n in range(47)}
    yield bad("47 keys more by a change", f"PATCH {RECORD}", {"metadata": keys}, BAD, "MetadataLimitExceeded")
    for key, value in (("n", "text"), ("share", "text"), ("day", "2024-13-45"), ("n", [1, "x"]), ("n", True)):
        yield bad(f"{key} = {value}", at, text_record(metadata={key: value}), BAD, f"metadata.{key}")
        yield bad(
            f"change {key} = {value}", f"PATCH {RECORD}", {"metadata": {key: value}}, BAD, "BulkDataError"
        )
    yield bad("size of a vector", at, text_record(vectors={"small": {"value": [1]}}), BAD, "1 dimensions")
    yield bad("no vector at all", at, text_record(vectors={"small": {"value": []}}), INVALID, "at least 1")
    six = {f"v{n}": {"value": [1.0]} for n in range(6)}
    yield bad("six vectors", at, text_record(vectors=six), BAD, "more than 5")
    for vector, says in (
        ({"name": "small", "value": [1]}, "3 dimensions"),
        ({"name": "no", "value": [1]}, "no vectors"),
    ):
        yield bad(f"near {vector}", f"POST {SEARCH}", {"query": {"vector": vector}}, BAD, says)
    for k in (0, -1):
        near = {"name": "small", "value": [1, 2, 3], "k": k}
        yield bad(f"the {k} nearest", f"POST {SEARCH}", {"query": {"vector": near}}, INVALID, "equal to 1")
    yield bad("several labels", at, text_record(multi_label=True), BAD, "multi-label")
    spans = {"backwards": (3, 1), "negative": (-4, -1), "half an emoji token": (5, 7)}
    for name, (start, end) in spans.items():
        answer = {"agent": "a", "entities": [{"start": start, "end": end, "label": "L"}]}
        body = {
            "records": [
                {"text": "good 👨‍👩‍👧 soup", "tokens": ["good", "👨‍👩‍👧", "soup"], "annotation": answer}
            ]
        }
        yield bad(f"span {name}", f"POST /api/datasets/places/{TOKEN}:bulk", body, INVALID, "records")
    body = {"records": [{"text": "one two", "tokens": ["one", "three"]}]}
    yield bad("a token that is not there", f"POST /api/datasets/places/{TOKEN}:bulk", body, INVALID, "three")
    good = [{"id": n, "inputs": {"text": f"good {n}"}} for n in range(20)]
    broken = [*good, {"id": "bad", "inputs": {"text": "x"}, "metadata": {"n": "text"}}]
    yield bad("one bad record among good ones", at, {"records": broken, "tags": {"new": "1"}}, BAD, "bad")
    yield bad("all bad in a new dataset", f"POST /api/datasets/fresh/{TEXT}:bulk", {"records": [7]}, INVALID)


# Queries and names

HOSTILE = {
    "an odd quote": '"' * 4001,
    "many words": "a " * 2001,
    "open brackets": "(" * 5000,
    "deep brackets": "(" * 3000 + "a" + ")" * 3000,
    "NOT of nothing": "NOT " * 3000,
    "many ORs": " OR ".join(f"t{n}" for n in range(50_000)),
    "an endless word": "a" * 200_000,
    "colons": ":" * 3000,
    "escapes": "\\" * 4999,
    "braces": "{" * 4000,
    "bangs": "!" * 3000,
    "a broken range": "metadata.n:[1 TO",
    "a range of letters": "metadata.n:[z TO a]",
    "no date": "metadata.day:[2024-99-99 TO *]",
    "a broken set": "/[/",
    "an open regex": "/abc",
    "repetitions of repetitions": "/((a{1,100}){1,100}){1,100}/",
    "an exponential regex": "/" + "a?" * 500 + "a" * 500 + "/",
    "many wildcards": "*a" * 2000,
    "a NUL": "soup\0",
}
STRANGE = {
    "quotes": '"' * 4000,
    "many NOTs": "NOT " * 3000 + "a",
    "many minuses": "-" * 5000 + "a",
    "a catastrophic regex": "/(a+)+$/",
    "another": "text:/(a|a)*b/",
    "a leading wildcard": "*oup",
    "stars": "*" * 5000,
    "regexes of nothing": "/" * 900,
    "fuzzy": "soup~2 OR " * 300 + "a",
    "far apart": '"soup good"~99999999999999',
    "a heavy boost": "soup^" + "9" * 400,
    "the end of time": "event_timestamp:9999-12",
    "blanks": "\t\n\r ",
    "an emoji": "🍜",
}


def hostile_queries() -> Iterator[Bad]:
    for name, text in HOSTILE.items():
        query = {"query_text": text}
        for request, body in ((SEARCH, {"query": query}), (SCAN, {"query": query})):
            yield bad(f"{name} at {request}", f"POST {request}", body, BAD, "InvalidTextSearchError")
        yield bad(f"delete {name}", f"DELETE {DATA}", query, BAD, "InvalidTextSearchError")


@pytest.mark.parametrize("text", STRANGE.values(), ids=list(STRANGE))
def test_a_strange_query_is_answered(furnished: LocalServer, text: str) -> None:
    answer = furnished.client().post(SEARCH, params=SHARED, json={"query": {"query_text": text}})

    assert answer.status_code == 200, answer.text
    assert 0 <= answer.json()["total"] <= 7


PATHS = (
    "../../etc",
    "..",
    "%2e%2e",
    "%2e%2e%2f%2e%2e%2fetc",
    "a%2fb",
    "..%5c..",
    "%252e%252e",
    "%00",
    "%ff",
    "A",
    "-a",
)


def names() -> Iterator[Bad]:
    for name in PATHS:
        missing = (404, 405, 422)
        yield bad(f"dataset {name}", f"PATCH /api/datasets/{name}", {}, missing)
        yield bad(f"close {name}", f"PUT /api/datasets/{name}:close", None, missing)
        yield bad(f"log into {name}", f"POST /api/datasets/{name}/{TEXT}:bulk", {"records": []}, missing)
        yield bad(f"settings of {name}", f"PUT /api/datasets/{name}/{TEXT}/settings", {}, missing)
        yield bad(f"task {name}", f"POST /api/datasets/reviews/{name}:search", {}, missing)
        yield bad(
            f"workspace {name}", f"POST {BULK}?workspace={name}", {"records": []}, (404, 422), params=None
        )
        yield bad(f"members of {name}", f"POST /api/workspaces/{name}/members", {"username": "ana"}, missing)
        yield bad(f"user {name}", f"DELETE /api/users/{name}", None, missing)
        if not name.startswith(".."):  # which clients resolve before they send
            yield bad(f"record {name}", f"PATCH /api/datasets/reviews/records/{name}", {}, (404, 405))
            yield bad(f"page {name}", f"GET /{name}", None, 404)
        yield bad(f"create {name}", "POST /api/datasets", {"name": name, "task": TEXT}, INVALID, "regex")
        yield bad(f"copy to {name}", f"PUT {DATASET}:copy", {"name": name}, INVALID, "regex")
        yield bad(f"create workspace {name}", "POST /api/workspaces", {"name": name}, INVALID, "regex")
        headers = {**JSON, "X-Argilla-Workspace": name}
        yield bad(f"workspace header {name}", f"PATCH {DATASET}", {}, 404, headers=headers, params={})


CASES = [
    each
    for group in (
        malformed, wrong_types, wrong_work, unknown_things, too_large, halves_of_characters, numbers, deep,
        contradictions, hostile_queries, names,
    )
    for each in group()
]  # fmt: skip


@pytest.fixture(scope="module")
def before(furnished: LocalServer) -> dict[str, Any]:
    found = everything(furnished.client())
    furnished.written()
    return found


@pytest.mark.parametrize("case", CASES, ids=[each.name[:60] for each in CASES])
def test_it_is_refused_with_a_reason_and_changes_nothing(
    furnished: LocalServer, before: dict[str, Any], case: Bad
) -> None:
    client = furnished.client()
    path, body = case.path.rstrip("#"), case.body
    if body is not None and not isinstance(body, bytes):
        body = (
            body if isinstance(body, str) else json.dumps(body)
        )  # not before: all together they take 150 MB
    answer = client.request(case.method, path, params=case.params, content=body, headers=case.headers)

    wanted = case.status if isinstance(case.status, tuple) else (case.status,)
    assert answer.status_code in wanted, answer.text[:500]
    assert case.says in answer.text
    detail = answer.json()["detail"]
    assert isinstance(detail, str) or detail["code"].startswith("argilla.api.errors::")
    assert len(answer.content) < 20_000, "the answer repeats what was sent"
    if furnished.written():  # maybe only pages as they were
        assert everything(client) == before
        furnished.written()  # that everything was read is in the audit log


def test_after_all_that_everything_agrees(furnished: LocalServer, before: dict[str, Any]) -> None:
    assert everything(furnished.client()) == before
    assert furnished.verify() == []


# What a client library would not send


def asked(
    local: LocalServer, *chunks: bytes, headers: dict[bytes, bytes], path: str = BULK
) -> tuple[int, bytes, int]:
    """Status and body of an answer to a streamed request, and how many chunks the server took."""
    sent: list[dict[str, Any]] = []
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    known = {b"x-argilla-api-key": b"eva.apikey", b"content-type": b"application/json", **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"workspace=shared", "root_path": "",
        "headers": list(known.items()), "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    asyncio.run(local.app(scope, receive, send))
    body = b"".join(each.get("body", b"") for each in sent)
    return sent[0]["status"], body, len(chunks) - len(waiting)


@pytest.mark.parametrize(("path", "most"), [(BULK, 17), (SEARCH, 17), ("/api/datasets", 4)])
def test_a_streamed_body_is_refused_as_soon_as_it_is_too_large(
    furnished: LocalServer, path: str, most: int
) -> None:
    megabytes = [b" " * 2**20] * 40

    status, body, taken = asked(furnished, *megabytes, headers={b"transfer-encoding": b"chunked"}, path=path)

    assert status == 413
    assert b"PayloadTooLargeError" in body
    assert taken == most


def test_an_announced_size_is_refused_before_anything_is_read(furnished: LocalServer) -> None:
    status, _, taken = asked(furnished, b"{}", headers={b"content-length": b"99999999999999999999"})

    assert (status, taken) == (413, 0)


@pytest.mark.parametrize("value", [b"shared\r\nX-Evil: 1", b"\xff\xfe", b"a\x00b"])
def test_no_header_of_an_answer_comes_from_the_request(furnished: LocalServer, value: bytes) -> None:
    status, body, _ = asked(furnished, b'{"records":[]}', headers={b"x-argilla-workspace": value})
    client = furnished.client()
    answer = client.get("/api/datasets/%0d%0aX-Evil:%201", params=SHARED)

    assert status in (200, 404), body  # the query parameter wins over the header
    assert answer.status_code == 404
    assert "x-evil" not in answer.headers


# What is strange and yet wanted


@pytest.mark.parametrize(
    "text", ["a\0b", "👨‍👩‍👧 soup", unicodedata.normalize("NFD", "café crème"), "\u202e\ufeff x"]
)
def test_strange_text_comes_back_as_it_was_sent(local: LocalServer, text: str) -> None:
    client = local.client()
    record = {
        "id": "odd", "inputs": {"text": text, f"in {text}": text}, "metadata": {f"k {text}": text},
        "prediction": {"agent": text, "labels": [{"class": text, "score": 1.0}]},
        "vectors": {text: {"value": [1.0]}},
    }  # fmt: skip
    body = {"records": [record], "tags": {text: text}}
    client.post(f"/api/datasets/odd/{TEXT}:bulk", params=SHARED, json=body).raise_for_status()

    (found,) = scan(client, "odd", metadata={f"k {text}": text}, predicted_as=[text], predicted_by=[text])
    assert found["inputs"] == record["inputs"]
    assert found["metadata"] == record["metadata"]
    assert list(found["vectors"]) == [text]
    assert list(found["predictions"]) == [text]
    assert client.get("/api/datasets/odd", params=SHARED).json()["tags"] == {text: text}
    assert local.verify() == []


def test_spans_count_code_points_whatever_they_look_like(local: LocalServer) -> None:
    client = local.client()
    tokens = ["👨‍👩‍👧", "ate", unicodedata.normalize("NFD", "crème"), "🇪🇸"]
    text = " ".join(tokens)
    spans = [
        {"start": text.index(each), "end": text.index(each) + len(each), "label": "X"} for each in tokens
    ]
    answer = {"agent": "eva", "entities": spans}
    body = {"records": [{"id": 1, "text": text, "tokens": tokens, "annotation": answer}]}
    client.post(f"/api/datasets/odd/{TOKEN}:bulk", params=SHARED, json=body).raise_for_status()

    (found,) = scan(client, "odd")
    got = found["annotation"]["entities"]
    assert [text[each["start"] : each["end"]] for each in got] == tokens
    assert local.verify() == []
