import doctest
import sqlite3
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain import text as module
from apportion.domain.stopwords import STOP_WORDS
from apportion.domain.text import (
    analysed,
    cloud_words,
    exact_spans,
    exact_words,
    fold,
    word_spans,
    words,
)

ALPHABET = (
    "aAzZiIsS_019 .,'\"-\t\n\0\x7f"
    "éÉñßẞİıſµÅŒøǅ½²ª\u00a0\u00ad"
    "\u0301\u0308\u0345"
    "ΣσςΐΆϐω"
    "ЖжЁёҐԨꙐ"
    "हिन्दीक़०।"
    "العربيةِ٣،"
    "漢字々𠮷㐀豈ひらがなゝカタカナーヶｶﾞ\u3099、"
    "한국어ไทยთბᲗꭰᎠ𐐀𞤀"
    "🤔😀❤\ufe0f\u20e3\u200d\u200c🏽€™“—…‿\ue000\u0378\u2fff"
)
TEXTS = st.text(st.sampled_from(ALPHABET) | st.characters(), max_size=30)


class Index:
    """SQLite's full-text index, the other half of the promise."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:")
        self.database.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(body, tokenize="
            "\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc'\")"
        )
        self.database.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts, instance)")

    def words_of(self, bodies: list[str]) -> list[list[str]]:
        self.database.execute("DELETE FROM texts")
        self.database.executemany("INSERT INTO texts(rowid, body) VALUES (?, ?)", enumerate(bodies))
        found = defaultdict(list)
        for body, _, term in self.database.execute("SELECT doc, offset, term FROM terms ORDER BY 1, 2"):
            found[body].append(term)
        return [found[body] for body in range(len(bodies))]


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    index = Index()
    yield index
    index.database.close()


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_words_are_those_the_full_text_index_finds(index: Index, texts: list[str]) -> None:
    assert index.words_of([analysed(text) for text in texts]) == [words(text) for text in texts]


def test_every_letter_of_the_basic_plane_is_treated_as_the_index_treats_it(index: Index) -> None:
    texts = [f"q{chr(code)}Z" for code in range(0x10000)]

    assert index.words_of([analysed(text) for text in texts]) == [words(text) for text in texts]


@given(TEXTS)
def test_word_spans_point_at_the_words_in_the_original_text(text: str) -> None:
    spans = list(word_spans(text))

    assert [word for _, _, word in spans] == words(text)
    assert all(fold(text[start:end]) == word for start, end, word in spans)


@given(TEXTS)
def test_analysing_twice_changes_nothing(text: str) -> None:
    assert words(analysed(text)) == words(text)
    assert analysed(analysed(text)) == analysed(text)


@given(TEXTS)
def test_folding_keeps_the_length_and_is_done_once(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(TEXTS, TEXTS)
def test_folding_a_part_gives_the_part_of_the_folded(before: str, after: str) -> None:
    assert fold(before + after) == fold(before) + fold(after)


@given(TEXTS)
def test_exact_words_stand_where_exact_spans_say(text: str) -> None:
    spans = list(exact_spans(text))

    assert [word for _, _, word in spans] == exact_words(text)
    assert all(text[start:end] == word for start, end, word in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't PANIC_now 3.5", ["don", "t", "panic_now", "3", "5"]),
        ("Ça coûte 5€", ["ça", "coûte", "5"]),
        ("ΛΌΓΟΣ λόγος", ["λόγοσ", "λόγοσ"]),
        ("हिन्दी भाषा।", ["हिन्दी", "भाषा"]),
        ("我住在東京タワー", ["我", "住", "在", "東", "京", "タワー"]),
        ("iPhoneケースです", ["iphone", "ケース", "で", "す"]),
        ("か\u3099く", ["か\u3099", "く"]),
        ("hi🤔there 🫠 ❤️you 1️⃣", ["hi", "there", "you", "1"]),
        ("a\0b", ["a", "b"]),
        ("lone \ud800surrogate", ["lone", "surrogate"]),
        ("", []),
        ("…!", []),
    ],
)
def test_words_in_many_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_plain_text_reaches_the_index_as_it_is() -> None:
    for text in ("Plain English, 100%", "Où est l'hôtel ?", "Где гостиница?"):
        assert analysed(text) == text


def test_cloud_words_leave_out_stop_words_numbers_and_symbols() -> None:
    assert cloud_words("The 2 cats, el gato_2, l'eau: die Straße don't ❤️") == [
        "cats",
        "gato",
        "eau",
        "straße",
    ]


def test_cloud_words_keep_marks_with_their_letters() -> None:
    assert cloud_words("हिन्दी cafe\u0301s") == ["हिन्दी", "cafe\u0301s"]


def test_stop_words_are_the_words_a_cloud_would_look_up() -> None:
    assert {word for word in STOP_WORDS if not word.isalpha() or word.lower() != word} == set()


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0
