"""Stored records as replies show them: JSON fragments are concatenated, and decoded only if a reply needs it.

There are three forms: of a search, of a scan, and one record in full. All replacements of bytes here look for
quotes that end a name. Inside JSON text quotes are escaped, so texts are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from apportion.domain.query import field_regex
from apportion.domain.records import Vector, joined_text
from apportion.domain.times import naive_iso
from apportion.domain.token_metrics import token_metrics
from apportion.ports.records import StoredRecord
from apportion.spans import Entity, token_offsets
from apportion.vocabulary import Task

__all__ = [
    "Projection",
    "everyone",
    "full_record",
    "record_metrics",
    "scan_record",
    "search_record",
    "vectors_json",
]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_CLASS = (b'{"class_label":', b'{"class":')


class _Texts(msgspec.Struct):
    """Members of stored content that metrics need."""

    inputs: dict[str, str | list[str]] | None = None
    text: str = ""
    tokens: list[str] = []


class _Span(msgspec.Struct, gc=False):
    start: int
    end: int
    label: str
    score: float


class _Spans(msgspec.Struct):
    entities: list[_Span]


_texts = msgspec.json.Decoder(_Texts).decode
_spans = msgspec.json.Decoder(_Spans).decode


class Projection:
    """Selection of a record's members: dotted names, in which a star stands for any characters."""

    def __init__(self, names: Sequence[str]) -> None:
        self._patterns = [field_regex(name) for name in names]
        self._starts = [name.partition("*")[0] for name in names]
        self._open = ["*" in name for name in names]

    @staticmethod
    def of(names: Iterable[str] | None) -> Projection | None:
        """Return the projection to these names; None if they select everything."""
        wanted = list(dict.fromkeys(names or ()))
        return Projection(wanted) if wanted and "*" not in wanted else None

    def touches(self, name: str) -> bool:
        """Return whether any part of a top level member may be selected."""
        for start, is_open in zip(self._starts, self._open, strict=True):
            if start == name or start.startswith(f"{name}.") or (is_open and name.startswith(start)):
                return True
        return False

    def apply(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the selected members of a record, and always its id."""
        found = self._inside(record, "")
        return {"id": record["id"], **found}

    def _wants(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern in self._patterns)

    def _inside(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        found = {}
        for name, each in value.items():
            here = f"{path}{name}"
            if self._wants(here):
                found[name] = each
            elif isinstance(each, dict):
                if inner := self._inside(each, f"{here}."):
                    found[name] = inner
            elif isinstance(each, list):
                parts = [self._inside(one, f"{here}.") for one in each if isinstance(one, dict)]
                if any(parts):
                    found[name] = parts
        return found


# The three forms


def search_record(
    row: StoredRecord, task: Task, *, metrics: bool, search_keywords: Sequence[str] | None = None
) -> bytes:
    """Return a record as ``:search`` shows it: without nulls, ids as numbers if they look like one."""
    content = row.content.replace(b'"event_timestamp":null,', b"")
    if content.startswith(b'"metadata":null,'):
        content = content[16:]
    content = content.removesuffix(b',"explanation":null')
    if b":null" in content:
        content = _encode(_without_nulls(_decode(b"{%b}" % content)))[1:-1]
    parts = [b'{"id":%b,"status":"%b"' % (_number_or_text(row.id), row.status.value.encode())]
    if row.prediction is not None:
        parts.append(_shown(b"prediction", row.prediction))
    if row.answer is not None:
        parts.append(_shown(b"annotation", row.answer))
    if row.vectors:
        parts.append(b'"vectors":' + _encode(_without_nulls(_vectors(row.vectors))))
    parts.append(
        b'"metrics":' + _encode(_without_nulls(record_metrics(row, task))) if metrics else b'"metrics":{}'
    )
    parts.append(_updated(row.updated))
    if search_keywords:
        parts.append(b'"search_keywords":' + _encode(list(search_keywords)))
    parts.append(content)
    return b",".join(parts) + b"}"


def scan_record(  # noqa: PLR0913 - what a scan leaves out
    row: StoredRecord,
    task: Task,
    *,
    metrics: bool,
    fields: Projection | None = None,
    text: bool = True,
    search_keywords: Sequence[str] | None = None,
) -> bytes:
    """Return a record as a scan shows it: nulls written, ids always text, labels as ``class_label``.

    Without ``metrics`` that member is ``{}``. Text classification records get their inputs joined as
    ``text``, unless ``text`` is False.
    """
    if fields is not None:
        return _projected(row, task, fields, metrics, search_keywords)
    more = b""
    if text and task is Task.TEXT_CLASSIFICATION:
        more = b',"text":' + _encode(joined_text(_texts(b"{%b}" % row.content).inputs or {}))
    if search_keywords:
        more += b',"search_keywords":' + _encode(list(search_keywords))
    return b'{"id":%b,"status":"%b",%b,%b,"vectors":%b,"metrics":%b,%b,%b%b}' % (
        _encode(row.id),
        row.status.value.encode(),
        _NO_PREDICTION if row.prediction is None else _whole(b"prediction", row.prediction),
        _NO_ANNOTATION if row.answer is None else _whole(b"annotation", row.answer),
        vectors_json(row.vectors) if row.vectors else b"null",
        _encode(record_metrics(row, task)) if metrics else b"{}",
        _updated(row.updated),
        row.content,
        more,
    )


def full_record(row: StoredRecord, task: Task) -> bytes:
    """Return a record in full: nulls written, all metrics, ids as numbers if they look like one."""
    return b'{"id":%b,"status":"%b",%b,%b,"vectors":%b,"metrics":%b,"search_keywords":null,%b,%b}' % (
        _number_or_text(row.id),
        row.status.value.encode(),
        _NO_PREDICTION if row.prediction is None else _whole(b"prediction", row.prediction).replace(*_CLASS),
        _NO_ANNOTATION if row.answer is None else _whole(b"annotation", row.answer).replace(*_CLASS),
        vectors_json(row.vectors) if row.vectors else b"null",
        _encode(record_metrics(row, task)),
        _updated(row.updated),
        row.content,
    )


def _projected(
    row: StoredRecord, task: Task, fields: Projection, metrics: bool, search_keywords: Sequence[str] | None
) -> bytes:
    metrics = metrics and fields.touches("metrics")
    text = task is Task.TEXT_CLASSIFICATION and fields.touches("text")
    whole = _decode(scan_record(row, task, metrics=metrics, text=text))
    if search_keywords:
        whole["search_keywords"] = list(search_keywords)
    return _encode(fields.apply(whole))


# Parts of the forms

_NO_PREDICTION = b'"prediction":null,"predictions":null'
_NO_ANNOTATION = b'"annotation":null,"annotations":null'


def _number_or_text(id: str) -> bytes:
    """Return an id as a number if it looks like one, and as text if a number would lose something: ``007``, ``-0``."""
    return id.encode() if _WHOLE_NUMBER.fullmatch(id) else _encode(id)


@lru_cache(maxsize=4096)
def _updated(instant: int) -> bytes:
    return b'"last_updated":"%b"' % naive_iso(instant).encode()


_NOBODY = b"null\n"
_RESOLVED = (b'"consensus:', b'"adjudicated:')
"""Agents of resolved values, which stand for the record but are no person's annotation."""


def _whole(name: bytes, answers: bytes) -> bytes:
    """Return singular and plural of a prediction or an annotation, as stored."""
    if answers.count(b"\n") == 1:
        agent, value = answers.split(b"\n")
        if agent.startswith(_RESOLVED):
            return b'"%b":{"agent":%b,%b},"%bs":{}' % (name, agent, value, name)
        if agent != b"null":
            member = b'"%b":{"agent":%b,%b},"%bs":{%b:{"agent":null,%b}}'
            return member % (name, agent, value, name, agent, value)
    several = everyone(answers)
    if answers.startswith(_NOBODY):
        return b'"%b":null,"%bs":%b' % (name, name, several)
    lines = answers.split(b"\n", 2)
    return b'"%b":{"agent":%b,%b},"%bs":%b' % (name, lines[0], lines[1], name, several)


def everyone(answers: bytes) -> bytes:
    """Return all agents' own values of a prediction or an annotation, as stored: an object by agent."""
    lines = answers.split(b"\n")
    several = [b'%b:{"agent":null,%b}' % each for each in _everyone(lines[::2], lines[1::2])]
    return b"{%b}" % b",".join(several)


def vectors_json(vectors: Any) -> bytes:
    """Return the embeddings of a record, by name."""
    return _encode(_vectors(vectors))


def _shown(name: bytes, answers: bytes) -> bytes:
    """Return singular and plural of a prediction or an annotation without nulls, labels as ``class``."""
    lines = answers.replace(*_CLASS).split(b"\n")
    # by far the most common
    if len(lines) == 2 and lines[0] != b"null" and not lines[0].startswith(_RESOLVED):
        agent, value = lines[0], lines[1].removesuffix(b',"score":null')
        return b'"%b":{"agent":%b,%b},"%bs":{%b:{%b}}' % (name, agent, value, name, agent, value)
    agents = lines[::2]
    values = [line.removesuffix(b',"score":null') for line in lines[1::2]]
    several = b",".join(b"%b:{%b}" % each for each in _everyone(agents, values))
    if answers.startswith(_NOBODY):
        return b'"%bs":{%b}' % (name, several)
    return b'"%b":{"agent":%b,%b},"%bs":{%b}' % (name, agents[0], values[0], name, several)


def _everyone(agents: list[bytes], values: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Return the pairs of agent and value that are an agent's own answer, not a resolved value."""
    return [
        (agent, value)
        for agent, value in zip(agents, values, strict=True)
        if agent != b"null" and not agent.startswith(_RESOLVED)
    ]


def _vectors(vectors: Any) -> dict[str, dict[str, Any]]:
    return {name: _vector(each) for name, each in vectors.items()}


def _vector(vector: Vector) -> dict[str, Any]:
    return {
        "value": list(vector.value),
        "record_properties": vector.record_properties,
        "model": vector.model,
    }


def _without_nulls(value: Any) -> Any:
    """Return a value without members that are null; lists keep their nulls."""
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def record_metrics(row: StoredRecord, task: Task) -> dict[str, Any]:
    """Return the ``metrics`` of a record, derived from its stored content."""
    content = _texts(b"{%b}" % row.content)
    if task is Task.TEXT_CLASSIFICATION:
        return {"text_length": len(joined_text(content.inputs or {}))}
    if task is Task.TEXT2TEXT:
        return {"text_length": len(content.text)}
    return token_metrics(
        content.text,
        content.tokens,
        token_offsets(content.text, content.tokens),
        _entities(row.prediction),
        _entities(row.answer),
    )


def _entities(answers: bytes | None) -> list[Entity] | None:
    """Return the spans of the agent that stands for the record."""
    if answers is None or answers.startswith(_NOBODY):
        return None
    value = answers.split(b"\n", 2)[1]
    return [Entity(each.start, each.end, each.label, each.score) for each in _spans(b"{%b}" % value).entities]
