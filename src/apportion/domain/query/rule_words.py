"""Replace what a query says about labeling rules, as in ``rule:"…"`` and ``covered:false``, by their queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.rules import LabelingRule

from .ast import And, Exists, MatchAll, Nested, Not, Or, Phrase, Query, Term, Wildcard
from .combine import all_of, any_of, negate
from .matching import wildcard_regex
from .parse import parse

__all__ = ["RULE_WORDS", "names_rules", "with_rules"]

RULE_WORDS = frozenset({"rule", "covered"})
"""Fields of the search language that stand for queries of labeling rules."""

_NOTHING = Not(MatchAll())


def names_rules(query: Query) -> bool:
    """Return whether a query speaks of labeling rules."""
    match query:
        case And(children) | Or(children):
            return any(map(names_rules, children))
        case Not(child) | Nested(_, child):
            return names_rules(child)
        case MatchAll():
            return False
    return query.field in RULE_WORDS


def with_rules(query: Query, rules: Sequence[LabelingRule]) -> Query:
    """Return the query with every rule in the place of its name, whole or with wildcards.

    A rule goes by its query, and by its description. One that does not exist matches nothing, and so does a rule
    whose own query cannot be parsed or speaks of rules in turn.

    >>> from apportion.domain.query import show
    >>> free = LabelingRule("free OR money", ("spam",), "spam", "ana", 0)
    >>> show(with_rules(parse('rule:"free OR money" later'), [free]))
    '(free OR money) AND later'
    """
    return _replaced(query, rules) if names_rules(query) else query


def _replaced(query: Query, rules: Sequence[LabelingRule]) -> Query:
    match query:
        case And(children):
            return all_of(_replaced(child, rules) for child in children)
        case Or(children):
            return any_of(_replaced(child, rules) for child in children)
        case Not(child):
            return negate(_replaced(child, rules))
        case Nested(path, child):
            return Nested(path, _replaced(child, rules))
        case MatchAll():
            return query
        case Exists("covered"):
            return MatchAll()
    if query.field == "covered":
        return _covered(query, rules)
    return _matching(query, rules) if query.field == "rule" else query


def _covered(leaf: Query, rules: Sequence[LabelingRule]) -> Query:
    wanted = leaf.text.lower() if isinstance(leaf, Term | Phrase) else ""
    if wanted == "conflict":
        return _conflict(rules)
    if wanted not in ("true", "false"):
        raise _unclear(
            "covered is followed by true or false, by whether any labeling rule matches the record, "
            "or by conflict, where rules with different labels match it"
        )
    anything = _any(rules)
    return anything if wanted == "true" else negate(anything)


def _conflict(rules: Sequence[LabelingRule]) -> Query:
    """Match records on which rules with different labels match."""
    groups: dict[frozenset[str], list[LabelingRule]] = {}
    for rule in rules:
        groups.setdefault(frozenset(rule.labels), []).append(rule)
    found = _two_of([_any(group) for group in groups.values()])
    return any_of(found) if found else _NOTHING


def _two_of(queries: Sequence[Query]) -> list[Query]:
    """Return alternatives that together match what two or more of the queries match.

    By halves, so that each query is repeated a few times only, however many there are.
    """
    if len(queries) < 2:
        return []
    left, right = queries[: len(queries) // 2], queries[len(queries) // 2 :]
    return [all_of((any_of(left), any_of(right))), *_two_of(left), *_two_of(right)]


def _matching(leaf: Query, rules: Sequence[LabelingRule]) -> Query:
    fits: Callable[[str], object]
    match leaf:
        case Exists():
            return _any(rules)
        case Term(_, text) | Phrase(_, text):
            fits = text.strip().__eq__
        case Wildcard(_, pieces):
            fits = wildcard_regex(pieces, fold=False).fullmatch
        case _:
            raise _unclear(
                'rule is followed by the query of a labeling rule in quotation marks, as in rule:"free"'
            )
    return _any(rule for rule in rules if fits(rule.query) or fits(rule.description or rule.query))


def _any(rules: Iterable[LabelingRule]) -> Query:
    found = [_parsed(rule.query) for rule in rules]
    return any_of(found) if found else _NOTHING


@lru_cache(4_096)
def _parsed(text: str) -> Query:
    try:
        found = parse(text)
    except InvalidTextSearchError:  # stored by an earlier version; it must not keep the others from working
        return _NOTHING
    return _NOTHING if names_rules(found) else found


def _unclear(reason: str) -> InvalidTextSearchError:
    return InvalidTextSearchError(f"Can't answer this query: {reason}.", reason=reason)
