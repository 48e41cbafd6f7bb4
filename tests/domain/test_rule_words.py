"""Queries that speak of labeling rules: each rule in the place of its name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.query import And, MatchAll, Not, Or, Query, Term, names_rules, parse, show, with_rules
from apportion.domain.rules import LabelingRule

NAMES = ("free", "free OR money", "(broken", "covered:true", "a -b")
words = st.sampled_from(
    ["x", "status:Default", "covered:true", "covered:false", "covered:conflict", "rule:*", "rule:f*",
     'rule:"free OR money"', 'rule:"(broken"', 'rule:"covered:true"', "rule:nope",
     "_exists_:covered", 'metadata.rule:"free"']
)  # fmt: skip
queries = st.recursive(
    words,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(
            lambda parts: "(" + "".join(parts) + ")"
        ),
        inner.map(lambda text: f"NOT ({text})"),
    ),
    max_leaves=8,
)
rules = st.lists(st.sampled_from(NAMES), unique=True).map(
    lambda names: [LabelingRule(name, ("x",), "x", "ana", place) for place, name in enumerate(names)]
)


@given(queries, rules)
def test_no_rule_is_left_by_name_and_the_rest_is_as_it_was(text: str, known: list[LabelingRule]) -> None:
    query = parse(text)
    found = with_rules(query, known)

    assert not names_rules(found)
    assert parse(show(found)) == found
    if not names_rules(query):
        assert found is query


@given(rules)
def test_what_is_not_covered_is_everything_else(known: list[LabelingRule]) -> None:
    assert with_rules(parse("NOT covered:true"), known) == with_rules(parse("covered:false"), known)


def test_a_rule_that_cannot_be_read_or_speaks_of_rules_matches_nothing() -> None:
    known = [LabelingRule(query, ("x",), "x", "ana", 0) for query in ("(broken", "covered:true")]

    assert show(with_rules(parse("covered:true"), known)) == "NOT *:* OR NOT *:*"


def matches(query: Query, words: set[str]) -> bool:
    """Evaluate a query of single words."""
    match query:
        case And(children):
            return all(matches(child, words) for child in children)
        case Or(children):
            return any(matches(child, words) for child in children)
        case Not(child):
            return not matches(child, words)
        case MatchAll():
            return True
    assert isinstance(query, Term)
    return query.text in words


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), unique_by=lambda each: each[0]),
    st.data(),
)
def test_rules_conflict_where_two_that_match_have_different_labels(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    known = [LabelingRule(query, (label,), label, "ana", place) for place, (query, label) in enumerate(pairs)]
    words = data.draw(st.sets(st.sampled_from("abcdef")))

    found = matches(with_rules(parse("covered:conflict"), known), words)

    assert found == (len({label for query, label in pairs if query in words}) > 1)
