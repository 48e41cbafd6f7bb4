"""The numbers of SQL statements and rows that annotating and logging cost: each is a round trip on some databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apportion.storage.sqlite.connection import SqliteConnection
from apportion.storage.sqlite.store import SqliteStore
from dataset_client import DatasetClient

ANSWER, SHARED_ANSWER, CLAIM, BULK = 13, 14, 16, 60
ROWS_OF_A_CLAIM = 45
IDS = [f"r{n:03}" for n in range(60)]
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Counted:
    """Statements of all connections since the last count: no transaction control, nor what SQLite runs by itself."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows = 0

    def note(self, statement: str) -> None:
        # What a full-text table or a trigger runs within a statement comes as a comment
        if not statement.startswith(("--", *CONTROL)):
            self.statements.append(statement)

    def row(self, _: Any, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self.rows += 1
        return row

    def during(self, what: Callable[[], Any]) -> list[str]:
        self.statements, self.rows = [], 0
        what()
        return self.statements


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def store(tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    set_up = SqliteConnection._set_up

    def counting(self: SqliteConnection, readonly: bool) -> None:
        set_up(self, readonly)
        self.raw.set_trace_callback(counted.note)
        self.raw.row_factory = counted.row

    monkeypatch.setattr(SqliteConnection, "_set_up", counting)
    opened = SqliteStore(tmp_path / "apportion.db")
    yield opened
    opened.close()


def plan(talk: DatasetClient, *, mode: str = "push", cap: int | None = None, **rule: Any) -> None:
    users = [{"user": name, **({} if cap is None else {"cap": cap})} for name in ("ana", "ben", "rita")]
    made = {"rules": [{"mode": mode, "overlap": 2, "users": users, **rule}], "seed": 7}
    talk.post("max", "assignments", made)


def work(talk: DatasetClient, who: str, seconds: int = 3) -> None:
    """Claim and answer, so that every value that answers write is there already."""
    for label in ("good", "bad"):
        found = talk.post(who, "queue:claim", {"limit": 2})
        for each in found["records"]:
            submit(talk, who, each["id"], label, seconds=seconds)


def submit(talk: DatasetClient, who: str, id: str, label: str, version: int = 0, **more: Any) -> Any:
    sent = {"value": {"labels": [{"class": label}]}, "state": "submitted", "version": version, **more}
    found = talk.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)
    assert found.status_code == 200, found.text
    return found.json()


def claim(talk: DatasetClient, who: str) -> list[str]:
    return [each["id"] for each in talk.post(who, "queue:claim", {"limit": 5})["records"]]


WAYS = [
    pytest.param({"mode": mode, "cap": cap}, id=f"{mode}, {'no cap' if cap is None else 'capped'}")
    for mode in ("push", "pull")
    for cap in (None, 50)
]


@pytest.mark.parametrize("rule", WAYS)
def test_an_answer_takes_few_statements(client_as: Any, counted: Counted, rule: dict[str, Any]) -> None:
    talk = DatasetClient(client_as, IDS)
    plan(talk, **rule)
    for who in ("ana", "ben"):
        for _ in range(2):
            work(talk, who)
    mine = claim(talk, "ana")

    first = counted.during(lambda: submit(talk, "ana", mine[0], "good", seconds=4))
    assert len(first) <= ANSWER, "\n".join(first)

    draft = {"value": {"labels": [{"class": "bad"}]}, "state": "draft", "version": 0, "seconds": 2}
    path = f"records/{mine[1]}/annotations/me"
    drafted = counted.during(lambda: talk.ask("ana", "PUT", path, json=draft))
    assert len(drafted) <= ANSWER, "\n".join(drafted)
    after_draft = counted.during(lambda: submit(talk, "ana", mine[1], "good", 1, seconds=5))
    assert len(after_draft) <= ANSWER, "\n".join(after_draft)

    changed = counted.during(lambda: submit(talk, "ana", mine[0], "bad", 1, seconds=6))
    assert len(changed) <= ANSWER, "\n".join(changed)


@pytest.mark.parametrize("rule", WAYS)
def test_the_answer_that_completes_a_record_takes_few_statements(
    client_as: Any, counted: Counted, rule: dict[str, Any]
) -> None:
    talk = DatasetClient(client_as, IDS)
    plan(talk, **rule)
    for who in ("ana", "ben", "rita"):
        for _ in range(2):
            work(talk, who)
    held = claim(talk, "ben")
    for who in ("ana", "rita"):  # whoever has the other slot, and an extra
        talk.put(who, held[0], "good")

    last = counted.during(lambda: submit(talk, "ben", held[0], "good", seconds=4))
    assert len(last) <= ANSWER, "\n".join(last)
    assert talk.see("max", held[0])["status"] == "Validated"


def test_an_answer_to_a_shared_dataset_takes_few_statements(client_as: Any, counted: Counted) -> None:
    talk = DatasetClient(client_as, IDS, annotation="shared", blind=False, required=1)
    plan(talk, overlap=1)
    for who in ("ana", "ben"):
        work(talk, who)
    mine = claim(talk, "ana")
    taken = counted.during(lambda: submit(talk, "ana", mine[0], "good", seconds=4))
    assert len(taken) <= SHARED_ANSWER, "\n".join(taken)


@pytest.mark.parametrize("rule", WAYS)
def test_a_claim_takes_few_statements_and_rows_however_long_the_queue_is(
    client_as: Any, counted: Counted, rule: dict[str, Any]
) -> None:
    talk = DatasetClient(client_as, [f"r{n:04}" for n in range(400)])
    plan(talk, **rule)
    for who in ("ana", "ben", "ana"):
        work(talk, who)

    found: list[str] = []
    taken = counted.during(lambda: found.extend(claim(talk, "ana")))
    assert len(found) == 5
    assert len(taken) <= CLAIM, "\n".join(taken)
    assert counted.rows <= ROWS_OF_A_CLAIM

    again = counted.during(lambda: claim(talk, "ana"))
    assert len(again) <= CLAIM, "\n".join(again)


def test_logging_many_records_takes_few_statements(client: Any, counted: Counted) -> None:
    def records(start: int) -> dict[str, Any]:
        return {
            "records": [
                {
                    "id": f"r{n}",
                    "inputs": {"text": f"number {n} of a text with words"},
                    "metadata": {"source": f"s{n % 500}", "n": n, "score": n / 7},
                    "prediction": {"agent": "m", "labels": [{"class": f"c{n % 300}", "score": n / 1500}]},
                    "annotation": {"agent": "eva", "labels": [{"class": f"c{n % 200}"}]},
                    "status": "Validated",
                }
                for n in range(start, start + 500)
            ]
        }

    def log(start: int) -> None:
        path = "/api/datasets/talk/TextClassification:bulk"
        client.post(path, params={"workspace": "shared"}, json=records(start)).raise_for_status()

    log(0)
    more = counted.during(lambda: log(500))
    assert len(more) <= BULK, "\n".join(each[:100] for each in more)
