"""Everybody has an annotation of their own, and the 1.x view of a record depends on who asks."""

from __future__ import annotations

from typing import Any

import pytest

Json = Any


class DatasetClient:
    """A dataset of three texts in `shared`, with one client a person."""

    def __init__(self, client_as: Any, **policies: Any) -> None:
        self.client_as = client_as
        self.log("eva", *({"id": id, "inputs": {"text": f"text {id}"}} for id in "abc"))
        if policies:
            assert self.ask("max", "PATCH", "policies", json=policies).status_code == 200

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        return self.client_as(who).request(method, f"/api/datasets/talk/{path}?workspace=shared", **options)

    def log(self, who: str, *records: Json) -> Any:
        return self.ask(who, "POST", "TextClassification:bulk", json={"records": list(records)})

    def put(self, who: str, id: str, label: str | None, version: int = 0, state: str = "submitted") -> Any:
        value = None if label is None else {"labels": [{"class": label}]}
        sent = {"value": value, "state": state, "version": version}
        return self.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)

    def see(self, who: str, id: str = "a") -> Json:
        return self.ask(who, "GET", f"records/{id}").json()

    def found(self, who: str, query: str) -> list[str]:
        answer = self.ask(who, "POST", "TextClassification:search", json={"query": {"query_text": query}})
        assert answer.status_code == 200, answer.text
        return [record["id"] for record in answer.json()["records"]]


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, blind=True, required=2)


def test_an_annotator_sees_their_own_and_a_leader_sees_everybodys(talk: DatasetClient) -> None:
    assert talk.put("ana", "a", "good").json()["counted"]
    assert talk.see("ana")["status"] == "Validated"
    assert talk.see("ana")["annotation"]["agent"] == "ana"
    assert talk.see("ben")["status"] == "Default"
    assert talk.see("ben")["annotation"] is None
    led = talk.see("rita")
    assert (led["status"], led["annotation"], list(led["annotations"])) == ("Edited", None, ["ana"])


def test_an_answer_given_on_another_text_is_refused_and_nothing_is_stored(talk: DatasetClient) -> None:
    def put(id: str, text: str | None) -> Any:
        value = {"labels": [{"class": "good"}]}
        sent = {"value": value, "state": "submitted", "version": 0, "text": text}
        return talk.ask("ana", "PUT", f"records/{id}/annotations/me", json=sent)

    refused = put("a", "what it was before")
    assert (refused.status_code, refused.json()["detail"]["params"]["ids"]) == (409, ["a"])
    assert "OtherContentError" in refused.json()["detail"]["code"]
    assert talk.see("ana", "a")["annotation"] is None
    assert put("a", "text a").status_code == put("b", None).status_code == 200
    two = {"id": "two", "inputs": {"title": "one", "body": "other"}}
    assert talk.log("eva", two).status_code == 200
    assert put("two", "neither of them").status_code == 200  # several texts are not compared


