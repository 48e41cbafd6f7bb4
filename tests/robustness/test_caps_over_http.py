"""Caps over HTTP, whatever tabs, clocks and skips do: nobody has more that counts than agreed, and nothing is lost.

Run with ``HYPOTHESIS_EXAMPLES=200`` to hunt, and with ``HYPOTHESIS_SHRINK=1`` to have a failure made small.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from servers import SHARED, TEXT, LocalServer, local_server
from support import FakeClock

Json = Any
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
IDS = [f"r{n}" for n in range(10)]
WHO, ID = st.sampled_from(["ana", "ben"]), st.sampled_from(IDS)
CAPPED = "cap_reached"
LEASED, DONE = 1, 2


class Capped(RuleBasedStateMachine):
    """Two people with caps and one without, at ten records: what each tab has shown may be answered at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.folder = TemporaryDirectory()
        self.stack = local_server(Path(self.folder.name), clock=self.clock)
        self.local: LocalServer = self.stack.__enter__()
        self.clients: dict[str, Any] = {}
        self.shown: dict[str, dict[str, str]] = {"ana": {}, "ben": {}}
        """By person the records that a tab of theirs has shown, with the token of the last lease."""
        self.sent: dict[tuple[str, str], str] = {}

    def teardown(self) -> None:
        try:
            assert self.local.verify() == []
        finally:
            self.stack.__exit__(None, None, None)
            self.folder.cleanup()

    def ask(self, who: str, method: str, path: str, body: Json = None, **params: Any) -> Any:
        client = self.clients.get(who) or self.clients.setdefault(who, self.local.client(who))
        url = f"/api/datasets/talk/{path}"
        answer = client.request(method, url, params={**SHARED, **params}, json=body)
        assert answer.status_code < 500, answer.text
        return answer

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return self.local.behind.run(sql, *values)

    @initialize(
        annotation=st.sampled_from(["individual", "individual", "shared"]),
        mode=st.sampled_from(["pull", "pull", "push"]),
        skip=st.sampled_from(["next_person", "back_to_me", "drop"]),
        caps=st.tuples(st.integers(1, 3), st.integers(1, 4)),
        adaptive=st.booleans(),
        second=st.booleans(),
    )
    def begin(self, annotation: str, mode: str, skip: str, caps: Any, adaptive: bool, second: bool) -> None:
        self.shared = annotation == "shared"
        records = [{"id": id, "inputs": {"text": f"text {id}"}} for id in IDS]
        assert self.ask("eva", "POST", f"{TEXT}:bulk", {"records": records}).status_code == 200
        self.ask("max", "PATCH", "policies", {"annotation": annotation})
        ana, ben = ({"user": name, "cap": cap} for name, cap in zip(("ana", "ben"), caps, strict=True))
        rule = {"mode": mode, "skip": skip, "users": [ana, ben, "rita"], "overlap": 1 if self.shared else 2}
        rules = [{**rule, "where": "id:(r0 OR r1 OR r2 OR r3 OR r4)"}, rule] if second else [rule]
        more: Json = {"adaptive": {"max": 3}, "blind": True} if adaptive and not self.shared else {}
        made = self.ask("max", "POST", "assignments", {"rules": rules, "seed": 7, **more})
        assert made.status_code == 200, made.text

    @rule(who=WHO, limit=st.integers(1, 5))
    def claim(self, who: str, limit: int) -> None:
        before = self.loads(who)
        found = self.ask(who, "POST", "queue:claim", {"limit": limit}).json()
        for each in found["records"]:
            self.shown[who][each["id"]] = each["assignment"]["token"]
        assert self.ask(who, "GET", "queue", limit=20).json()["records"] or not found["records"]
        for key, load in self.loads(who).items():
            assert load <= max(self.caps(who)[key], before[key])

    @rule(who=WHO, data=st.data(), label=st.sampled_from(["good", "bad"]))
    def answer_what_a_tab_has_shown(self, who: str, data: Any, label: str) -> None:
        if self.shown[who]:
            self.put(who, data.draw(st.sampled_from(sorted(self.shown[who]))), label)

    @rule(who=WHO, id=ID, state=st.sampled_from(["submitted", "discarded", "draft"]))
    def put(self, who: str, id: str, label: str = "good", state: str = "submitted") -> None:
        url = f"records/{id}/annotations/me"
        seen = self.ask(who, "GET", url)
        if seen.status_code == 404:
            return
        value = {"labels": [{"class": label}]}
        sent = {"value": value, "state": state, "version": seen.json()["version"]}
        reply = self.ask(who, "PUT", url, sent)
        assert reply.status_code == 200, reply.text
        assert reply.json()["state"] == state
        assert state == "draft" or reply.json()["counted"] or reply.json()["why"]
        if self.shared:
            self.sent = {key: answer for key, answer in self.sent.items() if key[1] != id}
        self.sent[who, id] = state

    @rule(who=WHO, id=ID)
    def log(self, who: str, id: str) -> None:
        if id not in self.shown[who]:
            return
        annotation = {"agent": who, "labels": [{"class": "good"}]}
        record = {"id": id, "inputs": {"text": f"text {id}"}, "annotation": annotation, "status": "Validated"}
        if self.ask(who, "POST", f"{TEXT}:bulk", {"records": [record]}).status_code == 200:
            if self.shared:
                self.sent = {key: answer for key, answer in self.sent.items() if key[1] != id}
            self.sent[who, id] = "submitted"

    @rule(who=WHO, data=st.data(), verb=st.sampled_from(["release", "heartbeat", "skip"]))
    def give_back(self, who: str, data: Any, verb: str) -> None:
        if not self.shown[who]:
            return
        id = data.draw(st.sampled_from(sorted(self.shown[who])))
        lease = {"id": id, "token": self.shown[who][id]}
        self.ask(who, "POST", f"queue:{verb}", lease if verb == "skip" else {"leases": [lease]})

    @rule(minutes=st.sampled_from([1, 29, 31, 600]))
    def time_passes(self, minutes: int) -> None:
        self.clock.pass_minutes(minutes)

    def caps(self, who: str) -> dict[tuple[int, int], int]:
        return {
            (no, rule): person["cap"]
            for no, teams in self.rows("SELECT no, teams FROM plans")
            for rule, team in enumerate(json.loads(teams))
            for person in team
            if person["name"] == who and person["cap"] is not None
        }

    def loads(self, who: str) -> Counter[tuple[int, int]]:
        """Count the slots of each rule that somebody has done or before them."""
        rows = self.rows(
            "SELECT s.plan, s.rule, count(*) FROM slots s JOIN agents g ON g.name = ? "
            "WHERE (s.state = ? AND s.annotator = g.no) OR (s.state = ? AND s.holder = g.no AND s.until > ?) "
            "GROUP BY s.plan, s.rule",
            who, DONE, LEASED, self.clock.time,
        )  # fmt: skip
        return Counter({(plan, number): n for plan, number, n in rows})

    @invariant()
    def nobody_has_more_than_was_agreed(self) -> None:
        for who in ("ana", "ben"):
            loads = self.loads(who)
            assert all(loads[key] <= cap for key, cap in self.caps(who).items()), (who, loads)

    @invariant()
    def exactly_the_answers_in_slots_count(self) -> None:
        if not getattr(self, "shared", True):
            of = "SELECT rid, annotator FROM"
            counted = set(self.rows(f"{of} annotations WHERE counted AND state >= 2"))
            assert counted == set(self.rows(f"{of} slots WHERE state = ?", DONE))

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        states = ("none", "draft", "submitted", "discarded")
        kept = {
            (who, id): states[state]
            for who, id, state in self.rows(
                "SELECT g.name, r.id, a.state FROM annotations a JOIN records r ON r.rid = a.rid "
                "JOIN agents g ON g.no = a.annotator"
            )
        }
        assert {key: kept.get(key) for key in self.sent} == self.sent


Capped.TestCase.settings = settings(
    max_examples=EXAMPLES or 5,
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
)
TestCapped = pytest.mark.timeout(600 + 20 * EXAMPLES)(Capped.TestCase)
