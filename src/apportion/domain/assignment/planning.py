"""Compute which record goes to whom, for all rules of a plan. Preview and apply run the same computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from json import dumps
from typing import Any

from apportion.domain.numpy_types import np

from .figures import ANY_LABELS, PairFigures, PlanningCase, alpha_half_width, pair_figures
from .load_table import LoadTable
from .ordering import hashes
from .pairs import Pairs
from .refusals import NothingToAssignError, PlanMovedError
from .repair import Shortfall
from .rows import PHASES, PlanRows, RowsBuilder
from .rule import RulePlanner, RuleTeam
from .spec import PlanSpec, show_plan
from .state import PlanState, show_state
from .states import DEPENDENT, Engine, Mode, Phase
from .team import Person, PlanningRecords, check_team

__all__ = ["ENGINE_VERSION", "Plan", "RuleInput", "check_digest", "plan"]

ENGINE_VERSION = 1
"""Version in every digest: a release that allocates differently never applies an older preview."""


@dataclass(frozen=True, slots=True)
class RuleInput:
    """The input of one rule: the records it matches, and its team."""

    records: PlanningRecords
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A computed plan: its rows, its figures, and the state from which a next batch continues.

    ``loads`` counts the rows of this batch, ``totals`` all rows of the plan's rules; ``pairs`` are those of
    the whole plan, since a next batch evens those out.
    """

    spec: PlanSpec
    digest: str
    rows: PlanRows
    records: int
    loads: Mapping[str, int]
    totals: Mapping[str, int]
    pairs: PairFigures | None
    unassigned: tuple[Shortfall, ...]
    case: PlanningCase
    engines: tuple[tuple[Engine, ...], ...]
    warnings: tuple[str, ...]
    state: PlanState

    def predicting(self, case: PlanningCase) -> Plan:
        """Return the same plan, for which the precision of agreement is predicted in another case."""
        return replace(self, case=case)

    @property
    def half_width(self) -> float | None:
        """Half of the 95 % interval to expect for alpha; None where no record has two answers."""
        return alpha_half_width(_answers(self.rows), self.case)

    def show(self) -> dict[str, Any]:
        """Return the preview as JSON."""
        half_width = self.half_width
        return {
            "seed": self.spec.seed,
            "digest": self.digest,
            "records": self.records,
            "slots": len(self.rows),
            "loads": dict(self.loads),
            "pairs": None if self.pairs is None else self.pairs.show(),
            "unassigned": [each.show() for each in self.unassigned],
            "agreement_half_width": None if half_width is None else round(half_width, 3),
            "agreement_assumes": self.case.text,
            "agreement_case": self.case.show(),
            "engines": [list(map(str, each)) for each in self.engines],
            "mixed_in": int(np.count_nonzero(self.rows.phase == PHASES.index(Phase.CHECK))),
            "warnings": list(self.warnings),
        }


def plan(
    spec: PlanSpec,
    given: Sequence[RuleInput],
    *,
    state: PlanState | None = None,
    taken: Sequence[str] = (),
    policies: Mapping[str, Any] | None = None,
) -> Plan:
    """Compute a plan, with one input per rule. The same arguments always give the same plan.

    Nothing depends on the order of records or people, only on their identity. A record that an earlier rule
    got, or that is ``taken``, is not allocated again. With the ``state`` of an earlier batch, the new records
    are allocated so that everything together is balanced; no earlier row is changed.

    >>> rule = RuleInput(PlanningRecords([f"r{n}" for n in range(90)]), (Person("ana"), Person("ben"), Person("cy")))
    >>> plan(PlanSpec(seed=7), [rule]).loads
    {'ana': 30, 'ben': 30, 'cy': 30}

    Raises ``NothingToAssignError`` when no record is left to allocate, ``ValidationError`` when a team is too
    small.
    """
    if spec.seed is None or len(given) != len(spec.rules):
        raise ValueError("a plan needs its seed and one input per rule")
    for number, (rule, each) in enumerate(zip(spec.rules, given, strict=True)):
        check_team(rule, each.people, "rules", number)
    before = state or PlanState()
    names = sorted({person.name for each in given for person in each.people} | _known(before))
    table = LoadTable(
        names, {}, before.pairs, hashes(spec.seed, [f"person {name}" for name in names]).tolist()
    )
    builder = RowsBuilder(names)
    digest = blake2b(digest_size=16)
    digest.update(_frame(spec, given, before, policies or {}))
    gone = set(taken)
    planners = []
    for number, each in enumerate(given):
        table.loads = [before.rule(number).loads.get(name, 0) for name in names]
        planner = RulePlanner(spec, number, RuleTeam(each.people, before.rule(number)), table, builder)
        digest.update(planner.run(each.records, gone))
        planners.append(planner)
    rows = builder.finish()
    if not rows.records:
        raise NothingToAssignError
    after = PlanState(
        {number: planner.after for number, planner in enumerate(planners)},
        Pairs(names, np.array(table.pairs, dtype=np.int64)),
    )
    team = {person.name for each in given for person in each.people}
    loads = {name: load for name, load in rows.loads().items() if name in team or load}
    return Plan(
        spec,
        digest.hexdigest(),
        rows,
        len(rows.records),
        loads,
        {name: sum(each.loads.get(name, 0) for each in after.rules.values()) for name in loads},
        pair_figures(after.pairs, _teams(spec, given)),
        tuple(short for planner in planners for short in planner.short),
        ANY_LABELS,
        tuple(tuple(sorted(planner.engines, key=str)) for planner in planners),
        tuple(warning for planner in planners for warning in planner.warnings),
        after,
    )


def check_digest(sent: str | None, current: str) -> None:
    """Refuse to apply a plan that differs from its preview; no digest sent means there was no preview."""
    if sent is not None and sent != current:
        raise PlanMovedError(sent, current)


def _known(state: PlanState) -> set[str]:
    """Return everybody the state names."""
    found = set(Pairs.of(state.pairs).sharing())
    return found.union(*(rule.loads for rule in state.rules.values()))


def _teams(spec: PlanSpec, given: Sequence[RuleInput]) -> list[list[str]]:
    return [
        [person.name for person in each.people if person.active]
        for rule, each in zip(spec.rules, given, strict=True)
        if rule.may_double and rule.mode is Mode.PUSH
    ]


def _answers(rows: PlanRows) -> dict[int, int]:
    """Count records by the number of their answers that agreement will use."""
    counts = np.isin(rows.phase, [number for number, phase in enumerate(PHASES) if phase not in DEPENDENT])
    sizes = np.bincount(np.bincount(rows.record[counts], minlength=1)).tolist()
    return {size: count for size, count in enumerate(sizes) if size and count}


def _frame(
    spec: PlanSpec, given: Sequence[RuleInput], state: PlanState, policies: Mapping[str, Any]
) -> bytes:
    """Return what a plan depends on besides records: rules, seed, people with loads and caps, policies."""
    asked = show_plan(spec)
    asked.pop("digest", None)
    for rule in asked["rules"]:
        if isinstance(rule.get("users"), list):  # the order in which people are listed makes no difference
            rule["users"] = sorted(rule["users"], key=lambda each: dumps(each, sort_keys=True))
    teams = [
        sorted(
            [p.name, p.weight, p.cap, {k: sorted(v) for k, v in sorted(p.skills.items())}, p.active]
            for p in each.people
        )
        for each in given
    ]
    return dumps([ENGINE_VERSION, asked, teams, show_state(state), dict(policies)], sort_keys=True).encode()
