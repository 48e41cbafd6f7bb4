"""Whatever people, managers, clocks and crashes do, over HTTP: nothing is collected twice, nothing is lost.

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
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from apportion.domain.individual.record_view import build_view
from apportion.domain.policies import Policies
from servers import SHARED, TEXT, LocalServer, local_server, reopened
from support import FakeClock

Json = Any
WANTED = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
TEAM = ("ana", "ben", "rita")
LABELS = ("good", "bad")
WHO, ID = st.sampled_from(TEAM), st.integers(0, 7)
STATES = st.sampled_from(["submitted", "submitted", "draft", "discarded"])
VERBS = ("rebalance", "level", "shrink", "move", "withdraw", "undo", "extend")
RULES = st.fixed_dictionaries(
    {"mode": st.sampled_from(["push", "pull"]), "overlap": st.integers(1, 3)},
    optional={
        "skip": st.sampled_from(["next_person", "back_to_me", "drop"]),
        "anchors": st.integers(1, 2),
        "where": st.sampled_from(["id:(r0 OR r1 OR r2)", "metadata.n:>3"]),
        "users": st.sampled_from([["ana", "ben", "rita"], [{"user": "ana", "cap": 3}, "ben", "rita"]]),
    },
)
PENDING, LEASED, DONE, SKIPPED, WITHDRAWN = range(5)


class Team(RuleBasedStateMachine):
    """Three people and a manager at one dataset of eight records, and a file that is looked into."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.folder = TemporaryDirectory()
        self.stack = local_server(Path(self.folder.name), clock=self.clock)
        self.local: LocalServer = self.stack.__enter__()
        self.clients: dict[str, Any] = {}
        self.answered: dict[tuple[str, str], str] = {}
        """Answers acknowledged last, by record and person."""
        self.texts: dict[int, str] = {}
        self.edits = 0

    def teardown(self) -> None:
        try:
            assert self.local.verify() == []
            self.views_are_what_the_answers_come_to()
        finally:
            self.stack.__exit__(None, None, None)
            self.folder.cleanup()

    # Talking

    def ask(self, who: str, method: str, path: str, body: Json = None, **params: Any) -> Any:
        client = self.clients.get(who) or self.clients.setdefault(who, self.local.client(who))
        url = f"/api/datasets/talk{path}"
        answer = client.request(method, url, params={**SHARED, **params}, json=body)
        assert answer.status_code < 500, answer.text
        return answer

    def log(self, *numbers: int, text: str = "") -> None:
        records = [
            {"id": f"r{n}", "inputs": {"text": f"{text}text {n}"}, "metadata": {"n": n}} for n in numbers
        ]
        assert self.ask("eva", "POST", f"/{TEXT}:bulk", {"records": records}).status_code == 200

    def plans(self) -> list[str]:
        found = self.ask("max", "GET", "/assignments").json()["assignments"]
        return [each["id"] for each in found if each["state"] == "live"]

    @initialize(blind=st.booleans(), first=RULES, required=st.integers(1, 2))
    def begin(self, blind: bool, first: Json, required: int) -> None:
        self.log(*range(8))
        self.ask("max", "PATCH", "/policies", {"annotation": "individual", "required": required})
        self.ask("max", "POST", "/assignments", {"rules": [first], "blind": blind, "seed": 7})

    # People

    @rule(target=leases, who=WHO, limit=st.integers(1, 6))
    def claim(self, who: str, limit: int) -> Json:
        before = self.ask(who, "GET", "/queue", limit=20).json()
        found = self.ask(who, "POST", "/queue:claim", {"limit": limit}).json()
        assert ("why_empty" in found) == (not found["records"])
        assert bool(before["records"]) == bool(found["records"])  # no starvation, and looking tells the truth
        ids = [each["id"] for each in found["records"]]
        assert len(ids) == len(set(ids)) <= limit
        can = self.can_take(who)
        assert set(ids) <= can
        if not self.capped(who):
            assert bool(ids) == bool(can), (found, can)
            assert found["left"] + len(ids) == len(can), (found, can)
        return who, [(each["id"], each["assignment"]["token"]) for each in found["records"]]

    @rule(who=WHO, n=ID, label=st.sampled_from(LABELS), state=STATES)
    def put(self, who: str, n: int, label: str, state: str) -> None:
        url = f"/records/r{n}/annotations/me"
        seen = self.ask(who, "GET", url)
        if seen.status_code == 404:
            assert self.ask(who, "PUT", url, {"state": "draft", "version": 0}).status_code == 404
            return
        sent = {"value": {"labels": [{"class": label}]}, "state": state, "version": seen.json()["version"]}
        stored = self.ask(who, "PUT", url, sent)
        assert stored.status_code == 200, stored.text
        self.answered[f"r{n}", who] = f"{state} {label}"

    @rule(leased=leases, label=st.sampled_from(LABELS))
    def put_what_was_claimed(self, leased: Json, label: str) -> None:
        who, items = leased
        for id, _ in items[:2]:
            self.put(who, int(id[1:]), label, "submitted")

    @rule(who=WHO, n=ID, how=st.sampled_from(["undo", "withdraw"]))
    def take_back(self, who: str, n: int, how: str) -> None:
        url = f"/records/r{n}/annotations/me"
        method, path = ("POST", f"{url}:undo") if how == "undo" else ("DELETE", url)
        answer = self.ask(who, method, path)
        if answer.status_code == 200 and answer.json()["version"]:
            now = answer.json()
            label = now["value"]["labels"][0]["class"] if now["value"] else ""
            self.answered[f"r{n}", who] = f"{now['state']} {label}"

    @rule(leased=leases, verb=st.sampled_from(["skip", "release", "heartbeat"]))
    def return_some(self, leased: Json, verb: str) -> None:
        who, items = leased
        for id, token in items[:2]:
            if verb == "skip":
                self.ask(who, "POST", "/queue:skip", {"id": id, "token": token})
                continue
            before = self.one(
                "SELECT count(*) FROM slots WHERE token = ? AND until > ?", token, self.clock.time
            )
            sent = {"leases": [{"id": id, "token": token}]}
            reply = self.ask(who, "POST", f"/queue:{verb}", sent).json()
            if verb == "heartbeat":
                assert (reply["leases"][0]["lease_until"] is not None) == bool(before)
            else:  # what is free already is not freed a second time
                again = self.ask(who, "POST", "/queue:release", sent).json()
                assert again["released"] == []

    # Managers, the clock, and the rest of the world

    @rule(first=RULES, blind=st.booleans())
    def plan(self, first: Json, blind: bool) -> None:
        if len(self.plans()) < 3:
            self.ask("max", "POST", "/assignments", {"rules": [first], "blind": blind, "seed": 3})

    @rule(verb=st.sampled_from(VERBS), who=WHO, which=ID, dry=st.booleans())
    def change(self, verb: str, who: str, which: int, dry: bool) -> None:
        plans = self.plans()
        if not plans:
            return
        sent: Json = {
            "rebalance": {}, "level": {"level": True}, "extend": {}, "undo": {},
            "shrink": {"users": [each for each in TEAM if each != who]},
            "move": {"to": who}, "withdraw": {"annotator": who, "records": [f"r{which}"]},
        }[verb]  # fmt: skip
        verb = "rebalance" if verb in ("level", "shrink") else verb
        before = self.slots()
        answer = self.ask(
            "max", "POST", f"/assignments/{plans[which % len(plans)]}:{verb}", {**sent, "dry_run": dry}
        )
        if dry or answer.status_code != 200:
            assert self.slots() == before
        for no, row in self.slots().items():
            if no in before and before[no][1] == DONE:
                assert row == before[no]  # work done stays

    @rule(minutes=st.sampled_from([-120, -31, 5, 29, 31, 600]))
    def jump(self, minutes: int) -> None:
        self.clock.pass_minutes(minutes)

    @rule(n=ID, how=st.sampled_from(["delete", "again", "text"]))
    def record(self, n: int, how: str) -> None:
        if how == "delete":
            self.ask("eva", "DELETE", "/data", {"ids": [f"r{n}"]})
        else:
            there = self.one("SELECT count(*) FROM records WHERE id = ?", f"r{n}")
            self.edits += how == "text"
            self.texts[n] = f"edit {self.edits} " if how == "text" else self.texts.get(n, "")
            self.log(n, text=self.texts[n])
        if how == "delete" or how == "text" or not there:
            for id, who in list(self.answered):
                if id == f"r{n}":
                    del self.answered[id, who]

    @rule(n=ID, label=st.sampled_from(LABELS), state=st.sampled_from(["submitted", "discarded", "take back"]))
    def gold(self, n: int, label: str, state: str) -> None:
        if state == "take back":
            self.ask("rita", "DELETE", f"/records/r{n}/gold")
        else:
            value = {"labels": [{"class": label}]} if state == "submitted" else None
            self.ask("rita", "PUT", f"/records/r{n}/gold", {"value": value, "state": state})

    @rule()
    def crash(self) -> None:
        self.clients.clear()
        reopened(self.local, self.clock)

    # What holds at every moment

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return self.local.behind.run(sql, *values)

    def one(self, sql: str, *values: Any) -> Any:
        return self.rows(sql, *values)[0][0]

    def slots(self) -> dict[int, tuple[Any, ...]]:
        rows = self.rows("SELECT no, rid, state, annotator, holder, token FROM slots")
        return {no: rest for no, *rest in ((row[0], *row[1:]) for row in rows)}  # type: ignore[misc]

    def capped(self, who: str) -> bool:
        """Return True if somebody's number of records is limited: then what is left is more than they may do."""
        return who == "ana" and any('"cap": 3' in teams for (teams,) in self.rows("SELECT teams FROM plans"))

    def can_take(self, who: str) -> set[str]:
        """Ids of the records that somebody has before them, has still to do, or may still take."""
        now = self.clock.time
        known = self.rows("SELECT no FROM agents WHERE name = ?", who)
        me = known[0][0] if known else -1
        teams = {
            (no, rule)
            for no, state, found in self.rows("SELECT no, state, teams FROM plans")
            for rule, team in enumerate(json.loads(found))
            if state == "live" and any(each["name"] == who and each["active"] for each in team)
        }
        live = {no for (no,) in self.rows("SELECT no FROM plans WHERE state = 'live'")}
        on: dict[int, list[Any]] = {}
        for row in self.rows(
            "SELECT s.rid, r.id, s.no, s.annotator, s.state, s.holder, s.until, s.plan, s.rule FROM slots s "
            "JOIN records r ON r.rid = s.rid"
        ):
            on.setdefault(row[0], []).append(row)
        declined = {slot for (slot,) in self.rows("SELECT slot FROM declined WHERE annotator = ?", me)}
        answer = {
            rid for (rid,) in self.rows("SELECT rid FROM annotations WHERE annotator = ? AND state >= 2", me)
        }
        found = set()
        for rid, there in on.items():
            mine = any(
                (a == me and s in (DONE, SKIPPED)) or (h == me and s == LEASED and u > now)
                for _, _, _, a, s, h, u, _, _ in there
            )
            for _, id, no, annotator, state, holder, until, plan, number in there:
                if state == LEASED and until > now:
                    if holder == me:  # what was begun goes on, even where its plan was undone since
                        found.add(id)
                    continue
                if state > LEASED or plan not in live:
                    continue
                if mine or no in declined or annotator not in (0, me):
                    continue
                if annotator == me or ((plan, number) in teams and rid not in answer):
                    found.add(id)
        return found

    @invariant()
    def nobody_is_twice_on_a_record_and_nothing_is_over_collected(self) -> None:
        slots: dict[int, list[Any]] = {}
        for rid, state, annotator, holder in self.rows("SELECT rid, state, annotator, holder FROM slots"):
            slots.setdefault(rid, []).append((state, annotator or holder))
            assert (state == LEASED) == (holder is not None)
        counted: dict[int, set[int]] = {}
        for rid, annotator in self.rows(
            "SELECT rid, annotator FROM annotations WHERE counted AND state >= 2"
        ):
            counted.setdefault(rid, set()).add(annotator)
        for rid, there in slots.items():
            live = [who for state, who in there if state <= DONE]
            taken = [who for who in live if who]
            assert len(taken) == len(set(taken)), there
            done = {who for state, who in there if state == DONE}
            if live:
                assert counted.get(rid, set()) == done

    @invariant()
    def nobody_has_more_done_than_their_cap(self) -> None:
        done = Counter(self.rows("SELECT plan, rule, annotator FROM slots WHERE state = ?", DONE))
        numbers = dict(self.rows("SELECT name, no FROM agents"))
        for plan, teams in self.rows("SELECT no, teams FROM plans"):
            for number, team in enumerate(json.loads(teams)):
                for each in team:
                    if each["cap"] is not None:
                        assert done[plan, number, numbers.get(each["name"])] <= each["cap"], each

    @invariant()
    def counters_are_what_the_slots_are(self) -> None:
        real = Counter(self.rows("SELECT plan, rule, annotator, state FROM slots"))
        kept = {
            row[:4]: row[4] for row in self.rows("SELECT plan, rule, annotator, state, n FROM slot_counts")
        }
        assert {key: n for key, n in kept.items() if n} == real

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        states = ("none", "draft", "submitted", "discarded")
        kept = {}
        for id, who, state, value in self.rows(
            "SELECT r.id, g.name, a.state, a.value FROM annotations a JOIN records r ON r.rid = a.rid "
            "JOIN agents g ON g.no = a.annotator"
        ):
            answer = "" if value is None else json.loads(b"{%b}" % value)["labels"][0]["class_label"]
            kept[id, who] = f"{states[state]} {answer}"
        for key, answer in self.answered.items():
            assert kept[key] == answer, key

    def views_are_what_the_answers_come_to(self) -> None:
        with self.local.store.read() as tx:
            dataset = tx.datasets.find("shared", "talk")
            assert dataset is not None
            policies = Policies.of(dataset.policies)
            for (id,) in self.rows("SELECT id FROM records"):
                case = tx.annotations.case(dataset, id)
                assert case is not None
                view = build_view(case, rule=policies.resolution, required=policies.required)
                shown = tx.records.stored_answers(dataset, [id]).get(id)
                agent = None if shown is None else shown.agent
                assert (view.status, view.agent) == (case.record.status, agent), id


Team.TestCase.settings = settings(
    max_examples=WANTED or 4,
    stateful_step_count=30,
    derandomize=not WANTED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
)
TestTeam = pytest.mark.timeout(600 + 20 * WANTED)(Team.TestCase)
