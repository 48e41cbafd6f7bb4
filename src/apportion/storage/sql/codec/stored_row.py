"""Rows of records as they are stored, which know how to read their own fragments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from apportion.domain.records import AgentValues, Record, Vector
from apportion.ports.records import AgentFragments
from apportion.spans import Entity
from apportion.vocabulary import Status, Task

from .fragments import UNRESOLVED, decode_answers, decode_content, decode_record

__all__ = ["StoredRow"]

_RESOLVED = (b'"consensus:', b'"adjudicated:')
"""Agents of resolved values, which stand for the record but are no person's annotation."""
_NOBODY = b"null"
_NO_SCORE = b',"score":null'
_NO_EVENT = b'"event_timestamp":null,'
_NO_METADATA = b'"metadata":null,'
_NO_EXPLANATION = b',"explanation":null'


class _TextMembers(msgspec.Struct, gc=False):
    inputs: dict[str, str | list[str]] | None = None
    text: str = ""
    tokens: list[str] = []


class _SpanMember(msgspec.Struct, gc=False):
    start: int
    end: int
    label: str
    score: float


class _SpanMembers(msgspec.Struct):
    entities: list[_SpanMember]


_encode = msgspec.json.Encoder().encode
_texts = msgspec.json.Decoder(_TextMembers).decode
_spans = msgspec.json.Decoder(_SpanMembers).decode


class StoredRow(NamedTuple):
    """``ports.records.StoredRecord``: ``content``, ``prediction`` and ``answer`` are what ``fragments`` encodes."""

    id: str
    status: Status
    updated: int
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    vectors: Mapping[str, Vector] | None
    number: int

    def fields(self) -> dict[str, Any]:
        return decode_content(self.content)

    def texts(self) -> _TextMembers:
        return _texts(b"{%b}" % self.content)

    def content_without_nulls(self) -> bytes:
        # Most nulls are the whole of a member whose place is known: only where there are others it is decoded
        content = (
            self.content.replace(_NO_EVENT, b"").removeprefix(_NO_METADATA).removesuffix(_NO_EXPLANATION)
        )
        if b":null" in content:
            content = _encode(without_nulls(decode_content(content)))[1:-1]
        return content

    def predictions(self, *, nulls: bool = True) -> AgentFragments | None:
        return None if self.prediction is None else _by_agent(self.prediction, nulls)

    def annotations(self, *, nulls: bool = True) -> AgentFragments | None:
        return None if self.answer is None else _by_agent(self.answer, nulls)

    def with_first_answer(self) -> StoredRow:
        found = self.annotations()
        first = None if found is None else found.first
        return self._replace(answer=None if first is None else b"\n".join(first))

    def record(self, task: Task) -> Record:
        found = decode_record(task, self.id, self.status, self.content, self.prediction, self.answer)
        found.vectors = dict(self.vectors) if self.vectors else None
        return found

    def values(self, task: Task) -> tuple[AgentValues | None, AgentValues | None]:
        return decode_answers(task, self.prediction), decode_answers(task, self.answer)

    def spans(self) -> tuple[list[Entity] | None, list[Entity] | None]:
        return _entities(self.prediction), _entities(self.answer)


def without_nulls(value: Any) -> Any:
    """Return a value without members that are null; lists keep their nulls."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def _by_agent(fragment: bytes, nulls: bool) -> AgentFragments:
    agent, _, value = fragment.partition(b"\n")
    if b"\n" not in value and agent != _NOBODY and not agent.startswith(_RESOLVED):
        # By far the most common, and what pages of searches are full of
        return AgentFragments((agent, value if nulls else value.removesuffix(_NO_SCORE)), None)
    lines = fragment.split(b"\n")
    values = lines[1::2] if nulls else [line.removesuffix(_NO_SCORE) for line in lines[1::2]]
    pairs = list(zip(lines[::2], values, strict=True))
    own = [pair for pair in pairs if pair[0] != _NOBODY and not pair[0].startswith(_RESOLVED)]
    return AgentFragments(None if agent == _NOBODY else pairs[0], own)


def _entities(fragment: bytes | None) -> list[Entity] | None:
    """Return the spans of the agent that counts."""
    if fragment is None or fragment.startswith(UNRESOLVED):
        return None
    found = _spans(b"{%b}" % fragment.split(b"\n", 2)[1])
    return [Entity(each.start, each.end, each.label, each.score) for each in found.entities]
