"""Count, for the filters of a search, how many of its matches the dataset's labeling rules match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.query import Query, Term, all_of, parse
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction

__all__ = ["RULE_FACETS", "rule_facets"]

RULE_FACETS = frozenset({"covered", "rule"})


def rule_facets(
    tx: Transaction, dataset: Dataset, seen: Criteria, wanted: frozenset[str]
) -> dict[str, Mapping[str, int]]:
    """Return the counts asked for: by rule, and by whether any rule matches or rules with different labels do.

    Where there are no rules there is nothing to count.
    """
    counted = _counter(tx, dataset, seen)
    found: dict[str, Mapping[str, int]] = {}
    if "covered" in wanted:
        words = ("false", "true") if dataset.multi_label else ("false", "true", "conflict")
        found["covered"] = {each: counted(Term("covered", each)) for each in words if dataset.rules}
    if "rule" in wanted:
        found["rule"] = {each.query: _matching(counted, each.query) for each in dataset.rules}
    return found


def _counter(tx: Transaction, dataset: Dataset, seen: Criteria) -> Callable[[Query], int]:
    """Return a function that counts the records which match a query, too."""
    if seen.ids is None:
        return lambda query: tx.records.count(dataset, replace(seen, query=all_of([seen.query, query])))
    among = set(tx.records.numbers(dataset, seen))
    return lambda query: len(
        among.intersection(tx.records.numbers(dataset, replace(seen, query=query, ids=None)))
    )


def _matching(counted: Callable[[Query], int], rule: str) -> int:
    """Count what a stored rule matches: nothing, if it cannot be evaluated (any more)."""
    try:
        return counted(parse(rule))
    except InvalidTextSearchError:
        return 0
