"""Explain why a record is assigned to an annotator, or why it is not."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.assignment.states import UNTOLD, Phase, Reason, holding, listed
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.individual.case import NOT_WANTED, Case
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.assignments import SlotRow, StoredPlan, rule_key
from apportion.ports.store import Transaction
from apportion.services.answers.eligibility import is_full
from apportion.services.answers.own_annotations import record_case
from apportion.services.datasets.access import find_dataset

__all__ = ["explain", "with_reasons_that_hold"]


def explain(
    tx: Transaction, actor: Actor, workspace: str, name: str, record: str, annotator: str, *, now: int
) -> tuple[list[SlotRow], list[str]]:
    """Return an annotator's slots of a record, and sentences about them; annotators may ask about themselves."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    leads = allowed(actor, Action.SEE_PROGRESS, workspace, dataset.created_by)
    if annotator != actor.username and not leads:
        raise ForbiddenOperationError("Operation not allowed: annotators may ask about themselves.")
    case = record_case(tx, dataset, actor, record)
    rows = tx.assignments.slots_on(dataset, record)
    if leads:
        rows = [_explained(row) for row in with_reasons_that_hold(tx, dataset, rows)]
    else:  # an annotator must not learn that others disagreed, nor that a record is a check
        rows = [_nameless(row._replace(phase=Phase.FIXED) if row.phase in UNTOLD else row) for row in rows]
    mine = [row for row in rows if row.annotator == annotator]
    plans = {plan.id: plan for plan in tx.assignments.plans(dataset)}
    if mine:
        return mine, [_past_assignment(row, plans[row.plan]) for row in mine]
    return [], _why_not(tx, dataset, case, rows, plans, annotator, leads, now)


def with_reasons_that_hold(tx: Transaction, dataset: Dataset, rows: Sequence[SlotRow]) -> list[SlotRow]:
    """Return the rows with reasons that name only people who are on the record now: since a plan was made, rows were
    moved, withdrawn and skipped.
    """
    named = {row.record for row in rows if row.reason != holding(row.reason, ())}
    there = tx.assignments.assignees(dataset, named) if named else {}
    return [
        row._replace(reason=holding(row.reason, there.get(row.record, set()) - {row.annotator or ""}))
        for row in rows
    ]


def _nameless(row: SlotRow) -> SlotRow:
    """Return the row as its annotator may see it: the others on the record may change while they annotate."""
    return row._replace(reason=holding(row.reason, ()))


def _explained(row: SlotRow) -> SlotRow:
    """Return the row with its true reason; the stored one is what its annotator may see."""
    if row.phase is Phase.ADAPTIVE:
        return row._replace(reason=Reason("adaptive"))
    return row._replace(reason=Reason("check")) if row.phase is Phase.CHECK else row


def _past_assignment(row: SlotRow, plan: StoredPlan) -> str:
    sentence = f"{row.annotator}: {row.reason} (plan of {plan.created_by}, rule {row.rule + 1}, {row.state})"
    return sentence if row.why is None else f"{sentence}; {row.why}"


def _why_not(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    rows: list[SlotRow],
    plans: dict[str, StoredPlan],
    annotator: str,
    leads: bool,
    now: int,
) -> list[str]:
    """Return the reasons why an annotator cannot get a record, by the rules that took it; then its annotators."""
    live = [row for row in rows if row.state not in NOT_WANTED]
    if not plans:
        return [f"Nothing of dataset {dataset.name} has been shared out."]
    if any(annotator in slot.declined for slot in case.slots):
        return [f"{annotator} skipped this record."]
    found = []
    took = {(row.plan, row.rule) for row in rows}
    for plan in plans.values():
        for number, team in enumerate(plan.teams):
            if took and (plan.id, number) not in took:
                continue
            key = rule_key(plan.no, number)
            asked = next((slot.needs for slot in case.slots if slot.rule == key), ())
            person = next((each for each in team if each.name == annotator), None)
            if person is None:
                found.append(f"{annotator} is not among the people of rule {number + 1}.")
            elif not person.active:
                found.append(f"{annotator} is not active in rule {number + 1}.")
            elif not person.can(asked):
                skills = ", ".join(f"{skill}={value}" for skill, value in asked)
                found.append(f"The record needs {skills}, which {annotator} is not listed with.")
            elif is_full(tx, dataset, annotator, key, now):
                found.append(
                    f"{annotator} has the {person.cap} records that were agreed for rule {number + 1}."
                )
    if not live:
        found.append("No rule took this record, or all of its slots were withdrawn.")
        return found
    wanted = "Its one answer is" if len(live) == 1 else f"Its {len(live)} answers are"
    names = [row.annotator or "whoever is free" for row in live]
    found.append(f"{wanted} wanted from {listed(names) if leads else 'others'}.")
    return found
