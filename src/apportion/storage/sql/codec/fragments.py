"""Encode and decode records as stored: JSON fragments that replies are spliced from.

Three fragments, so that what depends on the viewer stays out of what does not:

* ``content``: the members of the record's own fields, nulls written out, as the scan route shows them;
* ``prediction`` and ``answer``: lines of agent and value by turns, the agent that counts first.
  Compact JSON never holds a raw line break, so they can be split without parsing. Where people have answered
  but nothing is resolved, the first agent and value are ``null``.
"""

from __future__ import annotations

from array import array
from typing import Any

import msgspec

from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    Vector,
    best_first,
    joined_text,
)
from apportion.domain.times import instant_of, parse_datetime
from apportion.spans import Entity
from apportion.vocabulary import Status, Task

__all__ = [
    "UNRESOLVED",
    "decode_answers",
    "decode_content",
    "decode_record",
    "decode_value",
    "decode_vector",
    "encode_answers",
    "encode_content",
    "encode_name",
    "encode_value",
    "encode_vector",
    "encode_view",
    "entities_of",
    "packed",
    "text_of",
    "unpacked",
    "value_members",
    "with_mirrors",
]

UNRESOLVED = b"null\n"
"""The beginning of an answer while nothing is resolved."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def encode_content(record: Record) -> bytes:
    """Encode the members of the record's own fields, without the braces."""
    # Without braces, so that replies can add members of their own without parsing
    members: dict[str, Any] = {"metadata": record.metadata, "event_timestamp": record.event_timestamp}
    if isinstance(record, TextClassificationRecord):
        members["inputs"] = record.inputs
        members["multi_label"] = record.multi_label
        members["explanation"] = record.explanation
    elif isinstance(record, TokenClassificationRecord):
        members["text"] = record.raw
        members["tokens"] = record.tokens
    else:
        members["text"] = record.text
    return _encode(members)[1:-1]


def encode_value(task: Task, value: Value) -> bytes:
    """Encode the members of a prediction's or annotation's value, without agent and braces."""
    if isinstance(value, Entities):
        spans = [{"start": s.start, "end": s.end, "label": s.label, "score": s.score} for s in value.spans]
        return _encode({"entities": spans, "score": value.score})[1:-1]
    if task is Task.TEXT2TEXT:
        return _encode({"sentences": [{"text": text, "score": score} for text, score in value]})[1:-1]
    return _encode({"labels": [{"class_label": label, "score": score} for label, score in value]})[1:-1]


def encode_answers(task: Task, answers: AgentValues | None) -> bytes | None:
    """Encode agents and values, line by line, the agent that counts first."""
    if answers is None:
        return None
    lines = [_encode(answers.agent), encode_value(task, answers.value)]
    if len(answers.by_agent) > 1:
        for agent, value in answers.by_agent.items():
            if agent != answers.agent:
                lines += [_encode(agent), encode_value(task, value)]
    return b"\n".join(lines)


def decode_value(task: Task, fragment: bytes) -> Value:
    """Decode the value of one fragment."""
    found = _decode(b"{" + fragment + b"}")
    if task is Task.TOKEN_CLASSIFICATION:
        spans = [Entity(e["start"], e["end"], e["label"], float(e["score"])) for e in found["entities"]]
        return Entities(spans, found["score"])
    if task is Task.TEXT2TEXT:
        return best_first([(s["text"], float(s["score"])) for s in found["sentences"]])
    return best_first([(s["class_label"], float(s["score"])) for s in found["labels"]])


def decode_answers(task: Task, fragment: bytes | None) -> AgentValues | None:
    """Decode the answers of a stored fragment; None while nothing is resolved."""
    # Others' values may stand behind, for those who see everybody's
    if fragment is None or fragment.startswith(UNRESOLVED):
        return None
    lines = fragment.split(b"\n")
    agents = [_decode(line) for line in lines[::2]]
    values = [decode_value(task, line) for line in lines[1::2]]
    return AgentValues(agents[0], dict(zip(agents, values, strict=True)))


def decode_content(content: bytes) -> dict[str, Any]:
    """Decode the record's own fields as plain values."""
    found: dict[str, Any] = _decode(b"{" + content + b"}")
    return found


