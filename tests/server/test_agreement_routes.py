"""Agreement, conflicts and quality over HTTP, and the fields that search by them."""

from __future__ import annotations

from typing import Any

import pytest

from dataset_client import SPEECH, DatasetClient


def spans(*found: tuple[int, int, str]) -> dict[str, Any]:
    return {"entities": [{"start": start, "end": end, "label": label} for start, end, label in found]}


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    made = DatasetClient(client_as, "abcdef")
    made.answer(ana="x x y y x y", ben="x x y x y -")
    return made


def test_agreement_says_on_how_much_it_rests_and_which_query_opens_it(talk: DatasetClient) -> None:
    found = talk.get("rita", "agreement")
    assert (found["measure"], found["records"], found["annotators"], found["answers"]) == ("alpha", 5, 2, 10)
    assert found["low"] < found["estimate"] < found["high"]
    assert talk.found("rita", found["query"]) == list("abcde")


@pytest.mark.parametrize("by", ["label", "pair", "week", "person"])
def test_every_part_of_a_figure_opens_its_own_records(talk: DatasetClient, by: str) -> None:
    talk.put("max", "a", "z")  # a third answer nobody asked for
    talk.put("ben", "b", "x", version=1, state="discarded")
    talk.put("ben", "f", "y", state="discarded")
    whole = talk.get("rita", "agreement", by=by, query="NOT id:c")
    assert whole["records"] == 3
    for part in (whole, *whole["by"]):
        assert len(talk.found("rita", part["query"])) == part["records"], part["query"]


