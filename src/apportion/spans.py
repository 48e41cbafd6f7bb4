"""Positions of tokens in a text, spans aligned to them, and spans as IOB or BILOU tags.

Offsets count code points and an end is exclusive, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

__all__ = ["Entity", "SpanError", "align", "fits_words", "from_tags", "spaced", "to_tags", "token_offsets"]


class Entity(NamedTuple):
    """A labelled stretch of a text.

    >>> Entity(0, 5, "PER")
    Entity(start=0, end=5, label='PER', score=1.0)
    """

    start: int
    end: int
    label: str
    score: float = 1.0


class SpanError(ValueError):
    """Tokens, spans or tags that do not fit each other.

    ``kind`` is stable, ``reason`` is for people. ``token_index`` and ``span_index`` say which one of those
    given, ``details`` holds what else is known as plain JSON values.
    """

    def __init__(
        self,
        kind: Literal["token_not_found", "misaligned", "overlap", "bad_tags"],
        reason: str,
        *,
        token_index: int | None = None,
        span_index: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.token_index = token_index
        self.span_index = span_index
        self.details = details


def token_offsets(text: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return the start and end of each token in the text, found from left to right.

    A token is searched from the end of the one before, after one space if there is one; the text
    between is skipped. Tokens that make up the whole text, spaces included, are taken as they come.

    >>> token_offsets("It's late.", ["It", "'s", "late", "."])
    [(0, 2), (2, 4), (5, 9), (9, 10)]

    Raises ``SpanError`` when a token is not found.
    """
    if spaced(text, tokens):
        here = -1
        return [(start := here + 1, here := start + len(token)) for token in tokens]
    glued = "".join(tokens)
    if all(tokens) and " " not in glued:
        # Without spaces in tokens, skipping a space between them changes nothing.
        index, here = text.index, 0
        try:
            return [(start := index(token, here), here := start + len(token)) for token in tokens]
        except ValueError:
            pass
    elif text == glued:
        here = 0
        return [(here, here := here + len(token)) for token in tokens]
    offsets: list[tuple[int, int]] = []
    here = 0
    for token in tokens:
        skipped = 1 if offsets and text.startswith(" ", here) else 0
        start = text.find(token, here + skipped)
        if start < 0:
            break
        here = start + len(token)
        offsets.append((start, here))
    else:
        return offsets
    missed = len(offsets)
    raise SpanError(
        "token_not_found",
        f"token {missed} ({_quoted(tokens[missed])}) is not in the text from character {here} on",
        token_index=missed,
        token=tokens[missed],
        searched_from=here,
    )


def spaced(text: str, tokens: Sequence[str]) -> bool:
    """Return whether the text is its tokens with one space between each two, as most tokenized text is.

    >>> spaced("It is late", ["It", "is", "late"])
    True
    """
    return text.split(" ") == tokens and "" not in tokens


def fits_words(text: str, entities: Sequence[Entity]) -> bool:
    """Return whether the entities lie between the single spaces of ``spaced`` text, in order and apart.

    A quick check that ``align`` would find nothing to correct or to refuse. False decides nothing.
    """
    size, reached = len(text), -1
    for start, end, _, _ in entities:
        if not reached < start < end <= size:
            return False
        if (start and text[start - 1] != " ") or (end < size and text[end] != " "):
            return False
        reached = end
    return True


def align(
    text: str,
    offsets: Sequence[tuple[int, int]],
    entities: Sequence[Entity],
    *,
    allow_overlap: bool = False,
    allow_parts: bool = False,
) -> list[Entity]:
    """Return the entities, each starting where a token starts and ending where a token ends, in the order given.

    When some do not fit, all of them are cut to the text and lose white space at both ends, once. When
    nothing needs correcting and ``entities`` is a list, that very list comes back.

    >>> align("Ana left", [(0, 3), (4, 8)], [Entity(0, 4, "PER")])
    [Entity(start=0, end=3, label='PER', score=1.0)]

    Raises ``SpanError`` for a span that still does not fit, and for two that overlap unless they may. Where
    ``allow_parts``, spans may start and end within a token, but must cover something.
    """
    starts = {start for start, _ in offsets}
    ends = {end for _, end in offsets}
    if all(start in starts and end in ends and start < end for start, end, _, _ in entities):
        fitting = entities if isinstance(entities, list) else list(entities)
    else:
        fitting = [_corrected(text, entity) for entity in entities]
        for index, (start, end, _, _) in enumerate(fitting):
            fits = bool(text[start:end].strip()) if allow_parts else start in starts and end in ends
            if not fits or start >= end:
                raise _misaligned(text, offsets, index, entities[index])
    if not allow_overlap:
        _refuse_overlap(fitting)
    return fitting


