"""Records in the forms that libraries for training take."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.sdk.datasets import (
    DatasetForText2Text,
    DatasetForTextClassification,
    DatasetForTokenClassification,
)
from apportion.sdk.records import Text2TextRecord, TextClassificationRecord, TokenClassificationRecord
from apportion.sdk.training import Framework, _test_rows, _test_share

PAIRS = DatasetForText2Text(
    [Text2TextRecord(text=f"t{index}", annotation="a", id=index) for index in range(10)]
)
TEXTS = DatasetForTextClassification(
    [
        TextClassificationRecord(inputs={"a": "x", "b": "y"}, annotation="no", id=1),
        TextClassificationRecord(text="z", annotation="yes", id="b"),
        TextClassificationRecord(text="not annotated"),
    ]
)
MANY = DatasetForTextClassification(
    [
        TextClassificationRecord(text="x", annotation=["b", "a"], multi_label=True, id=1),
        TextClassificationRecord(text="y", annotation=["b"], multi_label=True, id=2),
    ]
)
TOKENS = DatasetForTokenClassification(
    [
        TokenClassificationRecord(
            "ab cd", ["ab", "cd"], annotation=[("X", 0, 2)], prediction=[("Y", 3, 5)], id=1
        )
    ]
)


@pytest.mark.parametrize(
    ("sizes", "share"),
    [
        ((1, None), 0),
        ((None, None), 0),
        ((0.7, None), 0.3),
        ((1, 0.2), 0.2),
        ((None, 0.2), 0.2),
        ((0.9, 0.1), 0.1),
    ],
)
def test_one_size_is_enough(sizes: Any, share: float) -> None:
    assert _test_share(*sizes) == share


@pytest.mark.parametrize("sizes", [(0.5, 0.4), (-0.5, 1.5), (1.5, -0.5), (1.2, None)])
def test_sizes_add_up_to_one_and_are_not_negative(sizes: Any) -> None:
    with pytest.raises(AssertionError, match="size"):
        PAIRS.prepare_for_training(train_size=sizes[0], test_size=sizes[1])


@pytest.mark.parametrize("rows", range(2, 60))
def test_rows_are_split_without_a_float_in_the_way(rows: int) -> None:
    assert _test_rows(rows, _test_share(0.7, None)) == -(-rows * 3 // 10)


def test_something_has_to_be_annotated_and_left() -> None:
    with pytest.raises(AssertionError, match="nothing is annotated"):
        DatasetForText2Text([Text2TextRecord(text="a")]).prepare_for_training()
    with pytest.raises(ValueError, match="none is left"):
        _test_rows(1, 0.3)


def test_frameworks_have_names() -> None:
    assert str(Framework("spark-nlp")) == "spark-nlp"
    with pytest.raises(ValueError, match=r"'torch' is not a valid framework; .*'setfit'"):
        PAIRS.prepare_for_training("torch")
    with pytest.raises(ValueError, match="lang"):
        PAIRS.prepare_for_training("spacy")


@pytest.mark.parametrize("framework", ["transformers", Framework.SETFIT])
def test_single_labels_become_classes(framework: Any) -> None:
    found = TEXTS.prepare_for_training(framework)

    assert found[:] == {"id": ["1", "b"], "text": ["x y", "z"], "label": [0, 1]}
    assert found.features["label"].names == ["no", "yes"]


def test_several_labels_become_classes_and_a_row_of_bits() -> None:
    found = MANY.prepare_for_training()

    assert found[:] == {
        "id": ["1", "2"],
        "text": ["x", "y"],
        "label": [[1, 0], [1]],
        "binarized_label": [[1, 1], [0, 1]],
    }


def test_spans_become_tags() -> None:
    found = TOKENS.prepare_for_training()

    assert found[:] == {"tokens": [["ab", "cd"]], "id": ["1"], "ner_tags": [[1, 0]]}
    assert found.features["ner_tags"].feature.names == ["O", "B-X", "I-X"]


def test_splits_are_dictionaries_that_share_the_rows_out() -> None:
    found = PAIRS.prepare_for_training(train_size=0.7, seed=1)

    assert (len(found["train"]), len(found["test"])) == (7, 3)
    assert found["train"].column_names == ["id", "text", "target"]
    assert {*found["train"]["id"], *found["test"]["id"]} == {str(index) for index in range(10)}
    assert found["test"][:] == PAIRS.prepare_for_training(test_size=0.3, seed=1)["test"][:]


def test_spacy_gets_documents() -> None:
    import spacy

    nlp = spacy.blank("en")

    def docs(found: Any) -> Any:
        return sorted(found.get_docs(nlp.vocab), key=lambda doc: str(doc.user_data["id"]))

    first, second = docs(TEXTS.prepare_for_training("spacy", lang=nlp))
    assert (first.text, first.cats) == ("x. y", {"no": 1, "yes": 0})
    assert (second.user_data["id"], second.cats) == ("b", {"no": 0, "yes": 1})
    [doc] = docs(TOKENS.prepare_for_training("spacy", lang="en"))
    assert [(each.text, each.label_) for each in doc.ents] == [("ab", "X")]
    train, test = MANY.prepare_for_training("spacy", lang=nlp, train_size=0.5)
    assert (len(train), len(test)) == (1, 1)


def test_spacy_refuses_what_it_cannot_train_on() -> None:
    glued = TokenClassificationRecord("abcd", ["ab", "cd"], annotation=[("X", 0, 2)], id="r-1")

    with pytest.raises(ValueError, match=r"'r-1'.*'ab'"):
        DatasetForTokenClassification([glued]).prepare_for_training("spacy", lang="en")
    with pytest.raises(NotImplementedError):
        PAIRS.prepare_for_training("spacy", lang="en")


def test_spark_gets_frames_with_the_tags_of_annotations() -> None:
    found = TOKENS.prepare_for_training("spark-nlp")

    assert found.to_dict("records") == [
        {"id": 1, "text": "ab cd", "token": ["ab", "cd"], "label": ["B-X", "O"]}
    ]
    assert list(MANY.prepare_for_training("spark-nlp")) == ["id", "text", "labels"]
    texts = TEXTS.prepare_for_training("spark-nlp").to_dict("records")
    assert sorted(texts, key=str) == [
        {"id": "b", "text": "z", "label": "yes"},
        {"id": 1, "text": "x. y", "label": "no"},
    ]
    train, test = PAIRS.prepare_for_training("spark-nlp", train_size=0.7)
    assert (list(train), len(train), len(test)) == (["id", "text", "target"], 7, 3)
