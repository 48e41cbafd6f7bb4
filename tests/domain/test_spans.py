import doctest
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apportion import spans as module
from apportion.spans import (
    Entity,
    SpanError,
    align,
    fits_words,
    from_tags,
    spaced,
    to_tags,
    token_offsets,
)

TEXT = "Ana  lives in New York."
TOKENS = ["Ana", "lives", "in", "New", "York", "."]
OFFSETS = [(0, 3), (5, 10), (11, 13), (14, 17), (18, 22), (22, 23)]

PIECES = st.text(st.sampled_from("ab-é\u0301😀👩\u200d漢 \n"), min_size=1, max_size=3)
GAPS = st.sampled_from(["", " ", "  ", "\n", "\u3000"])
LABELS = st.sampled_from(["PER", "B-LOC", "x", "I", "O"])


@st.composite
def tagged(
    draw: st.DrawFn, labels: st.SearchStrategy[str] = LABELS
) -> tuple[list[tuple[int, int]], list[Entity]]:
    """Offsets of tokens, and entities over them that do not overlap, in order."""
    offsets, place = [], 0
    for length, gap in draw(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), max_size=12)):
        offsets.append((place + gap, place + gap + length))
        place += gap + length
    borders = sorted(draw(st.sets(st.integers(0, len(offsets)))))
    stretches = list(pairwise(borders))
    chosen = [stretch for stretch in stretches if draw(st.booleans())]
    return offsets, [Entity(offsets[a][0], offsets[b - 1][1], draw(labels)) for a, b in chosen]


def located_literally(text: str, tokens: list[str]) -> list[tuple[int, int]] | None:
    """The rule of the contract, word for word."""
    offsets, here = [], 0
    for token in tokens:
        start = text.find(token, here)
        if start < 0:
            return None
        offsets.append((start, start + len(token)))
        here = start + len(token)
        here += text[here : here + 1] == " "
    return offsets


@given(st.lists(st.tuples(GAPS, st.just("") | PIECES), min_size=1, max_size=8), st.integers(0, 8))
def test_tokens_are_located_as_the_contract_says(pairs: list[tuple[str, str]], changed: int) -> None:
    text = "".join(gap + token for gap, token in pairs)
    tokens = [token for _, token in pairs]
    tokens[changed:] = tokens[changed + 1 :]
    expected = located_literally(text, tokens)
    assume(expected is not None)

    assert token_offsets(text, tokens) == expected


@given(st.lists(PIECES, min_size=1))
def test_tokens_that_make_up_the_text_are_always_located(tokens: list[str]) -> None:
    for between in ("", " "):
        text = between.join(tokens)

        assert [text[start:end] for start, end in token_offsets(text, tokens)] == tokens


def test_repeated_tokens_are_located_one_after_the_other() -> None:
    assert token_offsets("ha, ha ha", ["ha", "ha", "ha"]) == [(0, 2), (4, 6), (7, 9)]


def test_a_token_that_is_not_in_the_text_is_named() -> None:
    with pytest.raises(SpanError, match=r"token 1 \('cd'\)") as refusal:
        token_offsets("ab c d", ["ab", "cd"])

    assert (refusal.value.kind, refusal.value.token_index) == ("token_not_found", 1)


def test_a_token_is_not_looked_for_before_the_one_it_follows() -> None:
    with pytest.raises(SpanError):
        token_offsets("b a", ["a", "b"])


def test_entities_that_fit_come_back_as_they_are() -> None:
    entities = [Entity(14, 22, "LOC", 0.5), Entity(0, 3, "PER")]

    assert align(TEXT, OFFSETS, entities) is entities


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [(3, 11, "lives"), (-2, 3, "Ana"), (14, 99, "New York."), (13, 18, "New")],
)
def test_entities_are_cut_to_the_text_and_trimmed(start: int, end: int, covered: str) -> None:
    (aligned,) = align(TEXT, OFFSETS, [Entity(start, end, "L", 0.5)])

    assert TEXT[aligned.start : aligned.end] == covered
    assert aligned[2:] == ("L", 0.5)


def test_a_token_of_white_space_can_be_an_entity_next_to_one_that_needs_trimming() -> None:
    offsets = token_offsets("a\n b", ["a", "\n", "b"])

    assert align("a\n b", offsets, [Entity(1, 2, "NL"), Entity(2, 4, "B")])[0] == (1, 2, "NL", 1.0)


def test_an_entity_that_cuts_a_token_is_named_with_the_nearest_borders() -> None:
    with pytest.raises(SpanError, match="'w York'") as refusal:
        align(TEXT, OFFSETS, [Entity(0, 3, "PER"), Entity(16, 22, "LOC")])

    error = refusal.value
    assert (error.kind, error.span_index) == ("misaligned", 1)
    assert error.details == {
        "start": 16,
        "end": 22,
        "label": "LOC",
        "text": "w York",
        "nearest_start": 14,
        "nearest_end": 22,
    }


