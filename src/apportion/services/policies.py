"""Read and change the policies of a dataset, and carry its annotations over when their kind changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError
from apportion.domain.individual.case import Annotation, Case, Gold, Origin
from apportion.domain.individual.resolution import View, resolve
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies, read_policies
from apportion.domain.records import Answers
from apportion.ports.annotations import Settled
from apportion.ports.store import Work
from apportion.vocabulary import AnnotationState, Status

from .annotate import nothing
from .manage_datasets import find_dataset

__all__ = ["change_policies", "policies_of", "read_of", "set_policies"]

_PAGE = 500


def read_of(work: Work, actor: Actor, workspace: str, name: str) -> Policies:
    """The policies of a dataset."""
    return policies_of(find_dataset(work, actor, workspace, name, Action.SEE_SETTINGS))


def policies_of(dataset: Dataset) -> Policies:
    """The policies of a dataset that has been found."""
    return Policies.of(dataset.policies)


def change_policies(
    work: Work, actor: Actor, workspace: str, name: str, json: Mapping[str, Any], *, now: int
) -> Policies:
    """Change what ``json`` says; from individual to shared only with ``keep: latest`` where people differ."""
    dataset = find_dataset(work, actor, workspace, name, Action.EDIT_POLICIES)
    after = read_policies(policies_of(dataset), json)
    set_policies(work, dataset, after, by=actor.username, now=now, keep=json.get("keep"))
    return after


def set_policies(
    work: Work, dataset: Dataset, after: Policies, *, by: str, now: int, keep: str | None = None
) -> Dataset:
    """Make these the policies of a dataset; what people said is carried over."""
    before = policies_of(dataset)
    if after == before:
        return dataset
    if before.individual and not after.individual:
        _check_single(work, dataset, keep)
    changed = work.datasets.update(dataset, policies=after.store())
    if after.individual and not before.individual:
        _to_individual(work, changed, after, now)
    elif before.individual and not after.individual:
        _to_shared(work, changed, before, now)
    elif after.individual and (after.resolution, after.required) != (before.resolution, before.required):
        _resolve_again(work, changed, after, now)
    detail = {name: value for name, value in after.show().items() if value != before.show()[name]}
    work.annotations.note(dataset, by, "changed policies", at=now, detail=detail)
    return changed


def _pages(work: Work, dataset: Dataset) -> Iterator[list[Case]]:
    after: str | None = None
    while ids := work.annotations.answered_ids(dataset, after, _PAGE):
        yield work.annotations.cases(dataset, ids)
        after = ids[-1]


def _view(case: Case, policies: Policies) -> View:
    return resolve(case, rule=policies.resolution, required=policies.required)


def _resolve_again(work: Work, dataset: Dataset, policies: Policies, now: int) -> None:
    for cases in _pages(work, dataset):
        work.annotations.settle(
            dataset, [Settled(case, case, _view(case, policies)) for case in cases], at=now
        )


# From shared to individual


def _to_individual(work: Work, dataset: Dataset, policies: Policies, now: int) -> None:
    """The record's annotation becomes its author's; one by no user stands as the earlier value."""
    is_user = cache(lambda name: work.people.named(name) is not None)
    for cases in _pages(work, dataset):
        answers = work.records.stored_answers(dataset, [case.id for case in cases])
        changes = []
        for case in cases:
            after = own_annotations(is_user, case, answers.get(case.id), policies, now)
            strangers = {
                name: each for name, each in case.annotations.items() if name not in after.annotations
            }
            before = replace(case, annotations=strangers)  # so that everybody's own view is written anew
            changes.append(Settled(before, after, _view(after, policies), "shared before"))
        work.annotations.settle(dataset, changes, at=now)


def own_annotations(
    is_user: Callable[[str], bool], case: Case, answers: Answers | None, policies: Policies, now: int
) -> Case:
    """A record of a shared dataset as one of an individual dataset."""
    users = {name: each for name, each in case.annotations.items() if is_user(name)}
    live = case.live_slots()
    done = {slot.annotator for slot in live if slot.state is RowState.DONE}
    found: dict[str, Annotation] = {}
    for name, each in sorted(users.items()):
        counts = name in done if live else len([a for a in found.values() if a.counted]) < policies.required
        found[name] = replace(each, counted=counts and each.answered)
    gold = case.gold
    status = case.record.status
    author = answers.agent if answers is not None else ""
    if gold is None and author not in users and status in (Status.VALIDATED, Status.DISCARDED):
        value = None
        if status is Status.VALIDATED:
            value = answers.value if answers is not None else nothing(case.record)
        gold = Gold(value, Origin.EARLIER, author or "somebody", None, 1, now)
    return replace(case, annotations=found, gold=gold)


# And back


def _check_single(work: Work, dataset: Dataset, keep: str | None) -> None:
    if keep == "latest":
        return
    for cases in _pages(work, dataset):
        for case in cases:
            if sum(each.answered for each in case.annotations.values()) > 1:
                raise ConflictError(
                    f"Record {case.id} has annotations by several people, of which a shared dataset keeps one. "
                    "Send 'keep': 'latest' to keep the resolved value or else the latest one; the others go to "
                    "history. Nothing was changed."
                )


def _to_shared(work: Work, dataset: Dataset, before: Policies, now: int) -> None:
    """Each record keeps its resolved value, or else the latest answer; all others go to history."""
    for cases in _pages(work, dataset):
        for case in cases:
            status, answers = _one_of(case, before)
            bare = replace(case, annotations={}, gold=None)
            work.annotations.settle(
                dataset, [Settled(case, bare, View(Status.DEFAULT), "shared from now on")], at=now
            )
            if answers is not None or status is not Status.DEFAULT:
                work.records.patch(
                    dataset, case.id, metadata=None, status=status, at=now, annotation=answers, annotated=True
                )


def _one_of(case: Case, policies: Policies) -> tuple[Status, Answers | None]:
    view = _view(case, policies)
    if view.status in (Status.VALIDATED, Status.DISCARDED):
        if view.value is None or view.agent is None:
            return view.status, None
        return view.status, Answers(view.agent, {view.agent: view.value})
    answered = [each for each in case.annotations.values() if each.answered]
    if not answered:
        return Status.DEFAULT, None
    latest = max(answered, key=lambda each: (each.updated, each.annotator))
    status = Status.VALIDATED if latest.state is AnnotationState.SUBMITTED else Status.DISCARDED
    answers = None if latest.value is None else Answers(latest.annotator, {latest.annotator: latest.value})
    return status, answers
