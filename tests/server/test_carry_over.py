"""A large shared dataset becomes individual step by step: whatever is written meanwhile, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.datasets import DatasetAddress
from apportion.domain.people import Actor
from apportion.services.answers import reresolve
from apportion.services.answers.individual_answers import IndividualAnswers
from apportion.services.assignments import apply_plan, compute_plan, migrate_individual
from apportion.services.assignments.apply_plan import ApplyPlan
from apportion.services.assignments.policies import PolicyChange
from apportion.services.background.recovery import recover, unfinished_operations
from apportion.services.background.worker import JobContext as Workroom
from apportion.services.background.worker import run_next
from owners import nobody
from upkeep import problems_in

Json = Any
PLAN: Json = {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7, "visibility": "dataset"}
WANTED = {"annotation": "individual", "required": 2}


class Talk:
    """A shared dataset with everything that its records may have: answers by people and by others, drafts, discards."""

    def __init__(self, client_as: Any, name: str) -> None:
        self.client_as, self.name = client_as, name
        self.log("eva", *({"id": id, "inputs": {"text": f"text {id}"}} for id in "abcdefgh"))
        self.log("eva", self.annotated("b", "good", "model"), self.annotated("c", "good", "eva", "Discarded"))
        for id, who, label in (("a", "ana", "good"), ("d", "ben", "bad"), ("e", "ana", "bad")):
            self.log(who, self.annotated(id, label, who))
        self.log("ana", self.annotated("f", "good", "ana", "Edited"))

    @staticmethod
    def annotated(id: str, label: str, agent: str, status: str = "Validated") -> Json:
        annotation = {"agent": agent, "labels": [{"class": label}]}
        return {"id": id, "inputs": {"text": f"text {id}"}, "annotation": annotation, "status": status}

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        params = {"workspace": "shared", **options.pop("params", {})}
        return self.client_as(who).request(
            method, f"/api/datasets/{self.name}/{path}", params=params, **options
        )

    def log(self, who: str, *records: Json) -> None:
        sent = self.ask(who, "POST", "TextClassification:bulk", json={"records": list(records)})
        assert sent.json().get("failed") == 0, sent.text

    def individual(self) -> bool:
        return bool(self.ask("max", "GET", "policies").json()["annotation"] == "individual")

    def write_meanwhile(self) -> None:
        """Do what a team does to a shared dataset: one changes an answer, one takes theirs back, records come in."""
        self.log("ben", self.annotated("a", "bad", "ben"), self.annotated("g", "good", "ben"))
        self.log("ana", self.annotated("e", "good", "ana"))
        self.ask("ben", "PATCH", "records/d", json={"status": "Default"}).raise_for_status()
        self.log("eva", self.annotated("b", "bad", "other model"), {"id": "h", "inputs": {"text": "new"}})

    def state(self) -> Json:
        """Everything that somebody sees of it, times apart."""
        seen: dict[str | tuple[str, str], Json] = {}
        for who in ("ana", "ben", "rita"):
            body = {"query": {}, "sort": [{"id": "id", "order": "asc"}]}
            found = self.ask(
                who, "POST", "TextClassification:search", json=body, params={"limit": 100}
            ).json()
            seen[who] = [
                [each.get(key) for key in ("id", "status", "annotation", "annotations")]
                for each in found["records"]
            ]
            seen[who, "counted"] = found["aggregations"]["status"], found["aggregations"]["annotated_as"]
            queue = self.ask(who, "GET", "queue", params={"limit": 20}).json()
            seen[who, "queue"] = sorted(each["id"] for each in queue["records"])
        for id in "abcdefgh":
            answer = self.ask("rita", "GET", f"records/{id}/annotations").json()
            seen[id] = [
                [each[key] for key in ("annotator", "state", "counted")] for each in answer["annotations"]
            ]
            seen[id, "gold"] = answer["gold"] and (answer["gold"]["value"], answer["gold"]["origin"])
            past = self.ask("rita", "GET", f"records/{id}/history").json()["history"]
            seen[id, "past"] = [(each["annotator"], each["state"], each["why"]) for each in past]
        progress = self.ask("max", "GET", "progress").json()
        seen["progress"] = [
            [each[k] for k in ("annotator", "assigned", "done")] for each in progress["annotators"]
        ]
        return seen


class Switches:
    def __init__(self, app: FastAPI, client_as: Any, store: Any, clock: Any) -> None:
        self.client_as, self.store, self.clock, self.app = client_as, store, clock, app

    def talk(self, name: str) -> Talk:
        return Talk(self.client_as, name)

    def actor(self) -> Actor:
        with self.store.read() as tx:
            found: Actor | None = tx.people.actor("max")
        assert found is not None
        return found

    def making(self, talk: Talk, **rule: Any) -> ApplyPlan:
        sent = {**PLAN, "rules": [{**PLAN["rules"][0], **rule}]}
        with self.store.read() as tx:
            planned = compute_plan.compute_plan(
                tx, self.actor(), DatasetAddress("shared", talk.name), read_plan(sent)
            )
        return ApplyPlan(planned, by="max", at=self.clock.now())

    def changing(self, talk: Talk) -> PolicyChange:
        return PolicyChange(self.actor(), DatasetAddress("shared", talk.name), WANTED, now=self.clock.now())

    def run(self, long: ApplyPlan | PolicyChange, at: int = -1, do: Callable[[], None] = lambda: None) -> int:
        """Take all steps, with something done before the one with that number; how many there were."""
        count = 0
        for step in long.steps():
            if count == at:
                do()
            self.store.write(step).result()
            count += 1
        return count


@pytest.fixture
def switches(app: FastAPI, client_as: Any, store: Any, clock: Any) -> Switches:
    return Switches(app, client_as, store, clock)


@pytest.fixture
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if eight records were very many."""
    monkeypatch.setattr(reresolve, "FEW", 0)
    for module in (reresolve, migrate_individual):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(apply_plan, "RESOLVED_AT_ONCE", 2)
    monkeypatch.setattr(apply_plan, "SLOTS_AT_ONCE", 5)
    monkeypatch.setattr(migrate_individual, "_LOOKED_AT", 2)