@pytest.mark.parametrize(("start", "end"), [(5, 3), (99, 120), (5, 5), (3, 5), (22, 3)])
def test_entities_that_cover_nothing_are_refused(start: int, end: int) -> None:
    with pytest.raises(SpanError):
        align(TEXT, OFFSETS, [Entity(start, end, "X")])


def test_overlapping_entities_are_refused_unless_allowed() -> None:
    entities = [Entity(18, 22, "CITY"), Entity(0, 3, "PER"), Entity(14, 22, "LOC")]

    assert align(TEXT, OFFSETS, entities, allow_overlap=True) == entities
    with pytest.raises(SpanError, match="spans 0 and 2 overlap: CITY 18-22 and LOC 14-22") as refusal:
        align(TEXT, OFFSETS, entities)
    assert (refusal.value.kind, refusal.value.span_index) == ("overlap", 2)


@given(
    st.lists(st.text("a b", max_size=3), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(-1, 20), st.integers(-1, 20)), max_size=3),
)
def test_what_is_quickly_seen_to_fit_needs_no_correction(
    tokens: list[str], places: list[tuple[int, int]]
) -> None:
    text, entities = " ".join(tokens), [Entity(start, end, "PER") for start, end in places]
    if spaced(text, tokens) and fits_words(text, entities):
        assert align(text, token_offsets(text, tokens), entities) is entities


def test_words_are_quickly_seen_to_fit() -> None:
    assert spaced("Ana left", ["Ana", "left"])
    assert fits_words("Ana left", [Entity(0, 3, "PER")])
    assert not fits_words("Ana left", [Entity(0, 4, "PER")])


@given(tagged(), st.sampled_from(["iob", "bilou"]))
def test_entities_survive_the_way_to_tags_and_back(
    case: tuple[list[tuple[int, int]], list[Entity]], scheme: Literal["iob", "bilou"]
) -> None:
    offsets, entities = case
    tags = to_tags(offsets, entities, scheme)

    assert len(tags) == len(offsets)
    assert from_tags(offsets, tags) == entities


@given(st.lists(PIECES.filter(str.strip), min_size=1, max_size=8), st.data())
def test_tokens_of_a_text_survive_tagging(tokens: list[str], data: st.DataObject) -> None:
    text = " ".join(tokens)
    offsets = token_offsets(text, tokens)
    tags = data.draw(
        st.lists(st.sampled_from(["B-X", "U-X", "O"]), min_size=len(tokens), max_size=len(tokens))
    )
    entities = from_tags(offsets, tags)

    assert [text[e.start : e.end] for e in entities] == [
        t for t, tag in zip(tokens, tags, strict=True) if tag != "O"
    ]


def test_tags_of_both_schemes() -> None:
    entities = [Entity(14, 23, "LOC"), Entity(0, 3, "PER")]

    assert to_tags(OFFSETS, entities) == ["B-PER", "O", "O", "B-LOC", "I-LOC", "I-LOC"]
    assert to_tags(OFFSETS, entities, "bilou") == ["U-PER", "O", "O", "B-LOC", "I-LOC", "L-LOC"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["I-A", "I-A", "O"], [(0, 3, "A")]),
        (["L-A", "L-A", "O"], [(0, 1, "A"), (2, 3, "A")]),
        (["B-A", "I-B", "L-B"], [(0, 1, "A"), (2, 5, "B")]),
        (["B-A", "L-A", "I-A"], [(0, 3, "A"), (4, 5, "A")]),
        (["B-A", "B-A", "U-A"], [(0, 1, "A"), (2, 3, "A"), (4, 5, "A")]),
        (["B-A-b", "I-A-b", "I-A"], [(0, 3, "A-b"), (4, 5, "A")]),
        (["B-A", "O", "I-A"], [(0, 1, "A"), (4, 5, "A")]),
    ],
)
def test_unfinished_tags_are_tolerated(tags: list[str], expected: list[tuple[int, int, str]]) -> None:
    assert [entity[:3] for entity in from_tags([(0, 1), (2, 3), (4, 5)], tags)] == expected


@pytest.mark.parametrize("tags", [["B-A"], ["O", "E-A"], ["O", "b-A"], ["O", "B"], ["O", "B-"], ["O", ""]])
def test_other_tags_are_refused(tags: list[str]) -> None:
    with pytest.raises(SpanError):
        from_tags([(0, 1), (2, 3)], tags)


@pytest.mark.parametrize("entities", [[(0, 2)], [(0, 1), (0, 3)], [(2, 1)], [(1, 3)]])
def test_entities_without_tags_are_refused(entities: list[tuple[int, int]]) -> None:
    with pytest.raises(SpanError):
        to_tags([(0, 1), (2, 3)], [Entity(start, end, "X") for start, end in entities])


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0
