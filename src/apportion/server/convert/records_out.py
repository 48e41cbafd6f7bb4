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
from apportion.ports.records import AgentFragments, StoredRecord
from apportion.spans import token_offsets
from apportion.vocabulary import Task

__all__ = [
    "Projection",
    "full_record",
    "own_values",
    "record_metrics",
    "scan_record",
    "search_record",
    "vectors_json",
]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_CLASS = (b'{"class_label":', b'{"class":')


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
    parts = [b'{"id":%b,"status":"%b"' % (_number_or_text(row.id), row.status.value.encode())]
    if (predictions := row.predictions(nulls=False)) is not None:
        parts.append(_shown(b"prediction", predictions))
    if (annotations := row.annotations(nulls=False)) is not None:
        parts.append(_shown(b"annotation", annotations))
    if row.vectors:
        parts.append(b'"vectors":' + _encode(_without_nulls(_vectors(row.vectors))))
    parts.append(
        b'"metrics":' + _encode(_without_nulls(record_metrics(row, task))) if metrics else b'"metrics":{}'
    )
    parts.append(_updated(row.updated))
    if search_keywords:
        parts.append(b'"search_keywords":' + _encode(list(search_keywords)))
    parts.append(row.content_without_nulls())
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
        more = b',"text":' + _encode(joined_text(row.texts().inputs or {}))
    if search_keywords:
        more += b',"search_keywords":' + _encode(list(search_keywords))
    return b'{"id":%b,"status":"%b",%b,%b,"vectors":%b,"metrics":%b,%b,%b%b}' % (
        _encode(row.id),
        row.status.value.encode(),
        _whole(b"prediction", row.predictions()),
        _whole(b"annotation", row.annotations()),
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
        _whole(b"prediction", row.predictions()).replace(*_CLASS),
        _whole(b"annotation", row.annotations()).replace(*_CLASS),
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


def _number_or_text(id: str) -> bytes:
    """Return an id as a number if it looks like one, and as text if a number would lose something: ``007``, ``-0``."""
    return id.encode() if _WHOLE_NUMBER.fullmatch(id) else _encode(id)


@lru_cache(maxsize=4096)
def _updated(instant: int) -> bytes:
    return b'"last_updated":"%b"' % naive_iso(instant).encode()


def _whole(name: bytes, answers: AgentFragments | None) -> bytes:
    """Return singular and plural of predictions or annotations, as stored."""
    if answers is None:
        return b'"%b":null,"%bs":null' % (name, name)
    first, own = answers
    if first is None:
        return b'"%b":null,"%bs":%b' % (name, name, own_values(answers))
    agent, value = first
    if own is None:
        return b'"%b":{"agent":%b,%b},"%bs":{%b:{"agent":null,%b}}' % (name, agent, value, name, agent, value)
    return b'"%b":{"agent":%b,%b},"%bs":%b' % (name, agent, value, name, own_values(answers))


def own_values(answers: AgentFragments) -> bytes:
    """Return all agents' own values of predictions or annotations, as stored: an object by agent."""
    return b"{%b}" % b",".join([b'%b:{"agent":null,%b}' % each for each in _own(answers)])


def _own(answers: AgentFragments) -> Sequence[tuple[bytes, bytes]]:
    first, own = answers
    return own if own is not None else () if first is None else (first,)


def vectors_json(vectors: Any) -> bytes:
    """Return the embeddings of a record, by name."""
    return _encode(_vectors(vectors))


def _shown(name: bytes, answers: AgentFragments) -> bytes:
    """Return singular and plural of predictions or annotations without nulls, labels as ``class``."""
    first, own = answers
    if first is not None and own is None:
        agent, value = first[0], first[1].replace(*_CLASS)
        return b'"%b":{"agent":%b,%b},"%bs":{%b:{%b}}' % (name, agent, value, name, agent, value)
    several = b",".join([b"%b:{%b}" % each for each in _own(answers)])
    if first is None:
        return (b'"%bs":{%b}' % (name, several)).replace(*_CLASS)
    return (b'"%b":{"agent":%b,%b},"%bs":{%b}' % (name, *first, name, several)).replace(*_CLASS)


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
    content = row.texts()
    if task is Task.TEXT_CLASSIFICATION:
        return {"text_length": len(joined_text(content.inputs or {}))}
    if task is Task.TEXT2TEXT:
        return {"text_length": len(content.text)}
    return token_metrics(
        content.text,
        content.tokens,
        token_offsets(content.text, content.tokens),
        *row.spans(),
    )
