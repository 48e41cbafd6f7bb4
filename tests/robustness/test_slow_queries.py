"""One person's slow query: it ends, by its deadline or with its caller, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apportion.domain.errors import QueryTooSlowError
from apportion.ports.deadline import Deadline
from apportion.server import deps, disconnects
from apportion.services.assignments import queue, standing_plans
from apportion.storage.sql.query.compiler import MOST_PATTERNS, QueryCompiler
from patience import patience, until
from servers import SHARED, TEXT, LocalServer, local_server

BIG = "/api/datasets/big"
RECORDS = 3_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A dataset with many words, values and ids, shared out to ana and ben."""
    records = [
        {
            "id": f"r{n}",
            "inputs": {"text": f"soup w{n} x{n * 7}", "title": f"t{n}"},
            "metadata": {"src": f"s{n}", "many": [f"m{n}", f"n{n}"]},
            "annotation": {"agent": "eva", "labels": [{"class": f"l{n % 9}"}]},
        }
        for n in range(RECORDS)
    ]
    with local_server(tmp_path_factory.mktemp("big"), query_seconds=600) as local:
        eva = local.client()
        eva.post(f"{BIG}/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()
        rule = {"users": ["ana", "ben"], "overlap": 2, "mode": "pull"}
        eva.post(f"{BIG}/assignments", params=SHARED, json={"rules": [rule]}).raise_for_status()
        yield local


def search(local: LocalServer, text: str, who: str = "eva", **more: Any) -> Any:
    body = {"query": {"query_text": text}, **more}
    return local.client(who).post(f"{BIG}/{TEXT}:search", params=SHARED, json=body)


def any_of(pattern: str, many: int) -> str:
    return " OR ".join(pattern.format(n) for n in range(many))


SLOW = {
    "ids": any_of("id:*{}*", 40),
    "words": any_of("*{}*", 40),
    "words as written": any_of("text.exact:*{}*", 10),
    "one input": any_of("inputs.title:*{}*", 10),
    "values": any_of("metadata.src:*{}*", 40),
    "regular expressions": any_of("metadata.src:/.*{}.*/", 40),
    "nearly these words": any_of("soup{}~2", 40),
    "metrics": any_of("metrics.text_length:{}", 10),
    "tokens in brackets": "((((" + any_of("text.exact:*{}*", 10) + "))))",
    "none of these": "NOT (" + any_of("id:*{}*", 40) + ")",
    "all of these": any_of("id:*{}*", 40).replace("OR", "AND") + " OR id:q*",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=list(SLOW))
def test_one_deadline_covers_every_part_of_a_query(big: LocalServer, monkeypatch: Any, text: str) -> None:
    ticks = itertools.count()
    budget = Deadline(60, clock=lambda: float(next(ticks)))  # a second goes by whenever it is looked at
    monkeypatch.setattr(deps.Context, "deadline", lambda self, long=False: budget)
    refused = search(big, text)

    assert refused.status_code == 400
    assert refused.json()["detail"]["code"].endswith("QueryTooSlowError")
    assert "60 seconds" in refused.json()["detail"]["params"]["message"]


def test_what_people_ask_is_far_from_the_deadline(big: LocalServer, monkeypatch: Any) -> None:
    for text in ("soup AND w1*", "metadata.src:s12*", "id:r77", "status:Default OR annotated_as:l1"):
        ticks = itertools.count()
        budget = Deadline(60, clock=lambda ticks=ticks: float(next(ticks)))  # type: ignore[misc]
        monkeypatch.setattr(deps.Context, "deadline", lambda self, long=False, budget=budget: budget)
        assert search(big, text).status_code == 200


def test_more_patterns_than_anybody_needs_are_refused_before_any_is_looked_at(big: LocalServer) -> None:
    refused = search(big, any_of("id:*{}*", MOST_PATTERNS + 1))

    assert refused.status_code == 400
    assert f"more than {MOST_PATTERNS:,}" in refused.json()["detail"]["params"]["message"]


# Where queries are evaluated


WHERE = "text.exact:*9*"
ASKS: dict[str, Callable[[LocalServer], Any]] = {
    "a search": lambda local: search(local, WHERE),
    "a scan": lambda local: local.client().post(
        f"{BIG}/records/:search", params=SHARED, json={"query": {"query_text": WHERE}}
    ),
    "a look at the queue": lambda local: local.client("ana").get(
        f"{BIG}/queue", params={**SHARED, "where": WHERE}
    ),
    "a claim": lambda local: local.client("ana").post(
        f"{BIG}/queue:claim", params=SHARED, json={"where": WHERE}
    ),
    "discarding": lambda local: local.client().request(
        "DELETE", f"{BIG}/data", params={**SHARED, "mark_as_discarded": "true"}, json={"query_text": "id:*q*"}
    ),
    "deleting": lambda local: local.client().request(
        "DELETE", f"{BIG}/data", params=SHARED, json={"query_text": "id:*q*"}
    ),
    "agreement": lambda local: local.client().get(f"{BIG}/agreement", params={**SHARED, "query": WHERE}),
    "conflicts": lambda local: local.client().get(f"{BIG}/conflicts", params={**SHARED, "query": WHERE}),
    "quality": lambda local: local.client().get(f"{BIG}/annotators", params={**SHARED, "query": WHERE}),
    "a metric": lambda local: local.client().post(
        f"{BIG}/{TEXT}/metrics/text_length:summary", params=SHARED, json={"query_text": WHERE}
    ),
    "a rule's figures": lambda local: local.client().get(
        f"{BIG}/{TEXT}/labeling/rules/{WHERE}/metrics", params=SHARED
    ),
    "an export": lambda local: local.client().post(
        f"{BIG}/export", params=SHARED, json={"format": "jsonl", "query": WHERE}
    ),
    "a preview": lambda local: local.client().post(
        f"{BIG}/assignments:preview", params=SHARED, json={"rules": [{"users": ["ana"], "where": "id:*9*"}]}
    ),
    "a plan": lambda local: local.client().post(
        f"{BIG}/assignments", params=SHARED, json={"rules": [{"users": ["rita"], "where": "id:r9*9"}]}
    ),
    "applying a value": lambda local: _job(
        local, "annotations:apply", {"query": "id:r9*99", "value": {"labels": [{"class": "l1"}]}}
    ),
    "accepting": lambda local: _job(local, "consensus:accept", {"query": "id:r9*99"}),
}


def _job(local: LocalServer, path: str, body: Any) -> Any:
    begun = local.client().post(f"{BIG}/{path}", params=SHARED, json=body)
    job = begun.json()["id"]

    def has_ended() -> bool:
        state = local.client().get(f"/api/jobs/{job}", params=SHARED).json()["state"]
        return state not in ("waiting", "running")

    until(has_ended)
    return begun


@pytest.mark.parametrize("ask", ASKS.values(), ids=list(ASKS))
def test_neither_the_event_loop_nor_the_writer_evaluates_a_query(
    big: LocalServer, monkeypatch: Any, ask: Callable[[LocalServer], Any]
) -> None:
    original, seen = QueryCompiler.compile_criteria, set[str]()

    def meant(self: QueryCompiler) -> Any:
        if self._criteria.ids is None:  # ids are looked up, which takes no time
            seen.add(threading.current_thread().name)
        return original(self)

    monkeypatch.setattr(QueryCompiler, "compile_criteria", meant)
    answer = ask(big)

    assert answer.status_code == 200, answer.text
    assert seen, "no query was evaluated"
    assert not seen & {threading.current_thread().name, "apportion-writer"}  # the loop runs in this thread


def test_a_claim_leaves_what_others_took_while_its_query_was_evaluated(
    big: LocalServer, monkeypatch: Any
) -> None:
    original, taken = queue.shortlist, list[str]()

    def meanwhile(*given: Any, **options: Any) -> Any:
        found = original(*given, **options)
        if not taken:
            taken.append("begun")
            claimed = big.client("ana").post(
                f"{BIG}/queue:claim", params=SHARED, json={"limit": 20, "where": "metadata.src:s7*"}
            )
            taken.extend(each["id"] for each in claimed.json()["records"])
        return found

    big.client("ana").post(f"{BIG}/queue:release", params=SHARED, json={}).raise_for_status()
    monkeypatch.setattr(queue, "shortlist", meanwhile)
    claimed = big.client("ben").post(
        f"{BIG}/queue:claim", params=SHARED, json={"limit": 20, "where": "metadata.src:s7*"}
    )

    assert claimed.status_code == 200
    assert len(claimed.json()["records"]) == 20
    assert len(taken) == 21
    assert not big.verify()


def test_a_record_that_is_deleted_while_a_claim_looks_for_it_is_not_claimed(
    big: LocalServer, monkeypatch: Any
) -> None:
    original, gone = queue.shortlist, list[str]()

    def meanwhile(*given: Any, **options: Any) -> Any:
        found = original(*given, **options)
        if not gone:
            gone.append("r2501")
            big.client().request(
                "DELETE", f"{BIG}/data", params=SHARED, json={"ids": ["r2501"]}
            ).raise_for_status()
        return found

    monkeypatch.setattr(queue, "shortlist", meanwhile)
    claimed = big.client("ben").post(
        f"{BIG}/queue:claim", params=SHARED, json={"limit": 20, "where": "id:(r2501 OR r2502)"}
    )

    assert gone
    assert "r2501" not in [each["id"] for each in claimed.json()["records"]]


def test_what_was_logged_again_while_a_removal_looked_for_it_stays(
    local: LocalServer, monkeypatch: Any
) -> None:
    from apportion.services.records import remove

    original, again = remove.matching_numbers, list[bool]()
    url = f"/api/datasets/reviews/{TEXT}:bulk"

    def log(*ids: str) -> None:
        records = [{"id": id, "inputs": {"text": f"soup {id}"}} for id in ids]
        local.client().post(url, params=SHARED, json={"records": records}).raise_for_status()

    def meanwhile(*given: Any, **options: Any) -> Any:
        found = original(*given, **options)
        if not again:
            again.append(True)
            log("b")
        return found

    log("a", "b", "c")
    monkeypatch.setattr(remove, "matching_numbers", meanwhile)
    done = local.client().request(
        "DELETE", "/api/datasets/reviews/data", params=SHARED, json={"query_text": "soup"}
    )
    left = local.client().post(f"/api/datasets/reviews/{TEXT}:search", params=SHARED, json={})

    assert done.json() == {"matched": 3, "processed": 2}
    assert [each["id"] for each in left.json()["records"]] == ["b"]


def test_logging_goes_on_when_the_query_of_a_standing_plan_takes_too_long(
    local: LocalServer, monkeypatch: Any
) -> None:
    url = f"/api/datasets/reviews/{TEXT}:bulk"
    one = {"records": [{"id": "a", "inputs": {"text": "soup"}}]}
    local.client().post(url, params=SHARED, json=one).raise_for_status()
    plan = {"rules": [{"users": ["ana"], "where": "*ou*"}], "standing": True}
    local.client().post("/api/datasets/reviews/assignments", params=SHARED, json=plan).raise_for_status()
    monkeypatch.setattr(standing_plans, "AT_ONCE_SECONDS", -1.0)

    def too_slow(*_: Any, **__: Any) -> Any:
        raise QueryTooSlowError(3)

    monkeypatch.setattr(standing_plans, "compute_late", too_slow)
    more = {"records": [{"id": "b", "inputs": {"text": "soup"}}]}
    logged = local.client().post(url, params=SHARED, json=more)
    events = local.client().get("/api/datasets/reviews/events", params=SHARED).json()["events"]

    assert logged.status_code == 200
    assert any(each["what"] == "not_extended" for each in events), events


# Who waits for whom


def test_the_query_of_a_caller_who_hung_up_is_worked_on_no_more(big: LocalServer, monkeypatch: Any) -> None:
    made: list[Deadline] = []

    def deadline(self: Any, long: bool = False) -> Deadline:
        made.append(Deadline(600))
        return made[-1]

    monkeypatch.setattr(deps.Context, "deadline", deadline)
    monkeypatch.setattr(disconnects, "AFTER", 0.0)
    whole = MOST_PATTERNS * RECORDS // 500  # looks at the deadline that the whole query takes
    status = asyncio.run(_hang_up(big.app, any_of("id:*{}*", MOST_PATTERNS), made))

    assert status == 499
    assert 0 < made[0].checks < whole / 2


async def _hang_up(app: Any, text: str, made: list[Deadline]) -> int:
    """Ask, hang up as soon as somebody is at it, and return the status that nobody sees."""
    body = json.dumps({"query": {"query_text": text}}).encode()
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Any] = []

    async def receive() -> Any:
        for message in messages:
            return message
        while not (made and made[0].checks):
            await asyncio.sleep(0.001)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": f"{BIG}/{TEXT}:search", "raw_path": f"{BIG}/{TEXT}:search".encode(), "root_path": "",
        "query_string": b"workspace=shared", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        "headers": [(b"x-argilla-api-key", b"eva.apikey"), (b"content-type", b"application/json")],
    }  # fmt: skip
    await app(scope, receive, send)
    return int(sent[0]["status"])


def test_an_answer_is_stored_while_somebody_searches_the_same_dataset(big: LocalServer) -> None:
    """The search is held up where it holds what is kept of the dataset in memory."""
    no = next(each.no for each in _datasets(big) if each.name == "big")
    cache, inside, leave = big.store.caches.of(no), threading.Event(), threading.Event()

    def hold() -> None:
        with big.store.database.read() as connection, cache.held(connection):
            inside.set()
            leave.wait(patience(60))

    holding = threading.Thread(target=hold)
    holding.start()
    assert inside.wait(patience(60))
    sent = {"value": {"labels": [{"class": "new"}]}, "state": "submitted", "version": 0}
    stored = big.client("ana").put(f"{BIG}/records/r5/annotations/me", params=SHARED, json=sent)
    still_held = not leave.is_set() and holding.is_alive()
    leave.set()
    holding.join(patience(60))

    assert still_held
    assert stored.status_code == 200, stored.text
    assert search(big, "id:r5 AND annotated_as:new", "ana").json()["total"] == 1


def _datasets(local: LocalServer) -> Any:
    with local.store.read() as tx:
        return tx.datasets.list()