def to_tags(
    offsets: Sequence[tuple[int, int]],
    entities: Iterable[Entity],
    scheme: Literal["iob", "bilou"] = "iob",
) -> list[str]:
    """Return one tag per token: ``B-``, ``I-`` and ``O``; in BILOU also ``L-`` (last) and ``U-`` (only one).

    >>> to_tags([(0, 3), (4, 8), (9, 13)], [Entity(4, 13, "LOC")])
    ['O', 'B-LOC', 'I-LOC']

    Raises ``SpanError`` for entities that overlap or do not fit the tokens.
    """
    entities = list(entities)
    # Where a token is empty, the one that is not empty counts.
    firsts = {start: index for index, (start, _) in enumerate(offsets)}
    lasts = {offsets[index][1]: index for index in reversed(range(len(offsets)))}
    _refuse_overlap(entities)
    tags = ["O"] * len(offsets)
    for number, (start, end, label, _) in enumerate(entities):
        first, last = firsts.get(start), lasts.get(end)
        if first is None or last is None or first > last:
            raise _misaligned(None, offsets, number, entities[number])
        tags[first : last + 1] = [f"I-{label}"] * (last + 1 - first)
        tags[first] = f"B-{label}"
        if scheme == "bilou":
            tags[last] = f"U-{label}" if first == last else f"L-{label}"
    return tags


def from_tags(offsets: Sequence[tuple[int, int]], tags: Sequence[str]) -> list[Entity]:
    """Return the entities that IOB or BILOU tags stand for, from left to right.

    The label is all that follows the first hyphen. ``I-`` or ``L-`` without an entity of the same label
    before it starts a new one.

    >>> from_tags([(0, 3), (4, 8), (9, 13)], ["U-PER", "O", "I-LOC"])
    [Entity(start=0, end=3, label='PER', score=1.0), Entity(start=9, end=13, label='LOC', score=1.0)]

    Raises ``SpanError`` when there is not one tag per token, or for another kind of tag.
    """
    if len(tags) != len(offsets):
        raise SpanError("bad_tags", f"{len(tags)} tags for {len(offsets)} tokens")
    entities: list[Entity] = []
    running = None
    for index, (tag, (start, end)) in enumerate(zip(tags, offsets, strict=True)):
        if tag == "O":
            running = None
            continue
        prefix, _, label = tag.partition("-")
        if prefix not in _PREFIXES or not label:
            raise SpanError(
                "bad_tags",
                f"tag {index} ({_quoted(tag)}) is none of O, B-, I-, L-, U- with a label",
                token_index=index,
                tag=tag,
            )
        if prefix in "IL" and label == running:
            entities[-1] = entities[-1]._replace(end=end)
        else:
            entities.append(Entity(start, end, label))
        running = label if prefix in "BI" else None
    return entities


_PREFIXES = frozenset("BILU")


def _corrected(text: str, entity: Entity) -> Entity:
    start, end = max(entity.start, 0), min(entity.end, len(text))
    covered = text[start:end]
    if covered and not covered.isspace():
        start, end = end - len(covered.lstrip()), start + len(covered.rstrip())
    return entity._replace(start=start, end=end)


def _refuse_overlap(entities: Sequence[Entity]) -> None:
    reached = 0
    for start, end, _, _ in entities:
        if start < reached:
            break
        reached = end
    else:
        return
    # Out of order, or overlapping.
    order = sorted(range(len(entities)), key=lambda index: entities[index][:2])
    for before, after in pairwise(order):
        if entities[after].start < entities[before].end:
            first, second = sorted((before, after))
            one, other = entities[first], entities[second]
            raise SpanError(
                "overlap",
                f"spans {first} and {second} overlap: {_named(one)} and {_named(other)}",
                span_index=second,
                overlaps=first,
                start=other.start,
                end=other.end,
                label=other.label,
            )


def _misaligned(
    text: str | None, offsets: Sequence[tuple[int, int]], index: int, entity: Entity
) -> SpanError:
    start, end = entity.start, entity.end
    nearest_start = _nearest(start, [border for border, _ in offsets])
    nearest_end = _nearest(end, [border for _, border in offsets])
    covered = None if text is None else text[max(start, 0) : max(end, 0)]
    quoted = "" if covered is None else f" {_quoted(covered)}"
    return SpanError(
        "misaligned",
        f"span {index}{quoted} ({_named(entity)}) does not start and end with a token;"
        f" the nearest token start is {nearest_start}, the nearest token end {nearest_end}",
        span_index=index,
        start=start,
        end=end,
        label=entity.label,
        text=covered,
        nearest_start=nearest_start,
        nearest_end=nearest_end,
    )


def _nearest(place: int, borders: Sequence[int]) -> int | None:
    return min(borders, key=lambda border: abs(border - place), default=None)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _named(entity: Entity) -> str:
    return f"{entity.label} {entity.start}-{entity.end}"
