"""Overview for those who lead teams, and what they may withdraw."""

from __future__ import annotations

from typing import Any

from dataset_client import DatasetClient

Json = Any


def plan(talk: DatasetClient, **rule: Json) -> None:
    spec = {"rules": [{"users": ["ana", "ben"], **rule}], "seed": 7, "blind": True}
    assert talk.ask("max", "POST", "assignments", json=spec).status_code == 200


def team(talk: DatasetClient, who: str = "max") -> Json:
    found = talk.client_as(who).get("/api/team")
    assert found.status_code == 200, found.text
    return found.json()


def person(talk: DatasetClient, name: str) -> Json:
    (dataset,) = team(talk)["datasets"]
    return next(each for each in dataset["people"] if each["annotator"] == name)


def test_a_manager_sees_who_has_what_left_and_what_is_due(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcdef")
    plan(talk, due="2024-01-31", where="NOT id:f")
    (dataset,) = team(talk)["datasets"]
    assert (dataset["name"], dataset["free"], dataset["due"][:10]) == ("talk", 1, "2024-01-31")
    assert {each["annotator"]: each["assigned"] for each in dataset["people"]} in (
        {"ana": 3, "ben": 2},
        {"ana": 2, "ben": 3},
    )
    assert {each["username"] for each in team(talk)["members"] if each["workspace"] == "shared"} >= {
        "ana",
        "ben",
    }


def test_who_leads_nothing_sees_nothing(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    plan(talk)
    assert team(talk, "ana") == {"datasets": [], "members": []}
    assert team(talk, "olga") == {"datasets": [], "members": []}


def test_records_left_lying_are_taken_back_and_a_late_answer_is_kept(client_as: Any, clock: Any) -> None:
    talk = DatasetClient(client_as, "abcd")
    plan(talk, mode="pull", lease=480)
    claimed = talk.post("ben", "queue:claim", {"limit": 2})["records"]
    clock.pass_minutes(90)
    assert person(talk, "ben")["held"] == 2
    assert talk.ask("rita", "POST", "queue:take_back", json={"annotators": ["ben"]}).status_code == 403
    assert talk.ask("max", "POST", "queue:take_back", json={"annotators": []}).status_code == 400

    freed = talk.post("max", "queue:take_back", {"annotators": ["ben"]})["released"]

    assert sorted(freed) == sorted(each["id"] for each in claimed)
    assert all(each["annotator"] != "ben" for each in team(talk)["datasets"][0]["people"])
    assert len(talk.post("ana", "queue:claim", {"limit": 4})["records"]) == 4
    assert talk.put("ben", claimed[0]["id"], "late").json()["counted"] is False
    assert talk.get("max", "events")["events"][1]["what"] in ("took_records_back", "submitted")


def test_open_work_of_somebody_who_left_is_marked(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd")
    plan(talk)
    admin = client_as("eva")
    ids = {each["username"]: each["id"] for each in admin.get("/api/users").json()}
    assert admin.delete(f"/api/users/{ids['ben']}").status_code == 200
    assert person(talk, "ben")["member"] is False
    assert person(talk, "ana")["member"] is True


def test_several_users_are_made_at_once_or_none(client_as: Any) -> None:
    admin = client_as("eva")
    new = [
        {"first_name": name.title(), "username": name, "password": "long enough"} for name in ("uma", "vic")
    ]
    twice = admin.post("/api/users:create_many", json={"users": [*new, new[0]], "workspace": "fresh"})
    taken = admin.post("/api/users:create_many", json={"users": [*new, {**new[0], "username": "ana"}]})
    assert (twice.status_code, taken.status_code) == (422, 409)
    assert not {"uma", "vic"} & {each["username"] for each in admin.get("/api/users").json()}

    made = admin.post(
        "/api/users:create_many", json={"users": new, "workspace": "fresh", "membership": "reviewer"}
    )

    assert [each["workspaces"] for each in made.json()["users"]] == [["uma", "fresh"], ["vic", "fresh"]]
    key = {"X-Argilla-Api-Key": made.json()["users"][1]["api_key"]}
    me = client_as(None).get("/api/me", headers=key).json()
    assert {(each["workspace"], each["role"]) for each in me["memberships"]} == {
        ("vic", "annotator"),
        ("fresh", "reviewer"),
    }


def test_tags_and_metadata_can_be_taken_away(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.ask("max", "PATCH", "", json={})
    url = "/api/datasets/talk?workspace=shared"
    client_as("max").patch(url, json={"tags": {"a": "1", "b": "2"}, "metadata": {"c": 3}})
    after = client_as("max").patch(
        url, json={"tags": {"d": "4"}, "remove_tags": ["a", "none"], "remove_metadata": ["c"]}
    )
    assert (after.json()["tags"], after.json()["metadata"]) == ({"b": "2", "d": "4"}, {})

    talk.ask("max", "PATCH", "policies", json={"annotators_may": []})
    assert client_as("ana").patch(url, json={"tags": {"a": "1"}}).status_code == 403
    assert client_as("max").patch(url, json={"tags": {"a": "1"}}).status_code == 200


def test_what_a_client_of_1x_cannot_say_of_a_label_stays(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    path = "TextClassification/settings"
    full = {"name": "good", "colour": "#d9480f", "shortcut": "g", "description": "All well."}
    first = {"label_schema": {"labels": [full, "bad"]}, "allow_overlapping_spans": True}
    talk.ask("max", "PATCH", path, json=first).raise_for_status()
    talk.ask("max", "PATCH", path, json={"label_schema": {"labels": ["bad", "good"]}}).raise_for_status()
    found = talk.get("max", path)
    assert found["label_schema"]["labels"] == [{"id": "bad", "name": "bad"}, {"id": "good", **full}]
    assert found["allow_overlapping_spans"] is True

    changed = {"label_schema": {"labels": [{"name": "good", "colour": ""}]}, "allow_overlapping_spans": False}
    talk.ask("max", "PATCH", path, json=changed).raise_for_status()
    (label,) = talk.get("max", path)["label_schema"]["labels"]
    assert "colour" not in label
    assert label["shortcut"] == "g"
    assert "allow_overlapping_spans" not in talk.get("max", path)


def test_annotators_of_a_shared_dataset_do_what_they_may(client_as: Any) -> None:
    talk = DatasetClient(client_as, annotation="shared", blind=False, required=1)
    ana, bulk = client_as("ana"), "/api/datasets/talk/TextClassification:bulk?workspace=shared"
    one = {
        "id": "a",
        "inputs": {"text": "text a"},
        "annotation": {"agent": "ana", "labels": [{"class": "x"}]},
    }
    talk.ask("max", "PATCH", "policies", json={"annotators_may": []}).raise_for_status()

    assert ana.post(bulk, json={"records": [one]}).status_code == 200
    added = ana.post(bulk, json={"records": [one, {**one, "id": "new"}]})
    assert (added.status_code, "may not add records" in added.text) == (403, True)
    assert ana.post(bulk, json={"records": [{**one, "metadata": {"k": 1}}]}).status_code == 403
    assert talk.ask("ana", "PATCH", "records/a", json={"metadata": {"k": 1}}).status_code == 403
    assert talk.ask("max", "PATCH", "records/a", json={"metadata": {"k": 1}}).status_code == 200
    assert talk.found("max", "id:new") == []
