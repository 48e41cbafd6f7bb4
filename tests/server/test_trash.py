"""A deleted dataset is invisible at once, comes back with everything in it, and goes for good after some days."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rooms import Room

from apportion.server.housekeeping import keeper_loop, purge
from patience import patience
from upkeep import problems_in, tables_of

SHARED = {"workspace": "shared"}
TALK = "/api/datasets/talk"


@pytest.fixture
def room(client_as: Any) -> Room:
    room = Room(client_as)
    room.post("max", "assignments", {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 1})
    room.answer(ana="good bad good", ben="good good -")
    return room


def seen(room: Room) -> Any:
    """What a manager and an annotator see of the dataset, but for what happened to it."""
    client = room.client_as("max")
    return [
        client.post(f"{TALK}/export", params=SHARED, json={}).text,
        client.get(f"{TALK}/assignments", params=SHARED).json(),
        client.get(f"{TALK}/policies", params=SHARED).json(),
        client.get(f"{TALK}/records/a/history", params=SHARED).json(),
        client.get(f"{TALK}/records/c/annotations", params=SHARED).json(),
        [each["id"] for each in room.get("ben", "queue")["records"]],
        room.found("max", "annotated_as:good"),
    ]


def deleted(room: Room, who: str = "max", **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        room.client_as(who).get("/api/datasets:deleted", params=params).json()["datasets"]
    )
    return found


def restore(room: Room, who: str = "max", **body: str) -> Any:
    return room.client_as(who).post("/api/datasets:restore", params=SHARED, json={"name": "talk", **body})


def test_what_was_deleted_comes_back_as_it_was(room: Room, store: Any) -> None:
    before = seen(room)
    room.client_as("max").delete(TALK, params=SHARED)

    assert room.client_as("max").get(TALK, params=SHARED).status_code == 404
    assert room.client_as("ana").get("/api/me/work").json()["work"] == []
    (gone,) = deleted(room)
    assert (gone["name"], gone["records"], gone["deleted_by"]) == ("talk", 3, "max")
    assert gone["purged_at"] > gone["deleted_at"]

    assert restore(room).json()["name"] == "talk"
    assert seen(room) == before
    assert deleted(room) == []
    events = room.get("max", "events")["events"]
    assert [each["what"] for each in events if "delete" in each["what"] or "restore" in each["what"]] in (
        ["deleted", "restored"], ["restored", "deleted"],
    )  # fmt: skip
    assert problems_in(store) == []


def test_who_could_delete_can_restore_and_nobody_else(room: Room) -> None:
    room.client_as("max").delete(TALK, params=SHARED)

    assert room.client_as(None).get("/api/datasets:deleted").status_code == 401
    assert restore(room, "olga").status_code == 403
    for who in ("ana", "rita"):
        assert deleted(room, who) == []
        assert restore(room, who).status_code == 403
    assert deleted(room, "olga") == []
    assert room.client_as("olga").get("/api/datasets:deleted", params=SHARED).status_code == 404
    assert len(deleted(room, "eva", workspace="shared")) == 1
    assert restore(room, "eva").status_code == 200
    assert restore(room, "eva").status_code == 404


def test_a_name_that_was_taken_meanwhile_is_never_taken_away(room: Room) -> None:
    (old,) = (room.post("max", "queue:claim", {})["dataset"],)
    room.client_as("max").delete(TALK, params=SHARED)
    room.post("max", "TextClassification:bulk", {"records": [{"id": "new", "inputs": {"text": "new"}}]})

    refused = restore(room)
    assert refused.status_code == 409
    assert "Another dataset is called talk" in refused.json()["detail"]["params"]["message"]
    assert room.found("max", "*") == ["new"]

    assert restore(room, into="no/name").status_code == 422
    assert restore(room, into="old-talk").json()["name"] == "old-talk"
    record = "records/a/annotations/me"
    sent = {"value": {"labels": [{"class": "late"}]}, "state": "submitted", "version": 1, "dataset": old}
    assert room.ask("ana", "PUT", record, json=sent).status_code == 410
    stays = room.client_as("ana").put(f"/api/datasets/old-talk/{record}", params=SHARED, json=sent)
    assert stays.status_code == 200  # the same dataset, whatever it is called


def test_of_several_with_one_name_the_last_one_comes_back_unless_an_id_says_which(room: Room) -> None:
    room.client_as("max").delete(TALK, params=SHARED)
    room.post("max", "TextClassification:bulk", {"records": [{"id": "new", "inputs": {"text": "new"}}]})
    room.client_as("max").delete(TALK, params=SHARED)
    assert [each["records"] for each in deleted(room)] == [1, 3]

    assert restore(room, id=deleted(room)[1]["id"]).status_code == 200
    assert room.get("max", "records/a")["id"] == "a"
    assert restore(room, id="unknown", into="other").status_code == 404
    assert restore(room, into="other").status_code == 200


def rows(store: Any) -> dict[str, int]:
    """How many rows each table has, apart from those that tell of people, and of what happened."""
    skip = ("sqlite", "fts_", "words_", "users", "workspaces", "memberships", "sessions", "agents", "alembic",
            "events", "purged_datasets", "commits", "heartbeat", "installation", "servers")  # fmt: skip
    return {
        name: len(found) for name, found in tables_of(store).items() if found and not name.startswith(skip)
    }


def test_after_a_week_it_is_gone_and_nothing_is_left_of_it(
    room: Room, app: Any, clock: Any, store: Any
) -> None:
    house = app.state.app_state
    room.client_as("max").delete(TALK, params=SHARED)

    clock.pass_minutes(7 * 24 * 60 - 1)
    asyncio.run(purge(house))
    assert len(deleted(room)) == 1
    clock.pass_minutes(2)
    asyncio.run(purge(house))

    assert deleted(room) == []
    assert restore(room).status_code == 404
    assert rows(store) == {}


def test_a_purge_that_was_cut_short_is_finished_by_the_next_start(room: Room, app: Any, store: Any) -> None:
    house = app.state.app_state
    room.client_as("max").delete(TALK, params=SHARED)

    def begin(tx: Any) -> None:
        (found,) = tx.datasets.deleted()
        tx.datasets.mark_for_purge(found.dataset)
        for _ in range(5):
            tx.datasets.purge(found.dataset.no, limit=2)

    store.write(begin).result()
    assert rows(store)
    assert restore(room).status_code == 404

    async def some_rounds() -> None:
        task = asyncio.create_task(keeper_loop(house))
        while rows(store):
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_rounds(), patience(30)))
    assert problems_in(store) == []
