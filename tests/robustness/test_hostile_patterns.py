"""Patterns made to be slow: refused after a bounded amount of work, and nobody else waits for them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apportion.domain.query import Automaton, automaton
from apportion.ports.deadline import Deadline
from apportion.server import deps
from servers import SHARED, TEXT, LocalServer, local_server

SEARCH = f"/api/datasets/words/{TEXT}:search"
LETTERS = "abcdefghij"


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A dataset of some twenty thousand different words."""
    rng = random.Random(7)
    words = ["".join(rng.choice(LETTERS) for _ in range(rng.randint(5, 14))) for _ in range(20_000)]
    records = [{"id": n, "inputs": {"text": " ".join(words[n * 20 : n * 20 + 20])}} for n in range(1000)]
    with local_server(tmp_path_factory.mktemp("wordy")) as local:
        url = f"/api/datasets/words/{TEXT}:bulk"
        local.client().post(url, params=SHARED, json={"records": records}).raise_for_status()
        yield local


def search(local: LocalServer, text: str) -> Any:
    return local.client().post(SEARCH, params=SHARED, json={"query": {"query_text": text}})


EXPLODING = {
    "four windows": "/(.*a.{40})|(.*b.{40})|(.*c.{40})|(.*d.{40})/",
    "a window of windows": "/(.*[a-e].{30}){2,9}/",
    "either, or, either": "/((a|b|c)?(b|c|d)?(c|d|e)?){1,90}(x|y)/",
    "all lengths": "/(" + "|".join(f"[a-j]{{{n}}}" for n in range(1, 40)) + ")*x/",
}


@pytest.mark.parametrize("text", EXPLODING.values(), ids=list(EXPLODING))
def test_an_exploding_pattern_costs_little_or_is_refused(
    wordy: LocalServer, monkeypatch: Any, text: str
) -> None:
    original = Automaton.__init__

    def watched(self: Automaton, pattern: str) -> None:
        original(self, pattern)
        watching.append(self)

    watching: list[Automaton] = []
    monkeypatch.setattr(Automaton, "__init__", watched)
    answer = search(wordy, text)
    spent = [each._work for each in watching]

    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or "InvalidTextSearchError" in answer.text
    assert max(spent, default=0) <= automaton.MAX_WORK + 10_000  # the last step may go over


def test_the_worst_of_them_is_refused_and_says_why(wordy: LocalServer) -> None:
    answer = search(wordy, EXPLODING["four windows"])

    assert answer.status_code == 400
    assert "takes too long" in answer.json()["detail"]["params"]["message"]


@pytest.mark.parametrize(
    "text", ["/.*(ab|cd|ef)/", "/[abc].*[def]/", "*abc", "abcdefgh~2", "/(ab?c|d{1,3})+.*/"]
)
def test_patterns_that_people_write_are_far_from_the_limit(wordy: LocalServer, text: str) -> None:
    assert search(wordy, text).status_code == 200
    if text.startswith("/"):
        machine = Automaton(text.strip("/"))
        rng = random.Random(3)
        for _ in range(20_000):
            machine.matches("".join(rng.choice(LETTERS) for _ in range(9)))
        assert machine._work < automaton.MAX_WORK / 20


def test_many_slow_patterns_in_one_query_are_cut_short(wordy: LocalServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(deps.Context, "deadline", lambda self, long=False: Deadline(0.05))
    rng = random.Random(5)
    fuzzy = " OR ".join("".join(rng.choice(LETTERS) for _ in range(9)) + "~2" for _ in range(300))
    before = time.thread_time()
    answer = search(wordy, fuzzy)

    assert answer.status_code == 400, f"{time.thread_time() - before} s"
    assert answer.json()["detail"]["code"].endswith("QueryTooSlowError")
    assert search(wordy, "*abc").status_code in (200, 400)


@pytest.mark.parametrize("field", ["", "text.exact:", "metadata.m:", "annotated_as:"])
def test_one_endless_word_is_no_trap(local: LocalServer, field: str) -> None:
    records = [
        {"id": n, "inputs": {"text": "a" * size}, "metadata": {"m": "a" * 120}}
        for n, size in enumerate((50, 5000, 300_000))
    ]
    local.client().post(
        f"/api/datasets/words/{TEXT}:bulk", params=SHARED, json={"records": records}
    ).raise_for_status()
    for pattern in ("*a*a*a*a*b", "*aa*aa*aa*aa*b", "/(a|aa)*b/", "/(a*)*b/", "aaaaaaaaaaaaaaaa~2"):
        assert search(local, field + pattern).json()["total"] == 0


def test_the_limit_counts_work_and_not_time() -> None:
    with pytest.raises(Exception, match="takes too long"):
        _walk(Automaton("(.*a.{40})|(.*b.{40})|(.*c.{40})|(.*d.{40})"))


def _walk(machine: Automaton) -> None:
    rng = random.Random(1)
    for _ in range(100_000):
        machine.matches("".join(rng.choice(LETTERS) for _ in range(60)))
