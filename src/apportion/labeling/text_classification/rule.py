"""Rules: queries that vote for labels, kept with a dataset or made in code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from apportion.sdk.client import Client
from apportion.sdk.errors import ArApiResponseError, BaseClientError, NotFoundApiError
from apportion.sdk.records import TextClassificationRecord
from apportion.sdk.session import active_client

from ._arrays import Array, numpy
from ._matches import fetch_matches, rules_path

__all__ = [
    "Rule",
    "RuleNotAppliedError",
    "add_rules",
    "delete_rules",
    "load_rules",
    "remember",
    "update_rules",
]


class RuleNotAppliedError(Exception):
    """The rule was called with a record before it was applied to a dataset."""


class Rule:
    """A query in the search language, and the label or labels that records get which match it.

    ``name`` is the query unless given. Stored with a dataset by ``add_rules``, it travels as the description.

    >>> Rule("free OR money", "spam", name="money")
    Rule(query='free OR money', label='spam', name='money')
    """

    def __init__(
        self, query: str, label: str | Sequence[str], name: str | None = None, author: str | None = None
    ) -> None:
        if not isinstance(query, str) or not query.strip():
            raise ValueError(f"A rule needs a query; got {query!r}.")
        self._query = query
        self.label = label
        self._name = name
        self._author = author
        self._applied: _Applied | None = None

    @property
    def query(self) -> str:
        """The query."""
        return self._query

    @property
    def label(self) -> str | list[str]:
        """The label or labels."""
        return self._label

    @label.setter
    def label(self, label: str | Sequence[str]) -> None:
        several = [label] if isinstance(label, str) else list(label)
        if not several or not all(isinstance(each, str) and each for each in several):
            raise ValueError(f"A rule needs a label, or a list of labels; got {label!r}.")
        self._label = label if isinstance(label, str) else several

    @property
    def name(self) -> str:
        """The name; the query if none was given."""
        return self._name or self._query

    @property
    def author(self) -> str | None:
        """User who stored the rule."""
        return self._author

    def __repr__(self) -> str:
        return f"Rule(query={self.query!r}, label={self.label!r}, name={self.name!r})"

    def apply(self, dataset: str) -> None:
        """Remember the ids of the records of a dataset that match now.

        Raises ``NotFoundApiError``; ``BadRequestApiError`` for a query that cannot be parsed.
        """
        found = fetch_matches(active_client(), dataset, [self.query])
        self._applied = _Applied(found.ids, found.flags[0])

    def __call__(self, record: TextClassificationRecord) -> str | list[str] | None:
        """Return the label or labels if the record matches, else None. Raises ``RuleNotAppliedError``."""
        if self._applied is None:
            raise RuleNotAppliedError(f"Rule {self.name!r} has to be applied first: rule.apply(dataset).")
        return self.label if str(record.id) in self._applied.matching() else None

    def metrics(self, dataset: str) -> dict[str, int | float | None]:
        """Return how much of a dataset the rule covers, and how often it is right, as you see the dataset.

        The keys are ``coverage``, ``annotated_coverage``, ``correct``, ``incorrect`` and ``precision``; None where
        nothing is annotated.
        """
        client = active_client()
        labels = [self.label] if isinstance(self.label, str) else self.label
        params = {"workspace": client.workspace, "label": labels}
        found = client.http_client.get(_path(dataset, self.query) + "/metrics", params=params)
        counts = {each: found.get(each) for each in ("correct", "incorrect")}
        return {
            "coverage": found.get("coverage"),
            "annotated_coverage": found.get("coverage_annotated"),
            **{name: None if count is None else int(count) for name, count in counts.items()},
            "precision": found.get("precision"),
        }

    def add_to_dataset(self, dataset: str) -> None:
        """Store the rule; see ``add_rules``."""
        add_rules(dataset, [self])

    def update_at_dataset(self, dataset: str) -> None:
        """Change the labels and the name of the stored rule; see ``update_rules``."""
        update_rules(dataset, [self])

    def remove_from_dataset(self, dataset: str) -> None:
        """Delete the stored rule; see ``delete_rules``."""
        delete_rules(dataset, [self])


class _Applied:
    """The records a rule was applied to, by position; a set of those that match is made when it is needed."""

    def __init__(self, ids: Sequence[str], flags: Array) -> None:
        self._ids = ids
        self._flags = flags
        self._found: set[str] | None = None

    def matching(self) -> set[str]:
        if self._found is None:
            self._found = {self._ids[place] for place in numpy().flatnonzero(self._flags)}
        return self._found


def remember(rule: Rule, ids: Sequence[str], flags: Array) -> None:
    """Apply a rule to records whose matches are known already."""
    rule._applied = _Applied(ids, flags)


# Rules that are stored


def load_rules(dataset: str) -> list[Rule]:
    """Return the rules stored with a dataset, oldest first.

    Raises ``NotFoundApiError``; ``BadRequestApiError`` for a dataset of another task.
    """
    return [_read(each) for each in _stored(active_client(), dataset)]


def add_rules(dataset: str, rules: Iterable[Rule]) -> None:
    """Store rules with a dataset: all of them, or none if one is refused.

    Raises ``AlreadyExistsApiError`` for a query that has a rule already; ``BadRequestApiError`` for a query that
    cannot be parsed (with the place), a label that is not in the label schema, or a dataset of another task;
    ``ForbiddenApiError``. The message names the rule.
    """
    client, rules = active_client(), list(rules)
    changes = _Changes(client, dataset, "stored")
    for rule in rules:
        with changes.of(rule):
            _send(client, "POST", dataset, None, {"query": rule.query, **_content(rule)})


def update_rules(dataset: str, rules: Iterable[Rule]) -> None:
    """Change labels and names of stored rules, all or none; what is not stored yet is added.

    Raises what ``add_rules`` raises.
    """
    client, rules = active_client(), list(rules)
    there = {each["query"]: each for each in _stored(client, dataset)}
    changes = _Changes(client, dataset, "changed")
    for rule in rules:
        with changes.of(rule, there.get(rule.query.strip())):
            try:
                _send(client, "PATCH", dataset, rule.query, _content(rule))
            except NotFoundApiError:
                _send(client, "POST", dataset, None, {"query": rule.query, **_content(rule)})


def delete_rules(dataset: str, rules: Iterable[Rule]) -> None:
    """Delete stored rules, all or none; it is no error if there is no such rule."""
    client, rules = active_client(), list(rules)
    there = {each["query"]: each for each in _stored(client, dataset)}
    changes = _Changes(client, dataset, "deleted")
    for rule in rules:
        if (stored := there.get(rule.query.strip())) is not None:
            with changes.of(rule, stored):
                _send(client, "DELETE", dataset, stored["query"])


class _Changes:
    """Changes of rules, each a request of its own as in 1.x, of which all happen or none.

    Where one is refused, the server is asked to undo those before: exactly what this user changed last.
    """

    def __init__(self, client: Client, dataset: str, done: str) -> None:
        self._client = client
        self._dataset = dataset
        self._done = done
        self._changed: list[str] = []

    @contextmanager
    def of(self, rule: Rule, was: Any = None) -> Iterator[None]:
        """Note a change of a rule; ``was`` is the rule as it is stored, None if it is new."""
        try:
            yield
        except BaseClientError as problem:
            kept = _undone(self._client, self._dataset, self._changed)
            rest = f"These stay as changed: {kept}." if kept else f"No rule was {self._done}."
            raise _named(problem, f"Rule {rule.name!r}: {problem} {rest}") from problem
        if was is None or self._done == "deleted" or _differs(rule, was):
            self._changed.append(rule.query.strip() if was is None else was["query"])


def _named(problem: BaseClientError, message: str) -> BaseClientError:
    if isinstance(problem, ArApiResponseError):
        return type(problem)(message, **problem.ctx)
    return type(problem)(message)


def _undone(client: Client, dataset: str, queries: list[str]) -> list[str]:
    """Undo changes, the last one first; return the rules of those that could not be undone."""
    kept = []
    for query in reversed(queries):
        try:
            path, where = rules_path(dataset) + ":undo", {"workspace": client.workspace}
            client.http_client.post(path, {"query": query}, params=where)
        except BaseClientError:
            kept.append(query)
    return kept


def _differs(rule: Rule, stored: Any) -> bool:
    labels = [rule.label] if isinstance(rule.label, str) else rule.label
    named = _content(rule).get("description", stored.get("description"))
    return labels != _labels(stored) or named != stored.get("description")


def _content(rule: Rule) -> dict[str, Any]:
    labels = [rule.label] if isinstance(rule.label, str) else rule.label
    return {"labels": labels, **({"description": rule._name} if rule._name else {})}


def _labels(stored: Any) -> list[str]:
    return stored.get("labels") or [stored["label"]]


def _read(stored: Any) -> Rule:
    labels = _labels(stored)
    label: Any = labels[0] if len(labels) == 1 else labels
    return Rule(stored["query"], label, stored.get("description") or None, stored.get("author"))


def _stored(client: Client, dataset: str) -> list[Any]:
    found: list[Any] = client.http_client.get(rules_path(dataset), params={"workspace": client.workspace})
    return found


def _send(client: Client, method: str, dataset: str, query: str | None, content: Any = None) -> None:
    call: Callable[..., Any] = getattr(client.http_client, method.lower())
    call(_path(dataset, query), content, params={"workspace": client.workspace})


def _path(dataset: str, query: str | None) -> str:
    return rules_path(dataset) + ("" if query is None else "/" + quote(query.strip(), safe=""))
