"""A deleted dataset is invisible at once, comes back with everything in it, and goes for good after some days."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apportion.server.housekeeping import keeper_loop, purge
from dataset_client import DatasetClient
from patience import patience, until
from upkeep import problems_in, tables_of

SHARED = {"workspace": "shared"}
TALK = "/api/datasets/talk"


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    talk = DatasetClient(client_as)
    talk.post("max", "assignments", {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 1})
    talk.answer(ana="good bad good", ben="good good -")
    return talk


def seen(talk: DatasetClient) -> Any:
    """Return what a manager and an annotator see of the dataset, but for its events."""
    client = talk.client_as("max")
    return [
        client.post(f"{TALK}/export", params=SHARED, json={}).text,
        client.get(f"{TALK}/assignments", params=SHARED).json(),
        client.get(f"{TALK}/policies", params=SHARED).json(),
        client.get(f"{TALK}/records/a/history", params=SHARED).json(),
        client.get(f"{TALK}/records/c/annotations", params=SHARED).json(),
        [each["id"] for each in talk.get("ben", "queue")["records"]],
        talk.found("max", "annotated_as:good"),
    ]


def deleted(talk: DatasetClient, who: str = "max", **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        talk.client_as(who).get("/api/datasets:deleted", params=params).json()["datasets"]
    )
    return found


def restore(talk: DatasetClient, who: str = "max", **body: str) -> Any:
    return talk.client_as(who).post("/api/datasets:restore", params=SHARED, json={"name": "talk", **body})


def test_what_was_deleted_comes_back_as_it_was(talk: DatasetClient, store: Any) -> None:
    before = seen(talk)
    talk.client_as("max").delete(TALK, params=SHARED)

    assert talk.client_as("max").get(TALK, params=SHARED).status_code == 404
    assert talk.client_as("ana").get("/api/me/work").json()["work"] == []
    (gone,) = deleted(talk)
    assert (gone["name"], gone["records"], gone["deleted_by"]) == ("talk", 3, "max")
    assert gone["purged_at"] > gone["deleted_at"]

    assert restore(talk).json()["name"] == "talk"
    assert seen(talk) == before
    assert deleted(talk) == []
    events = talk.get("max", "events")["events"]
    assert [each["what"] for each in events if "delete" in each["what"] or "restore" in each["what"]] in (
        ["deleted", "restored"], ["restored", "deleted"],
    )  # fmt: skip
    assert problems_in(store) == []


def test_who_could_delete_can_restore_and_nobody_else(talk: DatasetClient) -> None:
    talk.client_as("max").delete(TALK, params=SHARED)

    assert talk.client_as(None).get("/api/datasets:deleted").status_code == 401
    assert restore(talk, "olga").status_code == 403
    for who in ("ana", "rita"):
        assert deleted(talk, who) == []
        assert restore(talk, who).status_code == 403
    assert deleted(talk, "olga") == []
    assert talk.client_as("olga").get("/api/datasets:deleted", params=SHARED).status_code == 404
    assert len(deleted(talk, "eva", workspace="shared")) == 1
    assert restore(talk, "eva").status_code == 200
    assert restore(talk, "eva").status_code == 404


def test_a_name_that_was_taken_meanwhile_is_never_taken_away(talk: DatasetClient) -> None:
    (old,) = (talk.post("max", "queue:claim", {})["dataset"],)
    talk.client_as("max").delete(TALK, params=SHARED)
    talk.post("max", "TextClassification:bulk", {"records": [{"id": "new", "inputs": {"text": "new"}}]})

    refused = restore(talk)
    assert refused.status_code == 409
    assert "There is another dataset named talk" in refused.json()["detail"]["params"]["message"]
    assert talk.found("max", "*") == ["new"]

    assert restore(talk, into="no/name").status_code == 422
    assert restore(talk, into="old-talk").json()["name"] == "old-talk"
    record = "records/a/annotations/me"
    sent = {"value": {"labels": [{"class": "late"}]}, "state": "submitted", "version": 1, "dataset": old}
    assert talk.ask("ana", "PUT", record, json=sent).status_code == 410
    stays = talk.client_as("ana").put(f"/api/datasets/old-talk/{record}", params=SHARED, json=sent)
    assert stays.status_code == 200  # the same dataset, whatever it is called


def test_of_several_with_one_name_the_last_one_comes_back_unless_an_id_says_which(
    talk: DatasetClient,
) -> None:
    talk.client_as("max").delete(TALK, params=SHARED)
    talk.post("max", "TextClassification:bulk", {"records": [{"id": "new", "inputs": {"text": "new"}}]})
    talk.client_as("max").delete(TALK, params=SHARED)
    assert [each["records"] for each in deleted(talk)] == [1, 3]

    assert restore(talk, id=deleted(talk)[1]["id"]).status_code == 200
    assert talk.get("max", "records/a")["id"] == "a"
    assert restore(talk, id="unknown", into="other").status_code == 404
    assert restore(talk, into="other").status_code == 200


def rows(store: Any) -> dict[str, int]:
    """Count the rows of each table, apart from those that tell of people, of what happened, and of what changed for
    other servers, which is removed with the feed.
    """
    skip = (
        "sqlite", "fts_", "words_", "users", "workspaces", "memberships", "sessions", "agents", "alembic", "events",
        "purged_datasets", "commits", "feed", "changes", "content_writes", "heartbeat", "installation", "servers",
    )  # fmt: skip
    return {
        name: len(found) for name, found in tables_of(store).items() if found and not name.startswith(skip)
    }


def test_after_a_week_it_is_gone_and_nothing_is_left_of_it(
    talk: DatasetClient, app: Any, clock: Any, store: Any
) -> None:
    state = app.state.app_state
    talk.client_as("max").delete(TALK, params=SHARED)

    clock.pass_minutes(7 * 24 * 60 - 1)
    asyncio.run(purge(state))
    assert len(deleted(talk)) == 1
    clock.pass_minutes(2)
    asyncio.run(purge(state))

    assert deleted(talk) == []
    assert restore(talk).status_code == 404
    # the indexer removes what is left of an index in its next round
    until(lambda: not rows(store), 5)


def test_a_purge_that_was_cut_short_is_finished_by_the_next_start(
    talk: DatasetClient, app: Any, store: Any
) -> None:
    state = app.state.app_state
    talk.client_as("max").delete(TALK, params=SHARED)

    def begin(tx: Any) -> None:
        (found,) = tx.datasets.deleted()
        tx.datasets.mark_for_purge(found.dataset)
        for _ in range(5):
            tx.datasets.purge(found.dataset.no, limit=2)

    store.write(begin).result()
    assert rows(store)
    assert restore(talk).status_code == 404

    async def some_rounds() -> None:
        task = asyncio.create_task(keeper_loop(state))
        while rows(store):
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(some_rounds(), patience(30)))
    assert problems_in(store) == []
