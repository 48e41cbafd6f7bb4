"""Queries for what labeling rules match, cover or disagree on find the same records wherever a search may stand."""

from __future__ import annotations

from typing import Any

import pytest

from dataset_client import DatasetClient
from dataset_jobs import GOOD, applied, ended

RULES = "TextClassification/labeling/rules"
FOUND = {
    "covered:true": "abc",
    "covered:false": "d",
    "covered:conflict": "b",
    "rule:first": "ab",
    'rule:"b OR c" NOT rule:first': "c",
}
"""Searches, and the records they find."""

by_rules = pytest.mark.parametrize(("query", "ids"), FOUND.items(), ids=list(FOUND))


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    """Four records with two rules, on which two people disagree each time."""
    made = DatasetClient(client_as, "abcd")
    made.post("max", RULES, {"query": "a OR b", "label": "good", "description": "first"})
    made.post("max", RULES, {"query": "b OR c", "label": "bad"})
    return made


@by_rules
def test_answers_are_given_to_all_that_match(talk: DatasetClient, query: str, ids: str) -> None:
    assert applied(talk, "ana", query=query, value=GOOD)["result"]["changed"] == len(ids)
    assert talk.found("ana", "annotated_as:good") == list(ids)


@by_rules
def test_a_consensus_is_accepted_for_all_that_match(talk: DatasetClient, query: str, ids: str) -> None:
    talk.answer(ana="x x x x", ben="x x x x")
    job = ended(talk, "rita", talk.post("rita", "consensus:accept", {"query": query}))

    assert job["result"]["changed"] == len(ids)
    assert [id for id in "abcd" if talk.get("rita", f"records/{id}/annotations")["gold"]] == list(ids)


@by_rules
def test_agreement_and_conflicts_are_those_of_what_matches(talk: DatasetClient, query: str, ids: str) -> None:
    talk.answer(ana="x x x x", ben="y y y y")

    found = talk.get("rita", "agreement", query=query)
    assert (found["records"], found["answers"]) == (len(ids), 2 * len(ids))
    assert talk.found("rita", found["query"]) == list(ids)
    conflicts = talk.get("rita", "conflicts", query=query)["conflicts"]
    assert sorted(each["id"] for each in conflicts) == list(ids)


@by_rules
def test_records_that_match_are_discarded_or_deleted(talk: DatasetClient, query: str, ids: str) -> None:
    for more, changed in (
        ({"mark_as_discarded": True}, {"matched": len(ids), "processed": len(ids)}),
        ({}, {"matched": len(ids), "processed": len(ids)}),
    ):
        gone = talk.ask("eva", "DELETE", "data", params=more, json={"query_text": query})
        assert gone.json() == changed, gone.text
        left = talk.found("eva", "NOT status:Discarded")
        assert left == [id for id in "abcd" if id not in ids]
    assert talk.found("eva", "*") == left
