"""Benefit of overlap: asking more people only where they differ, and how pairs are allocated.

Simulated people, seeded, and the functions the server uses: the plan engine, majority, the adaptive rule, the one-coin
model. The figures are in docs/explanation/overlap.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apportion.domain.agreement.compute import agreement
from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.agreement.ratings import Ratings, ratings
from apportion.domain.assignment.planning import RuleInput, plan
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.team import Person, PlanningRecords
from apportion.domain.consensus.answers import ConsensusAnswer
from apportion.domain.consensus.asking import decide_one_more
from apportion.domain.consensus.dawid_skene import one_coin
from apportion.domain.consensus.deciding import RecordToResolve

from .report import Line
from .scale import Scale, say

__all__ = ["measure"]

Ints = NDArray[np.int64]

TEAM = 12
MOST = 9
FIXED = (1, 3, 5, 7, 9)


@dataclass(frozen=True, slots=True)
class World:
    """Records with a true label; for each record who would come first, second and so on, and what they would answer."""

    name: str
    labels: int
    truth: Ints
    who: Ints
    would: Ints

    def __len__(self) -> int:
        return len(self.truth)


def world(name: str, *, labels: int, right: float, hard: float, records: int, seed: int) -> World:
    """People are right with a probability around ``right``; on hard records half way from there to chance."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, records)
    skill = np.clip(rng.normal(right, 0.05, TEAM), 0.5, 0.99)
    easy = rng.random(records) >= hard
    chance = np.where(easy[:, None], skill[None, :], (skill[None, :] + 1 / labels) / 2)
    wrong = (truth[:, None] + rng.integers(1, labels, (records, TEAM))) % labels
    would = np.where(rng.random((records, TEAM)) < chance, truth[:, None], wrong)
    # Who comes first, second and so on is drawn for each record.
    order = np.argsort(rng.random((records, TEAM)), axis=1)
    return World(name, labels, truth, order, np.take_along_axis(would, order, axis=1))


def measure(_: Scale) -> Iterator[Line]:
    """The same whatever the scale, so that the page can be made again by one command."""
    records, runs = 20_000, 60
    worlds = [
        world("4 labels, 80 % right, a fifth hard", labels=4, right=0.8, hard=0.2, records=records, seed=1),
        world("4 labels, 90 % right", labels=4, right=0.9, hard=0.0, records=records, seed=2),
        world("2 labels, 80 % right", labels=2, right=0.8, hard=0.0, records=records, seed=3),
        world("2 labels, 90 % right, a fifth hard", labels=2, right=0.9, hard=0.2, records=records, seed=4),
    ]
    for each in worlds:
        say(f"  {each.name}")
        yield from _compared(each)
    yield from _bias(records)
    yield from _designs(runs)


# How many answers.


def _compared(each: World) -> Iterator[Line]:
    curve = [(k, _accuracy(each, np.full(len(each), k))) for k in FIXED]
    shown = ", ".join(f"{k}: {accuracy:.3f}" for k, accuracy in curve)
    yield Line(f"{each.name}: right by majority of 3, fixed", dict(curve)[3], "", f"all: {shown}")
    rules: dict[str, dict[str, float]] = {"a lead of two": {}, "95 % by votes": {"until": 0.95}}
    for name, more in rules.items():
        asked = np.array([_ask(each, record, **more) for record in range(len(each))])
        accuracy, answers = _accuracy(each, asked), float(asked.mean())
        fixed = _fixed_for(curve, accuracy)
        detail = f"{accuracy:.3f} right with {answers:.2f} answers a record; fixed needs {fixed:.2f}"
        yield Line(
            f"{each.name}: answers saved, asking until {name}",
            100 * (1 - answers / fixed),
            "%",
            detail,
            at_least=33.3 if name == "a lead of two" else None,
        )

    accuracy, answers = _ask_in_rounds(each)
    fixed = _fixed_for(curve, accuracy)
    detail = f"{accuracy:.3f} right with {answers:.2f} answers a record; fixed needs {fixed:.2f}"
    saved = 100 * (1 - answers / fixed)
    yield Line(f"{each.name}: answers saved, asking until 95 % by the one-coin model", saved, "%", detail)


def _ask_in_rounds(each: World) -> tuple[float, float]:
    """Return how often the one-coin model is right, and answers a record, if asked after every round of answers."""
    asked = np.full(len(each), 2)
    while True:
        unit = np.repeat(np.arange(len(each)), asked)
        nth = np.arange(len(unit)) - np.repeat(np.cumsum(asked) - asked, asked)
        model = one_coin(_rated(each, unit, nth))
        more = 0
        for record in range(len(each)):
            answers = [ConsensusAnswer(str(n), str(each.would[record, n])) for n in range(asked[record])]
            posterior = model.of(record)
            want = len(answers)
            about = RecordToResolve(AnswerKind.LABEL, want, posterior=posterior)
            if decide_one_more(answers, about, most=MOST, until=0.95).ask:
                asked[record] += 1
                more += 1
        if not more:
            return float((model.best() == each.truth).mean()), float(asked.mean())


def _ask(each: World, record: int, *, until: float | None = None) -> int:
    """Return the number of people that the adaptive rule asks, two at first."""
    answers = [ConsensusAnswer(str(n), str(each.would[record, n])) for n in range(2)]
    while decide_one_more(
        answers, RecordToResolve(AnswerKind.LABEL, len(answers)), most=MOST, until=until
    ).ask:
        number = len(answers)
        answers.append(ConsensusAnswer(str(number), str(each.would[record, number])))
    return len(answers)


