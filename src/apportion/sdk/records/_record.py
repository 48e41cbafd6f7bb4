"""The base class of records of every task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from apportion.vocabulary import Task

from ._model import Field, Model
from ._values import (
    as_dictionary,
    as_id,
    as_metadata,
    as_text,
    as_texts,
    as_time,
    as_vectors,
    warn,
)

__all__ = ["DEFAULT", "VALIDATED", "Record", "agent_of", "common"]

DEFAULT = "Default"
VALIDATED = "Validated"

Self = TypeVar("Self", bound="Record")
Vectors = dict[str, list[float]]


class Record(Model):
    """The base class of records of every task. Use the class of a task instead."""

    __slots__ = ("_annotations",)

    task: ClassVar[Task]
    """Kind of answer that the record asks for."""

    if TYPE_CHECKING:
        prediction: Any
        """Prediction of a model, with scores from 0 to 1."""
        annotation: Any
        """The resolved annotation."""
        prediction_agent: Field[str | None, str | None]
        """Agent that predicted; your username where that is left out."""
        annotation_agent: Field[str | None, str | None]
        """Agent that annotated; your username where that is left out."""
        vectors: Field[Vectors | None, Mapping[str, Sequence[float]] | None]
        """Vectors by name."""
        id: Field[int | str, int | str | None]
        """The id, which is text on the server."""
        metadata: Field[dict[str, Any], Mapping[str, Any] | None]
        """Values by name."""
        status: Field[str, str | None]
        """``Default``, ``Validated``, ``Discarded`` or ``Edited``."""
        event_timestamp: Field[datetime, datetime | str | float | None]
        """The time of the record: local, without an offset."""
        metrics: Field[dict[str, Any] | None, Mapping[str, Any] | None]
        """Figures that the server computed, where ``load`` was asked for them."""
        search_keywords: Field[list[str] | None, Sequence[str] | None]
        """Words of the text that the query has, where a search found it."""

    def _checked(self, name: str, value: Any) -> Any:
        if name == "status":
            return as_text(value, name) if value else DEFAULT if self.annotation is None else VALIDATED
        if name in _AGENTS:
            return agent_of(getattr(self, name.removesuffix("_agent")), value, name)
        return _CHECKS[name](value)

    @property
    def annotations(self) -> dict[str, Any]:
        """Everybody's annotations by username, where ``load`` was asked for ``annotations="individual"``.

        Each is what ``annotation`` would be. They are read-only: changing them changes nothing, logging the
        record does not send them, and neither ``dict()`` nor equality know them.
        """
        return dict(getattr(self, "_annotations", None) or {})

    def _know_annotations(self, annotations: dict[str, Any]) -> None:
        object.__setattr__(self, "_annotations", annotations)

    def __reduce__(self) -> Any:
        rebuilt = super().__reduce__()
        return (*rebuilt, self.annotations) if self.annotations else rebuilt

    def __setstate__(self, annotations: dict[str, Any]) -> None:
        self._know_annotations(annotations)

    def __copy__(self: Self) -> Self:
        found = super().__copy__()
        if self.annotations:
            found._know_annotations(self.annotations)
        return found

    def _repr_html_(self) -> str:
        from ._html import record_html

        return record_html(self)


_AGENTS = ("prediction_agent", "annotation_agent")

_CHECKS: dict[str, Callable[[Any], Any]] = {
    "vectors": as_vectors,
    "id": as_id,
    "metadata": as_metadata,
    "event_timestamp": as_time,
    "metrics": lambda value: None if value is None else as_dictionary(value, "metrics"),
    "search_keywords": lambda value: None if value is None else as_texts(value, "search_keywords"),
}


def agent_of(answer: object, agent: Any, field: str) -> str | None:
    """Return the agent; warn if there is no value that it gave."""
    if agent is None:
        return None
    if answer is None:
        what = field.removesuffix("_agent")
        warn(f"{field} {agent!r} is kept here, but without a {what} it is not logged")
    return as_text(agent, field)


def common(
    annotation: object,
    id: Any,
    metadata: Any,
    status: Any,
    event_timestamp: Any,
    metrics: Any,
    search_keywords: Any,
) -> tuple[int | str, dict[str, Any], str, datetime, dict[str, Any] | None, list[str] | None]:
    """Return the members that end every record, checked: ``id`` to ``search_keywords``."""
    kind = type(id)
    return (
        id if kind is str or kind is int else as_id(id),
        as_metadata(metadata) if metadata else {},
        as_text(status, "status") if status else DEFAULT if annotation is None else VALIDATED,
        event_timestamp if type(event_timestamp) is datetime else as_time(event_timestamp),
        None if metrics is None else as_dictionary(metrics, "metrics"),
        None if search_keywords is None else as_texts(search_keywords, "search_keywords"),
    )