def test_a_person_is_compared_with_everybody_on_the_records_they_share(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcdef")
    talk.answer(ana="x x y y x y", ben="x x y x y -")
    talk.put("olga", "f", "y")  # an answer nobody asked for
    whole = talk.get("rita", "agreement", measure="percent", by="person")
    assert [(each["person"], each["records"]) for each in whole["by"]] == [("ana", 5), ("ben", 5)]
    for part in whole["by"]:  # with two people it is what percent agreement is, interval and all
        assert [part[key] for key in ("measure", "estimate", "low", "high")] == [
            whole[key] for key in ("measure", "estimate", "low", "high")
        ]
    assert talk.get("rita", "agreement", measure="alpha", by="person")["by"] == whole["by"]
    few = talk.get("rita", "agreement", by="person", query="id:a")["by"]
    assert {each["undefined"] for each in few} == {"few_shared_records"}


def test_too_few_shared_records_are_an_answer_with_its_reason(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    assert "no answers" in talk.get("rita", "agreement")["why"]
    talk.answer(ana="x x")
    assert "same person" in talk.get("rita", "agreement")["why"]
    talk.answer(ben="x")
    few = talk.get("rita", "agreement")
    assert (few["undefined"], few["estimate"]) == ("few_shared_records", None)
    talk.put("ben", "b", "x")
    assert talk.get("rita", "agreement")["undefined"] == "one_category"


def test_drafts_extras_and_discards_do_not_count(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    talk.answer(ana="x y", ben="x y")
    talk.put("max", "a", "y")  # an extra
    talk.put("ana", "c", "x"), talk.put("ben", "c", "x", state="draft")
    assert talk.get("rita", "agreement")["answers"] == 4
    talk.put("ben", "b", "y", version=1, state="discarded")
    assert talk.get("rita", "agreement")["records"] == 1
    assert talk.get("rita", "agreement", by="week")["records"] == 1


def test_a_measure_that_does_not_fit_is_refused_with_those_that_do(talk: DatasetClient) -> None:
    refused = talk.ask("rita", "GET", "agreement", params={"measure": "span_f1"})
    assert refused.status_code == 400
    assert "single labels" in refused.text
    assert "alpha" in refused.text


def test_annotators_learn_neither_agreement_nor_conflicts_nor_quality(talk: DatasetClient) -> None:
    for path in ("agreement", "conflicts", "annotators"):
        assert talk.ask("ana", "GET", path).status_code == 403


def test_conflicts_come_most_disputed_first_and_page_by_page(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd", required=3)
    talk.answer(ana="x x x x", ben="x y y x", max="x y z y")
    first = talk.get("rita", "conflicts", limit=2)
    rest = talk.get("rita", "conflicts", limit=2, cursor=first["next"])
    assert [each["id"] for page in (first, rest) for each in page["conflicts"]] == ["c", "b", "d"]
    assert first["total"] == 3
    assert set(talk.found("rita", first["query"])) == {"b", "c", "d"}
    assert [each["id"] for each in talk.get("rita", "conflicts", open=True)["conflicts"]] == ["c"]
    worst = first["conflicts"][0]
    assert {each["annotator"] for each in worst["annotations"]} == {"ana", "ben", "max"}
    assert (worst["status"], worst["provenance"]["conflict"]) == ("Edited", "tie")


def test_search_knows_who_differs_who_said_what_and_how_much_people_agree(talk: DatasetClient) -> None:
    assert talk.found("rita", "disagree:(ana ben)") == ["d", "e"]
    assert talk.found("rita", "disagree:(ana ben) AND annotations.ana.label:x") == ["e"]
    assert talk.found("rita", 'annotations.ben.label:"x"') == ["a", "b", "d"]
    assert talk.found("rita", "agreement:<0.5") == ["d", "e"]
    assert talk.found("rita", "agreement:1") == ["a", "b", "c"]
    assert talk.found("rita", "conflict:true") == ["d", "e"]
    assert talk.found("rita", "NOT agreement:<0.5") == ["a", "b", "c", "f"]
    assert talk.found("rita", "disagree:(ana nobody)") == []


def test_blind_annotators_find_nothing_by_the_answers_of_others(talk: DatasetClient) -> None:
    for query in ("disagree:(ana ben)", "annotations.ben.label:x", "agreement:<0.5", "conflict:true",
                  "_exists_:agreement", "_exists_:annotations.ben.label", "_exists_:compared", "compared:ben",
                  "compared.label:x", "compared.at:[2000 TO 2100]"):  # fmt: skip
        assert talk.found("ana", query) == []
    assert talk.found("ana", "annotations.ana.label:x") == ["a", "b", "e"]
    assert talk.found("ana", "annotations.me.label:x") == ["a", "b", "e"]
    assert talk.found("ana", "annotations.*.label:x") == ["a", "b", "e"]


def test_quality_comes_with_confusions_of_pairs(talk: DatasetClient) -> None:
    found = talk.get("rita", "annotators")
    assert found["model"] == "dawid_skene"
    assert {each["annotator"]: each["answers"] for each in found["annotators"]} == {"ana": 6, "ben": 5}
    assert all(0 <= each["accuracy"] <= 1 for each in found["annotators"])
    assert found["pairs"][0]["records"] == 5
    given = {each["annotator"]: each["given"] for each in found["annotators"]}
    assert given["ana"]["x"] == len(talk.found("ana", "annotations.ana.label:x"))
    assert sum(given["ben"].values()) == 5


def test_spans_are_voted_on_and_compared_by_f1(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd", "TokenClassification", SPEECH, required=3)
    one, two = spans((0, 3, "PER")), spans((0, 3, "PER"), (8, 11, "PER"))
    for id in "ab":
        for who, value in (("ana", one), ("ben", two), ("max", two)):
            talk.put(who, id, value)
    resolved = talk.see("rita", "a")["annotation"]
    assert resolved["agent"] == "consensus:majority"
    assert [each["start"] for each in resolved["entities"]] == [0, 8]
    assert talk.get("rita", "agreement")["measure"] == "span_f1"
    for measure in ("alpha_u", "token_alpha"):
        assert talk.get("rita", "agreement", measure=measure)["records"] == 2
    assert "single labels" in talk.get("rita", "annotators")["why"]


def test_labels_with_commas_quotes_and_emoji_come_through(client_as: Any) -> None:
    talk = DatasetClient(client_as)
    odd = 'a, "b"\n🙂'
    for id in "abc":
        talk.put("ana", id, odd)
        talk.put("ben", id, odd if id != "c" else "plain")
    part = next(each for each in talk.get("rita", "agreement", by="label")["by"] if each["label"] == odd)
    assert talk.found("rita", part["query"]) == ["a", "b", "c"]


def test_a_figure_narrowed_by_a_query_is_that_of_these_records_alone(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.put("ana", "f", "z", version=1)  # a label that nobody gave elsewhere
    found = []
    for few in (0, 100):  # records found among all, or looked up one by one
        monkeypatch.setattr("apportion.storage.sql.answers.answer_columns._FEW", few)
        found += [
            talk.get("rita", "agreement", by=by, query="id:(a OR b OR d)") for by in ("label", "pair", "week")
        ]
        found.append(talk.get("rita", "agreement", query="id:nowhere"))
    assert found[:4] == found[4:]
    assert (found[0]["records"], found[0]["answers"], found[0]["estimate"]) == (3, 6, 0.0)
    assert [each["label"] for each in found[0]["by"]] == ["x", "y"]


@pytest.mark.parametrize("measure", ["span_f1", "alpha_u", "gamma"])
def test_one_text_with_spans_is_enough_for_a_figure_that_opens_it(client_as: Any, measure: str) -> None:
    talk = DatasetClient(client_as, "ab", "TokenClassification", SPEECH)
    talk.put("ana", "a", spans((0, 3, "PER"), (8, 11, "PER")))
    talk.put("ben", "a", spans((0, 3, "PER"), (4, 11, "PER")))
    found = talk.get("rita", "agreement", measure=measure, by="pair")
    for each in (found, *found["by"]):
        assert (each["records"], each["no_interval"]) == (1, "one_text")
        assert 0 < each["estimate"] < 1
        assert talk.found("rita", each["query"]) == ["a"]


def test_gamma_measures_nested_spans_with_a_seed_and_says_which_extra_it_needs(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = DatasetClient(client_as, "abc", "TokenClassification", SPEECH)
    settings = {"label_schema": {"labels": ["PER", "S"]}, "allow_overlapping_spans": True}
    assert talk.ask("max", "PATCH", "TokenClassification/settings", json=settings).status_code == 200
    for id in "abc":
        assert talk.put("ana", id, spans((0, 11, "S"), (0, 3, "S"))).status_code == 200
        assert talk.put("ben", id, spans((0, 11, "S"), (0, 7, "S"))).status_code == 200
    assert talk.get("rita", "agreement", measure="alpha_u")["undefined"] == "crossing_spans"
    first = talk.get("rita", "agreement", measure="gamma", by="label", seed=1)
    assert first == talk.get("rita", "agreement", measure="gamma", by="label", seed=1)
    assert first["estimate"] != talk.get("rita", "agreement", measure="gamma", seed=2)["estimate"]
    assert (first["measure"], first["caution"]) == ("gamma", "few_spans")
    monkeypatch.setattr("apportion.services.insight.agreement.can_align", lambda: False)
    refused = talk.ask("rita", "GET", "agreement", params={"measure": "gamma"})
    assert refused.status_code == 400
    assert "pip install 'apportion[gamma]'" in refused.text


def test_where_everybody_agrees_there_is_an_exact_bound_and_a_caution_beside_alpha(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd")
    talk.answer(ana="x y y x", ben="x y y x")
    percent = talk.get("rita", "agreement", measure="percent", by="person")
    for each in (percent, *percent["by"]):
        assert [each[key] for key in ("estimate", "low", "high", "interval")] == [
            1, pytest.approx(0.025 ** (1 / 4)), 1, "exact",
        ]  # fmt: skip
    alpha = talk.get("rita", "agreement")
    assert (alpha["no_interval"], alpha["caution"]) == ("no_spread", "few_other_labels")
    assert "only 2 of the shared records have another label" in alpha["caution_why"]


def test_the_bootstrap_is_drawn_by_its_seed(talk: DatasetClient) -> None:
    def drawn(seed: int) -> tuple[float, float]:
        found = talk.get("rita", "agreement", measure="percent", interval="bootstrap", seed=seed)
        assert found["interval"] == "bootstrap"
        return found["low"], found["high"]

    assert drawn(0) == drawn(0)
    assert talk.ask("rita", "GET", "agreement", params={"interval": "exact"}).status_code == 422


def test_discards_by_everybody_leave_nothing_to_measure(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab")
    for id in "ab":
        for who in ("ana", "ben"):
            talk.put(who, id, "x", state="discarded")
    for by in ("label", "pair", "week", "person"):
        found = talk.get("rita", "agreement", by=by)
        assert {each["undefined"] for each in (found, *found["by"])} == {"no_answers"}
        assert {each["records"] for each in (found, *found["by"])} == {0}


def test_a_label_that_nobody_gave_has_no_figure_and_says_so(talk: DatasetClient) -> None:
    talk.put("ana", "f", "z", version=1)  # which ben has not answered
    found = {each["label"]: each for each in talk.get("rita", "agreement", by="label")["by"]}
    assert (found["z"]["undefined"], found["z"]["records"]) == ("not_given", 0)
    assert found["z"]["why"] == "no one gave this label on the 5 shared records"
    assert talk.found("rita", found["z"]["query"]) == []
