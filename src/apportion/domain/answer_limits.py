"""Limits on the size of one answer: the number of labels, spans or texts it may have, and its bytes in all.

An answer is written inside a transaction that blocks other writers, and read again whenever its record is shown. The
same limits hold for predictions and gold values, which cost just as much.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from apportion.vocabulary import Task

from .records import Entities, Value

__all__ = ["AnswerLimits", "Oversize", "Part"]

_TOGETHER = 10
"""Answers of full size that one record may bring along, from all people together."""
_LONGEST_ESCAPE = 6
"""Bytes that one character takes at most as JSON."""
_AROUND = 60
"""Bytes of JSON around the text of a part, its offsets and score included; never fewer than they take."""


class Part(str, Enum):
    """Parts of an answer, by the name of their member."""

    LABELS = "labels"
    SPANS = "entities"
    TEXTS = "sentences"

    @staticmethod
    def of(task: Task) -> Part:
        """Return the kind of parts that the answers of a task consist of."""
        return _PARTS[task]

    @property
    def word(self) -> str:
        """The word for the parts in a sentence."""
        return {Part.LABELS: "labels", Part.SPANS: "spans", Part.TEXTS: "texts"}[self]


_PARTS = {
    Task.TEXT_CLASSIFICATION: Part.LABELS,
    Task.TOKEN_CLASSIFICATION: Part.SPANS,
    Task.TEXT2TEXT: Part.TEXTS,
}


@dataclass(frozen=True, slots=True)
class Oversize:
    """A limit that an answer exceeds, and a sentence about it."""

    limit: int
    message: str


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The most that one answer, prediction or gold value may have."""

    labels: int = 1_000
    """Labels of a text, or spans in it."""
    texts: int = 100
    """Texts of a Text2Text answer."""
    characters: int = 1_000_000
    """Of one such text."""
    size: int = 1_000_000
    """Bytes of the whole as JSON."""

    def count(self, part: Part, sent: int) -> Oversize | None:
        """Return the limit that so many parts exceed; call it before they are read."""
        most = self._most(part)
        if sent <= most:
            return None
        message = (
            f"an answer may have at most {most:,} {part.word} ({self._setting(part)}), and {sent:,} were sent"
        )
        return Oversize(most, message)

    def check(self, part: Part, value: Value) -> Oversize | None:
        """Return the first limit that a value exceeds."""
        found = self.count(part, _count(value))
        if found is not None:
            return found
        if part is Part.TEXTS:
            longest = max(map(len, _texts(value)), default=0)
            if longest > self.characters:
                most = self.characters
                message = (
                    f"a text of an answer may have at most {most:,} characters (APPORTION_MAX_TEXT), and "
                    f"{longest:,} were sent"
                )
                return Oversize(most, message)
        if _at_most(value) > self.size and (size := _size(value)) > self.size:
            message = (
                f"an answer may take at most {self.size:,} bytes as JSON (APPORTION_MAX_ANSWER_SIZE), and {size:,} "
                "were sent"
            )
            return Oversize(self.size, message)
        return None

    def check_together(self, part: Part, values: Collection[Value]) -> Oversize | None:
        """Return the limit that the answers of one record, each small enough, exceed together."""
        most, sent = self._most(part) * _TOGETHER, sum(map(_count, values))
        if sent > most or len(values) > most:
            message = (
                f"the answers in one record may have at most {most:,} {part.word} together (ten times "
                f"{self._setting(part)}), and {max(sent, len(values)):,} were sent"
            )
            return Oversize(most, message)
        most = self.size * _TOGETHER
        if sum(map(_at_most, values)) > most and (size := sum(map(_size, values))) > most:
            message = (
                f"the answers in one record may take at most {most:,} bytes together (ten times "
                f"APPORTION_MAX_ANSWER_SIZE), and {size:,} were sent"
            )
            return Oversize(most, message)
        return None

    def _most(self, part: Part) -> int:
        return self.texts if part is Part.TEXTS else self.labels

    @staticmethod
    def _setting(part: Part) -> str:
        return "APPORTION_MAX_ANSWER_TEXTS" if part is Part.TEXTS else "APPORTION_MAX_ANSWER_LABELS"


def _count(value: Value) -> int:
    return len(value.spans if isinstance(value, Entities) else value)


def _texts(value: Value) -> list[str]:
    return (
        [span.label for span in value.spans] if isinstance(value, Entities) else [text for text, _ in value]
    )


def _at_most(value: Value) -> int:
    """Return an upper bound of the bytes of a value, without encoding it."""
    return sum(len(text) * _LONGEST_ESCAPE + _AROUND * 2 for text in _texts(value))


def _size(value: Value) -> int:
    """Return the bytes of a value as JSON."""
    return sum(len(json.dumps(text, ensure_ascii=False).encode()) + _AROUND for text in _texts(value))
