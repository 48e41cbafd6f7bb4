"""Checks of spans against a tokenised text, and conversion to and from tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apportion.spans import Entity, SpanError, align, from_tags, to_tags, token_offsets

__all__ = ["MisalignedSpanError", "SpanUtils"]


class MisalignedSpanError(SpanError, KeyError):
    """A span that has no tags, since it does not fit the tokens; 1.x raised a ``KeyError`` here."""

    __str__ = Exception.__str__


class SpanUtils:
    """A checker of spans against the tokens of a text, and converter to tags and back.

    Spans are ``(label, start, end)``, more members are kept; offsets count characters, the end is exclusive.

    >>> utils = SpanUtils("Ana left.", ["Ana", "left", "."])
    >>> utils.correct([("PER", 0, 4)]), utils.to_tags([("PER", 0, 3)])
    ([('PER', 0, 3)], ['B-PER', 'O', 'O'])

    Raises ``SpanError`` (a ``ValueError``) when a token is not in the text.
    """

    def __init__(self, text: str, tokens: Sequence[str]) -> None:
        self._text = text
        self._tokens = tokens
        self._offsets = token_offsets(text, tokens)

    @property
    def text(self) -> str:
        """The text."""
        return self._text

    @property
    def tokens(self) -> Sequence[str]:
        """Its tokens."""
        return self._tokens

    @property
    def token_to_char_idx(self) -> dict[int, tuple[int, int]]:
        """The start and end of each token, by its index."""
        return dict(enumerate(self._offsets))

    @property
    def char_to_token_idx(self) -> dict[int, int]:
        """The index of the token each character is in; characters between tokens are left out."""
        return {
            place: index for index, (start, end) in enumerate(self._offsets) for place in range(start, end)
        }

    def validate(self, spans: Iterable[Sequence[Any]]) -> None:
        """Check that all spans start and end with a token; they may overlap. Raises ``SpanError`` if not."""
        given = _entities(spans)
        for index, (before, after) in enumerate(zip(given, self._aligned(given), strict=True)):
            if before != after:
                reason = (
                    f"span {index} {before.label} {before.start}-{before.end} does not start and end with"
                )
                raise SpanError("misaligned", f"{reason} a token; correct() makes it fit", span_index=index)

    def correct(self, spans: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Return the spans, cut to the text and without white space at their ends. Raises ``SpanError``."""
        spans = list(spans)
        found = self._aligned(_entities(spans))
        return [(span[0], each.start, each.end, *span[3:]) for span, each in zip(spans, found, strict=True)]

    def to_tags(self, spans: Iterable[Sequence[Any]]) -> list[str]:
        """Return one IOB tag per token.

        Raises ``SpanError`` for spans that overlap, ``MisalignedSpanError`` for those that do not fit.
        """
        try:
            return to_tags(self._offsets, _entities(spans))
        except SpanError as problem:
            if problem.kind == "misaligned":
                raise MisalignedSpanError(
                    "misaligned", problem.reason, span_index=problem.span_index
                ) from None
            raise

    def from_tags(self, tags: Sequence[str]) -> list[tuple[str, int, int]]:
        """Return the spans that IOB or BILOU tags stand for. Raises ``SpanError``."""
        return [(label, start, end) for start, end, label, _ in from_tags(self._offsets, tags)]

    def _aligned(self, entities: list[Entity]) -> list[Entity]:
        return align(self._text, self._offsets, entities, allow_overlap=True)


def _entities(spans: Iterable[Sequence[Any]]) -> list[Entity]:
    return [Entity(span[1], span[2], span[0]) for span in spans]