def sound(switches: Switches) -> bool:
    return list(problems_in(switches.store)) == []


@pytest.mark.parametrize("what", ["making", "changing"])
def test_a_record_discarded_without_an_annotation_stays_discarded(switches: Switches, what: str) -> None:
    talk = switches.talk("discarded")
    talk.log("eva", {"id": "g", "inputs": {"text": "text g"}, "status": "Discarded"})

    switches.run(getattr(switches, what)(talk))

    state = talk.state()
    assert talk.individual()
    assert ["g", "Discarded"] in [seen[:2] for seen in state["rita"]]
    assert state["g", "gold"] == (None, "earlier")
    assert sound(switches)


@pytest.mark.parametrize("what", ["making", "changing"])
def test_in_steps_or_at_once_comes_to_the_same_whatever_is_written_meanwhile(
    switches: Switches, what: str, request: pytest.FixtureRequest
) -> None:
    begin = getattr(switches, what)
    usual = switches.talk("usual")
    usual.write_meanwhile()
    assert switches.run(begin(usual)) == 1
    expected = usual.state()
    request.getfixturevalue("in_small_steps")
    steps = at = 99
    compared = 0
    for at in range(99):
        if at == steps:
            break
        talk = switches.talk(f"talk{at}")
        shared: list[bool] = []

        def write(talk: Talk = talk, shared: list[bool] = shared) -> None:
            shared.append(not talk.individual())
            talk.write_meanwhile()

        steps = switches.run(begin(talk), at, write)
        if shared[0]:  # afterwards the same requests mean something else
            assert talk.state() == expected, f"written before step {at} of {steps}"
            compared += 1
    assert compared >= 6
    assert sound(switches)


def steps_of(switches: Switches) -> tuple[int, int]:
    """Return the number of steps, and the place of the one that makes the plan live."""
    talk, live = switches.talk("counted"), []
    for step in switches.making(talk).steps():
        switches.store.write(step).result()
        live.append(talk.individual())
    return len(live), live.index(True)


def cut_short(switches: Switches, talk: Talk, stop: int) -> None:
    """The server stops after a step."""
    for number, step in enumerate(switches.making(talk).steps()):
        switches.store.write(step).result()
        if number == stop:
            break


def expected_of(switches: Switches) -> Json:
    talk = switches.talk("expected")
    switches.run(switches.making(talk))
    return talk.state()


@pytest.mark.usefixtures("in_small_steps")
def test_what_a_stop_cut_short_after_the_switch_is_finished_after_the_next_start(
    switches: Switches,
) -> None:
    expected = expected_of(switches)
    steps, switch = steps_of(switches)
    for stop in range(switch, steps - 1):
        talk = switches.talk(f"talk{stop}")
        cut_short(switches, talk, stop)
        shown = Workroom(switches.store, switches.clock, lambda task, json: None)
        recover(switches.store, unfinished_operations(switches.store, switches.clock, nobody))
        assert run_next(shown)
        assert not run_next(shown)
        assert talk.state() == expected
    assert sound(switches)


