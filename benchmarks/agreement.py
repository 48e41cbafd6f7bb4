"""Agreement and consensus in memory: how long a million answers take, and whether intervals keep their promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from apportion.domain.agreement.cautions import ENOUGH
from apportion.domain.agreement.compute import agreement, agreement_by
from apportion.domain.agreement.conflicts import confusion, most_disputed
from apportion.domain.agreement.measures import AnswerKind, By, Interval, Measure
from apportion.domain.agreement.ratings import Ratings, ratings
from apportion.domain.consensus.answers import ConsensusAnswer
from apportion.domain.consensus.asking import decide_one_more
from apportion.domain.consensus.dawid_skene import dawid_skene, one_coin
from apportion.domain.consensus.deciding import RecordToResolve, decide
from apportion.domain.consensus.resolution import ResolutionRule

from .report import Line, middle
from .scale import Scale, say

__all__ = ["answered", "measure"]

_MILLION = 1_000_000
_MEASURES = (Measure.ALPHA, Measure.FLEISS, Measure.AC1, Measure.ALPHA_ORDINAL)
_CODERS = (2, 3, 4, 5)
_EVEN, _RARE = (0.5, 0.3, 0.2), (0.9, 0.07, 0.03)
"""Shares of records of which each of three labels is the true one."""


def measure(scale: Scale) -> Iterator[Line]:
    yield from _labels(scale)
    yield from _other_answers()
    yield from _models()
    yield from _rules()
    yield from _coverage(scale)
    yield from _by_others(scale)


def answered(
    rng: np.random.Generator, records: int, each: int, people: int, labels: int, right: float = 0.8
) -> dict[str, Any]:
    """Columns of answers, in no order: ``each`` people out of all on every record."""
    truth = rng.integers(0, labels, records)
    first = rng.integers(0, people, records)
    who = (first[:, None] + rng.permutation(people)[:each]) % people
    value = np.where(
        rng.random((records, each)) < right, truth[:, None], rng.integers(0, labels, (records, each))
    )
    order = rng.permutation(records * each)
    return {
        "unit": np.repeat(np.arange(records), each)[order],
        "annotator": who.ravel()[order],
        "value": value.ravel()[order],
        "annotators": [f"p{number}" for number in range(people)],
        "values": [str(number) for number in range(labels)],
        "units": records,
    }


def _seconds(fn: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        fn()
        taken.append(time.perf_counter() - began)
    return middle(taken)


def _labels(scale: Scale) -> Iterator[Line]:
    say("  labels")
    columns = answered(np.random.default_rng(1), _MILLION // 5, 5, 10, 6)
    data = ratings(AnswerKind.LABEL, **columns)
    build = _seconds(lambda: ratings(AnswerKind.LABEL, **columns), scale.rounds)
    for each in _MEASURES:
        plain = _seconds(lambda each=each: agreement(data, each, interval=None), scale.rounds)  # type: ignore[misc]
        whole = _seconds(lambda each=each: agreement(data, each), scale.rounds)  # type: ignore[misc]
        detail = f"of it {build:.2f} s to put the columns in order; with jackknife {build + whole:.2f} s"
        yield Line(f"{each} of a million answers, from columns", build + plain, "s", detail, at_most=2)
    bootstrap = _seconds(lambda: agreement(data, interval=Interval.BOOTSTRAP), 1)
    yield Line("the same alpha with a bootstrap of 1,000 draws", build + bootstrap, "s")
    pairs = _seconds(lambda: agreement_by(data, By.PAIR), scale.rounds)
    yield Line("alpha of each of 45 pairs, with intervals", pairs, "s", "2,000,000 pairs of answers")
    labels = _seconds(lambda: agreement_by(data, By.LABEL), scale.rounds)
    yield Line("alpha of each of 6 labels, with intervals", labels, "s")
    confused = _seconds(lambda: confusion(data), scale.rounds)
    yield Line("45 confusion matrices", confused, "s")
    disputed = _seconds(lambda: most_disputed(data), scale.rounds)
    yield Line("200,000 records by disagreement", disputed, "s")
    ten = answered(np.random.default_rng(2), 100_000, 10, 10, 6)
    everything = _seconds(lambda: agreement(ratings(AnswerKind.LABEL, **ten)), scale.rounds)
    yield Line("alpha of 100,000 records by all of ten people, with interval", everything, "s", at_most=2)


def _other_answers() -> Iterator[Line]:
    say("  sets, spans, texts")
    rng = np.random.default_rng(3)
    names = [f"label {number}" for number in range(12)]
    sets = list({frozenset(np.array(names)[rng.random(12) < 0.2].tolist()) for _ in range(400)})
    columns = answered(rng, _MILLION // 5, 5, 10, len(sets))
    columns["values"] = sets
    several = _seconds(lambda: agreement(ratings(AnswerKind.LABELS, **columns)), 1)
    yield Line(
        f"alpha with MASI of a million sets, {len(sets)} different ones", several, "s", "with jackknife"
    )
    spans = [_spans(rng) for _ in range(20_000)]
    columns = answered(rng, 50_000, 2, 10, len(spans))
    columns["values"] = spans
    data = ratings(
        AnswerKind.SPANS,
        **columns,
        extents=[200] * 50_000,
        tokens=[[(at, at + 4) for at in range(0, 200, 5)]] * 50_000,
    )
    for each in (Measure.SPAN_F1, Measure.SPAN_OVERLAP_F1, Measure.TOKEN_ALPHA, Measure.ALPHA_U):
        taken = _seconds(lambda each=each: agreement(data, each), 1)  # type: ignore[misc]
        yield Line(f"{each} of 50,000 documents by two, about 5 spans", taken, "s", "with jackknife")
    for people, documents in ((2, 9_000), (3, 800)):
        columns = answered(rng, documents, people, 10, len(spans))
        columns["values"] = spans
        some = ratings(AnswerKind.SPANS, **columns, extents=[200] * documents)
        taken = _seconds(lambda some=some: agreement(some, Measure.GAMMA), 1)  # type: ignore[misc]
        yield Line(
            f"gamma of {documents:,} documents by {people}, about 5 spans", taken, "s", "with jackknife"
        )
    texts = [" ".join(rng.choice(names, 12).tolist()) for _ in range(5_000)]
    columns = answered(rng, 5_000, 2, 10, len(texts))
    columns["values"] = texts
    written = _seconds(lambda: agreement(ratings(AnswerKind.TEXT, **columns)), 1)
    yield Line("alpha_edit of 5,000 records by two, about 90 characters", written, "s", "with jackknife")


def _spans(rng: np.random.Generator) -> frozenset[tuple[int, int, str]]:
    starts = np.sort(rng.choice(40, 5, replace=False)) * 5
    return frozenset((int(start), int(start) + 4, "PLO"[int(rng.integers(3))]) for start in starts)


def _models() -> Iterator[Line]:
    for records, each, people, labels in (
        (_MILLION // 5, 5, 100, 5),
        (_MILLION // 2, 2, 10, 3),
        (_MILLION // 3, 3, 1_000, 20),
    ):
        say(f"  models, {people} people")
        columns = answered(np.random.default_rng(4), records, each, people, labels)
        data = ratings(AnswerKind.LABEL, **columns)
        for fit in (dawid_skene, one_coin):
            began, cpu = time.perf_counter(), time.process_time()
            model = fit(data)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            what = f"{fit.__name__}, a million answers: {each} of {people} people, {labels} labels"
            detail = f"{len(model.log_likelihoods)} steps; CPU {cpu:.2f} s"
            yield Line(what, took, "s", detail, at_most=30)


def _rules() -> Iterator[Line]:
    answers = [ConsensusAnswer(f"p{number}", label) for number, label in enumerate("aba")]
    spans = [
        ConsensusAnswer(f"p{number}", frozenset({(0, 3, "PER"), (9 - number, 12, "LOC")}))
        for number in range(3)
    ]
    tokens = [(at, at + 3) for at in range(0, 40, 4)]
    works: dict[str, Callable[[], object]] = {
        "majority of three labels": lambda: decide(
            answers, ResolutionRule.MAJORITY, RecordToResolve(AnswerKind.LABEL, 3)
        ),
        "votes of three on spans, then tokens": lambda: decide(
            spans, ResolutionRule.MAJORITY, RecordToResolve(AnswerKind.SPANS, 3, tokens=tokens)
        ),
        "whether to ask a fourth": lambda: decide_one_more(
            answers, RecordToResolve(AnswerKind.LABEL, 3), most=5
        ),
    }
    for name, work in works.items():
        yield Line(name, 1e6 * _seconds(lambda tx=work: [tx() for _ in range(1_000)], 5) / 1_000, "µs")  # type: ignore[misc]


def _coverage(scale: Scale) -> Iterator[Line]:
    """Measure how many intervals contain the truth; the worst of all settings counts.

    The fewer datasets, the worse the worst of many settings looks by chance alone: of 24 at exactly 95 % it is expected
    at 92.8 % with 400 datasets each, at 94 % with 2,000.
    """
    runs = 2_000 if scale.rounds == 1 else 4_000
    for interval, each, shares in (
        (Interval.JACKKNIFE, Measure.ALPHA, _EVEN),
        (Interval.JACKKNIFE, Measure.AC1, _EVEN),
        (Interval.JACKKNIFE, Measure.PERCENT, _EVEN),
        (Interval.BOOTSTRAP, Measure.ALPHA, _EVEN),
        (Interval.JACKKNIFE, Measure.ALPHA, _RARE),
        (Interval.JACKKNIFE, Measure.AC1, _RARE),
    ):
        found: dict[str, float] = {}
        rare = ", rare labels" if shares is _RARE else ""
        few = runs if interval is Interval.JACKKNIFE else runs // 20
        for people in _CODERS:
            for records in (50, 200):
                for right in (0.6, 0.8, 0.9):
                    say(
                        f"  {interval} of {each}: {people} people, {records} records, {right:.0%} right{rare}"
                    )
                    name = f"{people} people, {records} records, {right:.0%} right"
                    found[name] = _covered(each, interval, people, records, right, shares, few)
        worst = min(found, key=lambda name: found[name])
        mean = sum(found.values()) / len(found)
        labels = " to ".join(f"{100 * share:.0f}" for share in (max(shares), min(shares)))
        yield Line(
            f"95 % intervals that contain the truth: {each}, {interval}{rare}, worst of {len(found)} settings",
            found[worst],
            "",
            f"{worst}; mean {mean:.3f}; 2 to 5 people, 50 and 200 records, labels of {labels} in 100 records, "
            f"{few:,} simulated datasets each",
            at_least=0.93 if interval is Interval.JACKKNIFE and not rare else None,
        )


_EDGES = (0, 3, 6, 9, 12, ENOUGH, 20, 30, 50)


def _by_others(scale: Scale) -> Iterator[Line]:
    """Measure intervals that contain the truth, by how many records have another label than the most frequent one."""
    runs = 30 if scale.rounds == 1 else 150
    settings = list(
        product(((0.5, 0.5), (0.8, 0.15, 0.05), (0.9, 0.1), (0.95, 0.04, 0.01)), (2, 3, 5), (0.8, 0.95))
    )
    for each in (Measure.ALPHA, Measure.AC1):
        hits, shown = np.zeros(len(_EDGES), dtype=np.int64), np.zeros(len(_EDGES), dtype=np.int64)
        for number, (shares, people, right) in enumerate(settings):
            say(f"  {each} by records with another label: {people} people, {right:.0%} right, {shares}")
            rng = np.random.default_rng(number)
            truth = (
                agreement(_drawn(rng, 300_000, people, right, shares), each, interval=None).estimate or 0.0
            )
            for records in (10, 20, 30, 50, 100, 200) * runs:
                data = _drawn(rng, records, people, right, shares)
                found = agreement(data, each)
                if found.low is not None and found.high is not None:
                    place = np.searchsorted(_EDGES, _others(data), side="right") - 1
                    shown[place] += 1
                    hits[place] += found.low <= truth <= found.high
        for first, after, hit, many in zip(
            _EDGES, (*_EDGES[1:], 201), hits.tolist(), shown.tolist(), strict=True
        ):
            what = f"95 % intervals of {each} that contain the truth, {first} to {after - 1} records with another label"
            yield Line(what, hit / max(1, many), "", f"{many:,} simulated datasets with an interval")


def _others(data: Ratings) -> int:
    most = np.bincount(data.value).argmax()
    return len(np.unique(data.unit[data.value != most]))


def _covered(
    each: Measure,
    interval: Interval,
    people: int,
    records: int,
    right: float,
    shares: tuple[float, ...],
    runs: int,
) -> float:
    rng = np.random.default_rng([people, records, round(100 * right)])
    truth = agreement(_drawn(rng, 400_000, people, right, shares), each, interval=None).estimate or 0.0
    hits = shown = 0
    for _ in range(runs):
        found = agreement(_drawn(rng, records, people, right, shares), each, interval=interval)
        if found.low is not None and found.high is not None:
            shown += 1
            hits += found.low <= truth <= found.high
    return hits / shown


def _drawn(
    rng: np.random.Generator, records: int, people: int, right: float, shares: tuple[float, ...]
) -> Ratings:
    labels = len(shares)
    truth = rng.choice(labels, records, p=shares)
    value = np.where(
        rng.random((records, people)) < right, truth[:, None], rng.integers(0, labels, (records, people))
    )
    unit, who = np.divmod(np.arange(value.size), people)
    return ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=who,
        value=value.ravel(),
        annotators=[f"p{number}" for number in range(people)],
        values=[str(label) for label in range(labels)],
    )
