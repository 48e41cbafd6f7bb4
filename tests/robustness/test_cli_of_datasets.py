"""``apportion datasets``: copies, files, the trash, and what comes over from a 1.x server."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from apportion.cli.main import main
from seeded_data import seed_data
from servers import SHARED, TEXT, Running, local_server, problems, running_on

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("busy")
    with local_server(home) as local:
        seed_data(local)
    with running_on(home) as running:
        yield running
    assert problems(home) == []


def asking(url: str, who: str = "eva") -> Ask:
    def ask(*words: str | Path, **environment: str) -> Result:
        env = {
            "APPORTION_API_URL": url, "APPORTION_API_KEY": f"{who}.apikey", "APPORTION_WORKSPACE": "shared",
            "ARGILLA_API_KEY": None, **environment,
        }  # fmt: skip
        return CliRunner().invoke(main, ["datasets", *map(str, words)], env=env)

    return ask


@pytest.fixture
def ask(server: Running) -> Ask:
    return asking(server.url)


def exported(server: Running, name: str, workspace: str = "shared") -> list[dict[str, Any]]:
    """Every record of a dataset with all answers, but for when things were stored."""
    answer = server.client().post(f"/api/datasets/{name}/export", params={"workspace": workspace}, json={})
    rows = [json.loads(line) for line in answer.raise_for_status().text.splitlines()]
    for row in rows:
        row.pop("last_updated")
    return rows


def bare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what a table has no place for, and what is counted anew."""
    for row in rows:
        for answer in row.get("answers", {}).values():
            for name in ("seconds", "updated_at", "version"):
                answer.pop(name)
        (row.get("gold") or {}).pop("at", None)
    return rows


def test_a_deleted_dataset_is_listed_and_comes_back(server: Running, ask: Ask) -> None:
    before = exported(server, "talk")
    result = ask("delete", "talk", "--yes")
    assert "`apportion datasets restore talk` brings it back until 2" in result.stdout
    gone = json.loads(ask("list", "--deleted", "--json").stdout)
    assert [(row["name"], row["deleted_by"]) for row in gone] == [("talk", "eva"), ("gone", "eva")]

    assert ask("restore", "talk", APPORTION_API_KEY="rita.apikey").exit_code == 1
    assert ask("restore", "talk").stdout == "shared.talk is back.\n"
    assert "no such" in ask("restore", "talk").stderr
    assert exported(server, "talk") == before


def test_a_copy_is_equal_and_says_how_much_it_holds(server: Running, ask: Ask) -> None:
    result = ask("copy", "talk", "talk-copied", "--to", "other")

    assert result.stdout == "23 records of shared.talk are in other.talk-copied too.\n"
    copied, original = exported(server, "talk-copied", "other"), exported(server, "talk")
    for row in (*copied, *original):
        row["metadata"].pop("user", None)  # which a plan says, and plans are not copied
        for answer in row.get("answers", {}).values():
            answer.pop("version")
    for name in ("id", "inputs", "metadata", "predictions", "vectors", "event_timestamp", "answers", "gold"):
        assert [row.get(name) for row in copied] == [row.get(name) for row in original]
    assert "exists already" in ask("copy", "talk", "talk-copied", "--to", "other").stderr


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "jsonl-in-parts"])
def test_what_was_exported_comes_in_again(
    server: Running, ask: Ask, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind.endswith("-in-parts"):
        monkeypatch.setattr("apportion.cli.table_files._ROWS", 4)
        kind = "jsonl"
    file = tmp_path / f"talk.{kind}"
    assert ask("export", "talk", file).exit_code == 0
    assert list(tmp_path.iterdir()) == [file]

    back = f"back-{uuid.uuid4().hex[:8]}"
    looked = ask("import", back, file, "--check")
    assert "23 records" in looked.stdout
    assert "would come" in looked.stdout
    assert "no such dataset" in ask("copy", back, "x").stderr
    assert ask("import", back, file).exit_code == 0

    assert bare(exported(server, back)) == bare(exported(server, "talk"))


def test_a_table_of_others_comes_in_by_a_mapping_in_parts(
    server: Running, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.cli.table_files._ROWS", 3)
    file = tmp_path / "reviews.csv"
    rows = [f'r{n},"good, really {n}",{"pos" if n % 2 else "neg"}' for n in range(8)]
    file.write_text("key,review,sentiment\n" + "\n".join(rows) + "\n")
    words = (
        "import",
        "foreign",
        file,
        "--map",
        "id=key",
        "--map",
        "text=review",
        "--map",
        "annotation=sentiment",
    )

    assert "Which task?" in ask(*words).stderr
    assert ask(*words, "--task", TEXT).exit_code == 0

    found = exported(server, "foreign")
    assert [(row["id"], row["annotation"]["labels"][0]["class_label"]) for row in found][:2] == [
        ("r0", "neg"),
        ("r1", "pos"),
    ]
    assert len(found) == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a", "inputs": {"text": "x"}}\n' * 2, "Rows 1 and 2 have the same id, 'a'"),
        (
            '{"id": "a", "inputs": {"text": "x"}}\n{"id": "b", "inputs": {"text": "x"}}\n{nope\n',
            "Line 3 of",
        ),
        ('{"id": "a", "inputs": {"text": "x"}}\n{"id": "b", "inputs": 7}\n', "rows 2 to 2 of the file"),
        ("", "has no records"),
    ],
)
def test_one_bad_row_keeps_the_whole_file_out(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setattr("apportion.cli.table_files._ROWS", 1)
    file = tmp_path / "bad.jsonl"
    file.write_text(text)

    refused = ask("import", "bad", file, "--task", TEXT)

    assert refused.exit_code == 1
    assert message in refused.stderr
    assert "no such dataset" in ask("copy", "bad", "x").stderr


def test_a_file_with_answers_may_make_a_dataset_whose_spans_overlap(
    server: Running, ask: Ask, tmp_path: Path
) -> None:
    spans = [{"start": 0, "end": 11, "label": "ORG"}, {"start": 4, "end": 11, "label": "LOC"}]
    row = {"id": "a", "text": "New Yorkers", "tokens": ["New", "Yorkers"]}
    answers = {"ana": {"value": {"entities": spans}, "state": "submitted"}}
    file = tmp_path / "crossed.jsonl"
    file.write_text(json.dumps({**row, "answers": answers}))
    refused = ask("import", "crossed", str(file))
    assert "overlap" in refused.stderr
    assert ask("import", "crossed", str(file), "--overlapping-spans").exit_code == 0
    assert ask("import", "crossed", str(file)).exit_code == 0


# From a server of 1.x: its routes are ours


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Running]:
    with local_server(tmp_path):
        pass
    with running_on(tmp_path) as running:
        yield running
    assert problems(tmp_path) == []


