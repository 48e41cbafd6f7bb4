"""An export that takes long holds nothing up, has every record once, and ends when the right to it does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import Refusal
from apportion.domain.query import MatchAll, parse
from apportion.ports.deadline import Deadline
from apportion.server.convert.export_lines import jsonl_pages
from apportion.services.records import export as exporting
from dataset_client import DatasetClient

Json = Any
IDS = [f"r{n:04}" for n in range(2_500)]
"""Two pages and a half."""


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    talk = DatasetClient(client_as, annotation="individual", required=1)
    talk.ask("max", "DELETE", "data", json={"ids": ["a", "b", "c"]}).raise_for_status()
    records = [{"id": id, "inputs": {"text": id}, "metadata": {"half": int(id[1:]) % 2}} for id in IDS]
    talk.post("eva", "TextClassification:bulk", {"records": records})
    return talk


@pytest.fixture
def begun(store: Any, talk: DatasetClient) -> Callable[..., Iterator[list[Json]]]:
    """An export by rita, whose pages come when they are asked for."""

    def begin(query: Any = None) -> Iterator[list[Json]]:
        with store.read() as tx:
            actor = tx.people.actor("rita")
            dataset = exporting.exportable(tx, actor, DatasetAddress("shared", "talk")).dataset
        pages = exporting.export(store, actor, dataset, MatchAll() if query is None else parse(query))
        for page in jsonl_pages(pages, dataset, Deadline(), answers=True):
            yield [json.loads(line) for line in page.splitlines()]

    return begin


@pytest.mark.embedded("about the WAL of the file")
def test_a_slow_reader_does_not_keep_the_log_from_being_emptied(
    begun: Any, talk: DatasetClient, tmp_path: Path
) -> None:
    pages = begun()
    next(pages)
    talk.put("ana", IDS[0], "good").raise_for_status()
    with closing(sqlite3.connect(tmp_path / "apportion.db")) as raw:
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy, "somebody holds on to the file as it was"
    assert sum(map(len, pages)) == len(IDS) - 1_000


@pytest.mark.parametrize("query", [None, "metadata.half:*"])
def test_every_record_comes_once_whatever_is_written_meanwhile(
    begun: Any, talk: DatasetClient, query: Any
) -> None:
    pages = begun(query)
    found = next(pages)
    again = [
        {"id": id, "inputs": {"text": "new"}, "metadata": {"half": 0}} for id in (IDS[5], IDS[1_500], "r2")
    ]
    talk.post("eva", "TextClassification:bulk", {"records": again})
    gone = IDS[1_000:2_200]  # more than a page
    talk.ask("max", "DELETE", "data", json={"ids": gone}).raise_for_status()
    talk.put("ana", IDS[2_300], "good").raise_for_status()
    for page in pages:
        found += page
    ids = [each["id"] for each in found]
    assert len(ids) == len(set(ids))
    new = {"r2"} if query is None else set[str]()  # what matches a query is worked out in the beginning
    assert set(ids) == set(IDS) - set(gone) | new


def test_an_answer_is_the_one_at_its_pages_time_and_its_provenance_fits(
    begun: Any, talk: DatasetClient
) -> None:
    early, late = IDS[3], IDS[1_003]
    for id in (early, late):
        talk.put("ana", id, "good").raise_for_status()
    pages = begun()
    found = {each["id"]: each for each in next(pages)}
    for id in (early, late):
        talk.put("ana", id, "bad", version=1).raise_for_status()
    found |= {each["id"]: each for page in pages for each in page}
    for id, label in ((early, "good"), (late, "bad")):
        record = found[id]
        assert record["annotation"]["labels"][0]["class_label"] == label
        assert record["answers"]["ana"]["value"]["labels"][0]["class_label"] == label
        assert record["provenance"]["agreeing"] == ["ana"]


def test_who_may_no_longer_export_gets_no_further_page(
    begun: Any, talk: DatasetClient, client_as: Any
) -> None:
    pages = begun()
    next(pages)
    members = "/api/workspaces/shared/members"
    client_as("max").patch(f"{members}/rita", json={"role": "annotator"}).raise_for_status()
    with pytest.raises(Refusal, match="export"):
        next(pages)


def test_a_dataset_that_is_deleted_meanwhile_ends_the_export(
    begun: Any, talk: DatasetClient, client_as: Any
) -> None:
    pages = begun()
    next(pages)
    client_as("max").delete("/api/datasets/talk", params={"workspace": "shared"}).raise_for_status()
    with pytest.raises(Refusal, match="talk"):
        next(pages)
