"""No file is too large to be refused: rows, columns, bytes and values are counted while it is read."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apportion.server.convert import file_rows
from apportion.settings import Settings

ROWS, COLUMNS, VALUES, TEXT = 50, 20, 2_000, 1_000
TEXT_COLUMN = json.dumps({"text": "text"})
ONE_LONG_CELL = Path(__file__).parent / "data" / "one-long-cell.parquet"
"""``{"text": ["x" * 200_000_000]}``, compressed with brotli. To write it here would take a gigabyte for 681 bytes."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        max_records=ROWS,
        max_columns=COLUMNS,
        max_values=VALUES,
        max_text=TEXT,
        max_answer_size=TEXT,
        max_body=100_000,
    )


@pytest.fixture
def load(client_as: Any) -> Any:
    max = client_as("max")

    def send(file: bytes | Iterator[bytes], kind: str = "jsonl", **params: Any) -> Any:
        if kind != "jsonl":
            params["mapping"] = TEXT_COLUMN
        given = {"workspace": "shared", "task": "TextClassification", "format": kind, **params}
        answer = max.post("/api/datasets/mail/import", params=given, content=file)
        if answer.status_code != 200:
            assert max.get("/api/datasets/mail?workspace=shared").status_code == 404
        return answer

    return send


def parquet(columns: dict[str, Any]) -> bytes:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()


def repeated(text: str, count: int) -> bytes:
    """So many times the same text, which takes next to nothing in a file."""
    pa = pytest.importorskip("pyarrow")
    places = pa.array([0] * count, pa.int32())
    return parquet({"text": pa.DictionaryArray.from_arrays(places, pa.array([text]))})


def refused(answer: Any, words: str) -> None:
    assert answer.status_code in (400, 422), answer.text
    assert words in answer.text
    assert "Nothing was stored" in answer.text


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("line", ["{}", "x", '{"text": "a"}'])
def test_json_lines_good_or_bad_are_counted(load: Any, line: str, dry_run: bool) -> None:
    refused(load(f"{line}\n".encode() * (ROWS + 1), dry_run=dry_run), f"more than {ROWS} rows")


def test_csv_rows_and_columns_are_counted(load: Any) -> None:
    refused(load(b"text\n" + b"a\n" * (ROWS + 1), "csv"), f"more than {ROWS} rows")
    header = ",".join(f"c{number}" for number in range(COLUMNS + 1))
    refused(load(header.encode(), "csv"), f"{COLUMNS + 1} columns")
    refused(load(json.dumps(dict.fromkeys(header.split(","), 1)).encode()), f"{COLUMNS + 1} columns")


def test_parquet_rows_and_columns_are_counted(load: Any) -> None:
    refused(load(repeated("a", 1_000_000), "parquet"), "it has 1,000,000 rows")
    refused(load(parquet({f"c{n}": ["a"] for n in range(COLUMNS + 1)}), "parquet"), f"{COLUMNS + 1} columns")


def test_decoded_bytes_are_counted_not_those_that_were_sent(load: Any) -> None:
    refused(load(repeated("x" * TEXT * 7, ROWS), "parquet"), "more than 100,000 bytes once they are decoded")
    assert load(repeated("x" * TEXT, ROWS), "parquet").json()["records"] == ROWS


def test_a_cell_that_takes_gigabytes_ends_the_process_that_reads_it_and_no_other(load: Any) -> None:
    refused(load(ONE_LONG_CELL.read_bytes(), "parquet"), "more memory")
    assert load(b'{"text": "a"}').json()["stored"] is True


def test_values_inside_rows_are_counted(load: Any) -> None:
    row = {"text": "a", "metadata": {"x": [[]] * (VALUES // 10)}}
    refused(load("\n".join([json.dumps(row)] * 11).encode()), f"more than {VALUES:,} values")


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("jsonl", b'{"text": "' + b"a" * 9_000 + b'"}'),
        ("csv", b"text\n" + b"a" * 9_000),
        ("csv", b'text\n"' + b"a\n" * 5_000),
        ("csv", b"text\n" + b'"' * 9_000),
    ],
)
def test_one_long_row_is_refused_before_it_is_read_to_its_end(load: Any, kind: str, file: bytes) -> None:
    refused(load(file, kind), "of the file has more than 8,000")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_texts_are_counted_by_the_memory_they_take(
    load: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made: list[int] = []
    inner = file_rows._count

    def counted(*given: Any) -> Any:
        made.append(1)
        return inner(*given)

    monkeypatch.setattr(file_rows, "_count", counted)
    monkeypatch.setattr(file_rows, "_WIDEST", 0.1)  # 10,000 bytes
    plain, wide = "a" * 900, "\N{WAVING HAND SIGN}" + "a" * 899

    def file(text: str, rows: int) -> bytes:
        lines = [json.dumps({"text": text}, ensure_ascii=False)] * rows if kind == "jsonl" else [text] * rows
        return "\n".join([*([] if kind == "jsonl" else ["text"]), *lines]).encode()

    refused(load(file(wide, 40), kind), "of memory")
    assert len(made) == 3  # and the rest of the file is not read
    assert load(file(plain, 10), kind).json()["records"] == 10


def test_lists_without_end_in_a_row_are_not_made(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_rows, "_BRACKETS", 100)
    answer = load(b'{"text": "a", "metadata": {"x": [' + b"[]," * 200 + b"1]}}")
    assert answer.status_code == 422
    assert "more than 100 lists and objects" in answer.text


def test_empty_lines_are_no_rows_and_yet_have_an_end(load: Any) -> None:
    refused(load(b"\n" * (ROWS * 100 + 1)), "5,000 lines")
    assert load(b"\n" * 200 + b'{"text": "a"}\n').json()["records"] == 1


def test_what_is_said_about_a_row_is_short(load: Any) -> None:
    answer = load(json.dumps({"text": "a", "status": "odd" * 2_000}).encode())
    assert answer.status_code == 422
    assert len(answer.text) < 1_000


def test_a_file_is_read_in_parts_as_if_it_were_read_at_once(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apportion.server.convert import import_in

    monkeypatch.setattr(import_in, "_AT_ONCE", 40)
    rows = [{"id": str(n % 9), "text": f"text {n}", "multi_label": n == 7} for n in range(12)]
    answer = load("\n".join(map(json.dumps, rows)).encode(), leave_out=True).json()
    assert [each["row"] for each in answer["errors"]] == [8, 10, 11, 12]
    assert answer["records"] == 8


def test_no_process_is_left_behind(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            begun.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    refused(load(repeated("x" * TEXT * 7, ROWS), "parquet"), "once they are decoded")
    assert [each.returncode is None for each in begun] == [False]
