"""Store the labeling rules of a dataset, and compute how much they cover and how often they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, EntityAlreadyExistsError, EntityNotFoundError
from apportion.domain.events import difference
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, MatchAll, Query, Term, all_of, any_of, parse
from apportion.domain.rules import MOST_RULES, LabelingRule, RuleMetrics
from apportion.ports.events import About
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset, seen_by
from apportion.services.datasets.rights import require_right
from apportion.vocabulary import EventCode, Task

__all__ = ["add_rule", "delete_rule", "edit_rule", "find_rule", "list_rules", "rule_metrics", "rules_metrics"]

_KIND = "ServiceLabelingRule"


def list_rules(tx: Transaction, actor: Actor, workspace: str, name: str) -> Sequence[LabelingRule]:
    """Return the rules in the order in which they were stored."""
    return _dataset(tx, actor, workspace, name, Action.SEE_RULES).rules


def find_rule(tx: Transaction, actor: Actor, workspace: str, name: str, query: str) -> LabelingRule:
    """Return one rule by its query."""
    return _rule(_dataset(tx, actor, workspace, name, Action.SEE_RULES), query)


def add_rule(tx: Transaction, actor: Actor, workspace: str, name: str, rule: LabelingRule) -> LabelingRule:
    """Store a new rule; refused where its query cannot be parsed."""
    dataset = _writable(tx, actor, workspace, name)
    if any(each.query == rule.query for each in dataset.rules):
        raise EntityAlreadyExistsError(rule.query, _KIND)
    if len(dataset.rules) >= MOST_RULES:
        raise BadRequestError(f"A dataset may have {MOST_RULES:,} labeling rules. Nothing was stored.")
    _parsed(rule.query)
    tx.datasets.update(dataset, rules=(*dataset.rules, rule))
    about, after = About(dataset, object=rule.query), _shown(rule)
    tx.events.add(EventCode.ADDED_RULE, about, who=actor.username, at=rule.created_at, after=after)
    return rule


def edit_rule(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    query: str,
    *,
    labels: tuple[str, ...],
    description: str | None,
    now: int,
) -> LabelingRule:
    """Give a rule other labels, and another description if there is one."""
    dataset = _writable(tx, actor, workspace, name)
    found = _rule(dataset, query)
    changed = replace(
        found,
        labels=labels,
        label=labels[0] if len(labels) == 1 else None,
        description=found.description if description is None else description,
    )
    tx.datasets.update(dataset, rules=tuple(changed if each is found else each for each in dataset.rules))
    about, (before, after) = About(dataset, object=found.query), difference(_shown(found), _shown(changed))
    what = EventCode.CHANGED_RULE
    tx.events.add(what, about, who=actor.username, at=now, before=before, after=after)
    return changed


def _shown(rule: LabelingRule) -> dict[str, Any]:
    """Return a rule as the audit log shows it."""
    return {"query": rule.query, "labels": list(rule.labels), "description": rule.description}


def delete_rule(tx: Transaction, actor: Actor, workspace: str, name: str, query: str, *, now: int) -> None:
    """Delete a rule; there may be none."""
    dataset = _writable(tx, actor, workspace, name)
    for each in dataset.rules:
        if each.query == query:
            about = About(dataset, object=query)
            what, before = EventCode.DELETED_RULE, _shown(each)
            tx.events.add(what, about, who=actor.username, at=now, before=before)
    tx.datasets.update(dataset, rules=tuple(each for each in dataset.rules if each.query != query))


def rule_metrics(
    tx: Transaction, actor: Actor, workspace: str, name: str, query: str, labels: Sequence[str]
) -> RuleMetrics:
    """Return the coverage of a query, stored or not, and how often these labels, else those stored, are right."""
    dataset = _dataset(tx, actor, workspace, name, Action.SEE_RULES, open_only=True)
    stored = next((each.labels for each in dataset.rules if each.query == query.strip()), ())
    found = _covered(tx, actor, dataset, _parsed(query))
    if not found.annotated:
        return found
    right = [
        _count(tx, actor, dataset, _parsed(query), Term("annotated_as", each)) for each in labels or stored
    ]
    shares = [n / found.covered_annotated for n in right if found.covered_annotated]
    return replace(
        found,
        correct=float(sum(right)),
        incorrect=float(sum(found.covered_annotated - n for n in right)),
        precision=sum(shares) / len(shares) if shares else None,
    )


def rules_metrics(tx: Transaction, actor: Actor, workspace: str, name: str) -> RuleMetrics:
    """Return the coverage of all rules together."""
    dataset = _dataset(tx, actor, workspace, name, Action.SEE_RULES, open_only=True)
    every = any_of(_parsed(each.query) for each in dataset.rules) if dataset.rules else None
    return _covered(tx, actor, dataset, every)


def _dataset(
    tx: Transaction, actor: Actor, workspace: str, name: str, action: Action, *, open_only: bool = False
) -> Dataset:
    task = Task.TEXT_CLASSIFICATION
    return find_dataset(tx, actor, workspace, name, action, task=task, open_only=open_only)


def _writable(tx: Transaction, actor: Actor, workspace: str, name: str) -> Dataset:
    dataset = _dataset(tx, actor, workspace, name, Action.EDIT_RULES)
    require_right(actor, dataset, "write_rules")
    return dataset


def _rule(dataset: Dataset, query: str) -> LabelingRule:
    wanted = query.strip()
    for each in dataset.rules:
        if each.query == wanted:
            return each
    raise EntityNotFoundError(wanted, _KIND)


def _parsed(query: str) -> Query:
    return parse(query) if query.strip() else MatchAll()


def _count(tx: Transaction, actor: Actor, dataset: Dataset, *parts: Query) -> int:
    """Return how many records match all of these queries, in the view of ``actor``."""
    return tx.records.count(dataset, seen_by(tx, actor, dataset, Criteria(all_of(parts))))


def _covered(tx: Transaction, actor: Actor, dataset: Dataset, rule: Query | None) -> RuleMetrics:
    return RuleMetrics(
        total=_count(tx, actor, dataset, MatchAll()),
        annotated=_count(tx, actor, dataset, Exists("annotated_by")),
        covered=0 if rule is None else _count(tx, actor, dataset, rule),
        covered_annotated=0 if rule is None else _count(tx, actor, dataset, rule, Exists("annotated_as")),
    )
