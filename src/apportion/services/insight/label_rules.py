"""Store the labeling rules of a dataset, and compute how much they cover and how often they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import BadRequestError, EntityAlreadyExistsError, EntityNotFoundError
from apportion.domain.events import difference
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, MatchAll, Query, Term, all_of, any_of, parse
from apportion.domain.rules import MOST_RULES, LabelingRule, RuleMetrics
from apportion.ports.events import About
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess, open_dataset
from apportion.vocabulary import EventCode, Task

__all__ = [
    "RuleEdit",
    "add_rule",
    "delete_rule",
    "edit_rule",
    "find_rule",
    "list_rules",
    "rule_metrics",
    "rules_metrics",
]

_KIND = "ServiceLabelingRule"


def list_rules(tx: Transaction, actor: Actor, address: DatasetAddress) -> Sequence[LabelingRule]:
    """Return the rules in the order in which they were stored."""
    return _open(tx, actor, address, Action.SEE_RULES).dataset.rules


def find_rule(tx: Transaction, actor: Actor, address: DatasetAddress, query: str) -> LabelingRule:
    """Return one rule by its query."""
    return _rule(_open(tx, actor, address, Action.SEE_RULES).dataset, query)


def add_rule(tx: Transaction, actor: Actor, address: DatasetAddress, rule: LabelingRule) -> LabelingRule:
    """Store a new rule; refused where its query cannot be parsed."""
    dataset = _writable(tx, actor, address)
    if any(each.query == rule.query for each in dataset.rules):
        raise EntityAlreadyExistsError(rule.query, _KIND)
    if len(dataset.rules) >= MOST_RULES:
        raise BadRequestError(f"A dataset may have {MOST_RULES:,} labeling rules. Nothing was stored.")
    _parsed(rule.query)
    tx.datasets.update(dataset, rules=(*dataset.rules, rule))
    about, after = About(dataset, object=rule.query), _shown(rule)
    tx.events.add(EventCode.ADDED_RULE, about, who=actor.username, at=rule.created_at, after=after)
    return rule


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """A change of the rule of a query: its labels, and its description if that is not None."""

    query: str
    labels: tuple[str, ...]
    description: str | None = None


def edit_rule(
    tx: Transaction,
    actor: Actor,
    address: DatasetAddress,
    edit: RuleEdit,
    *,
    now: int,
) -> LabelingRule:
    """Give a rule other labels, and another description if there is one."""
    dataset = _writable(tx, actor, address)
    found, labels = _rule(dataset, edit.query), edit.labels
    changed = replace(
        found,
        labels=labels,
        label=labels[0] if len(labels) == 1 else None,
        description=found.description if edit.description is None else edit.description,
    )
    tx.datasets.update(dataset, rules=tuple(changed if each is found else each for each in dataset.rules))
    about, (before, after) = About(dataset, object=found.query), difference(_shown(found), _shown(changed))
    what = EventCode.CHANGED_RULE
    tx.events.add(what, about, who=actor.username, at=now, before=before, after=after)
    return changed


def _shown(rule: LabelingRule) -> dict[str, Any]:
    """Return a rule as the audit log shows it."""
    return {"query": rule.query, "labels": list(rule.labels), "description": rule.description}


def delete_rule(tx: Transaction, actor: Actor, address: DatasetAddress, query: str, *, now: int) -> None:
    """Delete a rule; there may be none."""
    dataset = _writable(tx, actor, address)
    for each in dataset.rules:
        if each.query == query:
            about = About(dataset, object=query)
            what, before = EventCode.DELETED_RULE, _shown(each)
            tx.events.add(what, about, who=actor.username, at=now, before=before)
    tx.datasets.update(dataset, rules=tuple(each for each in dataset.rules if each.query != query))


def rule_metrics(
    tx: Transaction, actor: Actor, address: DatasetAddress, query: str, labels: Sequence[str]
) -> RuleMetrics:
    """Return the coverage of a query, stored or not, and how often these labels, else those stored, are right."""
    access = _open(tx, actor, address, Action.SEE_RULES, open_only=True)
    stored = next((each.labels for each in access.dataset.rules if each.query == query.strip()), ())
    found = _covered(access, _parsed(query))
    if not found.annotated:
        return found
    right = [_count(access, _parsed(query), Term("annotated_as", each)) for each in labels or stored]
    shares = [n / found.covered_annotated for n in right if found.covered_annotated]
    return replace(
        found,
        correct=float(sum(right)),
        incorrect=float(sum(found.covered_annotated - n for n in right)),
        precision=sum(shares) / len(shares) if shares else None,
    )


def rules_metrics(tx: Transaction, actor: Actor, address: DatasetAddress) -> RuleMetrics:
    """Return the coverage of all rules together."""
    access = _open(tx, actor, address, Action.SEE_RULES, open_only=True)
    rules = access.dataset.rules
    return _covered(access, any_of(_parsed(each.query) for each in rules) if rules else None)


def _open(
    tx: Transaction, actor: Actor, address: DatasetAddress, action: Action, *, open_only: bool = False
) -> DatasetAccess:
    address = replace(address, task=Task.TEXT_CLASSIFICATION)
    return open_dataset(tx, actor, address, action, open_only=open_only)


def _writable(tx: Transaction, actor: Actor, address: DatasetAddress) -> Dataset:
    access = _open(tx, actor, address, Action.EDIT_RULES)
    access.require_right("write_rules")
    return access.dataset


def _rule(dataset: Dataset, query: str) -> LabelingRule:
    wanted = query.strip()
    for each in dataset.rules:
        if each.query == wanted:
            return each
    raise EntityNotFoundError(wanted, _KIND)


def _parsed(query: str) -> Query:
    return parse(query) if query.strip() else MatchAll()


def _count(access: DatasetAccess, *parts: Query) -> int:
    """Return how many records match all of these queries, in the view of the actor."""
    return access.tx.records.count(access.dataset, access.seen(Criteria(all_of(parts))))


def _covered(access: DatasetAccess, rule: Query | None) -> RuleMetrics:
    return RuleMetrics(
        total=_count(access, MatchAll()),
        annotated=_count(access, Exists("annotated_by")),
        covered=0 if rule is None else _count(access, rule),
        covered_annotated=0 if rule is None else _count(access, rule, Exists("annotated_as")),
    )