@pytest.mark.usefixtures("in_small_steps")
def test_what_a_stop_cut_short_before_the_switch_was_never_there(switches: Switches) -> None:
    expected = expected_of(switches)
    _, switch = steps_of(switches)
    for stop in range(switch):
        talk = switches.talk(f"talk{stop}")
        before = talk.state()
        cut_short(switches, talk, stop)
        recover(switches.store, unfinished_operations(switches.store, switches.clock, nobody))
        assert talk.state() == before
        switches.run(switches.making(talk))
        assert talk.state() == expected
    assert sound(switches)


@pytest.mark.usefixtures("in_small_steps")
def test_a_plan_that_fails_before_the_switch_leaves_nothing(
    switches: Switches, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = switches.talk("talk")
    before = talk.state()
    monkeypatch.setattr(apply_plan, "put_policies", lambda *_, **__: 1 / 0)
    assert talk.ask("max", "POST", "assignments", json=PLAN).status_code == 500
    assert talk.state() == before
    assert talk.ask("max", "GET", "assignments").json()["assignments"] == []
    monkeypatch.undo()
    assert talk.ask("max", "POST", "assignments", json=PLAN).status_code == 200
    assert talk.state() == expected_of(switches)
    assert sound(switches)


@pytest.mark.usefixtures("in_small_steps")
def test_whose_annotations_count_is_not_changed_below_a_plan_that_is_being_written(
    switches: Switches,
) -> None:
    talk = switches.talk("talk")
    answers = []
    for number, step in enumerate(switches.making(talk).steps()):
        switches.store.write(step).result()
        if number in (1, 5):
            answers.append(talk.ask("max", "PATCH", "policies", json=WANTED))
    assert [(each.status_code, "being written" in each.text) for each in answers] == [(409, True)] * 2
    assert talk.state() == expected_of(switches)


@pytest.mark.usefixtures("in_small_steps")
def test_who_answers_and_takes_it_back_while_a_plan_is_written_still_has_their_slot(
    switches: Switches,
) -> None:
    usual = switches.talk("usual")
    switches.run(switches.changing(usual))
    switches.run(switches.making(usual))
    expected = usual.state()
    steps = switches.run(switches.making(switches.talk("counted")))
    for at in range(steps):
        talk = switches.talk(f"talk{at}")
        switches.run(switches.changing(talk))

        def back_and_forth(talk: Talk = talk) -> None:
            sent = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}
            for who in ("ana", "ben"):
                mine = talk.ask(who, "PUT", "records/g/annotations/me", json=sent).json()
                gone = talk.ask(
                    who, "DELETE", "records/g/annotations/me", params={"version": mine["version"]}
                )
                assert gone.status_code == 200, gone.text

        switches.run(switches.making(talk), at, back_and_forth)
        found = talk.state()
        found["g"], found["g", "past"] = expected["g"], expected["g", "past"]
        assert found == expected
    assert sound(switches)


@pytest.mark.usefixtures("in_small_steps")
def test_records_outside_the_plan_are_settled_too_after_a_stop(switches: Switches) -> None:
    expected, talk = switches.talk("expected"), switches.talk("talk")
    switches.run(switches.making(expected, where="id:(g OR h)"))
    switched = False
    for step in switches.making(talk, where="id:(g OR h)").steps():
        switches.store.write(step).result()
        if switched := talk.individual():
            break
    assert switched
    shown = Workroom(switches.store, switches.clock, lambda task, json: None)
    recover(switches.store, unfinished_operations(switches.store, switches.clock, nobody))
    assert run_next(shown)
    assert talk.state() == expected.state()
    assert sound(switches)


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize(("what", "sent"), [("assignments", PLAN), ("policies", WANTED)])
def test_what_fails_after_the_switch_is_finished_by_a_job(
    switches: Switches, what: str, sent: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, talk = switches.talk("expected"), switches.talk("talk")
    method = "POST" if what == "assignments" else "PATCH"
    assert expected.ask("max", method, what, json=sent).status_code == 200
    calls, set_up = iter(range(99)), IndividualAnswers.reresolve

    def fails_once(*args: Any, **options: Any) -> None:
        set_up(*args, **options)
        if next(calls) == 1:
            raise ZeroDivisionError

    monkeypatch.setattr(IndividualAnswers, "reresolve", fails_once)
    assert talk.ask("max", method, what, json=sent).status_code == 500
    switches.app.state.app_state.jobs._thread.submit(lambda: None).result()  # behind everything else
    assert next(calls) == 3
    assert talk.state() == expected.state()
    assert sound(switches)
