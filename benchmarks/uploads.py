"""Peak of a server's memory above what it needs at rest, while the largest files are uploaded to it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from .report import Line
from .scale import Scale, say
from .server import Client, Refused, Server, made_home

__all__ = ["FILES", "measure"]

ROWS = 10_000
"""As many as a file may have, see ``APPORTION_MAX_RECORDS``."""
SIZE = 60_000_000
"""Bytes of a file, a little less than ``APPORTION_MAX_BODY``."""
AT_MOST_MB = 300.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz     "


def _texts(rows: int, size: int) -> list[str]:
    """Texts of so many bytes together, with no word twice the same way."""
    dice = random.Random(11)
    base = "".join(dice.choices(_LETTERS, k=200_000))
    each = size // rows
    starts = [dice.randrange(len(base) - each) if each < len(base) else 0 for _ in range(rows)]
    return [f"{n} {base[start : start + each - 10]}" for n, start in enumerate(starts)]


def _csv(rows: int, size: int, more: str = "") -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["id", "text"])
    writer.writerows((n, more + text) for n, text in enumerate(_texts(rows, size)))
    return written.getvalue().encode()


def _jsonl(rows: int, size: int) -> bytes:
    return "\n".join(
        json.dumps({"id": n, "text": text}) for n, text in enumerate(_texts(rows, size))
    ).encode()


def _answers(rows: int, size: int) -> bytes:
    """Every row with the answers of four people, which take far more objects than a text does."""
    people = {
        f"person{n}": {"state": "submitted", "value": {"labels": [{"class": "good"}]}} for n in range(4)
    }
    texts = _texts(rows, max(0, size - 350 * rows))
    return "\n".join(
        json.dumps({"id": n, "text": text, "answers": people}) for n, text in enumerate(texts)
    ).encode()


def _parquet(texts: list[str], compression: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), written, compression=compression)
    return written.getvalue()


def _long_texts() -> bytes:
    """10,000 texts of a megabyte, a hundred at a time: all together would take 10 GB of memory here."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written, some = io.BytesIO(), pa.table({"text": ["a" * 1_000_000] * 100})
    with pq.ParquetWriter(written, some.schema, compression="zstd") as writer:
        for _ in range(ROWS // 100):
            writer.write_table(some)
    return written.getvalue()


def _million_rows(*, text: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = io.BytesIO()
    once = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array([text]))
    with pq.ParquetWriter(written, pa.schema([("text", once.type)]), compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(pa.table({"text": once}))
    return written.getvalue()


_THERE = " into a dataset that is there"
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "CSV of 60 MB, 10,000 rows": ("csv", lambda: _csv(ROWS, SIZE)),
    "CSV of 60 MB, an emoji in each text": ("csv", lambda: _csv(ROWS, SIZE, "\N{WAVING HAND SIGN}")),
    "CSV of 60 MB, 15,000,000 rows": ("csv", lambda: b"text\n" + b"a\n\n\n" * (SIZE // 4)),
    "CSV of 10 MB, 1,000,000 columns": ("csv", lambda: b",".join(b"c%d" % n for n in range(1_000_000))),
    "CSV of one cell of 60 MB": ("csv", lambda: b"text\n" + b"a" * SIZE),
    "JSON lines of 60 MB, 10,000 rows": ("jsonl", lambda: _jsonl(ROWS, SIZE)),
    "JSON lines of 60 MB with answers": ("jsonl", lambda: _answers(ROWS, SIZE)),
    "JSON lines of 60 MB, 15,000,000 rows": ("jsonl", lambda: b"{}\n" * (SIZE // 3)),
    "JSON lines of one line of 60 MB, lists in lists": ("jsonl", lambda: b'{"a":' + b"[" * SIZE),
    f"JSON lines of 60 MB{_THERE}": ("jsonl", lambda: _jsonl(ROWS, SIZE)),
    "Parquet of 60 MB, 10,000 rows": ("parquet", lambda: _parquet(_texts(ROWS, SIZE), "none")),
    "Parquet of 20 kB, 10,000 texts of 1 MB": ("parquet", _long_texts),
    "Parquet of 60 kB, 20,000,000 rows": ("parquet", lambda: _million_rows(text="a")),
}
"""Uploads by name: the format, and how to make the file."""


def _upload(client: Client, name: str, format: str, body: bytes) -> str:
    try:
        client.ask("POST", f"/api/datasets/{name}/import", body, format=format, task="TextClassification")
    except Refused as refused:
        return str(refused).partition(": ")[2][:3]
    return "200"


class _Peak:
    """The most memory that a server and the processes it starts have together, looked at all the time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self.highest = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self.highest = max(self.highest, sum(map(_resident, [self._pid, *_children(self._pid)])))


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, each.read_text().split())
    return found


def _resident(pid: int) -> float:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
    return 0.0  # it has ended


_PAGE = os.sysconf("SC_PAGE_SIZE")


def measure(scale: Scale) -> Iterator[Line]:  # noqa: ARG001 (the files are as large as they may be in any case)
    for place, (what, (format, made)) in enumerate(FILES.items()):
        body = made()
        say(f"  {what}: {len(body):,} bytes")
        with made_home() as home, Server(home) as server, contextlib.closing(server.client()) as client:
            if what.endswith(_THERE):
                one = {"records": [{"id": "one", "inputs": {"text": "one"}}]}
                client.log(f"upload{place}", "TextClassification", json.dumps(one).encode())
            for letter in "abcd":
                client.ask("POST", "/api/users", _person(letter))
            server.come_to_rest()
            idle = _resident(server.pid)
            with _Peak(server.pid) as peak:
                status = _upload(client, f"upload{place}", format, body)
            detail = f"answered {status}; {idle:.0f} MB at rest"
            yield Line(what, peak.highest - idle, "MB", detail, at_most=AT_MOST_MB)


def _person(letter: str) -> bytes:
    number = "abcd".index(letter)
    sent = {"username": f"person{number}", "first_name": letter, "password": f"only-for-benchmarks-{letter}"}
    return json.dumps(sent).encode()
