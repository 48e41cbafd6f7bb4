"""Exports say what each record came to and how, and keep everybody's answers."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import io
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apportion.ports.deadline import Deadline, Foreground
from apportion.server.fair_share import FairShare
from apportion.server.routers.export import _stream
from dataset_client import SPEECH, DatasetClient


def lines(talk: DatasetClient, who: str = "rita", **asked: Any) -> list[dict[str, Any]]:
    found = talk.ask(who, "POST", "export", json=asked)
    assert found.status_code == 200, found.text
    return [json.loads(line) for line in found.text.splitlines()]


def rows(talk: DatasetClient, **asked: Any) -> list[dict[str, str]]:
    found = talk.ask("rita", "POST", "export", json={"format": "csv", **asked})
    assert found.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(found.text, newline="")))


def test_a_line_has_the_resolved_value_its_provenance_and_everybodys_answer(client_as: Any) -> None:
    talk = DatasetClient(client_as, required=3)
    talk.answer(ana="good x", ben="good y", max="bad z")
    talk.put("ana", "c", "x", state="draft")
    talk.ask("rita", "PUT", "records/b/gold", json={"value": {"labels": [{"class": "y"}]}, "reason": "irony"})
    first, second, third = lines(talk)
    assert first["annotation"]["agent"] == "consensus:majority"
    assert first["provenance"] == {
        "agent": "consensus:majority",
        "answers": ["ana", "ben", "max"],
        "agreeing": ["ana", "ben"],
        "support": pytest.approx(2 / 3),
    }
    assert first["soft_labels"] == {"bad": pytest.approx(1 / 3), "good": pytest.approx(2 / 3)}
    assert first["answers"]["max"]["value"]["labels"][0]["class_label"] == "bad"
    assert (second["gold"]["author"], second["gold"]["reason"]) == ("rita", "irony")
    assert second["provenance"]["agreeing"] == ["ben"]
    assert "answers" not in third  # a draft is nobody else's business


def test_a_table_has_one_set_of_columns_a_person_and_survives_odd_texts(client_as: Any) -> None:
    odd = 'a, "b"\nline\r\n🙂'
    talk = DatasetClient(
        client_as, content={"inputs": {"text": odd}, "metadata": {"n": 5, "s": "5", "t": "true story"}}
    )
    talk.answer(ana="x", ben="x")
    talk.put("ana", "b", odd)
    first, second, _ = rows(talk)
    assert (first["annotation"], first["annotation_agent"]) == ("x", "consensus:majority")
    assert (first["answer.ana"], first["answer.ana.state"], first["answer.ben"]) == ("x", "submitted", "x")
    assert (first["inputs.text"], second["answer.ana"]) == (odd, odd)
    assert (first["metadata.n"], first["metadata.s"], first["metadata.t"]) == ("5", '"5"', "true story")
    assert first["soft.x"] == "1.0"


def test_spans_and_empty_datasets_come_out_as_well(client_as: Any) -> None:
    talk = DatasetClient(client_as, "a", "TokenClassification", SPEECH)
    value = {"entities": [{"start": 0, "end": 3, "label": "PER"}]}
    talk.put("ana", "a", value)
    (row,) = rows(talk)
    assert json.loads(row["answer.ana"]) == [{"start": 0, "end": 3, "label": "PER"}]
    assert json.loads(row["tokens"]) == SPEECH["tokens"]
    assert rows(talk, query="id:nowhere") == []
    assert lines(talk, query="id:nowhere") == []


def test_matches_come_in_the_order_of_their_ids_whatever_came_first(client_as: Any) -> None:
    talk = DatasetClient(client_as, "dbéaZc")
    for query in (None, "text", "text AND NOT z"):
        ids = [line["id"] for line in lines(talk, query=query)]
        assert ids == sorted(ids)
        assert len(ids) == (6 if query != "text AND NOT z" else 5)


def test_everybodys_answers_can_be_left_out(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.answer(ana="x y", ben="x x")
    line, row = lines(talk, answers=False)[0], rows(talk, answers=False)[0]
    assert "answers" not in line
    assert line["provenance"]["support"] == 1.0
    assert (row["annotation"], row["soft.x"]) == ("x", "1.0")
    assert not [name for name in row if name.startswith("answer.")]


def test_only_those_who_see_everybodys_answers_export(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    assert talk.ask("ana", "POST", "export", json={}).status_code == 403
    assert talk.ask("rita", "POST", "export", json={"format": "xml"}).status_code == 422
    assert talk.ask("rita", "POST", "export", json={"query": "id:["}).status_code == 400


def test_parquet_holds_the_same_table(client_as: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    talk = DatasetClient(client_as)
    talk.answer(ana="x y", ben="x y")
    found = talk.ask("rita", "POST", "export", json={"format": "parquet"})
    table = parquet.read_table(io.BytesIO(found.content)).to_pylist()
    assert [{key: _as_cell(value) for key, value in row.items()} for row in table] == rows(talk)
    assert (table[0]["soft.x"], table[0]["support"], table[0]["multi_label"]) == (1.0, 1.0, False)


def _as_cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def load(talk: DatasetClient, file: bytes, name: str = "back", **params: Any) -> Any:
    params = {"workspace": "shared", "task": talk.task, **params}
    return talk.client_as("max").post(f"/api/datasets/{name}/import", params=params, content=file)


def test_a_table_is_written_as_the_csv_module_would(client_as: Any) -> None:
    odd = 'a, "b"\nline\r\n🙂'
    talk = DatasetClient(
        client_as, content={"inputs": {"text": odd, "title": "plain"}, "metadata": {"s": "x, y", 'n,"': 5}}
    )
    talk.answer(ana="x y z", ben="x y -")
    talk.put("max", "c", odd)
    file = talk.ask("rita", "POST", "export", json={"format": "csv"}).content.decode()
    again = io.StringIO(newline="")
    csv.writer(again, lineterminator="\r\n").writerows(csv.reader(io.StringIO(file, newline="")))
    assert again.getvalue() == file


@pytest.mark.parametrize("task", ["TextClassification", "TokenClassification"])
def test_long_exports_and_short_ones_say_the_same(client_as: Any, monkeypatch: Any, task: str) -> None:
    talk = DatasetClient(client_as, "abcdefg", task, SPEECH if task == "TokenClassification" else None)
    value = {"entities": [{"start": 0, "end": 3, "label": "PER"}]} if "Token" in task else "x"
    for who, ids in (("ana", "bdf"), ("ben", "abef"), ("max", "g")):
        for id in ids:
            assert talk.put(who, id, value).status_code == 200
    kinds = ("jsonl", "csv", "parquet") if importlib.util.find_spec("pyarrow") else ("jsonl", "csv")
    files = {kind: talk.ask("rita", "POST", "export", json={"format": kind}).content for kind in kinds}
    monkeypatch.setattr("apportion.services.records.export.PAGE", 2)
    monkeypatch.setattr("apportion.server.convert.export_parquet._AT_ONCE", 3)
    monkeypatch.setattr("apportion.server.convert.export_provenance.Memo.MOST", 1)  # it forgets all the time
    for kind, file in files.items():
        paged = talk.ask("rita", "POST", "export", json={"format": kind}).content
        assert _table(paged, kind) == _table(file, kind)


def _table(file: bytes, kind: str) -> Any:
    if kind != "parquet":
        return file
    return pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(file)).to_pylist()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_an_export_loads_back_to_the_same_content_with_its_authors(client_as: Any, kind: str) -> None:
    content = {
        "inputs": {"text": 'a, "b"\n🙂', "title": "5"},
        "metadata": {"n": 5, "s": "5", "yes": True},
        "prediction": {"agent": "model", "labels": [{"class": "x", "score": 0.75}]},
    }
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    talk = DatasetClient(client_as, "abcd", content=content)
    talk.answer(ana="x y z", ben="x z")
    sent = {"value": {"labels": [{"class": "x, y"}]}, "state": "discarded", "version": 0, "seconds": 3.5}
    talk.ask("ben", "PUT", "records/d/annotations/me", json=sent).raise_for_status()
    talk.put("max", "a", "y")  # an extra
    talk.ask("rita", "PUT", "records/b/gold", json={"value": {"labels": [{"class": "y"}]}, "reason": "irony"})
    file = talk.ask("rita", "POST", "export", json={"format": kind}).content
    found = load(talk, file, format=kind)
    assert found.status_code == 200, found.text
    assert found.json()["answers"] == 7
    again = talk.client_as("rita").post(
        "/api/datasets/back/export", params={"workspace": "shared"}, json={"format": "jsonl"}
    )
    before = [json.loads(line) for line in talk.ask("rita", "POST", "export", json={}).text.splitlines()]
    after = [json.loads(line) for line in again.text.splitlines()]
    for old, new in zip(before, after, strict=True):
        for record in (old, new):
            record.pop("last_updated")
        assert old == new


def test_a_foreign_table_comes_in_by_a_mapping_and_a_look_stores_nothing(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    file = b'review,sentiment,src\n"good, really",pos,web\n42,neg,\n'
    mapping = json.dumps({"text": "review", "annotation": "sentiment", "metadata.source": "src"})
    looked = load(talk, file, "foreign", format="csv", mapping=mapping, dry_run=True)
    assert (looked.json()["records"], looked.json()["stored"]) == (2, False)
    assert talk.client_as("max").get("/api/datasets/foreign?workspace=shared").status_code == 404
    assert load(talk, file, "foreign", format="csv", mapping=mapping).status_code == 200
    found = (
        talk.client_as("max")
        .post("/api/datasets/foreign/records/:search?workspace=shared", json={})
        .json()["records"]
    )
    assert sorted(each["inputs"]["text"] for each in found) == ["42", "good, really"]
    assert {each["annotation"]["agent"] for each in found} == {"max"}


@pytest.mark.parametrize(
    ("file", "params"),
    [
        (b"{not json", {}),
        (b"[1]", {}),
        (b"a,b\n1\n", {"format": "csv"}),
        (b"\xff", {"format": "csv"}),
        (b"a,b\n1,2\n", {"format": "csv", "mapping": '{"text": "c"}'}),
        (b"", {"mapping": "[1]"}),
        (b'{"id": "a", "inputs": {"text": "a"}, "answers": {"nobody": {"value": null}}}', {}),
        (b'{"id": "a", "inputs": {"text": "a"}, "answers": {"ana": {"state": "odd"}}}', {}),
    ],
)
def test_a_bad_file_is_refused_whole_and_says_where(client_as: Any, file: bytes, params: Any) -> None:
    talk = DatasetClient(client_as)
    refused = load(talk, file, **params)
    assert refused.status_code in (400, 422), refused.text
    assert "othing was stored" in refused.text
    assert talk.client_as("max").get("/api/datasets/back?workspace=shared").status_code == 404


def test_without_pyarrow_the_refusal_names_the_extra(client_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = DatasetClient(client_as)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = talk.ask("rita", "POST", "export", json={"format": "parquet"})
    assert refused.status_code == 400
    assert "apportion[parquet]" in refused.text


FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_table_for_a_spreadsheet_computes_nothing(client_as: Any, text: str) -> None:
    talk = DatasetClient(client_as, content={"inputs": {"text": text}, "metadata": {"n": -5, "s": text}})
    talk.answer(ana="x", ben="x")
    talk.put("ana", "b", text)

    first, second, _ = rows(talk, spreadsheet=True)
    assert (first["inputs.text"], first["metadata.s"], first["metadata.n"]) == (f"'{text}", f"'{text}", "-5")
    assert second["answer.ana"] == f"'{text}"
    assert all(not name.startswith(("=", "+", "-", "@")) for name in first)
    assert rows(talk)[0]["inputs.text"] == text  # as it was logged, where nobody asked for anything else


def test_several_exports_of_one_person_take_turns() -> None:
    at_once, most = [0], {"ana": 0, "both": 0}

    def pages(who: str) -> Iterator[bytes]:
        for _ in range(20):
            at_once[0] += 1
            most[who] = max(most[who], at_once[0])
            time.sleep(0.001)
            at_once[0] -= 1
            yield b"page"

    share = FairShare(Foreground())

    async def taken(who: str, user: str) -> int:
        return len([page async for page in _stream(lambda: pages(who), Deadline(), user, share)])

    async def both(who: str, *users: str) -> list[int]:
        return await asyncio.gather(*(taken(who, user) for user in users))

    assert asyncio.run(both("ana", "ana", "ana", "ana")) == [20] * 3
    assert asyncio.run(both("both", "ana", "ben", "cy")) == [20] * 3
    assert most["ana"] == 1 < most["both"]
