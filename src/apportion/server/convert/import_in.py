"""Import of files as records: our own exports, or any other file with a mapping of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import msgspec

from apportion.domain.answer_limits import AnswerLimits
from apportion.domain.datasets import LabelSettings
from apportion.domain.errors import ValidationError
from apportion.domain.individual.case import GoldValue, Origin
from apportion.domain.records import Record
from apportion.domain.times import instant_of, parse_datetime
from apportion.services.records.import_rows import ImportedAnswer, ImportedRows
from apportion.vocabulary import AnnotationState, Status, Task
from apportion.wire.bodies import LONGEST_REASON, LONGEST_SECONDS
from apportion.wire.records import AGENT_LENGTH

from .file_rows import FileLimits, file_rows
from .json_in import MAX_ERRORS, Item
from .records_in import BulkLimits, read_bulk
from .values import read_value

__all__ = ["FileRead", "ReadOptions", "read_file", "refusal_of"]

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
"""Agent of predictions in files that name none."""
_AT_ONCE = 500_000
"""Bytes of rows that are converted to records together."""
_ROWS_AT_ONCE = 50
"""Rows that are read between two rests."""
_LONGEST_MESSAGE = 500
"""Most characters of an error message about a row: it may quote a long value."""


@dataclass(slots=True)
class FileRead:
    """Contents of a file: its records, the row of each (from 0), and the errors of the other rows."""

    found: list[ImportedRows] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    wrong: list[Item] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)

    def blame(self, row: int, member: str | None, message: str) -> None:
        """Note an error of a row."""
        self.bad.add(row)
        if len(self.wrong) < MAX_ERRORS:
            loc = ["body", "rows", row, *([member[:_LONGEST_MESSAGE]] if member else [])]
            text = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
            self.wrong.append({"loc": loc, "msg": text, "type": "value_error"})

    def leave_out(self, problems: Sequence[tuple[int, str]]) -> None:
        """Leave out records that do not fit the dataset, by their index in ``found``."""
        for place, message in problems:
            self.blame(self.rows[place], None, message)
        self.found = [each for row, each in zip(self.rows, self.found, strict=True) if row not in self.bad]
        self.rows = [row for row in self.rows if row not in self.bad]
        self.wrong.sort(key=lambda each: int(each["loc"][2]))


def refusal_of(read: FileRead) -> ValidationError:
    """Return the refusal of a file with bad rows, for requests that leave none out."""
    errors = [{**each, "msg": f"{each['msg']}. Nothing was stored"} for each in read.wrong]
    return ValidationError(errors, model="Import")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading a file: ``mapping`` from our columns to the file's, ``rules`` for spans.

    ``by`` is the author of annotations and gold values that name none.
    """

    kind: str
    task: Task
    mapping: Mapping[str, str]
    limits: BulkLimits
    file_limits: FileLimits
    rules: LabelSettings
    by: str
    now: int


def read_file(file: IO[bytes], how: ReadOptions, rest: Callable[[], None]) -> FileRead:
    """Return the records of a file, and its bad rows. Raises ``ValidationError`` for a file that is too large.

    ``rest`` is called every few milliseconds.
    """
    return _FileReader(how, rest).read(file)


