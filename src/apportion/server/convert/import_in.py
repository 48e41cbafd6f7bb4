"""Files as records: JSON lines and CSV, our own exports or somebody else's with a mapping of columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from apportion.domain.errors import ValidationError
from apportion.domain.individual.case import Gold, Origin
from apportion.domain.times import instant_of, parse_datetime
from apportion.services.import_records import Answer, Imported
from apportion.vocabulary import AnnotationState, Status, Task

from .records_in import Limits, read_bulk
from .values import read_value

__all__ = ["read_file"]

Json = dict[str, Any]
_MEMBER = {
    Task.TEXT_CLASSIFICATION: "labels",
    Task.TOKEN_CLASSIFICATION: "entities",
    Task.TEXT2TEXT: "sentences",
}
_RECORD = (
    "id", "inputs", "text", "tokens", "metadata", "prediction", "predictions", "event_timestamp", "multi_label",
    "explanation", "vectors",
)  # fmt: skip
_WORDS = frozenset({"id", "status", "annotation_agent"})
csv.field_size_limit(64 * 1024 * 1024)


def read_file(
    body: bytes, kind: str, task: Task, mapping: Mapping[str, str], limits: Limits, *, by: str, now: int
) -> list[Imported]:
    """The records of a file. ``mapping`` says in which of its columns each of ours is; ``by`` signs unsigned values."""
    rows = _json_rows(body) if kind == "jsonl" else _csv_rows(body)
    found = [_row(row, mapping, task, kind == "csv", place) for place, row in enumerate(rows)]
    records = [
        {key: row[key] for key in _RECORD if row.get(key) is not None} | _signed(row, by) for row in found
    ]
    bulk = read_bulk(msgspec.json.encode({"records": records}), task, limits)
    if len({record.id for record in bulk.records}) < len(bulk.records):
        raise _wrong(0, "id", "several rows have the same id")
    imported = []
    for place, (row, record) in enumerate(zip(found, bulk.records, strict=True)):
        answers = [_answer(place, task, name, said) for name, said in (row.get("answers") or {}).items()]
        gold = None if not row.get("gold") else _gold(place, task, row["gold"], by, now)
        status, value, agent = Status(row.get("status") or "Default"), None, None
        if (answers or gold) and record.annotation is None and row.get("annotation"):
            value, agent = read_value(task, row["annotation"]), row["annotation"].get("agent") or by
        imported.append(Imported(record, answers, gold, status, agent, value))
    return imported


def _signed(row: Json, by: str) -> Json:
    """In a file of one annotation a record, that annotation; where people's answers are told apart, none here."""
    status = row.get("status")
    annotation = row.get("annotation")
    if row.get("answers") or row.get("gold"):
        return {}
    if annotation is None:
        return {"status": status} if status in ("Default", "Discarded", "Edited") else {}
    return {"annotation": {"agent": by, **annotation}, "status": status or "Validated"}


def _json_rows(body: bytes) -> list[Json]:
    found = []
    for place, line in enumerate(body.splitlines()):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
            raise _wrong(place, None, f"line {place + 1} is not JSON: {wrong}") from None
        if not isinstance(row, dict):
            raise _wrong(place, None, f"line {place + 1} is not an object")
        found.append(row)
    return found


