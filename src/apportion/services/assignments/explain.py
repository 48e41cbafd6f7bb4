"""Explain why a record is assigned to an annotator, or why it is not."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import (
    UNTOLD,
    Phase,
    Reason,
    holding,
    holding_after,
    is_broken_off,
    is_together,
    listed,
)
from apportion.domain.datasets import Dataset, RecordAddress
from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.individual.case import NOT_WANTED, Case
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.plans import StoredPlan
from apportion.ports.slots import SlotRow
from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import record_case
from apportion.services.answers.eligibility import is_full
from apportion.services.datasets.access import open_dataset

__all__ = ["explain", "with_reasons_that_hold"]


def explain(
    tx: Transaction, actor: Actor, address: RecordAddress, annotator: str, *, now: int
) -> tuple[list[SlotRow], list[str]]:
    """Return an annotator's slots of a record, and sentences about them; annotators may ask about themselves."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    dataset, leads = access.dataset, access.may(Action.SEE_PROGRESS)
    if annotator != actor.username and not leads:
        raise ForbiddenOperationError("Operation not allowed: annotators may ask about themselves.")
    case = record_case(access, address.id)
    rows = tx.assignments.slots_on(dataset, [address.id])
    if leads:
        rows = [_explained(row) for row in with_reasons_that_hold(tx, dataset, rows)]
    else:  # an annotator must not learn that others disagreed, nor that a record is a check
        rows = [_nameless(row._replace(phase=Phase.FIXED) if row.phase in UNTOLD else row) for row in rows]
    mine = [row for row in rows if row.annotator == annotator]
    plans = {plan.id: plan for plan in tx.assignments.plans(dataset)}
    if mine:
        return mine, [_past_assignment(row, plans[row.plan]) for row in mine]
    if not plans:
        return [], [f"No records of dataset {dataset.name} are assigned."]
    if any(annotator in slot.declined for slot in case.slots):
        return [], [f"{annotator} skipped this record."]
    took = {(row.plan, row.rule) for row in rows}
    found = []
    for plan in plans.values():
        for number in range(len(plan.teams)):
            if not took or (plan.id, number) in took:
                full = is_full(tx, dataset, annotator, RuleId(plan.no, number), now)
                found += _why_not(plan, number, case, annotator, full)
    return [], [*found, _taken_by(rows, leads)]


def with_reasons_that_hold(tx: Transaction, dataset: Dataset, rows: Sequence[SlotRow]) -> list[SlotRow]:
    """Return the rows with reasons that are true of who is on the record now: since a plan was made, rows were moved,
    withdrawn and skipped.
    """
    named = {row.record for row in rows if row.reason != holding(row.reason, ())}
    there = tx.assignments.assignees(dataset, named) if named else {}
    together = {row.record for row in rows if is_together(row.reason)}
    broken = {
        (each.record, each.plan, each.rule)
        for each in (tx.assignments.slots_on(dataset, together) if together else ())
        if is_broken_off(each.reason, each.state)
    }
    found = []
    for row in rows:
        others = there.get(row.record, set()) - {row.annotator or ""}
        after = (row.record, row.plan, row.rule) in broken and not is_broken_off(row.reason, row.state)
        reason = holding_after(row.reason, others) if after else holding(row.reason, others)
        found.append(row._replace(reason=reason))
    return found


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


def _why_not(plan: StoredPlan, rule: int, case: Case, annotator: str, full: bool) -> list[str]:
    """Return the reason why a rule cannot give an annotator a record, if it cannot; ``full``: they are at their cap."""
    asked = next((slot.needs for slot in case.slots if slot.rule == RuleId(plan.no, rule)), ())
    person = next((each for each in plan.teams[rule] if each.name == annotator), None)
    if person is None:
        return [f"{annotator} is not among the people of rule {rule + 1}."]
    if not person.active:
        return [f"{annotator} is not active in rule {rule + 1}."]
    if not person.can(asked):
        skills = ", ".join(f"{skill}={value}" for skill, value in asked)
        return [f"The record needs {skills}, which {annotator} is not listed with."]
    return [f"{annotator} has the {person.cap} records that were agreed for rule {rule + 1}."] if full else []


def _taken_by(rows: Sequence[SlotRow], leads: bool) -> str:
    """Return from whom the answers to a record are wanted."""
    live = [row for row in rows if row.state not in NOT_WANTED]
    if not live:
        return "No rule took this record, or all of its slots were withdrawn."
    wanted = "Its one answer is" if len(live) == 1 else f"Its {len(live)} answers are"
    names = [row.annotator or "whoever is free" for row in live]
    return f"{wanted} wanted from {listed(names) if leads else 'others'}."
