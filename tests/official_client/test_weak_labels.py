"""Weak labels of random data: our client finds what the official one finds, on the same server, with the same code."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

import apportion as rg
from apportion.labeling import text_classification as labeling
from apportion.sdk import session

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

WORDS = ("ape", "bee", "cow", "dog", "emu", "fox")
LABELS = ("x", "y", "z")
SEEDS = range(3)


class Case:
    """Random records, rules and functions."""

    def __init__(self, seed: int, *, several: bool) -> None:
        dice = random.Random(seed)
        self.name = f"weak-{seed}-{'several' if several else 'one'}"

        def annotation() -> Any:
            if dice.random() < 0.4:
                return None
            return dice.sample(LABELS, dice.randint(0, 2)) if several else dice.choice(LABELS)

        self.records = [
            rg.TextClassificationRecord(
                id=n, text=" ".join(dice.choices(WORDS, k=3)), annotation=annotation(), multi_label=several
            )
            for n in range(40)
        ]
        words = dice.sample(WORDS, 4)
        queries = [words[0], f"{words[1]} OR {words[2]}", f"{words[3]} AND NOT {words[0]}"]
        self.rules = [
            [query, dice.sample(LABELS, 2) if several else dice.choice(LABELS)] for query in queries
        ]
        self.functions: list[Any] = [[words[2], dice.choice(LABELS)], [words[0], [dice.choice(LABELS)]]]
        if several:
            self.functions.append([words[3], []])
        self.query = dice.choice([None, f"NOT {words[1]}"])

    def asked(self) -> dict[str, Any]:
        return {"functions": self.functions, "query": self.query, "numbers": [5, 3, 8]}


def test_a_notebook_with_weak_labels_comes_to_the_same_with_either_client(
    official: Callable[..., Any],
    with_ours: Callable[[str], Any],
    live_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = [Case(seed, several=several) for seed in SEEDS for several in (False, True)]
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        monkeypatch.setattr(session, "_active", admin)
        script = with_ours("weak_labels")
        for case in cases:
            admin.log(case.records, case.name, verbose=False)
        by_ours, by_official = cases[::2], cases[1::2]
        for case in by_ours:
            script.store(labeling, case.name, case.rules)

        original = official(
            "weak_labels",
            workspace="recognai",
            store={case.name: case.rules for case in by_official},
            datasets={case.name: case.asked() for case in cases},
        )
        ours = {case.name: script.outcome(labeling, case.name, **case.asked()) for case in cases}

    assert sum(each["score"] is not None for each in original.values()) > len(SEEDS)
    for name, found in json.loads(json.dumps(ours)).items():
        score = original[name].pop("score") or {}
        assert {label: found["score"][label] for label in score} == score, name
        for what, expected in original[name].items():
            assert found[what] == expected, (name, what)