def _csv_rows(body: bytes) -> list[Json]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise _wrong(0, None, f"the file is not UTF-8: {wrong}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        for place, row in enumerate(reader):
            if None in row or None in row.values():
                raise _wrong(place, None, f"row {place + 1} has more or fewer cells than the header")
            found.append(dict(row))
    except csv.Error as wrong:
        raise _wrong(len(found), None, f"row {len(found) + 1} cannot be read: {wrong}") from None
    return found


def _row(row: Json, mapping: Mapping[str, str], task: Task, flat: bool, place: int) -> Json:
    """A row under our names, nested as JSON lines are."""
    if mapping:
        missing = [theirs for theirs in mapping.values() if theirs not in row]
        if missing:
            raise _wrong(place, None, f"there is no column {', '.join(missing)}; there are {', '.join(row)}")
        row = {ours: row[theirs] for ours, theirs in mapping.items()}
    if not flat and not mapping:
        return row
    nested: Json = {}
    for name, value in row.items():
        if value in ("", None):
            continue
        root, _, rest = name.partition(".")
        if root in ("inputs", "metadata") and rest:
            read = _text(value) if root == "inputs" else _cell(value)
            nested.setdefault(root, {})[rest] = read
        elif root == "answer" and rest:
            _nest_answer(nested, rest, value, task)
        elif name == "annotation":
            nested["annotation"] = _value(value, task)
        elif name in _WORDS:
            nested[name] = str(value)
        elif name == "metadata":
            nested.setdefault("metadata", {}).update(_cell(value) or {})
        elif name == "text" and task is Task.TEXT_CLASSIFICATION:
            nested.setdefault("inputs", {})["text"] = _text(value)
        elif name == "text":
            nested["text"] = _text(value)
        elif name == "prediction":
            nested["predictions"] = _cell(value)
        elif not name.startswith("soft.") and name not in ("support", "agreeing"):
            nested[name] = _cell(value)
    if nested.get("annotation") and nested.get("annotation_agent"):
        nested["annotation"]["agent"] = nested["annotation_agent"]
    return nested


def _nest_answer(nested: Json, rest: str, value: Any, task: Task) -> None:
    part = next((part for part in (".state", ".at", ".seconds") if rest.endswith(part)), "")
    name = rest.removesuffix(part)
    answer = nested.setdefault("answers", {}).setdefault(name, {"state": "submitted", "value": None})
    if part == ".state":
        answer["state"], _, extra = str(value).partition(" ")
        answer["counted"] = not extra
    elif part == ".at":
        answer["updated_at"] = str(value)
    elif part == ".seconds":
        answer["seconds"] = _cell(value)
    else:
        answer["value"] = _value(value, task)


def _cell(value: Any) -> Any:
    """What a cell of ours holds: JSON, or a text that is none."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(value: Any) -> Any:
    """A cell of text: only quoted texts and lists of texts are read as JSON."""
    found = _cell(value)
    if isinstance(found, str) or (isinstance(found, list) and all(isinstance(each, str) for each in found)):
        return found
    return value


def _value(value: Any, task: Task) -> Json:
    """A label, a text, or a list of labels or spans as a value."""
    if isinstance(value, dict):
        return value
    found = _text(value) if task is not Task.TOKEN_CLASSIFICATION else _cell(value)
    if task is Task.TOKEN_CLASSIFICATION:
        return {"entities": found}
    each = found if isinstance(found, list) else [found]
    if task is Task.TEXT2TEXT:
        return {"sentences": [{"text": one} for one in each]}
    return {"labels": [{"class": one} for one in each]}


def _answer(place: int, task: Task, name: str, said: Json) -> Answer:
    try:
        return Answer(
            name,
            read_value(task, said.get("value")),
            AnnotationState(said.get("state", "submitted")),
            said.get("counted", True) is True,
            said.get("seconds"),
            None if said.get("updated_at") is None else instant_of(parse_datetime(said["updated_at"])),
        )
    except (ValueError, TypeError, AttributeError) as wrong:
        raise _wrong(place, f"answers.{name}", f"the answer cannot be read: {wrong}") from None


def _gold(place: int, task: Task, said: Json, by: str, now: int) -> Gold:
    try:
        return Gold(
            read_value(task, said.get("value")),
            Origin(said.get("origin", "imported")),
            said.get("author") or by,
            said.get("reason"),
            1,
            now if said.get("at") is None else instant_of(parse_datetime(said["at"])),
        )
    except (ValueError, TypeError, AttributeError) as wrong:
        raise _wrong(place, "gold", f"the gold value cannot be read: {wrong}") from None


def _wrong(place: int, member: str | None, message: str) -> ValidationError:
    loc = ["body", "rows", place, *([member] if member else [])]
    return ValidationError(
        [{"loc": loc, "msg": f"{message}. Nothing was stored", "type": "value_error"}], model="Import"
    )
