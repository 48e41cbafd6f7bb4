"""`rg.agreement`, `rg.conflicts`, `rg.adjudicate`, `rg.accept_consensus` and `rg.export`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import apportion as rg
from apportion.sdk import session
from apportion.sdk.errors import BadRequestApiError, ForbiddenApiError, InputValueError
from sdk_support import ClientAs


@pytest.fixture
def answered(active: rg.Client, client_as: ClientAs) -> rg.Client:
    """Four records that ana and ben have answered, the last two differently; eva is asking."""
    records = [rg.TextClassificationRecord(text=f"text {id}", id=id) for id in "abcd"]
    rg.set_workspace("shared")
    rg.log(records, "talk", verbose=False)
    http = active.http_client
    http.patch("/api/datasets/talk/policies?workspace=shared", {"blind": True, "required": 2})
    for who, labels in (("ana", "xyxy"), ("ben", "xyyx")):
        for id, label in zip("abcd", labels, strict=True):
            value = {"labels": [{"class": label}]}
            path = f"/api/datasets/talk/records/{id}/annotations/me?workspace=shared"
            client_as(who).http_client.put(path, {"value": value, "state": "submitted", "version": 0})
    return active


def test_agreement_is_a_figure_that_can_be_read_and_opened(answered: rg.Client) -> None:
    found = rg.agreement("talk", by="pair")
    assert (found.records, found.annotators, found.measure) == (4, 2, "alpha")
    assert "alpha" in str(found)
    assert found.by[0].pair == ("ana", "ben")
    assert len(rg.load("talk", query=found.query)) == 4
    assert str(rg.agreement("talk", query="id:nowhere")) == "alpha: no answers count here"
    assert list(found.to_pandas()["pair"]) == [("ana", "ben")]
    people = rg.agreement("talk", by="person")
    assert [(each.person, each.measure, each.estimate) for each in people.by] == [
        ("ana", "percent", 0.5),
        ("ben", "percent", 0.5),
    ]
    assert "person" in repr(people)
    with pytest.raises(BadRequestApiError, match="span_f1 does not compare"):
        rg.agreement("talk", "span_f1")


def test_a_figure_is_printed_with_its_caution_and_drawn_by_its_seed(answered: rg.Client) -> None:
    found = rg.agreement("talk", by="label")
    assert (found.caution, {each.caution for each in found.by}) == ("few_other_labels", {"few_other_labels"})
    assert "; caution: only 3 of the shared records have another label" in str(found)
    assert "few_other_labels" in repr(found)
    assert list(found.to_pandas()["caution"]) == ["few_other_labels"] * 2
    assert rg.agreement("talk", "percent").caution is None
    drawn = [rg.agreement("talk", "percent", interval="bootstrap", seed=seed) for seed in (3, 3)]
    assert drawn[0] == drawn[1]
    with pytest.raises(BadRequestApiError, match="gamma does not compare"):
        rg.agreement("talk", "gamma")


def test_figures_conflicts_and_people_have_tables_for_consoles_and_notebooks(
    answered: rg.Client, client_as: ClientAs
) -> None:
    path = "/api/datasets/talk/records/d/annotations/me?workspace=shared"
    sent = {"value": {"labels": [{"class": "x"}]}, "state": "discarded", "version": 1}
    client_as("ben").http_client.put(path, sent)
    figure, conflicts, people = rg.agreement("talk", by="label"), rg.conflicts("talk"), rg.annotators("talk")
    assert "label  estimate" in repr(figure)
    assert [each.records for each in figure.by] == [2, 2]
    assert "ana: y; ben: unusable" in repr(conflicts)
    assert list(conflicts.to_pandas().columns) == ["id", "agreement", "status", "ana", "ben"]
    assert [(each.annotator, each.answers, each.checks) for each in people] == [("ana", 4, 0), ("ben", 3, 0)]
    assert people[0].confusion is not None
    assert sum(people[0].confusion["x"].values()) == pytest.approx(1)
    for each in (figure, conflicts, people):
        assert "<table" in each._repr_html_()
    assert repr(rg.conflicts("talk", query="id:nowhere")) == "No one disagrees"
    assert "No accuracy: no record has answers by two people" in repr(
        rg.annotators("talk", query="id:nowhere")
    )


def test_checks_and_adaptive_overlap_are_looked_at_and_made_alike(answered: rg.Client) -> None:
    rg.adjudicate("talk", "a", labels=["x"])
    shown = rg.assign("talk", users=["max"], checks=0.4, adaptive=3, blind=True, dry_run=True)
    made = shown.apply().to_dict()
    assert (made["checks"], made["adaptive"], made["mixed_in"]) == (0.4, {"max": 3}, 1)
    assert "1 of these answers is a check" in repr(shown)


def test_conflicts_are_settled_one_by_one_or_accepted_in_bulk(answered: rg.Client) -> None:
    found = rg.conflicts("talk", open=True)
    assert {each.id for each in found} == {"c", "d"}
    assert set(found[0].answers) == {"ana", "ben"}
    rg.adjudicate("talk", "c", labels=["x"], reason="irony")
    rg.adjudicate("talk", "d", discard=True)
    assert rg.conflicts("talk", open=True) == []
    assert rg.accept_consensus("talk").changed == 2
    loaded = {each.id: each for each in rg.load("talk")}
    assert loaded["c"].annotation_agent == "adjudicated:eva"
    assert loaded["d"].status == "Discarded"
    for wrong in ({}, {"labels": ["x"], "discard": True}, {"labels": "x"}):
        with pytest.raises(InputValueError):
            rg.adjudicate("talk", "c", **wrong)


def test_an_export_is_a_file(answered: rg.Client, tmp_path: Path) -> None:
    lines = rg.export("talk", tmp_path / "talk.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == list("abcd")
    with rg.export("talk", tmp_path / "talk.csv", query="id:a").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["annotation"], row["answer.ana"]) == ("x", "x")
    with pytest.raises(InputValueError, match="Which format"):
        rg.export("talk", tmp_path / "talk")
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix in (".csv", ".jsonl", ".part")) == [
        "talk.csv",
        "talk.jsonl",
    ]


def test_annotators_are_refused(answered: rg.Client, client_as: ClientAs, monkeypatch: Any) -> None:
    monkeypatch.setattr(session, "_active", client_as("ana"))
    with pytest.raises(ForbiddenApiError):
        rg.agreement("talk", workspace="shared")