def test_a_majority_settles_a_record_and_a_tie_does_not(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good"), talk.put("ben", "a", "good")
    talk.put("ana", "b", "good"), talk.put("ben", "b", "bad")
    agreed, torn = talk.see("rita", "a"), talk.see("rita", "b")
    assert (agreed["status"], agreed["annotation"]["agent"]) == ("Validated", "consensus:majority")
    assert list(agreed["annotations"]) == ["ana", "ben"]
    assert (torn["status"], torn["annotation"]) == ("Edited", None)
    assert talk.found("rita", "conflict:true") == ["b"]
    assert talk.found("ana", "conflict:true") == []


def test_an_answer_beyond_those_wanted_is_kept_as_an_extra(talk: DatasetClient) -> None:
    for who in ("ana", "ben"):
        talk.put(who, "a", "good")
    late = talk.put("max", "a", "bad").json()
    assert not late["counted"]
    assert late["why"] == "all_given"
    assert late["why_text"].startswith("this record has all its answers")
    assert talk.see("rita")["annotation"]["labels"][0]["class"] == "good"


def test_a_stale_version_is_refused_with_what_is_stored(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    stale = talk.put("ana", "a", "bad", version=0)
    assert stale.status_code == 409
    params = stale.json()["detail"]["params"]
    assert (params["sent"], params["current"]["version"]) == (0, 1)
    assert params["current"]["value"]["labels"][0]["class"] == "good"
    assert talk.see("ana")["annotation"]["labels"][0]["class"] == "good"


def test_a_draft_is_nobody_elses_business(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good", state="draft")
    assert talk.see("ana")["status"] == "Edited"
    assert talk.see("rita")["status"] == "Default"
    everyones = talk.ask("rita", "GET", "records/a/annotations").json()
    assert everyones["annotations"] == []
    assert talk.ask("rita", "GET", "records/a/history").json()["history"] == []


def test_undo_goes_back_to_the_answer_before_and_again_is_redo(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    talk.put("ana", "a", "bad", version=1)
    undone = talk.ask("ana", "POST", "records/a/annotations/me:undo").json()
    assert (undone["value"]["labels"][0]["class"], undone["version"]) == ("good", 3)
    redone = talk.ask("ana", "POST", "records/a/annotations/me:undo").json()
    assert redone["value"]["labels"][0]["class"] == "bad"


def test_undoing_the_first_answer_leaves_it_as_a_draft(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    undone = talk.ask("ana", "POST", "records/a/annotations/me:undo").json()
    assert (undone["state"], undone["value"]["labels"][0]["class"]) == ("draft", "good")
    assert talk.ask("ben", "POST", "records/a/annotations/me:undo").status_code == 400


def test_a_withdrawn_annotation_leaves_a_version_to_go_on_from(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    gone = talk.ask("ana", "DELETE", "records/a/annotations/me").json()
    assert (gone["state"], gone["version"]) == ("none", 2)
    assert talk.see("ana")["status"] == "Default"
    assert talk.put("ana", "a", "bad", version=2).json()["version"] == 3


def test_annotators_of_a_blind_dataset_see_no_annotations_of_others(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    assert talk.ask("ben", "GET", "records/a/annotations").status_code == 403
    assert talk.found("ben", "annotated_as:good") == []
    assert talk.found("ben", "annotations.ana.labels.class_label:good") == []
    assert talk.found("rita", "annotated_by:ana") == []
    assert talk.found("rita", "_exists_:annotations.ana") == ["a"]


def test_gold_settles_a_record_and_is_told_to_those_who_answered(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    gold = {"value": {"labels": [{"class": "bad"}]}, "reason": "irony", "version": 0}
    assert talk.ask("ana", "PUT", "records/a/gold", json=gold).status_code == 403
    assert talk.ask("rita", "PUT", "records/a/gold", json=gold).status_code == 200
    assert talk.ask("max", "PUT", "records/a/gold", json=gold).status_code == 409
    assert talk.see("eva")["annotation"]["agent"] == "adjudicated:rita"
    mine = talk.ask("ana", "GET", "records/a/annotations/me").json()
    assert (mine["gold"]["reason"], mine["gold"]["author"]) == ("irony", "rita")
    assert talk.ask("ben", "GET", "records/a/annotations/me").json()["gold"] is None
    assert talk.ask("rita", "DELETE", "records/a/gold").json()["gold"] is None
    assert talk.see("eva")["status"] == "Edited"


def test_a_record_is_discarded_when_all_say_so_and_torn_when_some_do(talk: DatasetClient) -> None:
    for who in ("ana", "ben"):
        talk.put(who, "a", None, state="discarded")
    talk.put("ana", "b", None, state="discarded"), talk.put("ben", "b", "good")
    assert talk.see("rita", "a")["status"] == "Discarded"
    assert talk.see("rita", "b")["status"] == "Edited"


def test_ids_may_hold_anything(client_as: Any) -> None:
    talk = DatasetClient(client_as, blind=True)
    for id, path in {
        "a/b": "a%2Fb",
        "..": "%2E%2E",
        "x?y": "x%3Fy",
        "a\nb": "a%0Ab",
        "x/annotations/me": "x%2Fannotations%2Fme",
    }.items():
        talk.log("eva", {"id": id, "inputs": {"text": "x"}})
        assert talk.put("ana", path, "good").status_code == 200, id
        assert talk.see("ana", path)["id"] == id


def test_bad_values_are_refused_and_nothing_is_stored(talk: DatasetClient) -> None:
    for sent in (
        {"value": {"labels": []}, "state": "submitted", "version": 0},
        {"value": {"labels": [{"class": "x"}, {"class": "y"}]}, "state": "submitted", "version": 0},
        {"value": {"entities": []}, "state": "submitted", "version": 0},
        {"value": None, "state": "submitted", "version": 0},
        {"value": None, "state": "finished", "version": 0},
        {"value": {"labels": "good"}, "state": "submitted", "version": 0},
    ):
        assert talk.ask("ana", "PUT", "records/a/annotations/me", json=sent).status_code == 422, sent
    assert talk.ask("ana", "GET", "records/a/annotations/me").json()["version"] == 0
    gone = {"value": {"labels": [{"class": "x"}]}, "state": "submitted", "version": 0, "dataset": "other"}
    assert talk.ask("ana", "PUT", "records/a/annotations/me", json=gone).status_code == 410
    assert talk.put("ana", "nowhere", "good").status_code == 404


# Through the 1.x wire


def annotated(id: str, label: str, agent: str = "laptop", status: str = "Validated", **more: Any) -> Json:
    answer = {"agent": agent, "labels": [{"class": label, "score": 1.0}]}
    return {"id": id, "inputs": {"text": f"text {id}"}, "annotation": answer, "status": status, **more}


def test_an_annotators_bulk_is_their_own_annotation_whatever_agent_it_names(talk: DatasetClient) -> None:
    assert talk.log("ana", annotated("a", "good")).status_code == 200
    assert talk.see("ana")["annotation"]["agent"] == "ana"
    assert talk.see("ben")["annotation"] is None


def test_an_annotator_adds_no_records_and_changes_no_content(talk: DatasetClient) -> None:
    assert talk.log("ana", annotated("new", "good")).status_code == 403
    other = {**annotated("a", "good"), "inputs": {"text": "something else"}}
    refused = talk.log("ana", annotated("b", "good"), other)
    assert refused.status_code == 409
    assert "text of a differs" in refused.json()["detail"]["params"]["message"]
    assert talk.see("ana", "b")["status"] == "Default"  # all or nothing
    talk.log("ana", annotated("a", "good", metadata={"by": "me"}))
    assert talk.see("eva")["metadata"] is None


def test_what_a_leader_loads_and_logs_back_changes_nobodys_answer(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good"), talk.put("ben", "a", "good")
    loaded = talk.see("eva")
    talk.put("ana", "a", "bad", version=1)
    again = {k: loaded[k] for k in ("id", "inputs", "annotation", "annotations", "status")}
    assert talk.log("eva", {**again, "metadata": {"seen": 1}}).json()["kept"] == 1
    assert talk.see("ana")["annotation"]["labels"][0]["class"] == "bad"
    assert talk.see("ana")["metadata"] == {"seen": 1}


def test_a_new_value_from_a_leader_is_their_decision(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    assert "kept" in talk.log("eva", annotated("a", "bad")).json()
    seen = talk.see("rita")
    assert (seen["annotation"]["agent"], seen["annotation"]["labels"][0]["class"]) == (
        "adjudicated:eva",
        "bad",
    )
    assert list(seen["annotations"]) == ["ana"]


def test_the_plural_sets_peoples_annotations_and_names_users_only(talk: DatasetClient) -> None:
    plural = {"ana": {"labels": [{"class": "good"}]}, "ben": {"labels": [{"class": "bad"}]}}
    record = {"id": "a", "inputs": {"text": "text a"}, "annotations": plural}
    assert talk.log("max", record).status_code == 200
    assert talk.see("ana")["annotation"]["labels"][0]["class"] == "good"
    assert talk.see("ben")["annotation"]["labels"][0]["class"] == "bad"
    unknown = {**record, "annotations": {"laptop": {"labels": [{"class": "good"}]}}}
    assert talk.log("max", unknown).status_code == 422


def test_new_text_outdates_what_was_said_about_the_old_one(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    talk.log("eva", {"id": "a", "inputs": {"text": "another text"}})
    assert talk.see("ana")["status"] == "Default"
    assert talk.see("rita")["annotations"] is None
    assert talk.ask("ana", "GET", "records/a/history").json()["history"][0]["why"] == "outdated"


def test_one_request_mixes_records_new_and_known_said_and_unsaid(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    twice = [{"id": "new", "inputs": {"text": text}} for text in ("first", "last")]
    known = {"id": "a", "inputs": {"text": "text a"}, "metadata": {"seen": 1}}
    talk.log("eva", *twice, annotated("said", "bad"), known)
    assert talk.found("eva", "last") == ["new"]
    assert (talk.see("eva", "new")["status"], talk.see("ana", "new")["status"]) == ("Default", "Default")
    assert (talk.see("eva", "said")["status"], talk.see("ana", "said")["annotation"]) == ("Validated", None)
    assert (talk.see("ana")["status"], talk.see("ana")["metadata"]) == ("Validated", {"seen": 1})


def test_an_annotator_discards_by_query_only_for_themselves(talk: DatasetClient) -> None:
    client = talk.client_as("ana")
    done = client.request(
        "DELETE", "/api/datasets/talk/data?workspace=shared&mark_as_discarded=true", json={"ids": ["a", "b"]}
    )
    assert done.json()["matched"] == 2
    assert talk.see("ana")["status"] == "Discarded"
    assert talk.see("ben")["status"] == "Default"


def test_patch_sets_ones_own_state_and_no_metadata(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good")
    assert talk.ask("ana", "PATCH", "records/a", json={"status": "Default"}).status_code == 200
    assert talk.see("ana")["status"] == "Default"
    assert talk.ask("ana", "PATCH", "records/a", json={"metadata": {"x": 1}}).status_code == 403
    assert talk.ask("eva", "PATCH", "records/a", json={"status": "Discarded"}).json()["status"] == "Discarded"


# From shared to individual and back


def test_the_switch_makes_each_annotation_its_authors(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.log("ana", annotated("a", "good"))
    talk.log("eva", annotated("b", "bad", agent="laptop"))
    assert talk.ask("max", "PATCH", "policies", json={"annotation": "individual"}).status_code == 200
    assert (talk.see("ana", "a")["status"], talk.see("ben", "a")["status"]) == ("Validated", "Default")
    assert talk.see("rita", "a")["annotation"]["agent"] == "ana"
    assert talk.see("rita", "b")["annotation"]["agent"] == "laptop"  # stands until people have answered
    talk.put("ben", "b", "good")
    assert talk.see("rita", "b")["annotation"]["agent"] == "ben"


def test_the_way_back_keeps_one_answer_and_says_so_first(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good"), talk.put("ben", "a", "bad")
    back = {"annotation": "shared", "blind": False}
    assert talk.ask("max", "PATCH", "policies", json=back).status_code == 409
    assert talk.ask("max", "PATCH", "policies", json={**back, "keep": "latest"}).status_code == 200
    assert talk.see("ana")["annotation"]["agent"] == "ben"
    assert talk.see("ana")["status"] == "Validated"


def test_policies_refuse_what_contradicts_itself(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    for wrong in ({"blind": "yes"}, {"required": 0}, {"colour": "red"}, {"skip": "later"}):
        assert talk.ask("max", "PATCH", "policies", json=wrong).status_code == 422, wrong
    for refused in ({"blind": True, "annotation": "shared"}, {"resolution": "majority"}):
        assert talk.ask("max", "PATCH", "policies", json=refused).status_code == 400, refused
    assert talk.ask("ana", "PATCH", "policies", json={"blind": True}).status_code == 403
    assert talk.ask("ana", "GET", "policies").json()["annotation"] == "shared"


def test_one_can_annotate_a_shared_dataset_by_the_same_routes(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    assert talk.put("ana", "a", "good").json()["version"] == 1
    assert talk.see("ben")["annotation"]["agent"] == "ana"
    assert talk.put("ben", "a", "bad").json()["counted"]
    assert talk.see("ana")["annotation"]["agent"] == "ben"


def test_a_gold_value_that_was_replaced_is_told_with_whose_it_was(talk: DatasetClient) -> None:
    for version, label in enumerate(("good", "bad")):
        value = {"value": {"labels": [{"class": label}]}}
        assert (
            talk.ask(
                "rita", "PUT", "records/a/gold", json={**value, "state": "submitted", "version": version}
            ).status_code
            == 200
        )
    (past,) = talk.ask("rita", "GET", "records/a/history").json()["history"]
    assert (past["why"], past["by"]) == ("gold_replaced", "adjudicated:rita")
    assert past["why_text"] == "gold value (adjudicated by rita) replaced"


def test_leaders_learn_what_records_stand_by_and_why_in_one_request(talk: DatasetClient) -> None:
    talk.put("ana", "a", "good"), talk.put("ben", "a", "good")
    talk.put("ana", "b", "good"), talk.put("ben", "b", "bad")
    talk.put("ana", "c", "good"), talk.put("ben", "c", "bad", state="draft")
    resolved = {"value": {"labels": [{"class": "bad"}]}, "reason": "irony", "version": 0}
    talk.ask("rita", "PUT", "records/b/gold", json=resolved).raise_for_status()
    asked = talk.ask("rita", "POST", "records/:resolutions", json={"ids": ["b", "a", "nowhere", "c"]})
    assert asked.status_code == 200, asked.text
    b, a, c = asked.json()["records"]
    assert (a["id"], a["resolution"]["outcome"], a["resolution"]["agreeing"]) == (
        "a",
        "resolved",
        ["ana", "ben"],
    )
    assert a["resolution"]["agent"] == "consensus:majority"
    assert (b["gold"]["author"], b["gold"]["reason"], len(b["annotations"])) == ("rita", "irony", 2)
    assert b["resolution"]["agent"] == "adjudicated:rita"
    assert [each["annotator"] for each in c["annotations"]] == ["ana"]  # a draft is nobody else's business
    assert (c["resolution"]["outcome"], c["resolution"]["missing"]) == ("open", 1)
    for who in ("ana", "ben"):
        assert talk.ask(who, "POST", "records/:resolutions", json={"ids": ["a"]}).status_code == 403