def _accuracy(each: World, asked: Ints) -> float:
    """The share of records whose majority is right; of a tie among some, that share of a record."""
    votes = np.zeros((len(each), each.labels))
    for nth in range(int(asked.max())):
        there = np.flatnonzero(asked > nth)
        votes[there, each.would[there, nth]] += 1
    best = votes == votes.max(axis=1, keepdims=True)
    right = best[np.arange(len(each)), each.truth] / best.sum(axis=1)
    return float(right.mean())


def _fixed_for(curve: list[tuple[int, float]], accuracy: float) -> float:
    """Return the answers a record that fixed overlap needs for that accuracy, between odd numbers on a line."""
    for (k, low), (more, high) in pairwise(curve):
        if low <= accuracy <= high:
            return k + (more - k) * (accuracy - low) / (high - low)
    return float(curve[-1][0] if accuracy > curve[-1][1] else curve[0][0])


# What it does to agreement.


def _bias(records: int) -> Iterator[Line]:
    each = world("bias", labels=3, right=0.8, hard=0.2, records=records, seed=5)
    asked = np.array([_ask(each, record) for record in range(len(each))])
    unit = np.repeat(np.arange(len(each)), asked)
    nth = np.arange(len(unit)) - np.repeat(np.cumsum(asked) - asked, asked)
    everything = _rated(each, unit, nth)
    first = ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=each.who[unit, nth],
        value=each.would[unit, nth],
        annotators=everything.annotators,
        values=everything.values,
        independent=nth < 2,
    )
    grid = np.divmod(np.arange(len(each) * TEAM), TEAM)
    truth = agreement(_rated(each, *grid), interval=None).estimate or 0.0
    kept = agreement(first)
    all_in = agreement(everything)
    yield Line(
        "alpha over the independent answers, off by",
        (kept.estimate or 0) - truth,
        "",
        f"alpha is {truth:.3f}",
    )
    detail = f"its interval {all_in.low:.3f} to {all_in.high:.3f}"
    yield Line("alpha if adaptive answers counted too, off by", (all_in.estimate or 0) - truth, "", detail)


def _rated(each: World, unit: Ints, nth: Ints) -> Ratings:
    return ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=each.who[unit, nth],
        value=each.would[unit, nth],
        annotators=[str(number) for number in range(TEAM)],
        values=[str(number) for number in range(each.labels)],
    )


# Who meets whom.

RECORDS, LABELS = 600, 3
POOR = (4, 5)
"""Two neighbours in the list who are right in 45 of 100 cases, and otherwise wrong in the same way."""


def cliques(size: int, _: int) -> Ints:
    groups = np.arange(TEAM).reshape(-1, size)
    return groups[np.arange(RECORDS) % len(groups)]


def ring(size: int, _: int) -> Ints:
    return (np.arange(RECORDS)[:, None] + np.arange(size)) % TEAM


def at_random(size: int, seed: int) -> Ints:
    rng = np.random.default_rng(seed)
    return np.argsort(rng.random((RECORDS, TEAM)), axis=1)[:, :size]


def planned(size: int, seed: int) -> Ints:
    """As our plans deal."""
    people = tuple(Person(f"p{number:02}") for number in range(TEAM))
    spec = PlanSpec((RuleSpec(overlap=Overlap(size)),), seed=seed)
    allocated = plan(
        spec, [RuleInput(PlanningRecords([f"r{number}" for number in range(RECORDS)], {}), people)]
    )
    found: list[list[int]] = [[] for _ in range(RECORDS)]
    for row in allocated.rows:
        found[int(row.record[1:])].append(int(str(row.annotator)[1:]))
    return np.array(found)


DESIGNS: dict[str, Callable[[int, int], Ints]] = {
    "fixed groups": cliques,
    "ring": ring,
    "random": at_random,
    "our plans": planned,
}


def _designs(runs: int) -> Iterator[Line]:
    for size in (2, 3):
        for name, design in DESIGNS.items():
            say(f"  design: {name}, overlap {size}")
            errors, poor, caught = [], [], 0
            for run in range(runs):
                off = _estimated(design(size, run), run)
                errors.append(float(np.sqrt(np.mean(off**2))))
                poor.append(float(np.abs(off[list(POOR)]).mean()))
                caught += poor[-1] < 0.2
            detail = f"off for the poor pair by {np.mean(poor):.3f}; found out in {caught} of {runs} runs"
            what = f"overlap {size}, {name}: error of estimated accuracy (root mean square)"
            yield Line(what, float(np.mean(errors)), "", detail)


def _estimated(teams: Ints, seed: int) -> NDArray[np.float64]:
    """For everybody by how much the one-coin model misses their accuracy."""
    rng = np.random.default_rng([seed, 99])
    truth = rng.integers(0, LABELS, RECORDS)
    skill = rng.uniform(0.8, 0.95, TEAM)
    skill[list(POOR)] = 0.45
    wrong = (truth[:, None] + rng.integers(1, LABELS, (RECORDS, TEAM))) % LABELS
    wrong[:, list(POOR)] = ((truth + 1) % LABELS)[:, None]
    would = np.where(rng.random((RECORDS, TEAM)) < skill, truth[:, None], wrong)
    unit = np.repeat(np.arange(RECORDS), teams.shape[1])
    who = teams.ravel()
    data = ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=who,
        value=would[unit, who],
        annotators=[f"p{number:02}" for number in range(TEAM)],
        values=[str(number) for number in range(LABELS)],
    )
    found: NDArray[np.float64] = np.array([quality.accuracy for quality in one_coin(data).quality()])
    did: NDArray[np.float64] = np.array(
        [(would[unit, who] == truth[unit])[who == one].mean() for one in range(TEAM)]
    )
    return found - did
