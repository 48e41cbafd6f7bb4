import doctest
from collections import Counter
from collections.abc import Sequence
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain import word_counts
from apportion.domain.text import cloud_words, lower_letters
from apportion.domain.word_counts import common_words

LENGTHS = (1, 2, 7, 8, 9, 15, 16, 17, 24, 63, 64, 65, 90)
WORDS = st.builds(
    lambda letter, n, end: letter * n + end,
    st.sampled_from("abéжक漢"),
    st.sampled_from(LENGTHS),
    st.sampled_from(["", "a", "z", "é"]),
)
TEXTS = st.text("aB é1_²ª काi\u0301İẞ🤔\0 the", max_size=12) | st.lists(WORDS, max_size=4).map(" ".join)


def most_common(texts: Sequence[str], most: int) -> list[tuple[str, int]]:
    expected = Counter(word for text in texts for word in set(cloud_words(text)))
    return sorted(expected.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def test_the_example_holds() -> None:
    assert doctest.testmod(word_counts).failed == 0


def test_every_character_of_the_basic_plane_parts_words_or_belongs_to_one() -> None:
    for code in set(range(0x10000)) - set(range(0xD800, 0xE000)):
        text = f"xy{chr(code)}zz"
        assert lower_letters(text).decode().split() == cloud_words(text), hex(code)


@given(st.lists(TEXTS, max_size=8), st.sampled_from([1, 3, 80]), st.sampled_from([1, 100, 1 << 20]))
def test_words_are_counted_once_per_text(texts: list[str], most: int, at_once: int) -> None:
    with mock.patch.object(word_counts, "BYTES_AT_ONCE", at_once):
        assert list(common_words(texts, most).items()) == most_common(texts, most)


@pytest.mark.parametrize("at_once", [1 << 20, 10_000])
def test_of_many_words_that_tie_the_first_by_name_are_kept(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_counts, "BYTES_AT_ONCE", at_once)
    letters = "bcdefghijk"
    texts = [
        " ".join(f"{a}{b}{c}" + a * length for c in letters)
        for a in letters
        for b in letters
        for length in (0, 9)
    ]
    texts += ["myself yourselves", "mon kkk kkkkkkkkkkkk " + "z" * 100]
    assert list(common_words(texts, 80).items()) == most_common(texts, 80)


def test_no_texts_have_no_words() -> None:
    assert common_words([], 80) == common_words(["", "1 2 the"], 80) == {}
