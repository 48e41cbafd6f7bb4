"""The ``metrics`` object of a token classification record, derived when the record is read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from apportion.spans import Entity

__all__ = ["capitalness", "mentions", "token_metrics"]


def capitalness(word: str) -> str | None:
    """Return the capitalisation of the word: UPPER, LOWER, FIRST, MIDDLE, or None where it has no case.

    >>> [capitalness(word) for word in ("NASA", "of", "Ana", "iPhone", "2023")]
    ['UPPER', 'LOWER', 'FIRST', 'MIDDLE', None]
    """
    word = word.strip()
    if word.islower():
        return "LOWER"
    if word.isupper():
        return "UPPER"
    if word[:1].isupper():
        return "FIRST"
    if any(map(str.isupper, word)):
        return "MIDDLE"
    return None


def mentions(
    text: str, offsets: Sequence[tuple[int, int]], entities: Sequence[Entity]
) -> list[dict[str, Any]]:
    """Return the texts that the entities cover, each once with the label and score of its first entity.

    >>> [found["value"] for found in mentions("Ana saw Ana", [(0, 3), (4, 7), (8, 11)],
    ...                                       [Entity(0, 3, "PER"), Entity(8, 11, "PER")])]
    ['Ana']
    """
    starts = [start for start, _ in offsets]
    found: dict[str, dict[str, Any]] = {}
    for start, end, label, score in entities:
        value = text[start:end]
        if value in found:
            continue
        tokens_length = bisect_left(starts, end) - bisect_left(starts, start)
        found[value] = {
            "value": value,
            "label": label,
            "score": score,
            "capitalness": capitalness(value),
            "density": tokens_length / len(offsets) if offsets else 0.0,
            "tokens_length": tokens_length,
            "chars_length": len(value),
        }
    return list(found.values())


def token_metrics(
    text: str,
    tokens: Sequence[str],
    offsets: Sequence[tuple[int, int]],
    predicted: Sequence[Entity] | None,
    annotated: Sequence[Entity] | None,
) -> dict[str, Any]:
    """Return the record's ``metrics``: its lengths, its tokens one by one, and its mentions and tags.

    Tokens carry the tags of the prediction, or of the annotation where there is no prediction. ``char_end``
    of a token is its last character, not the one after. Of entities that overlap, the first has the tags.
    """
    predicted_tags = None if predicted is None else _tags(offsets, predicted)
    annotated_tags = None if annotated is None else _tags(offsets, annotated)
    tags: Sequence[str | None] = predicted_tags or annotated_tags or [None] * len(tokens)
    return {
        "text_length": len(text),
        "tokens_length": len(tokens),
        "tokens": [
            {
                "idx": index,
                "value": token,
                "char_start": start,
                "char_end": end - 1,
                "length": end - start,
                "capitalness": capitalness(token),
                "score": None,
                "tag": tag,
                "custom": None,
            }
            for index, (token, (start, end), tag) in enumerate(zip(tokens, offsets, tags, strict=True))
        ],
        "predicted": _side(text, tokens, offsets, predicted, predicted_tags),
        "annotated": _side(text, tokens, offsets, annotated, annotated_tags),
    }


def _side(
    text: str,
    tokens: Sequence[str],
    offsets: Sequence[tuple[int, int]],
    entities: Sequence[Entity] | None,
    tags: list[str] | None,
) -> dict[str, Any]:
    if entities is None or tags is None:
        return {"mentions": [], "tags": []}
    tagged = [{"value": token, "tag": tag} for token, tag in zip(tokens, tags, strict=True)]
    return {"mentions": mentions(text, offsets, entities), "tags": tagged}


def _tags(offsets: Sequence[tuple[int, int]], entities: Sequence[Entity]) -> list[str]:
    """Return IOB tags without raising: unlike ``to_tags``, this serves what is already stored."""
    tags = ["O"] * len(offsets)
    if not entities:
        return tags
    starts = [start for start, _ in offsets]
    for start, end, label, _ in entities:
        first, after = bisect_left(starts, start), bisect_left(starts, end)
        if first < after and tags[first:after].count("O") == after - first:
            tags[first:after] = [f"I-{label}"] * (after - first)
            tags[first] = f"B-{label}"
    return tags
