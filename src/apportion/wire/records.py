"""Records as clients log them, one set of structs per task; unknown members are ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from apportion.vocabulary import Status

__all__ = [
    "AGENT_LENGTH",
    "LABEL_LENGTH",
    "Entity",
    "EntityAnswer",
    "EntityValue",
    "Label",
    "LabelAnswer",
    "LabelValue",
    "Sentence",
    "SentenceAnswer",
    "SentenceValue",
    "Text2TextBulk",
    "Text2TextRecord",
    "TextClassificationBulk",
    "TextClassificationRecord",
    "TokenAttributions",
    "TokenClassificationBulk",
    "TokenClassificationRecord",
    "Vector",
]

AGENT_LENGTH = 64
LABEL_LENGTH = 128

_Agent = Annotated[str, Meta(min_length=1, max_length=AGENT_LENGTH, description="Who says so.")]
_Name = Annotated[str, Meta(min_length=1, max_length=LABEL_LENGTH)]
_Score = Annotated[float, Meta(ge=0, le=1)]
_Timestamp = Annotated[
    datetime | int | float | None, Meta(description="ISO 8601, or seconds or milliseconds since 1970.")
]


# Values of records


class Label(Struct, gc=False):
    """One label of a text."""

    name: _Name = field(name="class")
    score: _Score = 1.0


class LabelValue(Struct):
    """The labels of a text. Inside ``predictions`` and ``annotations`` the agent is the key."""

    labels: list[Label]


class LabelAnswer(LabelValue):
    """The labels of a text, and their agent."""

    agent: _Agent


class Entity(Struct, gc=False):
    """A labelled stretch of a text: code points from ``start`` up to, not including, ``end``."""

    start: int
    end: int
    label: _Name
    score: _Score = 1.0


class EntityValue(Struct):
    """The entities of a text, with an optional score of the whole."""

    entities: list[Entity] = []
    score: float | None = None


class EntityAnswer(EntityValue, kw_only=True):
    """The entities of a text, and their agent."""

    agent: _Agent


class Sentence(Struct, gc=False):
    """One text made from another."""

    text: str
    score: _Score = 1.0


class SentenceValue(Struct):
    """The texts made from another one."""

    sentences: list[Sentence]


class SentenceAnswer(SentenceValue):
    """The texts made from another one, and their agent."""

    agent: _Agent


class TokenAttributions(Struct):
    """The weight of one token for each label."""

    token: str
    attributions: dict[str, float] = {}


class Vector(Struct):
    """An embedding of the record."""

    value: Annotated[list[float], Meta(min_length=1)]
    record_properties: list[Any] | None = None
    model: str | None = None


# Records


class _Common(Struct, kw_only=True):
    """Members that records of every task may have."""

    id: str | int | None = None
    metadata: dict[str, Any] | None = None
    event_timestamp: _Timestamp = None
    status: Status | None = None
    vectors: dict[str, Vector] | None = None


class TextClassificationRecord(_Common, kw_only=True):
    """Named texts, to be given one label or several."""

    inputs: Annotated[dict[str, str | list[str]], Meta(min_length=1)]
    multi_label: bool = False
    explanation: dict[str, list[TokenAttributions]] | None = None
    prediction: LabelAnswer | None = None
    annotation: LabelAnswer | None = None
    predictions: dict[_Agent, LabelValue] | None = None
    annotations: dict[_Agent, LabelValue] | None = None


class TokenClassificationRecord(_Common, kw_only=True):
    """A text cut into tokens, whose spans are to be labelled. ``raw_text`` counts where ``text`` is empty."""

    text: str | None = None
    raw_text: str | None = None
    tokens: Annotated[list[str], Meta(min_length=1)]
    prediction: EntityAnswer | None = None
    annotation: EntityAnswer | None = None
    predictions: dict[_Agent, EntityValue] | None = None
    annotations: dict[_Agent, EntityValue] | None = None


class Text2TextRecord(_Common, kw_only=True):
    """A text, to be turned into another one."""

    text: str
    prediction: SentenceAnswer | None = None
    annotation: SentenceAnswer | None = None
    predictions: dict[_Agent, SentenceValue] | None = None
    annotations: dict[_Agent, SentenceValue] | None = None


# Requests


class _Bulk(Struct, kw_only=True):
    """Members about the dataset that every request to log records may have."""

    tags: dict[str, str] | None = None
    metadata: dict[str, Any] | None = None


class TextClassificationBulk(_Bulk, kw_only=True):
    """Text classification records to log."""

    records: list[TextClassificationRecord]


class TokenClassificationBulk(_Bulk, kw_only=True):
    """Token classification records to log."""

    records: list[TokenClassificationRecord]


class Text2TextBulk(_Bulk, kw_only=True):
    """Text2text records to log."""

    records: list[Text2TextRecord]
