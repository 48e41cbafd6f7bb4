import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain import token_metrics as module
from apportion.domain.token_metrics import capitalness, mentions, token_metrics
from apportion.spans import Entity, token_offsets

TEXT = "Ana met ANA in New York"
TOKENS = TEXT.split()
OFFSETS = token_offsets(TEXT, TOKENS)


def metrics(predicted: list[Entity] | None = None, annotated: list[Entity] | None = None) -> dict[str, Any]:
    return token_metrics(TEXT, TOKENS, OFFSETS, predicted, annotated)


def tags(side: dict[str, Any]) -> list[str]:
    return [each["tag"] for each in side["tags"]]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("NASA", "UPPER"),
        ("I", "UPPER"),
        ("B2B", "UPPER"),
        ("étage", "LOWER"),
        ("Ana", "FIRST"),
        (" Ana ", "FIRST"),
        ("iPhone", "MIDDLE"),
        ("2Pac", "MIDDLE"),
        ("2023", None),
        ("?!", None),
        ("漢字", None),
        ("", None),
    ],
)
def test_capitalness(word: str, expected: str | None) -> None:
    assert capitalness(word) == expected


def test_a_record_without_entities_has_tokens_and_empty_sides() -> None:
    found = metrics()

    assert (found["text_length"], found["tokens_length"]) == (23, 6)
    assert found["predicted"] == found["annotated"] == {"mentions": [], "tags": []}
    assert found["tokens"][2] == {
        "idx": 2,
        "value": "ANA",
        "char_start": 8,
        "char_end": 10,
        "length": 3,
        "capitalness": "UPPER",
        "score": None,
        "tag": None,
        "custom": None,
    }


def test_an_empty_prediction_tags_every_token_as_outside() -> None:
    assert metrics(predicted=[])["predicted"] == {
        "mentions": [],
        "tags": [{"value": token, "tag": "O"} for token in TOKENS],
    }


def test_tokens_have_the_tags_of_the_prediction_before_those_of_the_annotation() -> None:
    person, place = [Entity(0, 3, "PER")], [Entity(15, 23, "LOC")]

    assert metrics(person, place)["tokens"][0]["tag"] == "B-PER"
    assert metrics(None, place)["tokens"][5]["tag"] == "I-LOC"
    assert tags(metrics(person, place)["annotated"]) == ["O", "O", "O", "O", "B-LOC", "I-LOC"]


def test_a_mention_says_what_it_covers() -> None:
    assert metrics(predicted=[Entity(15, 23, "LOC", 0.5)])["predicted"]["mentions"] == [
        {
            "value": "New York",
            "label": "LOC",
            "score": 0.5,
            "capitalness": "FIRST",
            "density": 2 / 6,
            "tokens_length": 2,
            "chars_length": 8,
        }
    ]


def test_a_repeated_mention_counts_once_with_its_first_label() -> None:
    offsets = token_offsets("Ana Ana", ["Ana", "Ana"])

    found = mentions("Ana Ana", offsets, [Entity(0, 3, "PER"), Entity(4, 7, "ORG")])

    assert [(each["value"], each["label"]) for each in found] == [("Ana", "PER")]


def test_of_overlapping_entities_the_first_has_the_tags() -> None:
    found = metrics(annotated=[Entity(15, 18, "ADJ"), Entity(15, 23, "LOC"), Entity(0, 3, "PER")])[
        "annotated"
    ]

    assert tags(found) == ["B-PER", "O", "O", "O", "B-ADJ", "O"]
    assert len(found["mentions"]) == 3


@given(st.lists(st.builds(Entity, st.integers(-5, 30), st.integers(-5, 30), st.just("X"))))
def test_no_entities_make_it_fail(entities: list[Entity]) -> None:
    assert len(metrics(entities, entities)["predicted"]["tags"]) == len(TOKENS)


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0