def decode_record(
    task: Task, id: str, status: Status, content: bytes, prediction: bytes | None, answer: bytes | None
) -> Record:
    """Decode a record from its stored fragments, without its vectors."""
    found = decode_content(content)
    common: dict[str, Any] = {
        "id": id,
        "status": status,
        "metadata": found["metadata"],
        "event_timestamp": found["event_timestamp"],
        "event": _instant(found["event_timestamp"]),
        "prediction": decode_answers(task, prediction),
        "annotation": decode_answers(task, answer),
    }
    if task is Task.TEXT_CLASSIFICATION:
        return TextClassificationRecord(
            **common,
            inputs=found["inputs"],
            multi_label=found["multi_label"],
            explanation=found["explanation"],
        )
    if task is Task.TOKEN_CLASSIFICATION:
        return TokenClassificationRecord(**common, raw=found["text"], tokens=found["tokens"])
    return Text2TextRecord(**common, raw=found["text"])


def _instant(text: str | None) -> int | None:
    return None if text is None else instant_of(parse_datetime(text))


def with_mirrors(content: bytes, keys: list[str], names: list[str]) -> bytes:
    """Return the content with these people under these metadata keys: one name, or a list of several."""
    found = decode_content(content)
    metadata = {key: value for key, value in (found["metadata"] or {}).items() if key not in keys}
    if names:
        metadata.update(dict.fromkeys(keys, names[0] if len(names) == 1 else names))
    found["metadata"] = metadata or None
    return _encode(found)[1:-1]


def packed(term_ids: list[int]) -> bytes:
    """Pack value numbers as little-endian unsigned 32-bit integers, ascending."""
    return array("I", sorted(term_ids)).tobytes() if term_ids else b""


def unpacked(blob: bytes) -> array[int]:
    """Return the value numbers in a blob made by ``packed``."""
    term_ids = array("I")
    term_ids.frombytes(blob)
    return term_ids


def entities_of(answers: AgentValues | None) -> list[Entity] | None:
    """Return the spans of the agent that counts; None without spans."""
    if answers is None or not isinstance(answers.value, Entities):
        return None
    return list(answers.value.spans)


def value_members(task: Task, fragment: bytes | None) -> dict[str, Any]:
    """Decode a stored fragment as plain values by agent; labels have both of their 1.x names."""
    if fragment is None:
        return {}
    lines = fragment.split(b"\n")
    found = {
        _decode(agent): _decode(b"{" + value + b"}")
        for agent, value in zip(lines[::2], lines[1::2], strict=True)
        # It stands first while nothing is resolved
        if agent != b"null"
    }
    if task is Task.TEXT_CLASSIFICATION:
        for value in found.values():
            for label in value["labels"]:
                label["class"] = label["class_label"]
    return found


def encode_view(task: Task, view: ResolvedView) -> bytes | None:
    """Encode a view: the agent and value that count, then those of all others."""
    everyone = [(_encode(name), encode_value(task, value)) for name, value in view.everyone.items()]
    if view.agent is not None and view.value is not None:
        first = (_encode(view.agent), encode_value(task, view.value))
    elif everyone:
        first = (b"null", b"null")
    else:
        return None
    return b"\n".join(
        line for pair in (first, *(each for each in everyone if each[0] != first[0])) for line in pair
    )


def encode_name(name: str) -> bytes:
    """Encode an agent's name as the first line of stored answers."""
    return _encode(name)


def encode_vector(vector: Vector) -> tuple[bytes, bytes | None]:
    """Encode an embedding as float64, and its model and record properties as JSON."""
    more = {"record_properties": vector.record_properties, "model": vector.model}
    named = vector.record_properties is not None or vector.model is not None
    # As sent, in 64 bits: what is loaded back is what was logged, to the last digit
    return array("d", vector.value).tobytes(), _encode(more) if named else None


def decode_vector(value: bytes, more: bytes | None) -> Vector:
    """Decode an embedding from its stored form."""
    numbers = array("d")
    numbers.frombytes(value)
    named = _decode(more) if more else {}
    return Vector(numbers.tolist(), named.get("record_properties"), named.get("model"))


class _Texts(msgspec.Struct):
    """The searchable part of a stored record; the decoder skips the rest."""

    inputs: dict[str, str | list[str]] | None = None
    text: str = ""


_texts = msgspec.json.Decoder(_Texts).decode


def text_of(content: bytes) -> str:
    """Return the searchable text of a stored record."""
    found = _texts(b"{" + content + b"}")
    return joined_text(found.inputs) if found.inputs is not None else found.text
