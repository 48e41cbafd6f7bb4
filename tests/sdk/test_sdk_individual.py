"""Everybody's annotations in a notebook: loaded, converted, logged back without harm."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy

import pytest

import apportion as rg
from sdk_support import ClientAs, texts


@pytest.fixture
def talk(active: rg.Client, client_as: ClientAs) -> str:
    """Three texts: ana and ben disagree on the first, ana alone answered the second, nobody the third."""
    rg.log(texts(3), "talk", verbose=False)
    rg.set_policies("talk", annotation="individual", required=2)
    client_as("ana").submit("talk", 0, "good")
    client_as("ben").submit("talk", 0, "bad")
    client_as("ana").submit("talk", 1, "good")
    return "talk"


def test_each_record_knows_everybodys_annotation_when_asked(talk: str) -> None:
    everybodys = [record.annotations for record in rg.load(talk, annotations="individual")]

    assert everybodys == [{"ana": "good", "ben": "bad"}, {"ana": "good"}, {}]
    assert [record.annotations for record in rg.load(talk)] == [{}, {}, {}]
    with pytest.raises(ValueError, match="individual"):
        rg.load(talk, annotations="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="by ids"):
        rg.load(talk, annotations="individual", vector=("v", [0.1]))


def test_annotators_of_a_blind_dataset_get_their_own_only(talk: str, client_as: ClientAs) -> None:
    rg.set_policies(talk, blind=True)

    found = client_as("ben").load(talk, annotations="individual")
    assert [record.annotations for record in found] == [{"ben": "bad"}, {}, {}]


def test_frames_and_datasets_have_a_row_per_record_and_annotator(talk: str) -> None:
    loaded = rg.load(talk, annotations="individual")
    rows = [(0, "ana", "good"), (0, "ben", "bad"), (1, "ana", "good"), (2, None, None)]

    frame = loaded.to_pandas()
    assert list(frame[["id", "annotation_agent", "annotation"]].itertuples(index=False, name=None)) == rows
    table = loaded.to_datasets()
    assert list(zip(table["annotation_agent"], table["annotation"], strict=True)) == [row[1:] for row in rows]
    assert [(each.id, each.annotation_agent, each.annotation) for each in loaded.by_annotator()] == rows
    assert len(loaded) == 3
    assert len(rg.load(talk).to_pandas()) == 3


def test_a_column_per_annotator_is_one_pivot_away(talk: str) -> None:
    frame = rg.load(talk, annotations="individual").to_pandas().dropna(subset=["annotation"])

    wide = frame.pivot(index="id", columns="annotation_agent", values="annotation")
    assert wide.loc[0].to_dict() == {"ana": "good", "ben": "bad"}


def test_what_everybody_said_survives_copying_and_pickling(talk: str) -> None:
    record = rg.load(talk, annotations="individual")[0]

    for again in (copy(record), deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert again.annotations == {"ana": "good", "ben": "bad"}
    assert "annotations" not in record.dict()
    assert "by ben" in record._repr_html_()


def test_loading_and_logging_back_changes_nobodys_answer(talk: str, client_as: ClientAs) -> None:
    loaded = rg.load(talk, annotations="individual")
    client_as("ana").submit(talk, 0, "changed since")
    for record in loaded:
        record.metadata["seen"] = "yes"
    rg.log(loaded, talk, verbose=False)

    again = rg.load(talk, annotations="individual")
    assert again[0].annotations == {"ana": "changed since", "ben": "bad"}
    assert again[0].metadata == {"seen": "yes"}
    assert again[1].annotations == {"ana": "good"}
    assert [record.status for record in again] == [record.status for record in loaded]
