"""Stretches of a text that made it match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.query import Highlighter, highlights, parse

TEXTS = {
    "text": "The Quick  fox: a well-known LIMIT, limited limits. The lazy dog",
    "text.exact": "The Quick  fox: a well-known LIMIT, limited limits. The lazy dog",
    "inputs.title": "Quick news",
    "inputs.title.exact": "Quick news",
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("quick", ["Quick"]),
        ("QUICK fox", ["Quick  fox"]),
        ("dog quick", ["Quick", "dog"]),
        ("lim*", ["LIMIT", "limited limits"]),
        ("LI?IT", ["LIMIT"]),
        ("/lim.*s/", ["limits"]),
        ("/LIM.*/", []),
        ("quikc~", ["Quick"]),
        ('"lazy dog"', ["lazy dog"]),
        ('"dog lazy"', []),
        ('"the dog"', []),
        ('"the dog"~1', ["The", "dog"]),
        ("well\\-known", ["well", "known"]),
        ("text.exact:LIMIT,", ["LIMIT,"]),
        ("text.exact:quick", []),
        ("text.exact:Qu*", ["Quick"]),
        ("inputs.title:news", ["news"]),
        ("inputs.\\*:quick", ["Quick"]),
        ("*:news", ["news"]),
        ("quick AND NOT fox", ["Quick"]),
        ("NOT (quick fox)", []),
        ("quick OR nothing", ["Quick"]),
        ("status:Validated metadata.split:fox", []),
        ("text:[a TO z] text:*", []),
        ("\\!", []),
        ("", []),
    ],
)
def test_keywords_are_the_matched_stretches_as_written(query: str, found: list[str]) -> None:
    assert highlights(parse(query), TEXTS) == found


def test_a_path_and_its_fields_name_inputs_too() -> None:
    query = parse("inputs:(title:news AND body:x)", advanced=True)

    assert highlights(query, TEXTS) == ["news"]


def test_an_input_may_be_called_exact() -> None:
    assert highlights(parse("inputs.exact:news"), {"inputs.exact": "The NEWS"}) == ["NEWS"]


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    text = "x" + " " * 100_000 + "fox"

    assert highlights(parse("fox"), {"text": text}) == []


def test_a_prepared_query_serves_many_records() -> None:
    highlighter = Highlighter(parse("a*"))

    assert [highlighter.keywords({"text": text}) for text in ("an ant", "bee", "Ape")] == [
        ["an ant"],
        [],
        ["Ape"],
    ]


@given(
    st.lists(st.sampled_from(["a", "b*", '"a b"', "OR", "-c", "text.exact:A", "a~1"])), st.text("aAbBc. \n")
)
def test_every_keyword_is_a_stretch_of_some_text(parts: list[str], text: str) -> None:
    try:
        query = parse(" ".join(parts))
    except InvalidTextSearchError:
        return

    for keyword in highlights(query, {"text": text, "text.exact": text}):
        assert keyword in text
        assert keyword == keyword.strip()
