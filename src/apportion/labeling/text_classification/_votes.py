"""Collect what rules vote for: queries by the server, functions record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apportion.sdk.client import Client
from apportion.sdk.progress import Progress
from apportion.sdk.records import TextClassificationRecord

from ._arrays import Array, numpy
from ._matches import Matches, fetch_matches
from .rule import Rule, remember

__all__ = [
    "DuplicatedRuleNameError",
    "NoRecordsFoundError",
    "RuleVotes",
    "Votes",
    "WeakLabelsError",
    "collect_votes",
    "names_of",
]


class WeakLabelsError(Exception):
    """Any error of weak labels."""


class NoRecordsFoundError(WeakLabelsError):
    """No record is in the dataset, or in the selection of it."""


class DuplicatedRuleNameError(WeakLabelsError):
    """Several rules have the same name."""


@dataclass
class RuleVotes:
    """The votes of one rule: ``values[codes[i]]`` for the i-th record, where the code -1 abstains.

    A value is a label, or a tuple of labels; ``first`` has the first record that each value was voted for.
    """

    codes: Array
    values: list[Any] = field(default_factory=list)
    first: list[int] = field(default_factory=list)


@dataclass
class Votes:
    """The votes of all rules on the same records, and how these are annotated."""

    matches: Matches
    rules: list[RuleVotes]
    records: list[TextClassificationRecord] | None = None
    """The records, where functions needed them."""


def names_of(rules: Sequence[Callable[..., Any]]) -> list[str]:
    """Return the name of each rule. Raises ``DuplicatedRuleNameError``."""
    names = [_name(rule) or f"rule_{place}" for place, rule in enumerate(rules)]
    double = {name: count for name, count in Counter(names).items() if count > 1}
    if double:
        raise DuplicatedRuleNameError(
            f"Rules need names of their own; these are there several times: {double}"
        )
    return names


def _name(rule: Callable[..., Any]) -> str | None:
    name: str | None = getattr(rule, "name", None)
    if name:
        return name
    name = getattr(rule, "__name__", None)
    return None if name == "<lambda>" else name


def collect_votes(
    client: Client,
    dataset: str,
    rules: Sequence[Callable[..., Any]],
    query: str | None,
    ids: Sequence[str | int] | None,
    check: Callable[[Matches], None],
) -> Votes:
    """Return the votes of all rules; ``check`` may refuse the records before any function is called.

    Raises ``NoRecordsFoundError``, and ``WeakLabelsError`` for a function that fails.
    """
    queries = [rule for rule in rules if type(rule) is Rule]
    nothing = ids is not None and not len(ids)  # on the wire no ids would mean all
    matches = fetch_matches(client, dataset, [rule.query for rule in queries], query=query, ids=ids)
    if nothing or not matches.ids:
        selected = [f"query {query!r}"] if query else []
        selected += [f"ids {list(ids)[:10]!r}"] if ids is not None else []
        among = f" with {' and '.join(selected)}" if selected else ""
        raise NoRecordsFoundError(f"Dataset {dataset!r} has no records{among}.")
    check(matches)
    records = None
    if len(queries) < len(rules):
        matches, records = _with_records(matches, _load(client, dataset, query, ids))
    flags = iter(matches.flags)
    found = Votes(matches, [], records)
    for rule, name in zip(rules, names_of(rules), strict=True):
        if type(rule) is Rule:
            matched = next(flags)
            remember(rule, matches.ids, matched)
            found.rules.append(_of_query(rule, matched))
        else:
            if isinstance(rule, Rule):  # of a class of its own, which may do more than match
                rule.apply(dataset)
            found.rules.append(_of_function(rule, name, dataset, records or []))
    return found


def _load(
    client: Client, dataset: str, query: str | None, ids: Sequence[str | int] | None
) -> list[TextClassificationRecord]:
    return list(client.load(dataset, query=query, ids=ids))  # type: ignore[arg-type]


def _with_records(
    matches: Matches, records: list[TextClassificationRecord]
) -> tuple[Matches, list[TextClassificationRecord]]:
    """Return both for the records they have in common: some may have come or gone between the two requests."""
    ids = [str(record.id) for record in records]
    if ids == matches.ids:
        return matches, records
    np = numpy()
    at = {id: place for place, id in enumerate(matches.ids)}
    both = [(at[id], record) for id, record in zip(ids, records, strict=True) if id in at]
    kept = np.array([place for place, _ in both], dtype=np.int64)
    return (
        Matches(
            [matches.ids[place] for place in kept],
            [each[kept] for each in matches.flags],
            matches.annotated[kept],
            {label: each[kept] for label, each in matches.labels.items()},
            matches.multi_label,
        ),
        [record for _, record in both],
    )


def _of_query(rule: Rule, matched: Array) -> RuleVotes:
    np = numpy()
    codes = np.where(matched, np.int32(0), np.int32(-1))
    if not matched.any():
        return RuleVotes(codes)
    return RuleVotes(codes, [_vote(rule.label)], [int(matched.argmax())])


def _of_function(
    rule: Callable[..., Any], name: str, dataset: str, records: Sequence[TextClassificationRecord]
) -> RuleVotes:
    np = numpy()
    found = RuleVotes(np.full(len(records), -1, dtype=np.int32))
    known: dict[Any, int] = {}
    with Progress(f"Applying rule {name}", len(records)) as progress:
        for place, record in enumerate(records):
            try:
                value = rule(record)
                vote = None if value is None else _vote(value)
                hash(vote)
            except Exception as problem:
                raise WeakLabelsError(
                    f"Rule {name!r} fails on record {record.id!r} of dataset {dataset!r}: "
                    f"{type(problem).__name__}: {problem}"
                ) from problem
            if vote is not None:
                code = known.get(vote)
                if code is None:
                    code = known[vote] = len(known)
                    found.values.append(vote)
                    found.first.append(place)
                found.codes[place] = code
            progress.advance(1)
    return found


def _vote(value: Any) -> Any:
    """Return a label as it is, and any number of labels as a tuple."""
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else tuple(value)
