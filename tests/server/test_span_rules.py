"""Rules for spans: whole tokens, unless a dataset says otherwise."""

from __future__ import annotations

from typing import Any

from dataset_client import SPEECH, DatasetClient


def test_spans_within_a_token_are_taken_where_a_dataset_allows_them(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab", "TokenClassification", SPEECH)
    inside = {"entities": [{"start": 0, "end": 2, "label": "PER"}]}
    assert talk.put("ana", "a", inside).status_code == 422
    allowed = talk.ask("max", "PATCH", "TokenClassification/settings", json={"allow_character_spans": True})
    assert allowed.json()["allow_character_spans"] is True
    assert talk.put("ana", "a", inside).status_code == 200
    assert talk.see("ana", "a")["annotation"]["entities"][0]["end"] == 2
    blank = {"entities": [{"start": 3, "end": 4, "label": "PER"}]}  # the space between two words
    assert talk.put("ana", "b", blank).status_code == 422
    logged = {"id": "c", **SPEECH, "prediction": {"agent": "m", **inside}}
    assert talk.ask("eva", "POST", "TokenClassification:bulk", json={"records": [logged]}).status_code == 200