def scanned(client: httpx.Client, name: str, workspace: str) -> list[dict[str, Any]]:
    url = f"/api/datasets/{name}/records/:search"
    found = client.post(url, params={"workspace": workspace, "limit": 1000}, json={}).json()["records"]
    return [{key: value for key, value in row.items() if key != "last_updated"} for row in found]


def test_everything_of_a_1x_server_comes_over_and_coming_twice_changes_nothing(
    server: Running, new: Running
) -> None:
    asked, ask = ("import-1x", "--from", server.url, "--from-api-key", "eva.apikey"), asking(new.url)
    old, here = server.client(), new.client()
    old.post("/api/workspaces", json={"name": "elsewhere"})
    move = {"name": "empty", "task": TEXT, "workspace": "elsewhere", "tags": {"a": "b"}}
    old.post("/api/datasets", json=move).raise_for_status()
    names = ["reviews", "places", "summaries", "empty"]
    rules, rule = f"/api/datasets/reviews/{TEXT}/labeling/rules", {"query": "soup", "labels": ["good", "bad"]}
    old.post(rules, params=SHARED, json={**rule, "description": "bowls"}).raise_for_status()

    looked = json.loads(ask(*asked, *names, "--check", "--json").stdout)
    assert {row["outcome"] for row in looked} == {"would come"}
    assert here.get("/api/datasets").json() == []

    reply = json.loads(ask(*asked, *names, "--json").stdout)
    assert {(row["name"], row["records"], row["outcome"]) for row in reply} == {
        ("reviews", 7, "is here"), ("places", 4, "is here"), ("summaries", 2, "is here"), ("empty", 0, "is here"),
    }  # fmt: skip
    for name in names[:3]:
        assert scanned(here, name, "shared") == scanned(old, name, "shared")
    [brought] = here.get(rules, params=SHARED).json()
    assert {key: brought[key] for key in ("query", "labels", "description")} == {
        **rule,
        "description": "bowls",
    }
    url = f"/api/datasets/reviews/{TEXT}/settings"
    assert here.get(url, params=SHARED).json() == old.get(url, params=SHARED).json()
    assert here.get("/api/datasets/reviews", params=SHARED).json()["tags"] == {"lang": "en"}
    assert here.get("/api/datasets/empty", params={"workspace": "elsewhere"}).json()["tags"] == {"a": "b"}

    before = scanned(here, "reviews", "shared")
    again = json.loads(ask(*asked, *names, "--json").stdout)
    assert {row["outcome"] for row in again} == {"is here already"}
    assert scanned(here, "reviews", "shared") == before


def test_what_could_not_come_is_told_and_comes_the_next_time(server: Running, new: Running) -> None:
    asked, ask = ("import-1x", "--from", server.url, "--from-api-key", "eva.apikey"), asking(new.url)
    half = {"records": [{"id": "p0", "text": "Ana", "tokens": ["Ana"]}]}
    new.client().post(
        "/api/datasets/places/TokenClassification:bulk", params=SHARED, json=half
    ).raise_for_status()
    server.client().put("/api/datasets/summaries:close", params=SHARED)

    result = ask(*asked, "summaries", "places", "--json")
    assert result.exit_code == 1
    outcomes = {row["name"]: row["outcome"] for row in json.loads(result.stdout)}
    assert "closed" in outcomes["summaries"]
    assert outcomes["places"] == "is here already, with 1 records: --again logs it again"

    server.client().put("/api/datasets/summaries:open", params=SHARED)
    assert ask(*asked, "summaries", "places", "--again").exit_code == 0
    assert len(scanned(new.client(), "places", "shared")) == 4
    assert ask(*asked, "nowhere").exit_code == 1
    assert "same server" in ask("import-1x", "--from", new.url).stderr
