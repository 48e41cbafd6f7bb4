"""Many at once on one server: no update is lost, and everything that counts agrees in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx

from patience import patience
from servers import SHARED, TEXT, LocalServer, scan

BULK = f"/api/datasets/busy/{TEXT}:bulk"
SEARCH = f"/api/datasets/busy/{TEXT}:search"
PEOPLE = ("ana", "ben", "rita", "max") * 2
CHANGES = 12
BATCHES, BATCH = 8, 150


def record(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "inputs": {"text": f"text of {id}"}, "metadata": {"kind": id.partition("-")[0]}, **more}


def person(local: LocalServer, who: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(local.app)
    headers = {"X-Argilla-Api-Key": f"{who}.apikey"}
    return httpx.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers, timeout=patience(60)
    )


async def annotate(local: LocalServer, who: str, id: str) -> None:
    async with person(local, who) as client:
        for turn in range(CHANGES):
            given = {"agent": who, "labels": [{"class": f"turn {turn}"}]}
            body = {"records": [record(id, annotation=given, status="Validated")]}
            answer = await client.post(BULK, params=SHARED, json=body)
            assert answer.status_code == 200, answer.text
            query = {"query": {"query_text": f'id:{id} AND annotated_as:"turn {turn}"'}}
            found = await client.post(SEARCH, params=SHARED, json=query)
            assert found.json()["total"] == 1, "what was acknowledged is found at once"


async def log(local: LocalServer) -> None:
    async with person(local, "eva") as client:
        for batch in range(BATCHES):
            given = {"agent": "model", "labels": [{"class": f"batch {batch % 3}", "score": 0.5}]}
            records = [record(f"bulk-{batch}-{n}", prediction=given) for n in range(BATCH)]
            answer = await client.post(
                BULK, params=SHARED, json={"records": records, "tags": {f"b{batch}": "1"}}
            )
            assert answer.status_code == 200, answer.text


async def tidy(local: LocalServer) -> None:
    """Somebody who changes metadata and deletes while others write."""
    async with person(local, "max") as client:
        for batch in range(BATCHES):
            url = f"/api/datasets/busy/records/anno-{batch}"
            answer = await client.patch(url, params=SHARED, json={"metadata": {f"seen{batch}": batch}})
            assert answer.status_code == 200, answer.text
            body = {"ids": [f"spare-{batch}"]}
            gone = await client.request("DELETE", "/api/datasets/busy/data", params=SHARED, json=body)
            assert gone.json() == {"matched": 1, "processed": 1}


async def look(local: LocalServer) -> None:
    async with person(local, "rita") as client:
        for _ in range(25):
            found = (await client.post(SEARCH, params=SHARED, json={"query": {"query_text": "text"}})).json()
            counts = found["aggregations"]
            assert sum(counts["status"].values()) == found["total"]
            assert sum(counts["metadata"]["kind"].values()) == found["total"]
            whole = counts["metadata"]["kind"].get("bulk", 0)
            assert whole % BATCH == 0 == sum(counts["predicted_as"].values()) % BATCH, (
                "batches are seen whole"
            )


async def everybody(local: LocalServer) -> None:
    annotating = [annotate(local, who, f"anno-{n}") for n, who in enumerate(PEOPLE)]
    await asyncio.gather(*annotating, log(local), tidy(local), look(local), look(local))


def test_eight_annotators_a_logger_and_searches_lose_nothing_and_agree(local: LocalServer) -> None:
    client = local.client()
    start = [record(f"{kind}-{n}") for kind in ("anno", "spare") for n in range(8)]
    client.post(BULK, params=SHARED, json={"records": start}).raise_for_status()

    asyncio.run(everybody(local))

    kept = {each["id"]: each for each in scan(client, "busy")}
    assert len(kept) == 8 + BATCHES * BATCH
    for n, who in enumerate(PEOPLE):
        annotation = kept[f"anno-{n}"]["annotation"]
        assert annotation["labels"][0]["class_label"] == f"turn {CHANGES - 1}"
        assert annotation["agent"] == who
    dataset = client.get("/api/datasets/busy", params=SHARED).json()
    assert set(dataset["tags"]) == {f"b{batch}" for batch in range(BATCHES)}

    counts = client.post(SEARCH, params=SHARED, json={}).json()["aggregations"]
    assert counts["status"] == Counter(each["status"] for each in kept.values())
    assert counts["annotated_by"] == Counter(PEOPLE)
    assert counts["annotated_as"] == {f"turn {CHANGES - 1}": 8}
    predicted = (each["prediction"] for each in kept.values())
    assert counts["predicted_as"] == Counter(each["labels"][0]["class_label"] for each in predicted if each)
    assert local.verify() == []
