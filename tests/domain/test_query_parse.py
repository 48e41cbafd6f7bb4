"""From text to tree: every construct of the search language, its errors, and hostile input."""

import sys
from types import FrameType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.query import (
    And,
    Exists,
    Fuzzy,
    MatchAll,
    Nested,
    Not,
    Or,
    Phrase,
    Query,
    Range,
    Regex,
    Term,
    Wildcard,
    WildcardPart,
    parse,
)

ANY, ONE = WildcardPart.ANY, WildcardPart.ONE
A, B, C = (Term(None, name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", MatchAll()),
        (" \n\t", MatchAll()),
        ("*:*", MatchAll()),
        ("*", MatchAll()),
        ("a", A),
        ("text:fox", Term("text", "fox")),
        ("text: texto", Term("text", "texto")),
        ("id : 10", Term("id", "10")),
        ("*:x", Term("*", "x")),
        ("inputs.\\*:x", Term("inputs.*", "x")),
        ("inputs.*:x", Term("inputs.*", "x")),
        ("text.exact:\\!", Term("text.exact", "!")),
        ("\\!", Term(None, "!")),
        ("a\\ b", Term(None, "a b")),
        ("lim\\*", Term(None, "lim*")),
        ("\\AND", Term(None, "AND")),
        ("it's", Term(None, "it's")),
        ("R&B", Term(None, "R&B")),
        ("well-known", Term(None, "well-known")),
        ("2020-01-01", Term(None, "2020-01-01")),
        ("and", Term(None, "and")),
        ("and/or", Term(None, "and/or")),
        ("score:-1", Term("score", "-1")),
        ("<br>", Term(None, "<br>")),
        ("a^2", A),
        ("f:a^0.5", Term("f", "a")),
    ],
)
def test_a_word_is_a_term(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('text:"lazy dog hated"', Phrase("text", "lazy dog hated")),
        ('"a b"~2', Phrase(None, "a b", 2)),
        ('"a b"~2^3', Phrase(None, "a b", 2)),
        ('"a b"~', Phrase(None, "a b")),
        ('"say \\"hi\\" \\\\ *"', Phrase(None, 'say "hi" \\ *')),
        ('""', Phrase(None, "")),
        ("lim*", Wildcard(None, ("lim", ANY))),
        ("qu?ck", Wildcard(None, ("qu", ONE, "ck"))),
        ("f:a**b\\*", Wildcard("f", ("a", ANY, "b*"))),
        ("/eje.?plo/", Regex(None, "eje.?plo")),
        ("f:/a\\/b\\./", Regex("f", "a/b\\.")),
        ("quikc~", Fuzzy(None, "quikc")),
        ("quikc~1", Fuzzy(None, "quikc", 1)),
        ("quikc~2^4", Fuzzy(None, "quikc", 2)),
        ("quikc~0.8", Fuzzy(None, "quikc", 1)),
        ("quikc~0.1", Fuzzy(None, "quikc", 2)),
        ("quikc~9", Fuzzy(None, "quikc", 2)),
        ("quikc~0", Fuzzy(None, "quikc", 0)),
        ("_exists_:f.g", Exists("f.g")),
        ("f:*", Exists("f")),
        ("vectors.v.value: *", Exists("vectors.v.value")),
        ("f:**", Exists("f")),
    ],
)
def test_phrases_patterns_and_presence(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("score:[0.5 TO 0.6]", Range("score", "0.5", "0.6")),
        ("score:{0.9 TO *}", Range("score", "0.9", None, include_low=False)),
        ("f:[a TO b}", Range("f", "a", "b", include_high=False)),
        ("f:{a TO b]", Range("f", "a", "b", include_low=False)),
        ("f:[* TO *]", Range("f", None, None)),
        ('f:["a b" TO "TO"]', Range("f", "a b", "TO")),
        ('f:["*" TO \\*]', Range("f", "*", "*")),
        ("score:>0.5", Range("score", "0.5", None, include_low=False)),
        ("score:>= 0.5", Range("score", "0.5", None)),
        ("score: <-1", Range("score", None, "-1", include_high=False)),
        ('f:<="a b"', Range("f", None, "a b")),
        ("t:>2020-01-01T10:00:00", Range("t", "2020-01-01T10:00:00", None, include_low=False)),
        ("t:[2020-01-01T10:00 TO *]", Range("t", "2020-01-01T10:00", None)),
        ("f:(>1 <=3)", And((Range("f", "1", None, include_low=False), Range("f", None, "3")))),
    ],
)
def test_ranges(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b", And((A, B))),
        ("a && b || !c", Or((And((A, B)), Not(C)))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("(a AND b) AND (c)", And((A, B, C))),
        ("a -b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a OR -b", Or((A, Not(B)))),
        ("+a b", And((A, B))),
        ("+a OR b", A),
        ("+a OR -b", And((A, Not(B)))),
        ("-a", Not(A)),
        ("-a -b", And((Not(A), Not(B)))),
        ("!a", Not(A)),
        ("NOT (a b)", Not(And((A, B)))),
        ("NOT NOT a", A),
        ("- a", And((Term(None, "-"), A))),
        ("f:(a b)", And((Term("f", "a"), Term("f", "b")))),
        ("f:(a g:b)", And((Term("f", "a"), Term("g", "b")))),
        ("f:a b", And((Term("f", "a"), B))),
        ("inputs.text:(NOT positive)", Not(Term("inputs.text", "positive"))),
        ("NOT _exists_:metadata.split", Not(Exists("metadata.split"))),
        ("f:(a *)^2", And((Term("f", "a"), Exists("f")))),
    ],
)
def test_operators_and_groups(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b", Or((A, B))),
        ("a b AND c", Or((A, And((B, C))))),
        ("a b -c", And((Or((A, B)), Not(C)))),
        ("+a b", A),
        ("f:(a b)", Or((Term("f", "a"), Term("f", "b")))),
        (
            "m:(label:NAME AND score:[* TO 0.1])",
            Nested("m", And((Term("label", "NAME"), Range("score", None, "0.1")))),
        ),
        ("m:(x AND label:y)", Nested("m", And((Term(None, "x"), Term("label", "y"))))),
        ("m:(+x label:y)", Term("m", "x")),
        ("m:(n:(a:x) b:y)", Nested("m", Or((Nested("n", Term("a", "x")), Term("b", "y"))))),
    ],
)
def test_advanced_queries_join_with_or_and_bind_groups_to_one_element(text: str, tree: Query) -> None:
    assert parse(text, advanced=True) == tree


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("!", 0),
        ('{"a":1}', 4),
        ("a (b", 2),
        ("a)", 1),
        ("()", 0),
        ('x "open', 2),
        ("x /open", 2),
        ("[a TO b", 0),
        ("[a b]", 3),
        ("[a TO ]", 6),
        ("a]", 1),
        ("user:", 4),
        ("user:)", 4),
        (":x", 0),
        ("a:b:c", 3),
        ("a AND", 2),
        ("a && OR b", 2),
        ("OR", 0),
        ("a ~1 ~", 5),
        ("(a)~2", 3),
        ("a^", 1),
        ("a^x", 1),
        ("^2", 0),
        ("a\\", 1),
        ("f:>", 2),
        ("f?:x", 0),
        ("_exists_:/x/", 9),
        ("x /a(/", 2),
        ("x /~a/", 2),
        ("a\x00", 1),
        ("a\ud800", 1),
        ("a?" * 101, 0),
        ("x" * 100_001, 100_000),
        ("(" * 65 + "a" + ")" * 65, 64),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(InvalidTextSearchError) as refusal:
        parse(text)

    assert refusal.value.position == position
    assert refusal.value.reason


