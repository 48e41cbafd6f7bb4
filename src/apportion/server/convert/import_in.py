"""Files as records: JSON lines and CSV, our own exports or somebody else's with a mapping of columns."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from apportion.domain.answer_limits import AnswerLimits
from apportion.domain.datasets import Settings
from apportion.domain.errors import BadRequestError, ValidationError
from apportion.domain.individual.case import Gold, Origin
from apportion.domain.records import Record
from apportion.domain.times import instant_of, parse_datetime
from apportion.services.import_records import Answer, Imported
from apportion.vocabulary import AnnotationState, Status, Task
from apportion.wire.records import AGENT_LENGTH

from .json_in import MAX_ERRORS, Item
from .records_in import Limits, read_bulk
from .values import LONGEST_REASON, LONGEST_SECONDS, read_value

__all__ = ["FileRead", "read_file", "refusal_of"]

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
_WORDS = frozenset({"id", "status", "annotation_agent", "prediction_agent"})
_TOKENS = re.compile(r"\w+|[^\w\s]")
_AGENT = "file"
"""Who signs predictions of files that do not say whose they are."""
csv.field_size_limit(64 * 1024 * 1024)


@dataclass(slots=True)
class FileRead:
    """What a file holds: its records, the row each is in (from 0), and what is wrong with the other rows."""

    found: list[Imported] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    wrong: list[Item] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)

    def blame(self, row: int, member: str | None, message: str) -> None:
        """Note what is wrong with a row."""
        self.bad.add(row)
        if len(self.wrong) < MAX_ERRORS:
            loc = ["body", "rows", row, *([member] if member else [])]
            self.wrong.append({"loc": loc, "msg": message, "type": "value_error"})

    def leave_out(self, problems: Sequence[tuple[int, str]]) -> None:
        """Leave out records, by their place among those found, that do not go into the dataset."""
        for place, message in problems:
            self.blame(self.rows[place], None, message)
        self.found = [each for row, each in zip(self.rows, self.found, strict=True) if row not in self.bad]
        self.rows = [row for row in self.rows if row not in self.bad]
        self.wrong.sort(key=lambda each: int(each["loc"][2]))


def refusal_of(read: FileRead) -> ValidationError:
    """What a file with bad rows is told where all of its rows are wanted."""
    said = [{**each, "msg": f"{each['msg']}. Nothing was stored"} for each in read.wrong]
    return ValidationError(said, model="Import")


def read_file(
    body: bytes,
    kind: str,
    task: Task,
    mapping: Mapping[str, str],
    limits: Limits,
    *,
    rules: Settings,
    by: str,
    now: int,
) -> FileRead:
    """The records of a file, and its bad rows.

    ``mapping`` says which of its columns holds what, ``rules`` what spans may be; ``by`` signs.
    """
    read = FileRead()
    nested: dict[int, Json] = {}
    records: dict[int, Json] = {}
    missing = set(mapping.values())
    for place, row in _rows_of(body, kind, read):
        missing -= row.keys()
        if mapping:
            row = {ours: row.get(theirs) for ours, theirs in mapping.items()}
        try:
            nested[place] = _nested(row, task) if mapping or kind != "jsonl" else _lenient(row, task)
            records[place] = _record_of(nested[place], task, by)
        except (TypeError, ValueError, AttributeError) as wrong:
            read.blame(place, None, f"the row cannot be read: {wrong}")
    if missing and nested:
        read.blame(0, None, f"no row has a column {', '.join(sorted(missing))}")
    _one_kind(records, read)
    logged = _logged(records, task, limits, rules, read)
    seen: dict[str, int] = {}
    for place, record in logged.items():
        first = seen.setdefault(record.id, place)
        if first != place:
            read.blame(place, "id", f"row {first + 1} has the same id, {record.id}")
            continue
        row = nested[place]
        try:
            answers = [_answer(task, name, said, limits.answers) for name, said in _named(row.get("answers"))]
            gold = None if not row.get("gold") else _gold(task, row["gold"], limits.answers, by, now)
            status, value, agent = _status(row), None, None
            if (answers or gold) and record.annotation is None and row.get("annotation"):
                value, agent = (
                    read_value(task, row["annotation"], limits.answers),
                    row["annotation"].get("agent") or by,
                )
        except _Wrong as wrong:
            read.blame(place, wrong.member, str(wrong))
            continue
        read.found.append(Imported(record, answers, gold, status, agent, value))
        read.rows.append(place)
    return read


class _Wrong(Exception):
    """Something is wrong with a row, maybe with one member of it."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


