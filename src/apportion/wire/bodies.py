"""Parts that bodies of several nouns have: names, values of answers, and how what is sent is read."""

from __future__ import annotations

from enum import Enum, auto
from typing import Annotated, Any

from msgspec import Meta, Struct

from apportion.vocabulary import NAME_LENGTH, NAME_PATTERN

from .records import Entity, Label, Sentence

__all__ = [
    "LONGEST_REASON",
    "LONGEST_SECONDS",
    "AnswerValue",
    "LenientBody",
    "Name",
    "Reading",
    "Reason",
    "SentValue",
]

LONGEST_REASON = 10_000
"""Most characters of a reason."""
LONGEST_SECONDS = 10_000_000
"""Most seconds that one answer may have taken."""


class Reading(Enum):
    """Change that the server makes to a value that was sent, before it is checked against its type or after."""

    STRIPPED = auto()
    """Take spaces around a text away."""
    AS_TEXT = auto()
    """Take a number or a boolean as text."""
    AS_LABELS = auto()
    """Take a text in a list as the label of that name."""
    AS_DIMENSIONS = auto()
    """Take a number in an object as ``{"dim": number}``."""
    STRONG = auto()
    """Refuse a weak password."""


class LenientBody(Struct):
    """Base of the bodies that 1.x has, too: numbers are taken as text."""


Name = Annotated[str, Meta(pattern=NAME_PATTERN, min_length=1, max_length=NAME_LENGTH)]
"""Name of a user, a workspace or a dataset."""
Reason = Annotated[str, Meta(max_length=LONGEST_REASON)]
SentValue = Annotated[
    dict[str, Any] | None,
    Meta(extra_json_schema={"examples": [{"labels": [{"class": "good"}]}]}),
]
"""Value of an answer as it was sent, of any task; the dataset's task decides how it is read."""


class AnswerValue(Struct, kw_only=True, omit_defaults=True):
    """Value of an answer, without its author: the one member that the dataset's task asks for."""

    labels: list[Label] | None = None
    entities: list[Entity] | None = None
    sentences: list[Sentence] | None = None
