"""Ask one more person about a record whose answers do not resolve it: decided in the transaction of the answer."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.assignment.queue import NewSlot, Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import Mode, RowState
from apportion.domain.assignment.team import Person
from apportion.domain.consensus.asking import decide_one_more
from apportion.domain.consensus.deciding import RecordToResolve
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Case
from apportion.domain.individual.record_view import answers_of, kind_of_record, places_of_tokens
from apportion.domain.policies import Policies
from apportion.domain.records import TokenClassificationRecord
from apportion.ports.store import Transaction

from .eligibility import is_full

__all__ = ["next_adaptive_slot"]


def next_adaptive_slot(
    tx: Transaction, dataset: Dataset, case: Case, policies: Policies, now: int
) -> NewSlot | None:
    """Return the slot to add, assigned or open to the team; None if nobody is to be asked, or can be."""
    live = sorted(case.live_slots(), key=lambda slot: slot.id)
    if not live or case.gold is not None:
        return None
    like = live[0]
    plan = next((each for each in tx.assignments.plans(dataset) if each.no == like.rule.plan), None)
    if plan is None or plan.spec.adaptive is None:
        return None
    answers = answers_of(case)
    record = case.record
    tokens = places_of_tokens(record) if isinstance(record, TokenClassificationRecord) else None
    decision = decide_one_more(
        answers,
        RecordToResolve(
            kind_of_record(record),
            case.want(policies.required),
            tokens=tokens,
            posterior=case.posterior_for(answers, policies.resolution),
        ),
        most=plan.spec.adaptive.most,
        until=plan.spec.adaptive.until,
    )
    if not decision.ask:
        return None
    rule = like.rule.number
    able = _eligible_people(case, plan.teams[rule], like)
    if not able:
        return None
    open_to_all = plan.spec.rules[rule].mode is Mode.PULL
    name = None if open_to_all else _least_loaded(tx, dataset, like.rule, able, now)
    if not open_to_all and name is None:
        return None
    return NewSlot(
        0,
        like.record,
        name,
        rule=like.rule,
        priority=like.priority,
        pull=open_to_all,
        due=like.due,
        minutes=like.minutes,
        skip=like.skip,
        needs=like.needs,
        like=like.id,
    )


def _eligible_people(case: Case, team: Sequence[Person], like: Slot) -> list[Person]:
    """Return the active people who have not been assigned the record yet and have the skills it needs."""
    there = {name for name, each in case.annotations.items() if each.answered}
    for slot in case.slots:
        there |= {slot.annotator or "", *slot.declined}
        if slot.lease is not None:
            there.add(slot.lease.annotator)
    return [each for each in team if each.active and each.name not in there and each.can(like.needs)]


def _least_loaded(
    tx: Transaction, dataset: Dataset, rule: RuleId, able: Sequence[Person], now: int
) -> str | None:
    """Return who has the least slots of a rule for their weight and has not reached their cap; None if all have."""
    loads: dict[str, int] = {}
    for count in tx.assignments.slot_counts(dataset):
        here = RuleId(count.plan, count.rule) == rule
        if here and count.annotator is not None and count.state is not RowState.WITHDRAWN:
            loads[count.annotator] = loads.get(count.annotator, 0) + count.n
    below_cap = [each for each in able if each.cap is None or not is_full(tx, dataset, each.name, rule, now)]
    if not below_cap:
        return None
    return min(below_cap, key=lambda each: ((loads.get(each.name, 0) + 1) / each.weight, each.name)).name