def _rows_of(body: bytes, kind: str, read: FileRead) -> Iterator[tuple[int, Json]]:
    if kind == "parquet":
        return iter(enumerate(_parquet_rows(body)))
    return _json_rows(body, read) if kind == "jsonl" else _csv_rows(body, read)


def _record_of(row: Json, task: Task, by: str) -> Json:
    """What of a row makes a record of ``:bulk``; texts without tokens are cut at words and signs."""
    record = {key: row[key] for key in _RECORD if row.get(key) is not None} | _signed(row, by)
    if task is Task.TOKEN_CLASSIFICATION and "tokens" not in record and isinstance(record.get("text"), str):
        record["tokens"] = _TOKENS.findall(record["text"])
    return record


def _one_kind(records: dict[int, Json], read: FileRead) -> None:
    """A dataset holds records of one label or of several, as the first row says."""
    kinds = {place: record.get("multi_label") is True for place, record in records.items()}
    first = next(iter(kinds.values()), False)
    for place, kind in kinds.items():
        if kind is not first:
            del records[place]
            had, has = ("one label", "several") if kind else ("several labels", "one")
            read.blame(place, "multi_label", f"the first row may have {had}, this one {has}")


def _logged(
    records: Mapping[int, Json], task: Task, limits: Limits, rules: Settings, read: FileRead
) -> dict[int, Record]:
    """The rows that are records, by row; what is wrong with the others is noted."""
    overlap, parts = rules.allow_overlapping_spans, rules.allow_character_spans
    places = list(records)
    while places:
        try:
            sent = msgspec.json.encode({"records": [records[place] for place in places]})
            found = read_bulk(sent, task, limits, allow_overlap=overlap, allow_parts=parts).records
            return dict(zip(places, found, strict=True))
        except ValidationError as refused:
            bad = [_blamed(each, places, read) for each in refused.errors]
            if None in bad:
                raise
            places = [place for place in places if place not in read.bad]
        except (TypeError, msgspec.MsgspecError, RecursionError) as wrong:
            raise ValidationError(
                [
                    {
                        "loc": ["body"],
                        "msg": f"the file cannot be read: {wrong}. Nothing was stored",
                        "type": "value_error",
                    }
                ],
                model="Import",
            ) from None
    return {}


def _blamed(error: Item, places: Sequence[int], read: FileRead) -> int | None:
    """Which row an error of ``:bulk`` is about; None if it is about none of them."""
    path = list(error["loc"])
    path = path[path.index("records") + 1 :] if "records" in path else []
    if not path or not isinstance(path[0], int):
        return None
    member = ".".join(str(each) for each in path[1:])
    read.blame(places[path[0]], member or None, str(error["msg"]))
    return places[path[0]]


def _signed(row: Json, by: str) -> Json:
    """In a file of one annotation a record, that annotation; where people's answers are told apart, none here."""
    status = row.get("status")
    annotation = row.get("annotation")
    if row.get("answers") or row.get("gold"):
        return {}
    if annotation is None:
        return {"status": status} if status in ("Default", "Discarded", "Edited") else {}
    return {"annotation": {"agent": by, **annotation}, "status": status or "Validated"}


def _named(answers: Any) -> list[tuple[str, Any]]:
    if answers is not None and not isinstance(answers, dict):
        raise _Wrong("an object of usernames and their answers is expected here", "answers")
    return list((answers or {}).items())


def _status(row: Json) -> Status:
    try:
        return Status(row.get("status") or "Default")
    except ValueError:
        known = ", ".join(each.value for each in Status)
        raise _Wrong(f"the status is one of {known}, not {row['status']}", "status") from None


def _json_rows(body: bytes, read: FileRead) -> Iterator[tuple[int, Json]]:
    lines = (line for line in body.split(b"\n") if line.strip())  # other line breaks may stand inside a text
    for place, line in enumerate(lines):
        try:
            row = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
            read.blame(place, None, f"line {place + 1} is not JSON: {wrong}")
            continue
        if isinstance(row, dict):
            yield place, row
        else:
            read.blame(place, None, f"line {place + 1} is not an object")


