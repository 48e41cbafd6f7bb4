"""Rows of an uploaded file, one after the other: JSON lines, CSV or Parquet.

Rows, columns, bytes and values are counted while the file is read, so that one that is too large is refused before it
is in memory.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO, Any, NoReturn

import msgspec

from apportion.domain.errors import BadRequestError, ValidationError

from .parquet_child import DONE, NO_PARQUET, REFUSED

__all__ = ["FileLimits", "Row", "file_rows"]

Json = dict[str, Any]
_BRACKETS = 200_000
"""Most lists and objects in a row, those inside its texts included: each takes far more memory than bytes, and
nobody else is served while they are created."""
_WIDEST = 2
"""Bytes of memory that texts may take, for each byte that the rows may have: with one emoji in it, a text takes four
times its length."""
_NO_TEXT = sys.getsizeof("")
_LINES_A_ROW = 100
"""Most lines, empty ones included, of a JSON lines file, for each row that it may have."""
csv.field_size_limit(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits on one file."""

    rows: int = 10_000
    columns: int = 5_000
    size: int = 64 * 1024 * 1024
    """Bytes of all rows once they are decoded."""
    row: int = 8_000_000
    """Bytes of one row."""
    values: int = 2_000_000
    """Cells, and the values inside them, of all rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its index in the file, from 0: its values, or the problem with it. ``size`` is in bytes."""

    place: int
    size: int
    values: Json | None = None
    problem: str = ""


def file_rows(file: IO[bytes], kind: str, limits: FileLimits) -> Iterator[Row]:
    """Yield the rows of a file, good and bad ones. Raises ``ValidationError`` if the file exceeds a limit."""
    reading = {"parquet": _parquet_rows, "jsonl": _json_rows, "csv": _csv_rows}[kind]
    size = values = memory = 0
    with contextlib.closing(reading(file, limits)) as rows:
        for row in rows:
            if row.place >= limits.rows:
                _refuse(f"the file has more than {limits.rows:,} rows, the most that are taken at once")
            size += row.size
            if size > limits.size:
                _refuse(f"the rows of the file take more than {limits.size:,} bytes once they are decoded")
            if row.values is not None:
                if len(row.values) > limits.columns:
                    _refuse(f"a row has {len(row.values):,} columns, and a file may have {limits.columns:,}")
                more, bytes_more = _count(row.values, limits.values - values)
                values, memory = values + more, memory + bytes_more
                if values > limits.values:
                    _refuse(f"the file has more than {limits.values:,} values")
                if memory > _WIDEST * limits.size:
                    _refuse(
                        f"the texts of the file take more than {_WIDEST * limits.size:,} bytes of memory, as emoji "
                        "and other rare characters make every character of their text wide"
                    )
            yield row


def _refuse(message: str) -> NoReturn:
    msg = f"{message}; send it in parts. Nothing was stored"
    raise ValidationError([{"loc": ["body"], "msg": msg, "type": "value_error.size"}], model="Import")


def _count(row: Json, most: int) -> tuple[int, int]:
    """Count the values in a row, nested ones included, and the bytes of memory of its texts; stop soon after ``most``
    values."""
    count = memory = 0
    waiting: list[Any] = [row]
    while waiting and count <= most:
        inner = waiting.pop()
        count += len(inner)
        held = inner.values() if isinstance(inner, dict) else inner
        waiting += [each for each in held if isinstance(each, dict | list)]
        memory += sum(sys.getsizeof(each) - _NO_TEXT for each in held if isinstance(each, str))
    return count, memory


# JSON lines


def _json_rows(file: IO[bytes], limits: FileLimits) -> Generator[Row, None, None]:
    place = 0
    for number, line in enumerate(_byte_lines(file, limits.row)):
        if number >= limits.rows * _LINES_A_ROW:
            _refuse(f"the file has more than {limits.rows * _LINES_A_ROW:,} lines, most of them empty")
        if line.isspace():
            continue
        yield _json_row(place, line)
        place += 1


def _json_row(place: int, line: bytes) -> Row:
    if line.count(b"[") + line.count(b"{") > _BRACKETS:
        return Row(place, len(line), None, f"line {place + 1} has more than {_BRACKETS:,} lists and objects")
    try:
        values = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        return Row(place, len(line), None, f"line {place + 1} is not JSON: {wrong}")
    if isinstance(values, dict):
        return Row(place, len(line), values)
    return Row(place, len(line), None, f"line {place + 1} is not an object")


def _byte_lines(file: IO[bytes], longest: int) -> Iterator[bytes]:
    while line := file.readline(longest + 1):
        if len(line) > longest:
            _refuse(f"a line of the file has more than {longest:,} bytes")
        yield line


# CSV


def _csv_rows(file: IO[bytes], limits: FileLimits) -> Generator[Row, None, None]:
    lines = _TextLines(file, limits.row)
    reader = csv.reader(lines, strict=True)
    place, header = -1, []
    try:
        header = next(reader, [])
        if len(header) > limits.columns:
            _refuse(f"the file has {len(header):,} columns, and it may have {limits.columns:,}")
        lines.take_size()
        for cells in reader:
            size = lines.take_size()
            if not cells:  # an empty line
                continue
            place += 1
            if len(cells) == len(header):
                yield Row(place, size, dict(zip(header, cells, strict=True)))
            else:
                yield Row(place, size, None, f"row {place + 1} has more or fewer cells than the header")
    except csv.Error as wrong:
        yield Row(place + 1, 0, None, f"row {place + 2} can't be read, nor what follows: {wrong}")
    except UnicodeDecodeError as wrong:
        advice = "save it as UTF-8 (spreadsheets offer “CSV UTF-8”), or import it in the app"
        yield Row(place + 1, 0, None, f"the file is not UTF-8: {wrong.reason}; {advice}")
    finally:
        lines.release()


class _TextLines:
    """The lines of a file as texts; counts their characters since ``take_size`` was last called."""

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self._text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        self._longest = longest
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._longest + 1)
        if not line:
            raise StopIteration
        self._size += len(line)
        if self._size > self._longest:
            _refuse(f"a row of the file has more than {self._longest:,} characters")
        return line

    def release(self) -> None:
        """Detach the file, which would otherwise be closed together with its texts."""
        self._text.detach()

    def take_size(self) -> int:
        """Return the characters since the last call."""
        size, self._size = self._size, 0
        return size


# Parquet


def _parquet_rows(file: IO[bytes], limits: FileLimits) -> Generator[Row, None, None]:
    file.seek(0)
    own = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "apportion.server.convert.parquet_child"]
    child = subprocess.Popen(  # noqa: S603 - our own module, with two numbers
        [*words, str(limits.rows), str(limits.columns)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **own},
    )
    assert child.stdout is not None
    last = b""
    try:
        for place, line in enumerate(_byte_lines(child.stdout, limits.row)):
            if line.startswith(b"!"):
                last = line.rstrip(b"\n")
                break
            yield _json_row(place, line)
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
    if last == NO_PARQUET:
        raise BadRequestError(
            "This server can't read Parquet: install it with the extra, `pip install 'apportion[parquet]'`, "
            "or send jsonl or csv. Nothing was stored."
        )
    if last != DONE:
        why = last.removeprefix(REFUSED).decode("utf-8", "replace")
        why = why or "it takes more memory or time to read than a file may; send it in parts"
        raise BadRequestError(f"The file is refused: {why}. Nothing was stored.")
