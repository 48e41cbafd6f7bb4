"""People who leave, and datasets that are copied: what goes along, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from upkeep import problems_in

Json = Any
IDS = [f"r{n}" for n in range(8)]


class Team:
    """Eight texts in `shared`, blind, for ana and ben."""

    def __init__(self, client_as: Any) -> None:
        self.client_as = client_as
        records = [{"id": id, "inputs": {"text": id}, "metadata": {"n": 1}} for id in IDS]
        self.ask("eva", "POST", "TextClassification:bulk", {"records": records})

    def ask(self, who: str, method: str, path: str, body: Json = None, name: str = "talk") -> Any:
        url = f"/api/datasets/{name}/{path}"
        answer = self.client_as(who).request(method, url, params={"workspace": "shared"}, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plan(self, **rule: Json) -> str:
        sent = {"rules": [rule], "blind": True, "seed": 7}
        return str(self.ask("max", "POST", "assignments", sent)["id"])

    def put(self, who: str, id: str, label: str, state: str = "submitted") -> None:
        sent = {"value": {"labels": [{"class": label}]}, "state": state, "version": 0, "seconds": 3}
        self.ask(who, "PUT", f"records/{id}/annotations/me", sent)

    def states(self, plan: str) -> dict[tuple[str, str | None], str]:
        rows = self.ask("max", "GET", f"assignments/{plan}/rows")["rows"]
        return {(row["record"], row["annotator"]): row["state"] for row in rows}

    def leave(self, who: str, how: str) -> None:
        admin = self.client_as("eva")
        user = next(each["id"] for each in admin.get("/api/users").json() if each["username"] == who)
        url = f"/api/users/{user}"
        if how == "workspace":
            shared = next(
                each["id"] for each in admin.get("/api/workspaces").json() if each["name"] == "shared"
            )
            url = f"/api/workspaces/{shared}/users/{user}"
        assert admin.delete(url).status_code == 200


@pytest.fixture
def team(client_as: Any) -> Team:
    return Team(client_as)


@pytest.mark.parametrize("how", ["user", "workspace"])
def test_who_leaves_frees_open_records_for_others_at_once(team: Team, how: str, store: Any) -> None:
    team.plan(users=["ana", "ben"], mode="pull")
    held = {each["id"] for each in team.ask("ana", "POST", "queue:claim", {"limit": 5})["records"]}
    assert len(held) == 5
    team.leave("ana", how)
    free = {each["id"] for each in team.ask("ben", "POST", "queue:claim", {"limit": 20})["records"]}
    assert free == set(IDS)
    assert list(problems_in(store)) == []


@pytest.mark.parametrize("how", ["user", "workspace"])
def test_what_was_planned_for_who_left_is_pending_until_a_rebalance_hands_it_on(team: Team, how: str) -> None:
    plan = team.plan()
    mine = [each["id"] for each in team.ask("ana", "POST", "queue:claim", {"limit": 3})["records"]]
    team.put("ana", mine[0], "good")
    team.leave("ana", how)
    after = team.states(plan)
    assert [after[id, "ana"] for id in mine] == ["done", "pending", "pending"]
    assert team.ask("max", "GET", "progress")["annotators"][0]["assigned"] == 4
    assert team.ask("max", "POST", f"assignments/{plan}:rebalance", {})["moved"] == 3
    assert {who for (_, who), state in team.states(plan).items() if state == "pending"} == {"ben"}
    assert team.ask("max", "GET", f"records/{mine[0]}")["annotation"]["agent"] == "ana"


def test_who_leaves_one_workspace_keeps_what_they_have_in_another(team: Team, client_as: Any) -> None:
    client_as("max").post("/api/workspaces/shared/members", json={"username": "olga"}).raise_for_status()
    plan = team.plan(users=["ana", "olga"], mode="pull")
    team.ask("ana", "POST", "queue:claim", {"limit": 2})
    team.leave("olga", "workspace")
    assert sorted(team.states(plan).values()).count("leased") == 2


def test_a_copy_has_everybodys_annotations_and_gold_but_no_plan(team: Team, store: Any) -> None:
    team.plan(users=["ana", "ben"], overlap=2)
    for who in ("ana", "ben"):
        team.put(who, "r0", "good")
    team.put("ana", "r1", "bad")
    team.put("ben", "r1", "odd")
    team.put("max", "r0", "odd")  # nobody asked for a third
    team.put("ana", "r2", "bad")
    gold = {"value": {"labels": [{"class": "odd"}]}, "reason": "irony"}
    team.ask("rita", "PUT", "records/r2/gold", gold)
    team.put("ana", "r3", "secret", state="draft")
    team.ask("ana", "POST", "queue:claim", {"limit": 5})
    answer = team.client_as("max").put(
        "/api/datasets/talk:copy", params={"workspace": "shared"}, json={"name": "twin"}
    )
    assert answer.status_code == 200, answer.text

    for id in ("r0", "r1", "r2"):
        assert (
            team.ask("rita", "GET", f"records/{id}", name="twin")["annotation"]
            == (team.ask("rita", "GET", f"records/{id}")["annotation"])
        )
        here, there = (
            team.ask("rita", "GET", f"records/{id}/annotations", name=name) for name in ("talk", "twin")
        )
        assert here == there
    assert team.ask("rita", "GET", "records/r2/annotations", name="twin")["gold"]["reason"] == "irony"
    assert team.ask("rita", "GET", "records/r3", name="twin")["status"] == "Default"
    assert team.ask("ana", "GET", "records/r0/annotations/me", name="twin")["state"] == "submitted"
    assert team.ask("max", "GET", "assignments", name="twin")["assignments"] == []
    assert team.ask("max", "GET", "events", name="twin")["events"] == []
    assert team.ask("max", "GET", "policies", name="twin") == team.ask("max", "GET", "policies")
    progress = {
        each["annotator"]: each for each in team.ask("max", "GET", "progress", name="twin")["annotators"]
    }
    assert (progress["ana"]["drafts"], progress["ana"]["assigned"]) == (0, 0)
    assert progress["ana"]["seconds"] == 0, "nobody worked on the copy"
    assert list(problems_in(store)) == []


@pytest.mark.parametrize("way", ["copy", "jsonl", "csv"])
def test_what_waited_for_its_plan_or_was_in_conflict_is_so_in_the_copy(
    team: Team, way: str, store: Any
) -> None:
    team.plan(users=["ana", "ben"], overlap=2, where="id:(r0 OR r1 OR r2)")
    team.plan(users=["ana"], overlap=1, where="id:(r3 OR r4)")
    answers = {"r0": ("good", "good"), "r1": ("good", "bad"), "r2": ("good", None), "r3": ("bad", None)}
    for id, (hers, his) in answers.items():
        team.put("ana", id, hers)
        if his is not None:
            team.put("ben", id, his)
    team.put("ana", "r4", "odd", state="discarded")

    client, where = team.client_as("max"), {"workspace": "shared"}
    if way == "copy":
        client.put("/api/datasets/talk:copy", params=where, json={"name": "twin"}).raise_for_status()
    else:
        file = client.post("/api/datasets/talk/export", params=where, json={"format": way}).content
        reply = {**where, "task": "TextClassification", "format": way}
        client.post("/api/datasets/twin/import", params=reply, content=file).raise_for_status()

    def stand(name: str) -> dict[str, Any]:
        found = {}
        for id in answers:
            record = team.ask("rita", "GET", f"records/{id}", name=name)
            value = record["annotation"] and (record["annotation"]["agent"], record["annotation"]["labels"])
            found[id] = (record["status"], value)
        return found

    def search(name: str, query: str) -> list[str]:
        found = client.post(
            f"/api/datasets/{name}/TextClassification:search",
            params=where,
            json={"query": {"query_text": query}},
        )
        return [each["id"] for each in found.json()["records"]]

    assert stand("twin") == stand("talk")
    assert {id: status for id, (status, _) in stand("talk").items()} == {
        "r0": "Validated", "r1": "Edited", "r2": "Edited", "r3": "Validated",
    }  # fmt: skip
    assert search("twin", "conflict:true") == search("talk", "conflict:true") == ["r1"]
    assert search("twin", "status:Discarded") == search("talk", "status:Discarded") == ["r4"]
    assert team.ask("max", "GET", "assignments", name="twin")["assignments"] == []
    sent = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}
    team.ask("max", "PUT", "records/r2/annotations/me", sent, name="twin")
    assert stand("twin")["r2"][0] == "Validated"  # and one more answer settles what waited for it
    assert list(problems_in(store)) == []
