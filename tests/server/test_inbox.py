"""Comments find those they are for, answers are asked for again, and people learn what was decided about theirs."""

from __future__ import annotations

from typing import Any

from dataset_client import DatasetClient

Json = Any


def inbox(client_as: Any, who: str, **params: Any) -> list[Json]:
    found = client_as(who).get("/api/comments", params=params)
    assert found.status_code == 200, found.text
    return list(found.json()["comments"])


def test_a_comment_reaches_those_it_is_for_until_one_of_them_has_dealt_with_it(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.post("ana", "records/a/comments", {"text": "Is this one meant?"})
    talk.post("rita", "records/a/comments", {"text": "It is.", "to": "ana"})
    (open_one,) = inbox(client_as, "max")
    assert (open_one["author"], open_one["record"], open_one["dataset"]) == ("ana", "a", "talk")
    assert [each["text"] for each in inbox(client_as, "ana")] == ["It is."]
    assert [each["text"] for each in inbox(client_as, "rita")] == ["Is this one meant?"]
    assert inbox(client_as, "ben") == inbox(client_as, "olga") == []

    url = f"/api/comments/{open_one['no']}:done"
    for anonymous in ("ben", "olga", "ana"):
        assert client_as(anonymous).post(url, json={}).status_code == 404
    assert client_as("rita").post(url, json={}).json()["done_by"] == "rita"
    assert inbox(client_as, "max") == []
    assert [each["done_by"] for each in inbox(client_as, "max", done=True)] == ["rita"]
    client_as("max").post(url, json={"done": False})
    assert len(inbox(client_as, "rita")) == 1
    newest = talk.get("max", "events")["events"][0]
    assert (newest["who"], newest["what"], newest["record"]) == ("max", "reopened_comment", "a")


def test_comments_come_a_page_at_a_time(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    for n in range(3):
        talk.post("ana", "records/a/comments", {"text": str(n)})
    first = client_as("max").get("/api/comments", params={"limit": 2}).json()
    second = inbox(client_as, "max", limit=2, cursor=first["next"])
    assert [each["text"] for each in [*first["comments"], *second]] == ["2", "1", "0"]


def test_somebody_is_asked_to_answer_again_and_told_why(client_as: Any) -> None:
    talk = DatasetClient(client_as, blind=True)
    plan = talk.post("max", "assignments", {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7})
    talk.answer(ana="good", ben="bad")
    assert talk.found("rita", "conflict:true") == ["a"]
    found = talk.post("rita", "records/a/annotations/ana:ask_again", {"reason": "See page 3."})
    assert [each["annotator"] for each in found["annotations"]] == ["ben"]
    mine = talk.get("ana", "records/a/annotations/me")
    assert (mine["state"], mine["value"]["labels"][0]["class"]) == ("draft", "good")
    assert talk.get("ana", "records/a/comments")["comments"][0]["text"] == "See page 3."
    assert talk.found("rita", "conflict:true") == []
    rows = talk.get("max", f"assignments/{plan['id']}/rows")["rows"]
    assert {row["annotator"]: row["state"] for row in rows if row["record"] == "a"} == {
        "ana": "pending",
        "ben": "done",
    }
    assert talk.put("ana", "a", "bad", version=mine["version"]).json()["counted"]
    assert talk.see("rita")["annotation"]["agent"] == "consensus:majority"


def test_asking_again_is_undone_until_somebody_has_begun_another_answer(client_as: Any) -> None:
    talk = DatasetClient(client_as, blind=True)
    talk.answer(ana="good", ben="bad")
    ask, undo = {"reason": "See page 3."}, {"undo": True}
    path = "records/a/annotations/ana:ask_again"
    talk.post("rita", path, ask)
    talk.post("rita", path, undo)
    mine = talk.get("ana", "records/a/annotations/me")
    assert (mine["state"], mine["value"]["labels"][0]["class"], mine["counted"]) == (
        "submitted",
        "good",
        True,
    )
    assert inbox(client_as, "ana") == []
    assert talk.found("rita", "conflict:true") == ["a"]
    assert talk.ask("rita", "POST", path, json=undo).status_code == 409  # there is nothing to undo

    talk.post("rita", path, ask)
    mine = talk.get("ana", "records/a/annotations/me")
    assert talk.put("ana", "a", "bad", version=mine["version"], state="draft").status_code == 200
    assert talk.ask("rita", "POST", path, json=undo).status_code == 409
    assert talk.get("ana", "records/a/annotations/me")["value"]["labels"][0]["class"] == "bad"
    assert talk.ask("rita", "POST", path, json={"reason": " "}).status_code == 400


def test_nobody_is_asked_again_for_an_answer_they_never_gave_nor_by_who_does_not_lead(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.answer(ana="good")
    sent = {"json": {"reason": "Why?"}}
    assert talk.ask("rita", "POST", "records/a/annotations/ben:ask_again", **sent).status_code == 400
    assert talk.ask("ben", "POST", "records/a/annotations/ana:ask_again", **sent).status_code == 403
    assert talk.get("ana", "records/a/annotations/me")["state"] == "submitted"


def test_people_learn_which_of_their_answers_were_changed(client_as: Any) -> None:
    talk = DatasetClient(client_as, blind=True)
    talk.answer(ana="good good good", ben="bad - -")
    for id, label in (("a", "bad"), ("b", "good")):
        gold = {"value": {"labels": [{"class": label}]}, "reason": None, "version": 0}
        assert talk.ask("rita", "PUT", f"records/{id}/gold", json=gold).status_code == 200

    def shown_to(who: str) -> Json:
        return client_as(who).get("/api/me/feedback").json()["datasets"]

    (mine,) = shown_to("ana")
    assert (mine["name"], mine["confirmed"], [each["id"] for each in mine["changed"]]) == ("talk", 1, ["a"])
    assert [(each["confirmed"], each["changed"]) for each in shown_to("ben")] == [(1, [])]
    assert shown_to("max") == shown_to("olga") == []
    talk.put("ana", "a", "bad", version=1)
    assert shown_to("ana")[0]["changed"] == []
