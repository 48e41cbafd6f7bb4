"""Listeners on random data: ours see and do what the official ones see and do, on the same server."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

import apportion as rg
from apportion.sdk import session

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

WORDS = ("ape", "bee", "cow", "dog")
LABELS = ("x", "y")
METRICS = ("F1", "predicted_as", "annotated_as", "status_distribution", "words_cloud")
KINDS = [(True, True, True), (True, False, False), (False, True, False)]
"""With a condition, with records, with metrics."""


def records(dice: random.Random) -> list[rg.TextClassificationRecord]:
    return [
        rg.TextClassificationRecord(
            id=n,
            text=" ".join(dice.choices(WORDS, k=2)),
            prediction=[(dice.choice(LABELS), 1.0)],
            annotation=dice.choice((None, *LABELS)),
        )
        for n in range(30)
    ]


def case(dice: random.Random, *, conditional: bool, with_records: bool, metrics: bool) -> dict[str, Any]:
    words = dice.sample(WORDS, 4)
    return {
        "query": "{word} AND NOT annotated_as:{label}",
        "params": {"word": words.pop(), "label": dice.choice(LABELS)},
        "words": words,
        "least": dice.randint(1, 12),
        "cycles": 3,
        "conditional": conditional,
        "with_records": with_records,
        "metrics": dice.sample(METRICS, 2) if metrics else None,
    }


def test_listeners_see_and_do_the_same_with_either_client(
    official: Callable[..., Any],
    with_ours: Callable[[str], Any],
    live_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = {}
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        monkeypatch.setattr(session, "_active", admin)
        for seed, (conditional, with_records, metrics) in enumerate(KINDS):
            dice, name = random.Random(seed), f"listened-{seed}"
            admin.log(records(dice), name, verbose=False)
            cases[name] = case(dice, conditional=conditional, with_records=with_records, metrics=metrics)

        expected = official("listeners", workspace="recognai", cases=cases)
        script = with_ours("listeners")
        ours = {name: script.outcome(rg, name, each) for name, each in cases.items()}

        assert json.loads(json.dumps(ours)) == expected["cases"]
        assert script.without_parameter(rg) == expected["refused"] == "KeyError"
    happened = {event[0] for each in expected["cases"].values() for event in each["seen"]}
    assert happened == {"condition", "action"}
