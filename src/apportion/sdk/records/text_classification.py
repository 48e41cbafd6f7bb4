"""Text classification records, and the explanation of their predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import Never

from apportion.vocabulary import Task

from ._errors import ValidationError
from ._model import Field, Members, Model
from ._record import Record, agent_of, common
from ._values import (
    as_boolean,
    as_dictionary,
    as_text,
    as_texts,
    as_vectors,
    items,
    number,
    optional_text,
    shown,
    warn,
)

__all__ = ["TextClassificationRecord", "TokenAttributions"]

Inputs = dict[str, "str | list[str]"]
Explanation = dict[str, "list[TokenAttributions]"]


class TokenAttributions(Model):
    """The weight of one token for each label.

    >>> TokenAttributions(token="fine", attributions={"good": 0.9, "bad": -0.2})
    TokenAttributions(token='fine', attributions={'good': 0.9, 'bad': -0.2})
    """

    __slots__ = _names = ("token", "attributions")
    _required = frozenset(["token"])

    if TYPE_CHECKING:
        token: Field[str, str]
        """The token."""
        attributions: Field[dict[str, float], Mapping[str, float]]
        """Weights from -1 to 1, by label."""

    def __init__(self, *, token: str, attributions: Mapping[str, float] | None = None, **_: Any) -> None:
        self._fill(as_text(token, "token"), _weights({} if attributions is None else attributions))

    def _checked(self, name: str, value: Any) -> Any:
        return as_text(value, name) if name == "token" else _weights(value)


def _weights(value: Any) -> dict[str, float]:
    return {
        label: number(weight, f"attributions[{label!r}]")
        for label, weight in as_dictionary(value, "attributions").items()
    }


class TextClassificationRecord(Record):
    """A text, or several named ones, to be given one label or several.

    Give ``text``, or ``inputs`` with names of your own. ``prediction`` is a list of ``(label, score)``, scores
    from 0 to 1; ``annotation`` a label, or a list of labels with ``multi_label=True``.

    Left out, ``id`` becomes a new UUID, ``event_timestamp`` the local time of now, and ``status`` "Validated"
    where there is an annotation, else "Default". Setting ``annotation`` later leaves ``status`` alone; set
    ``status`` to None to have it worked out again.

    >>> record = TextClassificationRecord(text="Fine!", prediction=[("good", 0.9), ("bad", 0.1)])
    >>> record.inputs, record.status
    ({'text': 'Fine!'}, 'Default')

    Raises ``ValidationError`` (a ``ValueError``), and ``AttributeError`` for a new ``text`` or ``inputs``.
    """

    __slots__ = _names = (
        "text",
        "inputs",
        "prediction",
        "prediction_agent",
        "annotation",
        "annotation_agent",
        "vectors",
        "multi_label",
        "explanation",
        "id",
        "metadata",
        "status",
        "event_timestamp",
        "metrics",
        "search_keywords",
    )
    _defaults: ClassVar = {"multi_label": False}
    _fixed = frozenset(["text", "inputs"])
    task = Task.TEXT_CLASSIFICATION

    if TYPE_CHECKING:
        text: Field[str | None, Never]
        inputs: Field[Inputs, Never]
        prediction: Field[list[tuple[str, float]] | None, Iterable[Sequence[Any]] | None]
        annotation: Field[str | list[str] | None, str | int | Iterable[str] | None]
        multi_label: Field[bool, bool]
        """True if a record can have several labels."""
        explanation: Field[Explanation | None, Mapping[str, Iterable[Any]] | None]
        """Token attributions by name of the input."""

    def __init__(
        self,
        *,
        text: str | None = None,
        inputs: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
        prediction: Iterable[Sequence[Any]] | None = None,
        prediction_agent: str | None = None,
        annotation: str | int | Iterable[str] | None = None,
        annotation_agent: str | None = None,
        vectors: Mapping[str, Sequence[float]] | None = None,
        multi_label: bool = False,
        explanation: Mapping[str, Iterable[Any]] | None = None,
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
        if inputs is None and type(text) is str:
            its_text: Any = text
            its_inputs: Inputs = {"text": text}
        else:
            its_text, its_inputs = _text_and_inputs(text, inputs)
        predicted = None if prediction is None else _scored(prediction)
        annotated = annotation if annotation is None or type(annotation) is str else _labels(annotation)
        self._fill(
            its_text,
            its_inputs,
            predicted,
            None if prediction_agent is None else agent_of(predicted, prediction_agent, "prediction_agent"),
            annotated,
            None if annotation_agent is None else agent_of(annotated, annotation_agent, "annotation_agent"),
            None if vectors is None else as_vectors(vectors),
            multi_label if type(multi_label) is bool else as_boolean(multi_label, "multi_label"),
            None if explanation is None else _explanation(explanation),
            *common(annotated, id, metadata, status, event_timestamp, metrics, search_keywords),
        )

    def _checked(self, name: str, value: Any) -> Any:
        if name == "prediction":
            return None if value is None else _scored(value)
        if name == "annotation":
            return None if value is None else _labels(value)
        if name == "multi_label":
            return as_boolean(value, name)
        if name == "explanation":
            return None if value is None else _explanation(value)
        return super()._checked(name, value)

    def _updated(self, values: Members, update: Members) -> Members:
        if ("text" in update) != ("inputs" in update):
            values.pop("text", None)
            values.pop("inputs", None)
        return {**values, **update}


def _text_and_inputs(text: Any, inputs: Any) -> tuple[Any, Inputs]:
    """Return text and inputs, each from the other where it is missing."""
    text = optional_text(text, "text")
    found: Inputs
    if inputs is None:
        if text is None:
            raise ValidationError("text, inputs", "give one of the two")
        return text, {"text": text}
    if isinstance(inputs, Mapping):
        found = {as_text(name, "inputs"): _input(name, each) for name, each in inputs.items()}
    elif isinstance(inputs, (list, tuple)):
        found = {"text": as_texts(inputs, "inputs")}
    else:
        warn("inputs as a plain text is deprecated; give it as text", FutureWarning)
        found = {"text": as_text(inputs, "inputs")}
    if text is None:
        return found.get("text") if len(found) == 1 else None, found
    if found.get("text") != text:
        raise ValidationError(
            "text, inputs", "both are given, and inputs['text'] is something else than text"
        )
    return text, {"text": text}


def _input(name: Any, value: Any) -> str | list[str]:
    if value is None:
        raise ValidationError(f"inputs[{name!r}]", "None is not a text")
    return as_texts(value, "inputs") if isinstance(value, (list, tuple)) else as_text(value, "inputs")


def _scored(value: Any) -> list[tuple[str, float]]:
    found = []
    for place, item in enumerate(items(value, "prediction")):
        if type(item) is not tuple:
            item = _pair(item, place)
        try:
            label, score = item
        except ValueError:
            raise _no_pair(item, place) from None
        if type(label) is not str:
            label = as_text(label, "prediction")
        found.append((label, score if type(score) is float else number(score, "prediction")))
    return found


def _pair(item: Any, place: int) -> Any:
    try:
        return tuple(items(item, "prediction"))
    except ValidationError:
        raise _no_pair(item, place) from None


def _no_pair(item: Any, place: int) -> ValidationError:
    return ValidationError("prediction", f"item {place} is {shown(item)}, not (label, score)")


def _labels(value: Any) -> str | list[str]:
    if isinstance(value, (list, tuple, set, frozenset)) or getattr(value, "shape", False):
        return as_texts(value, "annotation")
    return as_text(value, "annotation")


def _explanation(value: Any) -> Explanation:
    found = as_dictionary(value, "explanation")
    for name, tokens in found.items():
        try:
            found[name] = [
                each if isinstance(each, TokenAttributions) else TokenAttributions.parse_obj(each)
                for each in items(tokens, "explanation")
            ]
        except ValidationError as wrong:
            raise ValidationError(f"explanation[{name!r}]", str(wrong)) from wrong
    return found