class _FileReader:
    """Converter of rows to records, some megabytes at a time, so that no whole file is in memory in several forms."""

    def __init__(self, how: ReadOptions, rest: Callable[[], None]) -> None:
        self._how = how
        self._rest = rest
        self._read = FileRead()
        self._nested: dict[int, Json] = {}
        self._first_of: dict[str, int] = {}
        """The row in which each id first occurred."""
        self._several: bool | None = None
        """``multi_label`` of the first row, which all other rows must share."""

    def read(self, file: IO[bytes]) -> FileRead:
        how, missing, some, size = self._how, set(self._how.mapping.values()), False, 0
        for row in file_rows(file, how.kind, how.file_limits):
            if row.values is None:
                self._read.blame(row.place, None, row.problem)
                continue
            some = True
            missing -= row.values.keys()
            self._nest(row.place, row.values)
            size += row.size
            if row.place % _ROWS_AT_ONCE == 0:
                self._rest()
            if size > _AT_ONCE:
                self._take()
                size = 0
        self._take()
        if missing and some:
            self._read.blame(0, None, f"no row has a column {', '.join(sorted(missing))}")
            self._read.leave_out(())
        self._read.wrong.sort(key=lambda each: int(each["loc"][2]))
        return self._read

    def _nest(self, place: int, row: Json) -> None:
        how = self._how
        try:
            if how.mapping:
                mapped = {ours: row.get(column) for ours, column in how.mapping.items()}
                self._nested[place] = _nested(mapped, how.task)
            else:
                self._nested[place] = (
                    _lenient(row, how.task) if how.kind == "jsonl" else _nested(row, how.task)
                )
        except (TypeError, ValueError, AttributeError) as wrong:
            self._read.blame(place, None, f"the row can't be read: {wrong}")

    def _take(self) -> None:
        """Convert the collected rows to records."""
        self._rest()
        how, read = self._how, self._read
        records: dict[int, Json] = {}
        for place, row in self._nested.items():
            try:
                records[place] = _record_of(row, how.task, how.by)
            except (TypeError, ValueError, AttributeError) as wrong:
                read.blame(place, None, f"the row can't be read: {wrong}")
        self._check_multi_label(records)
        for place, record in _logged(records, how.task, how.limits, how.rules, read).items():
            first = self._first_of.setdefault(record.id, place)
            if first != place:
                read.blame(place, "id", f"row {first + 1} has the same id, {record.id}")
                continue
            try:
                read.found.append(self._imported(record, self._nested[place]))
            except _Wrong as wrong:
                read.blame(place, wrong.member, str(wrong))
            else:
                read.rows.append(place)
        self._nested.clear()

    def _imported(self, record: Record, row: Json) -> ImportedRows:
        how, limits = self._how, self._how.limits.answers
        answers = [_answer(how.task, name, sent, limits) for name, sent in _named(row.get("answers"))]
        gold = None if not row.get("gold") else _gold(how.task, row["gold"], limits, how.by, how.now)
        status, value, agent = _status(row), None, None
        if (answers or gold) and record.annotation is None and row.get("annotation"):
            value = read_value(how.task, row["annotation"], limits)
            agent = row["annotation"].get("agent") or how.by
        return ImportedRows(record, answers, gold, status, agent, value)

    def _check_multi_label(self, records: dict[int, Json]) -> None:
        """Leave out records whose ``multi_label`` differs from the first row's."""
        kinds = {place: record.get("multi_label") is True for place, record in records.items()}
        if self._several is None and kinds:
            self._several = next(iter(kinds.values()))
        for place, kind in kinds.items():
            if kind is not self._several:
                del records[place]
                had, has = ("one label", "several") if kind else ("several labels", "one")
                self._read.blame(place, "multi_label", f"the first row may have {had}, this one {has}")