def _csv_rows(body: bytes, read: FileRead) -> Iterator[tuple[int, Json]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        read.blame(0, None, f"the file is not UTF-8: {wrong}")
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    place = -1
    try:
        for place, row in enumerate(reader):
            if None in row or None in row.values():
                read.blame(place, None, f"row {place + 1} has more or fewer cells than the header")
            else:
                yield place, dict(row)
    except csv.Error as wrong:
        read.blame(place + 1, None, f"row {place + 2} cannot be read, nor what follows: {wrong}")


def _parquet_rows(body: bytes) -> list[Json]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise BadRequestError(
            "This server cannot read Parquet: install it with the extra, `pip install 'apportion[parquet]'`, "
            "or send jsonl or csv. Nothing was stored."
        ) from None
    try:
        rows = pq.read_table(pa.BufferReader(body)).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as wrong:
        raise BadRequestError(f"The file is no Parquet: {wrong}. Nothing was stored.") from None
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """A cell of a Parquet table as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, Decimal) else value


def _lenient(row: Json, task: Task) -> Json:
    """A row of JSON lines: our own shape, or one with plain labels and texts."""
    if task is Task.TEXT_CLASSIFICATION and "inputs" not in row and row.get("text") is not None:
        row = {**row, "inputs": {"text": row["text"]}}
    if isinstance(row.get("annotation"), str | list):
        row = {**row, "annotation": _value(row["annotation"], task)}
    if isinstance(row.get("prediction"), str | list):
        row = {**row, **_prediction(row["prediction"], task)}
    return row


def _nested(row: Json, task: Task) -> Json:
    """A flat row under our names, nested as JSON lines are."""
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
            nested.update(_prediction(_cell(value), task, str(row.get("prediction_agent") or _AGENT)))
        elif not name.startswith("soft.") and name not in ("support", "agreeing"):
            nested[name] = _cell(value)
    if nested.get("annotation") and nested.get("annotation_agent"):
        nested["annotation"]["agent"] = nested["annotation_agent"]
    _score(nested.get("prediction"), nested.get("prediction_score"))
    return nested


def _prediction(value: Any, task: Task, agent: str = _AGENT) -> Json:
    """Predictions by agent, one with its agent, or only what was predicted."""
    if isinstance(value, dict):
        if _MEMBER[task] not in value:
            return {"predictions": value}
        return {"prediction": {"agent": agent, **value}}
    return {
        "prediction": {
            "agent": agent,
            **_value(str(value) if isinstance(value, int | float) else value, task),
        }
    }


def _score(prediction: Any, score: Any) -> None:
    """A column of scores belongs to what was predicted beside it."""
    if not isinstance(prediction, dict) or not isinstance(score, int | float) or isinstance(score, bool):
        return
    for values in prediction.values():
        if isinstance(values, list):
            for each in values:
                if isinstance(each, dict):
                    each.setdefault("score", score)


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
    except (ValueError, RecursionError):
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
        return {"sentences": [one if isinstance(one, dict) else {"text": one} for one in each]}
    return {"labels": [one if isinstance(one, dict) else {"class": one} for one in each]}


def _answer(task: Task, name: str, said: Json, limits: AnswerLimits) -> Answer:
    try:
        return Answer(
            name,
            read_value(task, said.get("value"), limits),
            AnnotationState(said.get("state", "submitted")),
            said.get("counted", True) is True,
            _seconds(said.get("seconds")),
            None if said.get("updated_at") is None else instant_of(parse_datetime(said["updated_at"])),
        )
    except (ValueError, TypeError, AttributeError, ValidationError) as wrong:
        raise _Wrong(f"the answer cannot be read: {wrong}", f"answers.{name}") from None


def _seconds(sent: Any) -> float | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not 0 <= sent <= LONGEST_SECONDS:
        raise ValueError(f"seconds must be a number from 0 to {LONGEST_SECONDS:,}")
    return float(sent)


def _short(sent: Any, name: str, most: int) -> str | None:
    if sent is not None and (not isinstance(sent, str) or len(sent) > most):
        raise ValueError(f"{name} must be a text of at most {most:,} characters")
    return sent


def _gold(task: Task, said: Json, limits: AnswerLimits, by: str, now: int) -> Gold:
    try:
        return Gold(
            read_value(task, said.get("value"), limits),
            Origin(said.get("origin", "imported")),
            _short(said.get("author") or by, "author", AGENT_LENGTH) or by,
            _short(said.get("reason"), "reason", LONGEST_REASON),
            1,
            now if said.get("at") is None else instant_of(parse_datetime(said["at"])),
        )
    except (ValueError, TypeError, AttributeError, ValidationError) as wrong:
        raise _Wrong(f"the gold value cannot be read: {wrong}", "gold") from None
