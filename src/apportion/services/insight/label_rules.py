"""Store the labeling rules of a dataset, and compute how much they cover and how often they are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
)
from apportion.domain.events import difference
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Exists, MatchAll, Query, Term, all_of, any_of, names_rules, parse
from apportion.domain.rules import MOST_RULES, LabelingRule, RuleMetrics
from apportion.ports.events import About, AuditedEvent, AuditFilter
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
    "undo_rule_change",
]

_CHANGES = (EventCode.ADDED_RULE, EventCode.CHANGED_RULE, EventCode.DELETED_RULE)
_KIND = "ServiceLabelingRule"
_LONGEST_ADDRESS = 60_500
"""A rule that no client can name in a URL could be neither changed nor deleted: many take 65,536 characters."""


def list_rules(tx: Transaction, actor: Actor, address: DatasetAddress) -> Sequence[LabelingRule]:
    """Return the rules in the order in which they were stored."""
    return _open(tx, actor, address, Action.SEE_RULES).dataset.rules


def find_rule(tx: Transaction, actor: Actor, address: DatasetAddress, query: str) -> LabelingRule:
    """Return one rule by its query."""
    return _rule(_open(tx, actor, address, Action.SEE_RULES).dataset, query)


def add_rule(tx: Transaction, actor: Actor, address: DatasetAddress, rule: LabelingRule) -> LabelingRule:
    """Store a new rule; refused where its query cannot be parsed, or its labels are not in the schema."""
    dataset = _writable(tx, actor, address)
    _check_labels(dataset, rule.labels)
    if any(each.query == rule.query for each in dataset.rules):
        raise EntityAlreadyExistsError(rule.query, _KIND)
    if len(dataset.rules) >= MOST_RULES:
        raise BadRequestError(f"A dataset may have {MOST_RULES:,} labeling rules. Nothing was stored.")
    if (size := len(quote(rule.query, safe=""))) > _LONGEST_ADDRESS:
        raise BadRequestError(
            f"A labeling rule is addressed by its query, which takes {size:,} characters in a URL; "
            f"{_LONGEST_ADDRESS:,} are the most. Nothing was stored."
        )
    if names_rules(_parsed(rule.query)):
        raise BadRequestError(
            "A labeling rule can't be made of others: its query has rule: or covered: in it. Nothing was stored."
        )
    _add(tx, actor, dataset, rule, now=rule.created_at)
    return rule


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """A change of the rule of a query: its labels, and its description if that is not None."""

    query: str
    labels: tuple[str, ...]
    description: str | None = None


def edit_rule(
    tx: Transaction, actor: Actor, address: DatasetAddress, edit: RuleEdit, *, now: int
) -> LabelingRule:
    """Give a rule other labels, and another description if there is one."""
    dataset = _writable(tx, actor, address)
    found, labels = _rule(dataset, edit.query), edit.labels
    _check_labels(dataset, labels)
    changed = replace(
        found,
        labels=labels,
        label=labels[0] if len(labels) == 1 else None,
        description=found.description if edit.description is None else edit.description,
    )
    _change(tx, actor, dataset, (found, changed), now=now)
    return changed


def delete_rule(tx: Transaction, actor: Actor, address: DatasetAddress, query: str, *, now: int) -> None:
    """Delete a rule; there may be none."""
    dataset = _writable(tx, actor, address)
    for each in dataset.rules:
        if each.query == query:
            _delete(tx, actor, dataset, each, now=now)


def undo_rule_change(
    tx: Transaction, actor: Actor, address: DatasetAddress, query: str | None, *, now: int
) -> LabelingRule | None:
    """Take back one's own last change of a rule, or of any; return the rule as it is now. Undoing twice is redoing."""
    dataset = _writable(tx, actor, address)
    last = _last_change(tx, dataset, actor.username, query)
    there = next((each for each in dataset.rules if each.query == last.object), None)
    if there is None if last.what is EventCode.DELETED_RULE else there is not None and _as_left(last, there):
        return _take_back(tx, actor, dataset, last, now=now)
    raise ConflictError(
        f"Your change of rule {last.object!r} can't be undone: someone has changed the rule since. Nothing was changed."
    )


