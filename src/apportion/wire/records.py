"""Records as clients log them, one struct per task, and as the server shows them, one struct for all tasks.

Unknown members are ignored. What is shown is checked for its form only: what the server holds should stay readable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from apportion.vocabulary import Status

__all__ = [
    "AGENT_LENGTH",
    "LABEL_LENGTH",
    "BulkOut",
    "Deleted",
    "Entity",
    "EntityAnswer",
    "EntityValue",
    "Label",
    "LabelAnswer",
    "LabelValue",
    "Record",
    "RecordChanges",
    "Sentence",
    "SentenceAnswer",
    "SentenceValue",
    "ShownEntity",
    "ShownLabel",
    "ShownSentence",
    "ShownValue",
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


def _no_entities() -> list[Entity]:
    """Return an empty list, which is written unlike one of ``list``: to find nothing is an answer."""
    return []


class EntityValue(Struct):
    """The entities of a text, with an optional score of the whole."""

    entities: list[Entity] = field(default_factory=_no_entities)
    score: float | None = None


class EntityAnswer(EntityValue, kw_only=True, omit_defaults=True):
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


class Vector(Struct, omit_defaults=True):
    """An embedding of the record."""

    value: Annotated[list[float], Meta(min_length=1)]
    record_properties: list[Any] | None = None
    model: str | None = None


# Records


class _Common(Struct, kw_only=True, omit_defaults=True):
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


class RecordChanges(Struct, kw_only=True):
    """Changes to a record; metadata is merged key by key."""

    metadata: dict[str, Any] | None = None
    status: Status | None = None


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


# Responses


class BulkOut(Struct, kw_only=True, omit_defaults=True):
    """Number of stored records; ``failed`` is always 0, since a bad record refuses the whole request."""

    dataset: str
    processed: int
    failed: int
    kept: Annotated[
        int | None, Meta(description="Annotations left as they were, where everyone has their own.")
    ] = None


class Deleted(Struct, kw_only=True):
    """Numbers of records that matched, and that were processed."""

    matched: int
    processed: int


class ShownLabel(Struct, gc=False, omit_defaults=True):
    """A label of a text; a scan calls it ``class_label``, everything else ``class``."""

    class_label: str | None = None
    name: str | None = field(name="class", default=None)
    score: float = 1.0


class ShownEntity(Struct, gc=False):
    """A labelled stretch of a text, in code points."""

    label: str
    start: int
    end: int
    score: float | None = 1.0


class ShownSentence(Struct, gc=False):
    """One text made from another."""

    text: str
    score: float = 1.0


class ShownValue(Struct, kw_only=True, omit_defaults=True):
    """A prediction or an annotation: the members of the dataset's task, and who said so where no key says it."""

    agent: str | None = None
    labels: list[ShownLabel] | None = None
    entities: list[ShownEntity] | None = None
    sentences: list[ShownSentence] | None = None
    score: float | None = None


_BY_AGENT = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/ShownValue"}},
        {"type": "null"},
    ]
}
_ByAgent = (
    Annotated[Raw, Meta(description="Everyone's own, by agent.", extra_json_schema=_BY_AGENT)] | UnsetType
)
"""Not decoded before somebody looks: clients seldom do, and the server concatenates stored JSON."""


class Record(Struct, kw_only=True, omit_defaults=True):
    """A record as the server shows it: the members of the dataset's task.

    A search leaves out what is null. A scan with ``fields`` leaves out all but the id and those fields.
    """

    id: Annotated[str | int, Meta(description="As a number if it looks like one, except in a scan.")]
    status: Literal["Default", "Edited", "Validated", "Discarded"] | None = None
    inputs: Annotated[dict[str, str | list[str]] | None, Meta(description="Texts to classify, by name.")] = (
        None
    )
    multi_label: bool = False
    explanation: dict[str, list[TokenAttributions]] | None = None
    text: str | None = None
    tokens: list[str] | None = None
    prediction: ShownValue | None = None
    predictions: _ByAgent = UNSET
    annotation: ShownValue | None = None
    annotations: _ByAgent = UNSET
    metadata: dict[str, Any] | None = None
    event_timestamp: datetime | None = None
    last_updated: str | None = None
    vectors: dict[str, Vector] | None = None
    metrics: Annotated[
        dict[str, Any] | None, Meta(description="Figures about the texts, where they were asked for.")
    ] = None
    search_keywords: Annotated[
        list[str] | None, Meta(description="Words of the texts that the query matched.")
    ] = None
