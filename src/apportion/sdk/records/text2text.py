"""Text to text records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import Never

from apportion.vocabulary import Task

from ._errors import ValidationError
from ._model import Field
from ._record import Record, agent_of, common
from ._values import as_text, as_vectors, items, number, optional_text, shown, warn

__all__ = ["Text2TextRecord", "TextGenerationRecord"]


class Text2TextRecord(Record):
    """A text, to be turned into another one.

    ``prediction`` is a list of texts or ``(text, score)``; a text alone gets the score 1.0. ``annotation`` is
    a text. Left out, ``id``, ``event_timestamp`` and ``status`` are filled in as for the other tasks.

    >>> Text2TextRecord(text="A long report.", prediction=["A report."]).prediction
    [('A report.', 1.0)]

    Raises ``ValidationError`` (a ``ValueError``).
    """

    __slots__ = _names = (
        "text",
        "prediction",
        "prediction_agent",
        "annotation",
        "annotation_agent",
        "vectors",
        "id",
        "metadata",
        "status",
        "event_timestamp",
        "metrics",
        "search_keywords",
    )
    _required = frozenset(["text"])
    task = Task.TEXT2TEXT

    if TYPE_CHECKING:
        text: Field[str, str]
        """The text to be answered with another."""
        prediction: Field[list[tuple[str, float]] | None, Iterable[str | Sequence[Any]] | None]
        annotation: Field[str | None, str | None]

    def __init__(
        self,
        *,
        text: str,
        prediction: Iterable[str | Sequence[Any]] | None = None,
        prediction_agent: str | None = None,
        annotation: str | None = None,
        annotation_agent: str | None = None,
        vectors: Mapping[str, Sequence[float]] | None = None,
        id: int | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        status: str | None = None,
        event_timestamp: datetime | str | float | None = None,
        metrics: Mapping[str, Any] | None = None,
        search_keywords: Sequence[str] | None = None,
        **unknown: Never,
    ) -> None:
        if unknown:
            raise self._unknown(unknown)
        predicted = None if prediction is None else _scored(prediction)
        annotated = optional_text(annotation, "annotation")
        self._fill(
            text if type(text) is str else as_text(text, "text"),
            predicted,
            None if prediction_agent is None else agent_of(predicted, prediction_agent, "prediction_agent"),
            annotated,
            None if annotation_agent is None else agent_of(annotated, annotation_agent, "annotation_agent"),
            None if vectors is None else as_vectors(vectors),
            *common(annotated, id, metadata, status, event_timestamp, metrics, search_keywords),
        )

    def _checked(self, name: str, value: Any) -> Any:
        if name == "text":
            return as_text(value, name)
        if name == "prediction":
            return None if value is None else _scored(value)
        if name == "annotation":
            return optional_text(value, name)
        return super()._checked(name, value)


class TextGenerationRecord(Text2TextRecord):
    """The old name of ``Text2TextRecord``; it can be created, but not logged."""

    __slots__ = ()

    def __init__(self, **values: Any) -> None:
        warn("TextGenerationRecord is deprecated; use Text2TextRecord", DeprecationWarning)
        super().__init__(**values)


def _scored(value: Any) -> list[tuple[str, float]]:
    found = []
    for place, item in enumerate(items(value, "prediction")):
        if isinstance(item, (list, tuple)):
            if len(item) != 2:
                problem = f"item {place} is {shown(item)}, neither a text nor (text, score)"
                raise ValidationError("prediction", problem)
            text, score = item
            found.append((as_text(text, "prediction"), number(score, "prediction")))
        else:
            found.append((as_text(item, "prediction"), 1.0))
    return found
