"""Datasets to and from pandas and `datasets`."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.sdk._tag_columns import spans_of
from apportion.sdk.datasets import (
    DatasetForText2Text,
    DatasetForTextClassification,
    DatasetForTokenClassification,
    read_datasets,
    read_pandas,
)
from apportion.sdk.records import (
    Text2TextRecord,
    TextClassificationRecord,
    TokenAttributions,
    TokenClassificationRecord,
    ValidationError,
)

TEXTS = DatasetForTextClassification(
    [
        TextClassificationRecord(
            text="a",
            prediction=[("x", 0.5), ("y", 0.25)],
            prediction_agent="model",
            annotation="x",
            vectors={"v": [1.0, 2.0]},
            explanation={"text": [TokenAttributions(token="a", attributions={"x": 1.0})]},
            metadata={"split": "train", "n": 1},
            id=1,
        ),
        TextClassificationRecord(
            inputs={"b": "c", "d": "e"},
            vectors={"w": [1.0]},
            explanation={"text": [TokenAttributions(token="a", attributions={"y": 1.0})]},
            id="x",
            metadata={"split": "test", "n": 2},
        ),
    ]
)
MANY = DatasetForTextClassification(
    [TextClassificationRecord(text="a", annotation=labels, multi_label=True) for labels in (["x", "y"], [])]
)
TOKENS = DatasetForTokenClassification(
    [
        TokenClassificationRecord(
            "ab cd",
            ["ab", "cd"],
            prediction=[("X", 0, 2, 0.5)],
            annotation=[("Y", 3, 5)],
            annotation_agent="me",
        ),
        TokenClassificationRecord("ab", ["ab"], prediction=[], id="007", metadata={"a": 1}),
    ]
)
PAIRS = DatasetForText2Text(
    [Text2TextRecord(text="a", prediction=[("b", 0.5)], annotation="c"), Text2TextRecord(text="d")]
)
ALL: list[Any] = [TEXTS, MANY, TOKENS, PAIRS]


# pandas


@pytest.mark.parametrize("dataset", ALL)
def test_frames_come_back_equal(dataset: Any) -> None:
    frame = dataset.to_pandas()

    assert list(frame.columns) == list(type(dataset[0]).__fields__)
    assert read_pandas(frame, dataset.task)[:] == dataset[:]


def test_no_records_make_an_empty_frame() -> None:
    assert DatasetForText2Text().to_pandas().shape == (0, 0)
    assert len(DatasetForText2Text.from_pandas(DatasetForText2Text().to_pandas())) == 0


def test_missing_values_count_as_not_given() -> None:
    import pandas

    frame = pandas.DataFrame(
        {
            "text": ["a", "b", "c"],
            "annotation": ["x", float("nan"), pandas.NA],
            "id": [1, None, 3],
            "event_timestamp": [pandas.Timestamp("2026-01-31"), pandas.NaT, None],
        }
    )

    first, second, third = DatasetForTextClassification.from_pandas(frame)

    assert [each.annotation for each in (first, second, third)] == ["x", None, None]
    assert (first.id, third.id, len(str(second.id))) == (1, 3, 36)
    assert second.event_timestamp.year >= 2026


def test_columns_of_other_things_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    import pandas

    frame = pandas.DataFrame({"tokens": [["a", "b"]], "tags": [["B-X", "O"]], "price": [1]})

    [record] = DatasetForTokenClassification.from_pandas(frame)

    assert record.annotation == [("X", 0, 1)]
    assert "['price']" in caplog.text


def test_a_wrong_row_is_named() -> None:
    import pandas

    with pytest.raises(ValidationError, match="row 1, text"):
        DatasetForText2Text.from_pandas(pandas.DataFrame({"text": ["a", None]}))


# datasets


def made_of(**columns: Any) -> Any:
    import datasets

    return datasets.Dataset.from_dict(columns)


@pytest.mark.parametrize("dataset", ALL)
def test_datasets_come_back_equal(dataset: Any) -> None:
    there = dataset.to_datasets()

    assert there.column_names == [name for name in type(dataset[0]).__fields__ if name != "search_keywords"]
    assert read_datasets(there, dataset.task)[:] == dataset[:]


tokens = st.lists(st.sampled_from(["a", "bc", "é"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(tokens, st.integers(0, 9), st.none() | st.floats(0, 1)), min_size=1, max_size=5))
def test_spans_come_back_equal_wherever_rows_begin(rows: list[tuple[list[str], int, float | None]]) -> None:
    records = [
        TokenClassificationRecord(
            tokens=pieces,
            text=" ".join(pieces),
            prediction=None if score is None else [("X", 0, len(pieces[0]), score)] * (count % 3),
            annotation=[("Y", 0, len(" ".join(pieces)))] * (count % 2),
        )
        for pieces, count, score in rows
    ]
    there = DatasetForTokenClassification(records).to_datasets()

    assert DatasetForTokenClassification.from_datasets(there)[:] == records
    assert (
        DatasetForTokenClassification.from_datasets(there.select(range(len(rows) - 1, -1, -1)))[::-1]
        == records
    )


def test_columns_without_any_value_are_null_and_types_are_those_of_1x() -> None:
    features = TEXTS.to_datasets().features

    assert str(features["annotation_agent"]) == "Value('null')"
    assert str(features["event_timestamp"]) == "Value('timestamp[us]')"
    assert set(features["metadata"]) == {"split", "n"}
    assert all(str(each) == "Value('null')" for each in DatasetForText2Text().to_datasets().features.values())


def test_metadata_without_a_type_in_common_become_texts(caplog: pytest.LogCaptureFixture) -> None:
    records = [Text2TextRecord(text="a", metadata={"k": value, "n": 1}) for value in (1, "x", {"y": [2]})]

    there = DatasetForText2Text(records).to_datasets()

    assert [each["k"] for each in there["metadata"]] == ["1", "x", '{"y": [2]}']
    assert [each["n"] for each in there["metadata"]] == [1, 1, 1]
    assert "metadata.k" in caplog.text


def test_columns_are_renamed_and_gathered(caplog: pytest.LogCaptureFixture) -> None:
    given = made_of(a=["x"], t=["y"], label=["z"], m=[3], text=["shadowed"], rest=[0])

    [renamed] = DatasetForTextClassification.from_datasets(
        given, text="t", annotation="label", metadata=["a", "m"]
    )
    [gathered] = DatasetForTextClassification.from_datasets(given, inputs=["a", "t"], metadata="m")

    assert (renamed.text, renamed.annotation, renamed.metadata) == ("y", "z", {"a": "x", "m": 3})
    assert (gathered.inputs, gathered.metadata) == ({"a": "x", "t": "y"}, {"m": 3})
    assert "'rest'" in caplog.text


def test_an_input_that_a_row_lacks_is_left_out_and_metadata_stays_none() -> None:
    given = made_of(a=["x", "y"], b=["z", None])

    found = DatasetForTextClassification.from_datasets(given, inputs=["a", "b"], metadata="b")

    assert [(each.inputs, each.metadata) for each in found] == [
        ({"a": "x", "b": "z"}, {"b": "z"}),
        ({"a": "y"}, {"b": None}),
    ]


def test_what_cannot_be_read_is_refused() -> None:
    import datasets

    given = made_of(text=["a"])

    with pytest.raises(ValueError, match="there is no column 'b'"):
        DatasetForText2Text.from_datasets(given, annotation="b")
    with pytest.raises(KeyError, match="there is no column 'b'"):
        DatasetForText2Text.from_datasets(given, metadata="b")
    with pytest.raises(KeyError, match="tokens"):
        DatasetForTokenClassification.from_datasets(given)
    with pytest.raises(ValueError, match="choose one of"):
        DatasetForText2Text.from_datasets(datasets.DatasetDict(train=given))
    with pytest.raises(ValidationError, match="row 1, text"):
        DatasetForText2Text.from_datasets(made_of(text=["a", None]))


def test_nothing_to_read_makes_an_empty_dataset() -> None:
    assert len(DatasetForText2Text.from_datasets(made_of(a=["x"]))) == 0


def test_class_numbers_become_names() -> None:
    import datasets

    kind = datasets.ClassLabel(names=["no", "yes"])
    one = made_of(text=["a", "b", "c"], annotation=[1, None, -1]).cast_column("annotation", kind)
    several = made_of(text=["a", "b"], annotation=[[1, 0], [-1, 0]]).cast_column(
        "annotation", datasets.Sequence(kind)
    )

    assert [each.annotation for each in DatasetForTextClassification.from_datasets(one)] == [
        "yes",
        None,
        None,
    ]
    assert [each.annotation for each in DatasetForTextClassification.from_datasets(several)] == [
        ["yes", "no"],
        None,
    ]


def test_tags_are_read_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    import datasets

    caplog.set_level(logging.WARNING)
    tags = datasets.Sequence(datasets.ClassLabel(names=["O", "B-X"]))
    given = made_of(tokens=[["a", "b"], [], None, ["c"]], ner_tags=[[1, 0], [], None, [-1]])
    given = given.cast_column("ner_tags", tags)

    first, last = DatasetForTokenClassification.from_datasets(given, tags="ner_tags")

    assert (first.text, first.annotation, first.status) == ("a b", [("X", 0, 1)], "Default")
    assert (last.text, last.annotation) == ("c", None)
    assert "2 rows without tokens" in caplog.text
    assert DatasetForTokenClassification.from_datasets(given)[0].annotation is None


TAGS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
piece = st.sampled_from(["a", "bc", "é", "🙂", "", "d e", " "])
pieces = st.lists(st.tuples(piece, st.integers(-1, 4)), max_size=5)


@given(st.lists(st.tuples(pieces, st.sampled_from([" ", "", None])), min_size=1, max_size=5))
def test_rows_of_tags_become_what_the_constructor_makes(rows: list[tuple[Any, Any]]) -> None:
    import datasets

    def outcome(make: Any) -> Any:
        try:
            return [each.dict(exclude={"id", "event_timestamp"}) for each in make()]
        except ValueError as problem:
            return str(problem).split(", ", 1)[1]

    tokens = [[piece for piece, _ in row] for row, _ in rows]
    numbers = [[number for _, number in row] for row, _ in rows]
    texts = [None if glue is None else glue.join(each) for each, (_, glue) in zip(tokens, rows, strict=True)]
    kind = datasets.Sequence(datasets.ClassLabel(names=TAGS))
    given = made_of(text=texts, tokens=tokens, ner_tags=numbers).cast_column("ner_tags", kind)

    def slowly() -> Any:
        tags = [[TAGS[n] for n in each] if -1 not in each else None for each in numbers]
        for place, each in enumerate(zip(texts, tokens, tags, strict=True)):
            try:
                if each[1]:
                    yield TokenClassificationRecord(*each)
            except ValidationError as wrong:
                raise ValueError(f"row {place}, {wrong}") from wrong

    assert outcome(lambda: DatasetForTokenClassification.from_datasets(given, tags="ner_tags")) == outcome(
        slowly
    )


def test_sentences_are_read_with_and_without_scores() -> None:
    plain = made_of(text=["a"], prediction=[["b"]])
    scored = made_of(text=["a"], prediction=[[{"text": "b", "score": None}, {"text": "c", "score": 0.5}]])

    assert DatasetForText2Text.from_datasets(plain)[0].prediction == [("b", 1.0)]
    assert DatasetForText2Text.from_datasets(scored)[0].prediction == [("b", 1.0), ("c", 0.5)]


def test_streams_are_read_too() -> None:
    given = made_of(text=["a", "b"]).to_iterable_dataset()

    assert [each.text for each in DatasetForText2Text.from_datasets(given)] == ["a", "b"]


def test_without_the_library_its_installation_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(ModuleNotFoundError, match="pip install datasets"):
        PAIRS.to_datasets()


def test_ordinary_tags_are_read_for_all_rows_at_once() -> None:
    given = made_of(tokens=[["a", "b"], []], tags=[[1, 2], []]).with_format("arrow")[:]
    tokens, tags = (given.column(name).combine_chunks() for name in ("tokens", "tags"))

    assert spans_of(tokens, tags, TAGS) == [[("X", 0, 3)], []]
    assert spans_of(tokens, tags, ["O", "U-X", "L-X"]) is None
    assert spans_of(tokens, tags, ["O", "B-X"]) is None
