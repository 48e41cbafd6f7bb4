"""From tree to text and back."""

from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.query import (
    Exists,
    Fuzzy,
    MatchAll,
    Nested,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
    all_of,
    any_of,
    negate,
    parse,
    show,
)

SPEAKABLE = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXT = st.text(st.sampled_from('ab \\+-!(){}[]^"~*?:/&|<>=\u3000é') | SPEAKABLE, min_size=1, max_size=8)
WORD = TEXT | st.sampled_from(["AND", "OR", "NOT", "TO", "_", "&&&", "-", "*", "it's", "2020-01-01"])
NAME = WORD.filter(lambda name: name != "_exists_")
FIELD = st.none() | NAME

Field: TypeAlias = st.SearchStrategy[str | None]
Queries: TypeAlias = st.SearchStrategy[Query]


@st.composite
def wildcards(draw: st.DrawFn, field: Field) -> Wildcard:
    pieces = draw(st.lists(st.sampled_from(WildcardPart) | WORD, min_size=2, max_size=5))
    kept = [pieces[0]]
    for piece in pieces[1:]:
        if (
            not (isinstance(piece, str) and isinstance(kept[-1], str))
            and (piece, kept[-1]) != (WildcardPart.ANY,) * 2
        ):
            kept.append(piece)
    if WildcardPart.ONE not in kept and (WildcardPart.ANY not in kept or len(kept) == 1):
        kept.append(WildcardPart.ONE)
    return Wildcard(draw(field), tuple(kept))


@st.composite
def ranges(draw: st.DrawFn, field: Field) -> Range:
    low, high = draw(st.none() | TEXT | st.just("TO")), draw(st.none() | TEXT | st.just(""))
    return Range(
        draw(field), low, high, low is None or draw(st.booleans()), high is None or draw(st.booleans())
    )


def leaves(field: Field) -> Queries:
    return (
        st.just(MatchAll())
        | st.builds(Term, field, WORD)
        | st.builds(Phrase, field, st.text(SPEAKABLE) | TEXT, st.integers(0, 5))
        | st.builds(Fuzzy, field, WORD, st.none() | st.integers(0, 2))
        | st.builds(Regex, field, st.sampled_from(["", "a.*", "a/b", "\\\\/", "[/]\\.", "(a|b){2}"]))
        | st.builds(Exists, NAME)
        | wildcards(field)
        | ranges(field)
    )


def joined(children: Queries) -> Queries:
    several = st.lists(children, min_size=2, max_size=4)
    return several.map(all_of) | several.map(any_of) | children.map(negate)


def nested(children: Queries) -> Queries:
    return joined(children) | st.builds(
        lambda path, child: Nested(path, all_of([child, MatchAll()])), NAME, children
    )


@given(st.recursive(leaves(FIELD), joined, max_leaves=12))
def test_every_tree_survives_being_shown(tree: Query) -> None:
    assert parse(show(tree)) == tree


@given(st.recursive(leaves(FIELD), nested, max_leaves=12))
def test_every_advanced_tree_survives_being_shown(tree: Query) -> None:
    assert parse(show(tree), advanced=True) == tree


BITS = [
    "a",
    " b ",
    "f:",
    "p:(",
    "(",
    ")",
    " OR ",
    " AND ",
    "-",
    "+",
    "!",
    '"a b"',
    "*",
    "?",
    ":>1 ",
    "[a TO *}",
    "~",
    "\\",
    "&&",
]


@given(st.lists(st.sampled_from(BITS), max_size=14).map("".join), st.booleans())
def test_showing_what_was_parsed_changes_nothing(text: str, advanced: bool) -> None:
    try:
        tree = parse(text, advanced=advanced)
    except InvalidTextSearchError:
        return

    assert parse(show(tree), advanced=advanced) == tree


@pytest.mark.parametrize("advanced", [False, True])
def test_the_deepest_query_survives_too(advanced: bool) -> None:
    depth = 64 - advanced
    tree = parse("(a b c -" * depth + "a" + ")" * depth, advanced=advanced)

    assert parse(show(tree), advanced=advanced) == tree


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a AND b"),
        ("(a b) OR c", "a AND b OR c"),
        ("f:(a OR b) !c", "(f:a OR f:b) AND NOT c"),
        ("well-known it\\'s", "well-known AND it's"),
        ("f:>5", "f:{5 TO *]"),
        ("", "*:*"),
    ],
)
def test_text_is_shown_with_few_brackets_and_escapes(text: str, shown: str) -> None:
    assert show(parse(text)) == shown
