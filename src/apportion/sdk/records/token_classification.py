"""Token classification records."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from typing_extensions import Never

from apportion.sdk.span_utils import SpanUtils
from apportion.spans import Entity, SpanError, align, from_tags, token_offsets
from apportion.vocabulary import Task

from ._errors import MissingFieldError, ValidationError
from ._model import Field, Members
from ._record import DEFAULT, Record, agent_of, common
from ._values import as_id, as_text, as_texts, as_vectors, items, number, shown, warn, whole_number

__all__ = ["TokenClassificationRecord", "of_row"]

_log = logging.getLogger(__name__)

Span = tuple[str, int, int]
ScoredSpan = tuple[str, int, int, float]
Offsets = Sequence[tuple[int, int]]


class TokenClassificationRecord(Record):
    """A text cut into tokens, whose spans are to be labelled.

    ``prediction`` is a list of ``(label, start, end)`` or ``(label, start, end, score)``, kept with a score,
    0.0 where none is given; ``annotation`` is a list of ``(label, start, end)``. Offsets count characters, the
    end is exclusive. Spans start and end with a token; if some do not, all are cut to the text and lose white
    space at both ends, and those that still do not fit are refused. That holds for spans set later, too.

    ``tags``, one IOB or BILOU tag per token, makes the annotation; ``status`` is then "Default", as in 1.x.
    Otherwise, left out, it is "Validated" where there is an annotation, else "Default". Setting ``annotation``
    later leaves it alone. Left out, ``text`` becomes the tokens with spaces between them, ``id`` a new UUID
    and ``event_timestamp`` the local time of now.

    >>> record = TokenClassificationRecord("Ana left.", ["Ana", "left", "."], prediction=[("PER", 0, 4)])
    >>> record.prediction
    [('PER', 0, 3, 0.0)]

    Raises ``ValidationError`` (a ``ValueError``), and ``AttributeError`` for a new ``text`` or ``tokens``.
    """

    __slots__ = _names = (
        "text",
        "tokens",
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
    _fixed = frozenset(["text", "tokens"])
    task = Task.TOKEN_CLASSIFICATION

    if TYPE_CHECKING:
        text: Field[str, Never]
        tokens: Field[list[str], Never]
        prediction: Field[list[ScoredSpan] | None, Iterable[Sequence[Any]] | None]
        annotation: Field[list[Span] | None, Iterable[Sequence[Any]] | None]

    def __init__(
        self,
        text: str | None = None,
        tokens: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        *,
        prediction: Iterable[Sequence[Any]] | None = None,
        prediction_agent: str | None = None,
        annotation: Iterable[Sequence[Any]] | None = None,
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
        annotated = None if annotation is None else _spans(annotation)
        if text is None and (tokens is None or predicted or annotated):
            raise _missing(tokens)
        its_tokens = _tokens(tokens)
        its_text = _text(text, its_tokens)
        fit = _obviously_fit(its_text, its_tokens, predicted, annotated)
        if not fit:
            offsets = _offsets(its_text, its_tokens)
            predicted = predicted and _fitted(its_text, offsets, predicted, "prediction")
            annotated = annotated and _fitted(its_text, offsets, annotated, "annotation")
        answered = annotated
        if tags is not None and len(tags):
            if annotated:
                _log.warning("tags are ignored where there is an annotation")
            else:
                found = _simply_tagged(its_tokens, tags) if fit else None
                answered = _tagged(_offsets(its_text, its_tokens), tags) if found is None else found
        self._fill(
            its_text,
            its_tokens,
            predicted,
            None if prediction_agent is None else agent_of(predicted, prediction_agent, "prediction_agent"),
            answered,
            None if annotation_agent is None else agent_of(answered, annotation_agent, "annotation_agent"),
            None if vectors is None else as_vectors(vectors),
            *common(annotated, id, metadata, status, event_timestamp, metrics, search_keywords),
        )

    def _checked(self, name: str, value: Any) -> Any:
        if name in ("prediction", "annotation"):
            if value is None:
                return None
            spans = _scored(value) if name == "prediction" else _spans(value)
            return _fitted(self.text, _offsets(self.text, self.tokens), spans, name)
        return super()._checked(name, value)

    def _updated(self, values: Members, update: Members) -> Members:
        if "tokens" in update and "text" not in update:
            del values["text"]
        if update.get("tags") is not None:
            del values["annotation"]
            values["status"] = DEFAULT
        return {**values, **update}

    # What 1.x offered for spans

    def spans2iob(self, spans: Iterable[Sequence[Any]] | None = None) -> list[str] | None:
        """Return IOB tags of the spans; None for none.

        Deprecated: use ``SpanUtils(text, tokens).to_tags(spans)``.
        """
        _deprecated("spans2iob", "to_tags")
        return None if spans is None else self._utils().to_tags(spans)

    def char_id2token_id(self, char_idx: int) -> int | None:
        """Return the index of the token a character is in.

        Deprecated: use ``SpanUtils(…).char_to_token_idx``.
        """
        _deprecated("char_id2token_id", "char_to_token_idx")
        return self._utils().char_to_token_idx.get(char_idx)

    def token_span(self, token_idx: int) -> tuple[int, int]:
        """Return the start and end of a token. Deprecated: use ``SpanUtils(…).token_to_char_idx``."""
        _deprecated("token_span", "token_to_char_idx")
        try:
            return self._utils().token_to_char_idx[token_idx]
        except KeyError:
            raise IndexError(f"there is no token {token_idx}; there are {len(self.tokens)}") from None

    @property
    def __chars2tokens__(self) -> dict[int, int]:
        _deprecated("__chars2tokens__", "char_to_token_idx")
        return self._utils().char_to_token_idx

    @property
    def __tokens2chars__(self) -> dict[int, tuple[int, int]]:
        _deprecated("__tokens2chars__", "token_to_char_idx")
        return self._utils().token_to_char_idx

    def _utils(self) -> SpanUtils:
        return SpanUtils(self.text, self.tokens)


def _deprecated(old: str, new: str) -> None:
    warn(f"{old} is deprecated; use SpanUtils(record.text, record.tokens).{new}", FutureWarning)


def _missing(tokens: object) -> MissingFieldError:
    if tokens is None:
        return MissingFieldError("text, tokens", "give at least the tokens")
    return MissingFieldError("text", "spans count characters of a text, and there is none")


def _tokens(value: Any) -> list[str]:
    if value is None:
        raise ValidationError("tokens", "give the tokens of the text")
    found = as_texts(value, "tokens")
    if not found:
        raise ValidationError("tokens", "there must be at least one")
    return found


def _text(value: Any, tokens: list[str]) -> str:
    if value is None:
        value = " ".join(tokens)
    elif type(value) is not str:
        value = as_text(value, "text")
    if not value or value.isspace():
        raise ValidationError("text", "there must be more than white space")
    return value  # type: ignore[no-any-return]


def _offsets(text: str, tokens: Sequence[str]) -> Offsets:
    try:
        return token_offsets(text, tokens)
    except SpanError as problem:
        raise ValidationError("tokens", f"{problem} of {shown(text)}") from problem


def _tagged(offsets: Offsets, tags: Sequence[str]) -> list[Span]:
    try:
        return [(label, start, end) for start, end, label, _ in from_tags(offsets, as_texts(tags, "tags"))]
    except SpanError as problem:
        raise ValidationError("tags", str(problem)) from problem


def _simply_tagged(tokens: Sequence[str], tags: Any) -> list[Span] | None:
    """Do as ``_tagged`` where single spaces cut the text into the tokens, and tags are plain IOB.

    None leaves it to that: something is unusual or wrong, and there is time to say what.
    """
    if type(tags) is not list or len(tags) != len(tokens):
        return None
    marked = [place for place, tag in enumerate(tags) if tag != "O"]
    found: list[Span] = []
    if not marked:
        return found
    sums = list(accumulate(map(len, tokens)))
    before = -1
    for place in marked:
        tag = tags[place]
        if type(tag) is not str:
            return None
        mark, label, end = tag[:2], tag[2:], sums[place] + place
        if mark == "B-" and label:
            found.append((label, end - len(tokens[place]), end))
        elif mark == "I-" and place == before + 1 and found and found[-1][0] == label:
            found[-1] = (label, found[-1][1], end)
        else:
            return None
        before = place
    return found


def of_row(
    text: Any, tokens: list[str], annotation: list[Span] | None, id: Any
) -> TokenClassificationRecord | None:
    """Build a record with status "Default", unchecked, where single spaces cut the text into the tokens.

    None if they do not, or if something else about it needs a closer look. Keeps the very lists.
    """
    try:
        joined = " ".join(tokens)
    except TypeError:
        return None
    if joined.count(" ") != len(tokens) - 1 or not joined or joined.isspace() or text not in (None, joined):
        return None
    record = object.__new__(TokenClassificationRecord)
    its_id = id if type(id) is str else as_id(id)
    record._fill(joined, tokens, None, None, annotation, None, None, its_id, {}, DEFAULT, _now(), None, None)
    return record


_now = datetime.now  # naive and local, as in 1.x


def _obviously_fit(text: str, tokens: Sequence[str], *several: Sequence[tuple[Any, ...]] | None) -> bool:
    """Return True if single spaces cut the text into the tokens and all spans fit these: no need to search."""
    if text.count(" ") != len(tokens) - 1 or " ".join(tokens) != text:
        return False
    length = len(text)
    for spans in several:
        for span in spans or ():
            start, end = span[1], span[2]
            if not 0 <= start < end <= length:
                return False
            if (start and text[start - 1] != " ") or (end < length and text[end] != " "):
                return False
    return True


def _fitted(text: str, offsets: Offsets, spans: list[Any], field: str) -> list[Any]:
    """Return the spans, corrected if needed; their scores stay."""
    starts = dict(offsets)
    ends = set(starts.values())
    if all(span[1] in starts and span[2] in ends and span[1] < span[2] for span in spans):
        return spans
    given = [Entity(start, end, label) for label, start, end, *_ in spans]
    try:
        found = align(text, offsets, given, allow_overlap=True)
    except SpanError as problem:
        raise ValidationError(field, str(problem)) from problem
    return [(span[0], start, end, *span[3:]) for span, (start, end, _, _) in zip(spans, found, strict=True)]


def _scored(value: Any) -> list[ScoredSpan]:
    found = []
    for place, item in enumerate(items(value, "prediction")):
        if type(item) is not tuple:
            item = _parts(item, place, "prediction")
        score: Any = None
        if len(item) == 4:
            label, start, end, score = item
        elif len(item) == 3:
            label, start, end = item
        else:
            raise _no_span(item, place, "prediction")
        if type(label) is not str:
            label = as_text(label, "prediction")
        if type(start) is not int or type(end) is not int:
            start, end = whole_number(start, "prediction"), whole_number(end, "prediction")
        if type(score) is not float:
            score = 0.0 if score is None else number(score, "prediction")
        found.append((label, start, end, score))
    return found


def _spans(value: Any) -> list[Span]:
    found = []
    for place, item in enumerate(items(value, "annotation")):
        if type(item) is not tuple:
            item = _parts(item, place, "annotation")
        if len(item) != 3:
            raise _no_span(item, place, "annotation")
        label, start, end = item
        if type(label) is not str:
            label = as_text(label, "annotation")
        if type(start) is not int or type(end) is not int:
            start, end = whole_number(start, "annotation"), whole_number(end, "annotation")
        found.append((label, start, end))
    return found


def _parts(item: Any, place: int, field: str) -> tuple[Any, ...]:
    try:
        return tuple(items(item, field))
    except ValidationError:
        raise _no_span(item, place, field) from None


def _no_span(item: Any, place: int, field: str) -> ValidationError:
    score = " or (label, start, end, score)" if field == "prediction" else ""
    return ValidationError(field, f"item {place} is {shown(item)}, not (label, start, end){score}")
