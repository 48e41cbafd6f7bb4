"""Comparing words: wildcards, regular expressions, edits, phrases."""

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.query import (
    Automaton,
    WildcardPart,
    auto_edits,
    field_regex,
    phrase_places,
    wildcard_regex,
    within_edits,
)

SHORT = st.text("ab", max_size=7)


def reference(pieces: Sequence[WildcardPart | str]) -> str:
    return "".join(
        re.escape(p) if isinstance(p, str) else {WildcardPart.ANY: ".*", WildcardPart.ONE: "."}[p]
        for p in pieces
    )


@given(st.lists(st.sampled_from([*WildcardPart, "a", "b", "ab"]), max_size=8), SHORT)
def test_wildcards_match_like_a_plain_pattern(pieces: list[WildcardPart | str], word: str) -> None:
    expected = bool(re.fullmatch(reference(pieces), word))

    assert bool(wildcard_regex(pieces, fold=False).fullmatch(word)) == expected


def test_only_folded_wildcards_overlook_case() -> None:
    pieces = ("LIM", WildcardPart.ANY)

    assert wildcard_regex(pieces, fold=True).fullmatch("limits")
    assert not wildcard_regex(pieces, fold=False).fullmatch("limits")


def test_many_stars_do_not_hold_matching_up() -> None:
    pieces: list[WildcardPart | str] = [WildcardPart.ANY, "a"] * 50
    pattern = wildcard_regex([*pieces, "b"], fold=False)

    assert not pattern.fullmatch("a" * 5_000)


def test_a_star_in_a_field_name_stands_for_any_run() -> None:
    names = field_regex("inputs.*.exact")

    assert names.fullmatch("inputs.title.exact")
    assert not names.fullmatch("inputs.title")


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", "\\.", "()", "[a\\]]", "[-b]", "\\d"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map("|".join).map("({})".format)
        | st.tuples(
            inner.map("({})".format), st.sampled_from(["?", "*", "+", "{2}", "{1,}", "{0,2}", "{0}"])
        ).map("".join)
    ),
    max_leaves=6,
)


@given(PATTERNS, st.lists(st.text("ab.1-]", max_size=6), min_size=1, max_size=8))
def test_automata_agree_with_python_where_the_syntax_is_shared(pattern: str, words: list[str]) -> None:
    automaton = Automaton(pattern)

    for word in words:
        assert automaton.matches(word) == bool(re.fullmatch(pattern, word, re.DOTALL)), (pattern, word)


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("eje.*o", "ejemplo", True),
        ("eje.*o", "un ejemplo", False),
        ("eje.?plo", "ejemplo", True),
        ("LIM", "lim", False),
        ('a"*."b', "a*.b", True),
        ("a@", "abc", True),
        ("#", "", False),
        ("", "", True),
        ("^a$", "^a$", True),
        ("[\\d_]+", "1_2", True),
        ("\\W", "-", True),
        ("a|bc*", "bcc", True),
        ("a{2}{3}", "aaaaaa", True),
        ("a{2}{3}", "aaaaa", False),
        ("(ab{0,2}){2,}c", "abbabc", True),
    ],
)
def test_lucene_syntax(pattern: str, word: str, expected: bool) -> None:
    assert Automaton(pattern).matches(word) is expected


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("a~b", 1),
        ("a&b", 1),
        ("<1-5>", 0),
        ("a>", 1),
        ("(a", 0),
        ("a)", 1),
        ("[a", 0),
        ("[a\\]", 0),
        ("[]", 0),
        ("[b-a]", 4),
        ("*a", 0),
        ("a{b}", 2),
        ("a{3,2}", 6),
        ('"a', 0),
        ("\\", 1),
        ("(" * 100 + ")" * 100, 65),
        ("(a{1000}){1000}", 15),
        ("a" * 1001, 0),
    ],
)
def test_patterns_beyond_reason_are_refused_with_their_place(pattern: str, position: int) -> None:
    with pytest.raises(InvalidTextSearchError) as refusal:
        Automaton(pattern)

    assert refusal.value.position == position


def test_patterns_that_ruin_backtracking_are_no_trouble() -> None:
    assert not Automaton("(a*)*(a|aa)+(.*a){20}b").matches("a" * 2_000)


def test_an_automaton_forgets_and_still_answers() -> None:
    automaton = Automaton("(a|b)*a(a|b){9}")
    words = ["".join(letters) for letters in itertools.product("ab", repeat=11)]

    assert sum(map(automaton.matches, words)) == 2**10
    automaton._forget(automaton._origin)
    assert sum(map(automaton.matches, words)) == 2**10


def distance(a: str, b: str) -> int:
    rows = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
            rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 4))
def test_edits_are_counted_like_the_textbook_does(a: str, b: str, limit: int) -> None:
    assert within_edits(a, b, limit) == (distance(a, b) <= limit)


@pytest.mark.parametrize(
    ("a", "b", "limit"), [("quikc", "quick", 1), ("", "ab", 2), ("a" * 50_000, "a" * 50_001, 1)]
)
def test_close_words_are_found(a: str, b: str, limit: int) -> None:
    assert within_edits(a, b, limit)
    assert not within_edits(a, b, limit - 1)


def test_longer_words_may_have_more_edits() -> None:
    assert [auto_edits("x" * length) for length in range(8)] == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "phrase", "slop", "found"),
    [
        ("a b c a b", "a b", 0, {0, 1, 3, 4}),
        ("a b", "b a", 0, set()),
        ("a b", "b a", 2, {0, 1}),
        ("a x b", "a b", 0, set()),
        ("a x b", "a b", 1, {0, 2}),
        ("a x a", "a a", 0, set()),
        ("a b x a y b", "a b", 1, {0, 1, 3, 5}),
        ("a b c", "", 0, set()),
        ("a", "a a", 1, set()),
        ("a a a", "a a", 0, {0, 1, 2}),
        ("a b", "a c", 5, set()),
    ],
)
def test_phrases_are_found_within_their_slop(text: str, phrase: str, slop: int, found: set[int]) -> None:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(text.split()):
        places.setdefault(word, []).append(place)

    assert phrase_places(places, phrase.split(), slop) == found


@given(
    st.lists(st.sampled_from("abc"), max_size=20), st.lists(st.sampled_from("abc"), min_size=1, max_size=4)
)
def test_without_slop_a_phrase_is_consecutive_words(words: list[str], phrase: list[str]) -> None:
    starts = [i for i in range(len(words)) if words[i : i + len(phrase)] == phrase]
    places = {word: [i for i, each in enumerate(words) if each == word] for word in words}

    assert phrase_places(places, phrase) == {start + i for start in starts for i in range(len(phrase))}
