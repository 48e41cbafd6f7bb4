"""Promises of a plan, over HTTP, for whatever is asked: I1 to I12. ``HYPOTHESIS_EXAMPLES=200`` hunts."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from row_reasons import check_reasons
from servers import SHARED, TEXT, LocalServer, local_server

Json = Any
WANTED = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))
TEAM = ("ana", "ben", "max", "rita")
N = 24


@st.composite
def specs(draw: st.DrawFn) -> Json:
    names = draw(st.lists(st.sampled_from(TEAM), min_size=2, unique=True))
    users: list[Json] = []
    skilled = draw(st.booleans())
    for name in names:
        entry: Json = {"user": name, "weight": draw(st.sampled_from([1, 1, 2, 3]))}
        if draw(st.integers(0, 5)) == 0:
            entry["cap"] = draw(st.integers(2, 12))
        if skilled:
            entry["skills"] = {"lang": draw(st.sampled_from([["eu"], ["en"], ["eu", "en"]]))}
        users.append(entry)
    k = draw(st.integers(1, len(names)))
    overlap = draw(st.sampled_from([k, {"annotators": k, "share": 0.25}, "all"]))
    rule: Json = {"users": users, "overlap": overlap, "mode": draw(st.sampled_from(["push", "push", "pull"]))}
    if skilled:
        rule["needs"] = {"lang": "lang"}
    if draw(st.booleans()) and rule["mode"] == "push":
        rule["anchors"] = draw(st.integers(1, 3))
    rules = [rule]
    if draw(st.booleans()):
        rule["where"] = "metadata.n:<10"
        rules.append({"users": list(TEAM), "overlap": draw(st.integers(1, 3))})
    return {"rules": rules, "seed": draw(st.integers(0, 99)), "blind": draw(st.booleans())}


class DatasetClient:
    """A dataset with a plan."""

    def __init__(self, local: LocalServer, order: list[int]) -> None:
        self.local, self.name = local, f"d{uuid.uuid4().hex[:12]}"
        self.client = local.client()
        self.log(order)

    def ask(self, method: str, path: str, body: Json = None, who: Any = None, **params: Any) -> Any:
        client = self.client if who is None else self.local.client(who)
        url = f"/api/datasets/{self.name}/{path}"
        return client.request(method, url, params={**SHARED, **params}, json=body)

    def log(self, numbers: list[int]) -> None:
        records = [
            {"id": f"r{n}", "inputs": {"text": "x"}, "metadata": {"n": n, "lang": "eu" if n % 3 else "en"}}
            for n in numbers
        ]
        self.ask("POST", f"{TEXT}:bulk", {"records": records}).raise_for_status()

    def make(self, spec: Json) -> Json:
        return self.ask("POST", "assignments", spec).raise_for_status().json()

    def change(self, plan: Json, verb: str, **sent: Json) -> Json:
        return self.ask("POST", f"assignments/{plan['id']}:{verb}", sent).raise_for_status().json()

    def all_rows(self, plan: Json) -> list[Json]:
        found = self.ask("GET", f"assignments/{plan['id']}/rows", limit=1000).raise_for_status()
        return list(found.json()["rows"])

    def rows(self, plan: Json) -> list[Json]:
        return [row for row in self.all_rows(plan) if row["state"] != "withdrawn"]


def shape(rows: list[Json]) -> list[Any]:
    return sorted(
        (row["record"], row["rule"], row["annotator"] or "", row["phase"], row["reason"]) for row in rows
    )


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with local_server(tmp_path_factory.mktemp("plans")) as local:
        yield local


@settings(
    max_examples=WANTED or 8,
    derandomize=not WANTED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
)
@given(specs(), st.permutations(list(range(N))))
def test_a_plan_keeps_what_it_promises(planning: LocalServer, spec: Json, order: list[int]) -> None:
    talk = DatasetClient(planning, list(range(N)))
    looked = talk.ask("POST", "assignments:preview", spec)
    if looked.status_code != 200:  # more answers than people, nothing matches: refused alike
        assert talk.ask("POST", "assignments", spec).status_code == looked.status_code
        return
    before = looked.json()
    made = talk.make({**spec, "digest": before["digest"]})
    rows = talk.rows(made)

    for key in ("slots", "records", "loads", "pairs", "unassigned"):  # I8
        assert made[key] == before[key]
    assert len(rows) == made["slots"]
    loads = Counter(row["annotator"] for row in rows if row["annotator"])
    assert loads == {name: n for name, n in made["loads"].items() if n}
    twice = Counter((row["record"], row["annotator"]) for row in rows if row["annotator"])
    assert max(twice.values(), default=1) == 1  # I1
    eligible(spec, rows)
    anchored(spec, rows)
    check_reasons(talk.all_rows(made))

    other = DatasetClient(planning, order)  # I5
    same = other.make(spec)
    assert shape(other.rows(same)) == shape(rows)
    taken_away(other, same)
    explained(other, same)

    talk.log(list(range(N, N + 6)))  # I7
    known = shape(rows)
    extended = talk.ask("POST", f"assignments/{made['id']}:extend", {})
    if extended.status_code == 200:
        now = shape(talk.rows(made))
        assert not set(known) - set(now)
        assert {row[0] for row in set(now) - set(known)} <= {f"r{n}" for n in range(N, N + 6)}

    moved(talk, spec, made)
    check_reasons(talk.all_rows(made))
    left = talk.change(made, "undo")  # I9
    assert left["kept"] == 0
    assert talk.rows(made) == []


def eligible(spec: Json, rows: list[Json]) -> None:
    for row in rows:
        rule = spec["rules"][row["rule"]]
        entries = {each["user"]: each for each in rule["users"] if isinstance(each, dict)}
        n = int(row["record"][1:])
        if rule.get("where"):
            assert n < 10
        if row["annotator"] and entries:
            wanted = "eu" if n % 3 else "en"
            assert wanted in entries[row["annotator"]].get("skills", {}).get("lang", [wanted])
    for number, rule in enumerate(spec["rules"]):
        for each in rule["users"]:
            if isinstance(each, dict) and "cap" in each:
                has = sum(row["annotator"] == each["user"] and row["rule"] == number for row in rows)
                assert has <= each["cap"]


def anchored(spec: Json, rows: list[Json]) -> None:
    """I11: everybody who may has every anchor."""
    rule = spec["rules"][0]
    if rule.get("anchors") and not rule.get("needs") and not any("cap" in each for each in rule["users"]):
        anchors = {row["record"] for row in rows if row["phase"] == "anchor"}
        assert len(anchors) == rule["anchors"]
        for each in rule["users"]:
            mine = {row["record"] for row in rows if row["annotator"] == each["user"]}
            assert anchors <= mine


def moved(talk: DatasetClient, spec: Json, plan: Json) -> None:
    """I10: when somebody leaves, their rows move, and no others."""
    gone = spec["rules"][0]["users"][0]["user"]
    team = [each for each in spec["rules"][0]["users"] if each["user"] != gone]
    before = talk.rows(plan)
    diff = talk.ask(
        "POST", f"assignments/{plan['id']}:rebalance", {"users": team, "rule": 0, "dry_run": True}
    )
    assert shape(talk.rows(plan)) == shape(before)
    if diff.status_code != 200:
        return
    talk.change(plan, "rebalance", users=team, rule=0)
    after = talk.rows(plan)
    foreign = {
        (row["record"], row["rule"]) for row in before if row["annotator"] == gone and row["rule"] == 0
    }
    stay = Counter(
        (row["record"], row["annotator"]) for row in before if (row["record"], row["rule"]) not in foreign
    )
    assert not stay - Counter((row["record"], row["annotator"]) for row in after)
    assert not any(row["annotator"] == gone and row["rule"] == 0 for row in after)
    assert diff.json()["moved"] + diff.json()["removed"] <= len(foreign) + sum(
        row["annotator"] is None for row in before
    )


def taken_away(talk: DatasetClient, plan: Json) -> None:
    """Reasons hold, too, once rows were skipped, withdrawn, and moved by hand."""
    for who in ("ana", "ben"):
        mine = [row["record"] for row in talk.rows(plan) if row["annotator"] == who]
        for id in mine[:2]:
            skipped = talk.ask("POST", "queue:skip", {"id": id}, who)
            assert skipped.status_code in (200, 409), skipped.text
        check_reasons(talk.all_rows(plan))
        for verb, sent in (("withdraw", {}), ("move", {"to": "rita"})):
            asked = {**sent, "records": mine[2:4], "annotator": who}
            done = talk.ask("POST", f"assignments/{plan['id']}:{verb}", asked)
            assert done.status_code in (200, 400, 409, 422), done.text
            check_reasons(talk.all_rows(plan))
            mine = mine[2:]


def explained(talk: DatasetClient, plan: Json) -> None:
    """Check that the reason given for a record is the one of its row, for every row."""
    for row in talk.rows(plan):
        if row["annotator"] is not None:
            found = talk.ask("GET", "explain", record=row["record"], annotator=row["annotator"]).json()
            assert found["assigned"]
            assert row["reason"] in " ".join(found["why"])


def test_another_seed_is_another_plan(planning: LocalServer) -> None:
    talk = DatasetClient(planning, list(range(N)))
    plans = [talk.ask("POST", "assignments:preview", {"seed": seed}).json() for seed in (1, 2)]
    assert plans[0]["digest"] != plans[1]["digest"]
    one, two = (DatasetClient(planning, list(range(N))) for _ in range(2))
    rows = [shape(each.rows(each.make({"seed": seed}))) for seed, each in enumerate((one, two))]
    assert rows[0] != rows[1]


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_share_that_is_doubled_is_exact(planning: LocalServer, share: float) -> None:
    talk = DatasetClient(planning, list(range(N)))
    made = talk.make({"rules": [{"overlap": {"annotators": 2, "share": share}}], "seed": 7})
    doubled = sum(n == 2 for n in Counter(row["record"] for row in talk.rows(made)).values())
    assert abs(doubled - share * N) <= 1
    assert max(made["loads"].values()) - min(made["loads"].values()) <= 1
