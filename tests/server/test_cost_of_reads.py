"""Reads cost no more where others have answered much, and nobody waits long for them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apportion.server import routers
from apportion.services.insight.progress import my_work
from apportion.storage.sql.answers import annotations as stored
from apportion.storage.sql.assignments.slot_insert import SlotInsert
from apportion.storage.sql.codec import fragments
from dataset_client import DatasetClient

IDS = [f"r{n:03}" for n in range(60)]
PLAN = {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7, "blind": True}


def answer(talk: DatasetClient, who: str, ids: list[str]) -> None:
    for id in ids:
        sent = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0, "seconds": 3}
        talk.ask(who, "PUT", f"records/{id}/annotations/me", json=sent).raise_for_status()


def steps_of(store: Any, fn: Callable[[Any], Any]) -> int:
    """Return how many instructions SQLite's machine runs for what is read."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    with store.database.read() as link, store.read() as tx:
        fn(tx)  # what is cached is there now
        link.raw.set_progress_handler(step, 1)
        try:
            fn(tx)
        finally:
            link.raw.set_progress_handler(None, 0)
    return taken


@pytest.mark.embedded("counts the instructions of SQLite's machine")
@pytest.mark.parametrize("kind", ["individual", "shared"])
def test_ones_own_work_costs_no_more_where_others_have_answered_much(
    client_as: Any, store: Any, kind: str
) -> None:
    talk = DatasetClient(client_as, IDS, annotation=kind, blind=kind == "individual")
    talk.post("max", "assignments", {**PLAN, "blind": kind == "individual"})
    with store.read() as tx:
        ana = tx.people.actor("ana")
    answer(talk, "ana", IDS[:3])
    answer(talk, "ben", IDS[3:6])
    few = steps_of(store, lambda tx: my_work(tx, ana, now=1))
    answer(talk, "ben", IDS[6:])
    many = steps_of(store, lambda tx: my_work(tx, ana, now=1))
    assert many < few * 1.1


@pytest.mark.embedded("counts the instructions of SQLite's machine")
def test_a_narrowed_figure_reads_the_answers_to_its_records_only(client_as: Any, store: Any) -> None:
    talk = DatasetClient(client_as, IDS)
    talk.post("max", "assignments", PLAN)

    def narrowed(tx: Any) -> int:
        dataset = tx.datasets.find("shared", "talk")
        within = tx.assignments.record_numbers(dataset, IDS[:3]).values()
        found = tx.answers.columns(dataset, within=list(within), times=True)
        return len(found.record)

    for who in ("ana", "ben"):
        answer(talk, who, IDS[:6])
    with store.read() as tx:
        assert narrowed(tx) == 6
    few = steps_of(store, narrowed)
    for who in ("ana", "ben"):
        answer(talk, who, IDS[6:])
    assert steps_of(store, narrowed) < few * 1.1


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The earlier values that were decoded."""
    found: list[Any] = []
    decode = fragments.decode_value

    def noting(task: Any, value: Any) -> Any:
        found.append(value)
        return decode(task, value)

    monkeypatch.setattr(stored, "decode_value", noting)
    return found


def test_a_page_of_history_and_an_undo_decode_no_more_than_they_need(
    client_as: Any, decoded: list[Any]
) -> None:
    talk = DatasetClient(client_as)
    for n in range(12):
        for who in ("ana", "ben"):
            assert talk.put(who, "a", f"label{n}", version=n).status_code == 200
    decoded.clear()
    assert len(talk.get("max", "records/a/history", limit=3)["history"]) == 3
    assert len(decoded) <= 4
    decoded.clear()
    back = talk.post("ana", "records/a/annotations/me:undo", {})
    assert back["value"]["labels"][0]["class"] == "label10"
    assert len(decoded) == 1


def test_pages_of_history_stay_where_they_are_when_answers_are_added(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    for n in range(6):
        assert talk.put("ana", "a", f"label{n}", version=n).status_code == 200
    first = talk.get("ana", "records/a/history", limit=2)
    assert talk.put("ana", "a", "late", version=6).status_code == 200
    second = talk.get("ana", "records/a/history", limit=2, cursor=first["next"])
    third = talk.get("ana", "records/a/history", limit=2, cursor=second["next"])
    pages = [[each["version"] for each in page["history"]] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third["next"] is None


def test_a_plan_of_some_thousand_slots_takes_several_transactions(
    client_as: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = DatasetClient(client_as, [f"r{n}" for n in range(1_400)])
    writes: list[Any] = []
    parts: list[int] = []
    write, insert = store.write, SlotInsert.insert_slots

    def counting(fn: Any, *, urgent: bool = False) -> Any:
        writes.append(fn)
        return write(fn, urgent=urgent)

    def noting(*args: Any) -> Any:
        parts.append(len(writes))
        return insert(*args)

    monkeypatch.setattr(store, "write", counting)
    monkeypatch.setattr(SlotInsert, "insert_slots", noting)
    assert talk.post("max", "assignments", PLAN)["slots"] == 2_800
    assert len(set(parts)) == 2, "each part is written in a transaction of its own"


def test_a_page_of_history_is_shorter_where_its_values_are_large(
    client_as: Any, decoded: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PAGE_BYTES", 200)
    talk = DatasetClient(client_as)
    for n in range(6):
        label = f"{n}" * (90 if n < 4 else 4)
        assert talk.put("ana", "a", label, version=n).status_code == 200
    decoded.clear()
    page, seen = talk.get("ana", "records/a/history", limit=3), []
    while True:
        seen.append([each["version"] for each in page["history"]])
        if page["next"] is None:
            break
        page = talk.get("ana", "records/a/history", limit=3, cursor=page["next"])
    assert seen == [[5, 4], [3], [2], [1]]
    assert len(decoded) == 5


# Where reads run

SHORT = {
    # One dataset, record, job, person: found by its key
    "answers.py": {"get_mine", "put_gold"},
    "bulk.py": {"_log", "_log_parts"},
    "datasets.py": {"get_dataset"},
    "export.py": {"import_file"},
    "jobs.py": {"accept", "apply", "get_job", "import_gold"},
    "me.py": {"me", "preferences"},
    "policies.py": {"get_policies", "get_guidelines"},
    "records.py": {"get_record"},
    "rules.py": {"get_rule", "list_rules"},
    "settings.py": {"get_settings"},
    "users.py": {"change_user"},
    "assignments.py": {"_plan"},
    "metrics.py": {"list_metrics"},
    "webhooks.py": {"get_webhook", "list_deliveries", "list_webhooks"},
    "workspaces.py": {"list_workspaces"},
    # Whether there is anybody, or who is it
    "health.py": {"_checks", "health"},
    "home.py": {"home"},
    "session.py": {"sign_in"},
    "setup.py": {"make_first_admin", "setup_state"},
    # A few events, and a few records of a queue
    "progress.py": {"stream", "_since"},
    "queue.py": {"look"},
}
"""Handlers that read on the event loop, where everybody waits for them: what they read does not grow."""


def test_only_short_reads_run_on_the_event_loop() -> None:
    found: dict[str, set[str]] = {}
    for file in Path(routers.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _reads_at_once(node):
                found.setdefault(file.name, set()).add(node.name)
    assert found == SHORT


def _reads_at_once(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "read"
        and ast.unparse(node.value).endswith(("ctx", "state"))
        for node in ast.walk(function)
    )