class _Wrong(Exception):
    """An error of a row, or of one member of it."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


def _record_of(row: Json, task: Task, by: str) -> Json:
    """Return the members of a row that ``:bulk`` takes; texts without tokens are split into words and signs."""
    record = {key: row[key] for key in _RECORD if row.get(key) is not None} | _annotation_of(row, by)
    if task is Task.TOKEN_CLASSIFICATION and "tokens" not in record and isinstance(record.get("text"), str):
        record["tokens"] = _TOKENS.findall(record["text"])
    return record


def _logged(
    records: Mapping[int, Json], task: Task, limits: BulkLimits, rules: LabelSettings, read: FileRead
) -> dict[int, Record]:
    """Return the valid records by row; errors of the others are noted in ``read``."""
    overlap, parts = rules.allow_overlapping_spans, rules.allow_character_spans
    places = list(records)
    while places:
        try:
            sent = msgspec.json.encode({"records": [records[place] for place in places]})
            found = read_bulk(sent, task, limits, allow_overlap=overlap, allow_parts=parts).records
            return dict(zip(places, found, strict=True))
        except ValidationError as refused:
            bad = [_note_error(each, places, read) for each in refused.errors]
            if None in bad:
                raise
            places = [place for place in places if place not in read.bad]
        except (TypeError, msgspec.MsgspecError, RecursionError) as wrong:
            raise ValidationError(
                [
                    {
                        "loc": ["body"],
                        "msg": f"the file can't be read: {wrong}. Nothing was stored",
                        "type": "value_error",
                    }
                ],
                model="Import",
            ) from None
    return {}


def _note_error(error: Item, places: Sequence[int], read: FileRead) -> int | None:
    """Note an error of ``:bulk`` for its row, and return the row; None if the error is about none."""
    path = list(error["loc"])
    path = path[path.index("records") + 1 :] if "records" in path else []
    if not path or not isinstance(path[0], int):
        return None
    member = ".".join(str(each) for each in path[1:])
    read.blame(places[path[0]], member or None, str(error["msg"]))
    return places[path[0]]


def _annotation_of(row: Json, by: str) -> Json:
    """Return annotation and status for ``:bulk``; nothing for a row with answers by person or gold, imported apart."""
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


def _lenient(row: Json, task: Task) -> Json:
    """Return a row of JSON lines in our nested shape; labels and texts may be plain."""
    if task is Task.TEXT_CLASSIFICATION and "inputs" not in row and row.get("text") is not None:
        row = {**row, "inputs": {"text": row["text"]}}
    if isinstance(row.get("annotation"), str | list):
        row = {**row, "annotation": _value(row["annotation"], task)}
    if isinstance(row.get("prediction"), str | list):
        row = {**row, **_prediction(row["prediction"], task)}
    return row


def _nested(row: Json, task: Task) -> Json:
    """Return a flat row under our names, nested as JSON lines are."""
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
    """Return predictions by agent; the row may have these, one with its agent, or a plain value."""
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
    """Add the score of a column of its own to the prediction in the same row."""
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
    """Return the value of a cell: decoded JSON, or the text itself if it is not JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _text(value: Any) -> Any:
    """Return the value of a text cell: only quoted texts and lists of texts are read as JSON."""
    found = _cell(value)
    if isinstance(found, str) or (isinstance(found, list) and all(isinstance(each, str) for each in found)):
        return found
    return value


def _value(value: Any, task: Task) -> Json:
    """Return a label, a text, or a list of labels or spans as a value."""
    if isinstance(value, dict):
        return value
    found = _text(value) if task is not Task.TOKEN_CLASSIFICATION else _cell(value)
    if task is Task.TOKEN_CLASSIFICATION:
        return {"entities": found}
    each = found if isinstance(found, list) else [found]
    if task is Task.TEXT2TEXT:
        return {"sentences": [one if isinstance(one, dict) else {"text": one} for one in each]}
    return {"labels": [one if isinstance(one, dict) else {"class": one} for one in each]}


def _answer(task: Task, name: str, sent: Json, limits: AnswerLimits) -> ImportedAnswer:
    try:
        return ImportedAnswer(
            name,
            read_value(task, sent.get("value"), limits),
            AnnotationState(sent.get("state", "submitted")),
            sent.get("counted", True) is True,
            _seconds(sent.get("seconds")),
            None if sent.get("updated_at") is None else instant_of(parse_datetime(sent["updated_at"])),
        )
    except (ValueError, TypeError, AttributeError, ValidationError) as wrong:
        raise _Wrong(f"the answer can't be read: {wrong}", f"answers.{name}") from None


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


def _gold(task: Task, sent: Json, limits: AnswerLimits, by: str, now: int) -> GoldValue:
    try:
        return GoldValue(
            read_value(task, sent.get("value"), limits),
            Origin(sent.get("origin", "imported")),
            _short(sent.get("author") or by, "author", AGENT_LENGTH) or by,
            _short(sent.get("reason"), "reason", LONGEST_REASON),
            1,
            now if sent.get("at") is None else instant_of(parse_datetime(sent["at"])),
        )
    except (ValueError, TypeError, AttributeError, ValidationError) as wrong:
        raise _Wrong(f"the gold value can't be read: {wrong}", "gold") from None