def test_the_message_quotes_the_query() -> None:
    with pytest.raises(InvalidTextSearchError) as refusal:
        parse("(a OR")

    assert refusal.value.params() == {
        "message": "Failed to parse query [(a OR]",
        "position": 3,
        "reason": "nothing to search for follows OR",
    }


@pytest.mark.parametrize("text", ["\ud800", "x" * 10_000_000])
def test_the_message_can_always_be_sent(text: str) -> None:
    with pytest.raises(InvalidTextSearchError) as refusal:
        parse(text)

    assert len(str(refusal.value).encode()) < 1_000


def test_brackets_may_be_64_deep() -> None:
    assert parse("(" * 64 + "a" + ")" * 64) == A


QUERYISH = st.lists(
    st.sampled_from(
        [
            *'()[]{}:^~"/\\*?!+-<> &|',
            " ",
            "f:",
            "AND",
            "OR ",
            " NOT ",
            "a",
            "b ",
            "_exists_:",
            "[a TO b]",
            "~2",
        ]
    )
).map("".join)


@given(st.text() | QUERYISH, st.booleans())
@example("f:(" * 70, True)
def test_any_text_is_either_a_query_or_refused_politely(text: str, advanced: bool) -> None:
    position: int | None = 0
    try:
        parse(text, advanced=advanced)
    except InvalidTextSearchError as refusal:
        position = refusal.position

    assert position in range(len(text) + 1)


def calls(text: str, advanced: bool) -> int:
    """Count the functions that parsing calls: work that does not depend on the machine."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        parse(text, advanced=advanced)
    except InvalidTextSearchError:
        pass
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("advanced", [False, True])
@pytest.mark.parametrize(
    "unit",
    [
        '"', "(", ")", "[", "{", "\\", "NOT ", " ", "a OR ", "a -b ", "+a ", "f:(", "f:(a ",
        "/", "a:", "~", "^1", "!", "*", "&",
    ],
)  # fmt: skip
def test_work_grows_with_the_length_of_the_query_only(unit: str, advanced: bool) -> None:
    small, large = calls(unit * 1250, advanced), calls(unit * 5000, advanced)

    assert large <= 4.5 * small


@pytest.mark.parametrize("advanced", [False, True])
def test_nested_groups_that_drop_their_fields_stay_cheap(advanced: bool) -> None:
    def nest(depth: int) -> str:
        return "f:(+x " * depth + ")" * depth

    assert calls(nest(60), advanced) <= 5 * calls(nest(15), advanced)


@pytest.mark.parametrize("clause", ["w{}", 'id:"{}"', "n:[{} TO *]", "-(/x{}/ *y)"])
def test_a_query_of_very_many_words_is_refused_with_the_place(clause: str) -> None:
    per_clause = 2 if "(" in clause else 1
    asked = [clause.format(n) for n in range(2_000 // per_clause)]
    parse(" OR ".join(asked))
    with pytest.raises(InvalidTextSearchError) as refused:
        parse(" OR ".join([*asked, "more"]))
    assert refused.value.position == len(" OR ".join(asked)) + 4
    assert "2,000" in str(refused.value.reason)
