"""Blindness, by difference: others say something else, and every reply to who annotates is the same to the byte.

Two copies of one world, in which everybody does the same things at the same times, but says other things. Run with
``HYPOTHESIS_EXAMPLES=200`` to hunt.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from depth import times
from probes import TASKS, Probe, logged, not_asked, overheard, probes, unnamed, value
from servers import SHARED, TEXT, LocalServer, local_server
from support import FakeClock

Json = Any
IDS = [f"r{n}" for n in range(5)]
QUIET = "r9"
"""A record that nobody answers."""
OTHERS = ("ben", "rita", "max")
LABELS = ["good", "bad", "odd"]
WANTED = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
PARTS = 2 if WANTED else 8
"""Each world is asked one part of so many of the searches about each dataset."""
OF_DRAFTS = PARTS * times(4, 2)
"""The same where all four are asked."""
START = 1_700_000_000_000_000

deed = st.tuples(
    st.sampled_from(sorted(TASKS)),
    st.sampled_from(OTHERS),
    st.sampled_from(IDS),
    st.sampled_from(["submitted", "submitted", "draft", "discarded", "bulk", "undo", "withdraw", "plural"]),
)
answer = st.sampled_from(LABELS)
deeds = st.lists(st.tuples(deed, answer, answer), min_size=10, max_size=30)


def few(examples: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=WANTED or examples,
        derandomize=not WANTED,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
    )


class World:
    """A server with blind datasets, in which ana answers a little and others do what they are told."""

    def __init__(self, local: LocalServer, clock: FakeClock) -> None:
        self.local = local
        self._clock = clock
        self._steps = 0
        self._clients: dict[str, Any] = {}
        for name, task in TASKS.items():
            records = [
                logged(task, id, f"text {id}", metadata={"n": n, "who": "ben"}, vectors={"v": {"value": [n, 1.0]}},
                       prediction={"agent": "model", **value(task, LABELS[n % 3])})
                for n, id in enumerate([*IDS, QUIET])
            ]  # fmt: skip
            for record in records if name == "tags" else ():
                record["multi_label"] = True
            self.ask("eva", "POST", f"/api/datasets/{name}/{task}:bulk", {"records": records})
            if name != "planned":
                self.ask("max", "PATCH", f"/api/datasets/{name}/policies", {"blind": True, "required": 3})
        everybody = ["ana", *OTHERS]
        rules = [
            {"where": "id:(r0 OR r1 OR r2 OR r3)", "users": everybody, "overlap": "all"},
            {"users": everybody, "overlap": 3, "mode": "pull"},
        ]
        made = self.ask(
            "max", "POST", "/api/datasets/planned/assignments", {"rules": rules, "blind": True, "seed": 7}
        )
        self.plan = made.json()["id"]
        for name, task in TASKS.items():
            for query in ("annotated_as:good", "annotated_by:ben", "text") if task == TEXT else ():
                rule = {"query": query, "label": "bad" if query == "text" else "good"}
                self.ask("max", "POST", f"/api/datasets/{name}/{task}/labeling/rules", rule)
            self.put(name, "ana", "r0", "submitted", "good")
            self.put(name, "ana", "r2", "draft", "bad")

    def ask(self, who: str, method: str, url: str, body: Json = None, **params: Any) -> Any:
        """Every request has its own minute, whatever it takes of the clock."""
        self._steps += 1
        self._clock.time = START + self._steps * 60_000_000
        if who not in self._clients:
            self._clients[who] = self.local.client(who)
        return self._clients[who].request(method, url, params={**SHARED, **params}, json=body)

    def put(self, name: str, who: str, id: str, state: str, label: str) -> None:
        url = f"/api/datasets/{name}/records/{id}/annotations/me"
        version = self.ask(who, "GET", url).json().get("version", 0)
        sent = {"value": value(TASKS[name], label), "state": state, "version": version}
        self.ask(who, "PUT", url, sent)

    def do(self, what: tuple[str, str, str, str], label: str) -> None:
        name, who, id, how = what
        task = TASKS[name]
        mine = f"/api/datasets/{name}/records/{id}/annotations/me"
        if how in ("submitted", "draft", "discarded"):
            self.put(name, who, id, how, label)
        elif how == "undo":
            self.ask(who, "POST", f"{mine}:undo")
        elif how == "withdraw":
            self.ask(who, "DELETE", mine)
        else:  # never said before: a copy that is logged back changes nothing
            fresh = f"{label} {self._steps}"
            plural = {"annotations": {who: value(task, fresh)}}
            record = logged(
                task, id, f"text {id}", **plural, **({"multi_label": True} if name == "tags" else {})
            )
            self.ask("max", "POST", f"/api/datasets/{name}/{task}:bulk", {"records": [record]})

    def gold(self, label: str) -> None:
        """A human decides about a record that ana has not answered."""
        for name, task in TASKS.items():
            sent = {"value": value(task, label), "reason": f"it is {label}"}
            self.ask("rita", "PUT", f"/api/datasets/{name}/records/r1/gold", sent)

    def reply(self, who: str, probe: Probe) -> tuple[int, str, Json]:
        if probe.route == "/api/events":
            key = {"X-Argilla-Api-Key": f"{who}.apikey"}
            return 0, unnamed(overheard(self.local.app, probe.url, probe.params, key)), None
        answer = self.ask(who, probe.method, probe.url, probe.body, **probe.params)
        headers = sorted(
            (name, text) for name, text in answer.headers.items() if name not in ("date", "x-request-id")
        )
        return answer.status_code, unnamed(answer.text), headers


@contextmanager
def two_worlds() -> Iterator[tuple[World, World]]:
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            clock = FakeClock(START)
            home = Path(stack.enter_context(TemporaryDirectory()))
            made.append(World(stack.enter_context(local_server(home, clock=clock)), clock))
        yield made[0], made[1]


def asked_of(world: World, name: str, part: int = 0, parts: int = 1) -> list[Probe]:
    return list(probes(name, [*IDS, QUIET], world.plan, [*LABELS, "mine"], part=part, parts=parts))


@pytest.mark.timeout(600 + 20 * WANTED)
@few(1)
@given(deeds, answer, answer, st.integers(0, 24))
def test_whatever_others_say_who_annotates_blind_is_told_the_same(
    done: list[tuple[Any, str, str]], one: str, other: str, turn: int
) -> None:
    with two_worlds() as (here, there):
        for what, label, another in done:
            here.do(what, label)
            there.do(what, another)
        here.gold(one)
        there.gold(other)
        asked = set()
        for place, name in enumerate(TASKS):
            part = (turn + place) % PARTS
            for probe, same in zip(
                asked_of(here, name, part, PARTS), asked_of(there, name, part, PARTS), strict=True
            ):
                asked.add((probe.method, probe.route))
                assert here.reply("ana", probe) == there.reply("ana", same), str(probe)
        assert not_asked(here.local.app.openapi(), asked) == set()
        assert here.local.verify() == []


COUNTED = ("/progress", ":rebalance", ":move", ":withdraw", ":undo", "/api/server", "/metrics")
"""Routes that count drafts (of the whole server, for administrators), or begun work is left to whoever began it;
leaders may know that much."""


@pytest.mark.timeout(600 + 20 * WANTED)
@few(1)
@given(
    deeds,
    st.lists(st.tuples(st.sampled_from(sorted(TASKS)), answer), min_size=5, max_size=10),
    st.integers(0, 24),
)
def test_a_draft_is_known_to_nobody_but_its_author(
    done: list[tuple[Any, str, str]], drafts: list[tuple[str, str]], turn: int
) -> None:
    with two_worlds() as (here, there):
        for what, label, _ in done:
            here.do(what, label)
            there.do(what, label)
        for name, label in drafts:
            here.put(name, "ben", QUIET, "draft", label)
            there.ask("ben", "GET", f"/api/datasets/{name}/records/{QUIET}/annotations/me")
            there.ask("ben", "GET", f"/api/datasets/{name}")
        for who in ("ana", "rita", "max", "eva"):
            for place, name in enumerate(TASKS):
                part = (turn + place) % OF_DRAFTS
                for probe, same in zip(
                    asked_of(here, name, part, OF_DRAFTS), asked_of(there, name, part, OF_DRAFTS), strict=True
                ):
                    looks = probe.method == "GET" or probe.route.endswith((":search", ":summary"))
                    if looks and not probe.url.endswith(COUNTED):
                        assert here.reply(who, probe) == there.reply(who, same), f"{who}: {probe}"
