"""Why does somebody have a record before them, or why not?"""

from __future__ import annotations

from apportion.domain.assignment.words import Phase, RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ForbiddenOperationError, RecordNotFound
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, allowed
from apportion.ports.assignments import SlotRow, StoredPlan
from apportion.ports.store import Work

from .annotate import record_case
from .manage_datasets import find_dataset

__all__ = ["explain"]


def explain(
    work: Work, actor: Actor, workspace: str, name: str, record: str, annotator: str
) -> tuple[list[SlotRow], list[str]]:
    """Somebody's slots of a record, and sentences about them; annotators may ask about themselves."""
    dataset = find_dataset(work, actor, workspace, name, Action.ANNOTATE)
    leads = allowed(actor, Action.SEE_PROGRESS, workspace, dataset.created_by)
    if annotator != actor.username and not leads:
        raise ForbiddenOperationError("Operation not allowed: annotators may ask about themselves.")
    record_case(work, dataset, actor, record)
    if work.annotations.case(dataset, record) is None:
        raise RecordNotFound(dataset.id, record)
    rows = work.assignments.slots_on(dataset, record)
    if not leads:  # that others disagreed is nobody's business while they annotate
        rows = [row._replace(phase=Phase.FIXED) if row.phase is Phase.ADAPTIVE else row for row in rows]
    mine = [row for row in rows if row.annotator == annotator]
    plans = {plan.id: plan for plan in work.assignments.plans(dataset)}
    if mine:
        return mine, [_had(row, plans[row.plan]) for row in mine]
    return [], _why_not(dataset, rows, plans, annotator, leads)


def _had(row: SlotRow, plan: StoredPlan) -> str:
    sentence = f"{row.annotator}: {row.reason} (plan of {plan.created_by}, rule {row.rule + 1}, {row.state})"
    return sentence if row.why is None else f"{sentence}; {row.why}"


def _why_not(
    dataset: Dataset, rows: list[SlotRow], plans: dict[str, StoredPlan], annotator: str, leads: bool
) -> list[str]:
    live = [row for row in rows if row.state is not RowState.WITHDRAWN]
    if not plans:
        return [f"Nothing of dataset {dataset.name} has been shared out."]
    found = []
    for plan in plans.values():
        for number, team in enumerate(plan.teams):
            person = next((each for each in team if each.name == annotator), None)
            if person is None:
                found.append(f"{annotator} is not among the people of rule {number + 1}.")
            elif not person.active:
                found.append(f"{annotator} is not active in rule {number + 1}.")
    if not live:
        found.append("No rule took this record, or all of its slots were withdrawn.")
    elif leads:
        names = ", ".join(row.annotator or "whoever is free" for row in live)
        found.append(f"Its {len(live)} answers are wanted from {names}.")
    else:
        found.append(f"Its {len(live)} answers are wanted from others.")
    return found