def _last_change(tx: Transaction, dataset: Dataset, who: str, query: str | None) -> AuditedEvent:
    wanted = AuditFilter(codes=_CHANGES, workspace=dataset.workspace, dataset=dataset.name, who=who)
    below: int | None = None
    while events := tx.events.search(wanted, below=below):
        for each in events:
            ours = each.dataset_uuid == dataset.uuid and query in (None, each.object)
            if ours and (each.before or each.after):
                return each
        below = events[-1].no
    raise BadRequestError("There is nothing to undo: you have not changed such a rule here.")


def _as_left(change: AuditedEvent, rule: LabelingRule) -> bool:
    """Return whether a rule is as a change left it."""
    shown = _shown(rule)
    return all(shown[name] == value for name, value in (change.after or {}).items())


def _take_back(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    change: AuditedEvent,
    *,
    now: int,
) -> LabelingRule | None:
    there = next((each for each in dataset.rules if each.query == change.object), None)
    before = dict(change.before or {})
    if there is None:
        made = change.detail or {}
        labels = tuple(before["labels"])
        rule = LabelingRule(
            before["query"], labels, labels[0] if len(labels) == 1 else None,
            made.get("author", actor.username), made.get("created_at", now), before["description"],
        )  # fmt: skip
        _add(tx, actor, dataset, rule, now=now)
        return rule
    if change.what is EventCode.ADDED_RULE:
        _delete(tx, actor, dataset, there, now=now)
        return None
    labels = tuple(before.get("labels", there.labels))
    rule = replace(
        there,
        labels=labels,
        label=labels[0] if len(labels) == 1 else None,
        description=before.get("description", there.description),
    )
    _change(tx, actor, dataset, (there, rule), now=now)
    return rule


def _add(tx: Transaction, actor: Actor, dataset: Dataset, rule: LabelingRule, *, now: int) -> None:
    """Store a rule in its place by age: one that comes back stands where it stood."""
    later = [each for each in dataset.rules if each.created_at > rule.created_at]
    tx.datasets.update(dataset, rules=(*dataset.rules[: len(dataset.rules) - len(later)], rule, *later))
    about, after = About(dataset, object=rule.query), _shown(rule)
    tx.events.add(EventCode.ADDED_RULE, about, who=actor.username, at=now, after=after)


def _change(
    tx: Transaction, actor: Actor, dataset: Dataset, change: tuple[LabelingRule, LabelingRule], *, now: int
) -> None:
    found, changed = change
    tx.datasets.update(dataset, rules=tuple(changed if each is found else each for each in dataset.rules))
    about, (before, after) = About(dataset, object=found.query), difference(_shown(found), _shown(changed))
    what = EventCode.CHANGED_RULE
    tx.events.add(what, about, who=actor.username, at=now, before=before, after=after)


def _delete(tx: Transaction, actor: Actor, dataset: Dataset, rule: LabelingRule, *, now: int) -> None:
    tx.datasets.update(dataset, rules=tuple(each for each in dataset.rules if each is not rule))
    about, what = About(dataset, object=rule.query), EventCode.DELETED_RULE
    detail = {"author": rule.author, "created_at": rule.created_at}  # undoing this needs them
    tx.events.add(what, about, who=actor.username, at=now, before=_shown(rule), detail=detail)


def _shown(rule: LabelingRule) -> dict[str, Any]:
    """Return a rule as the audit log shows it."""
    return {"query": rule.query, "labels": list(rule.labels), "description": rule.description}


def _check_labels(dataset: Dataset, labels: Sequence[str]) -> None:
    unknown = [] if dataset.settings is None else dataset.settings.unknown(labels)
    if unknown:
        assert dataset.settings is not None
        known = [option.name for option in dataset.settings.labels or ()]
        raise BadRequestError(
            f"Labels {unknown} are not in the label schema of dataset {dataset.name}, which has {known}. "
            "Nothing was stored."
        )


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
        correct=sum(right),
        incorrect=sum(found.covered_annotated - n for n in right),
        precision=sum(shares) / len(shares) if shares else None,
    )


def rules_metrics(tx: Transaction, actor: Actor, address: DatasetAddress) -> tuple[bool, RuleMetrics]:
    """Return whether there are any rules, and the coverage of all together."""
    access = _open(tx, actor, address, Action.SEE_RULES, open_only=True)
    rules = access.dataset.rules
    every = any_of(_parsed(each.query) for each in rules) if rules else None
    return every is not None, _covered(access, every)


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
