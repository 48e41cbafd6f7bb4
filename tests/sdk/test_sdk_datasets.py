"""Datasets as containers of records."""

from __future__ import annotations

import random
from typing import Any

import pytest

from apportion.sdk.datasets import (
    DatasetForText2Text,
    DatasetForTextClassification,
    DatasetForTokenClassification,
    read_datasets,
    read_pandas,
)
from apportion.sdk.errors import WrongRecordTypeError
from apportion.sdk.records import Text2TextRecord, TextClassificationRecord, TokenClassificationRecord


class Special(Text2TextRecord):
    """A record of somebody's own."""


def pairs(count: int) -> list[Text2TextRecord]:
    return [Text2TextRecord(text=f"text {index}", id=index) for index in range(count)]


def test_a_dataset_is_a_view_of_the_list_it_was_given() -> None:
    records = pairs(20)
    dataset = DatasetForText2Text(records)

    random.Random(1).shuffle(dataset)

    assert [each.id for each in records] == [each.id for each in dataset] != list(range(20))


def test_slices_are_plain_lists_of_the_same_records() -> None:
    dataset = DatasetForText2Text(pairs(5))

    assert type(dataset[1:3]) is list
    assert dataset[1:3][0] is dataset[1]
    assert type(DatasetForText2Text(tuple(pairs(2)))[:]) is list


def test_a_dataset_can_be_read_like_any_sequence() -> None:
    dataset = DatasetForText2Text(pairs(5))

    assert len(dataset) == 5
    assert dataset[-1].id == 4
    assert dataset[0] in dataset
    assert next(iter(reversed(dataset))).id == 4
    assert len(random.sample(dataset, 2)) == 2
    assert not DatasetForText2Text()


def test_records_can_be_replaced_and_removed() -> None:
    dataset = DatasetForText2Text(pairs(5))
    dataset[0] = Text2TextRecord(text="new")
    del dataset[1]
    del dataset[2:]

    dataset.append(Text2TextRecord(text="last"))

    assert [each.text for each in dataset] == ["new", "text 2", "last"]


def test_two_datasets_are_two() -> None:
    records = pairs(1)

    assert DatasetForText2Text(records) != DatasetForText2Text(records)


@pytest.mark.parametrize("key", [[0], "0"])
def test_keys_are_places(key: Any) -> None:
    with pytest.raises(TypeError):
        DatasetForText2Text(pairs(1))[key]
    with pytest.raises(IndexError):
        DatasetForText2Text(pairs(1))[1]


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ([TextClassificationRecord(text="a")], "not TextClassificationRecord"),
        ([*pairs(1), TokenClassificationRecord("a", ["a"])], "not TokenClassificationRecord"),
        ([Special(text="a")], "not Special"),
    ],
)
def test_records_of_exactly_one_type_are_taken(others: Any, named: str) -> None:
    dataset = DatasetForText2Text(pairs(1))

    with pytest.raises(WrongRecordTypeError, match=named):
        DatasetForText2Text(others)
    with pytest.raises(WrongRecordTypeError, match=named):
        dataset[0] = others[-1]
    with pytest.raises(WrongRecordTypeError):
        dataset[0:1] = pairs(1)  # type: ignore[index, assignment]


def test_a_generator_is_no_list() -> None:
    with pytest.raises(TypeError, match="generator"):
        DatasetForText2Text(each for each in pairs(1))  # type: ignore[arg-type]


def test_representations_count_and_show_the_first() -> None:
    dataset = DatasetForTextClassification(
        [
            TextClassificationRecord(text=f"<{index}>", annotation="good" if index else None)
            for index in range(20)
        ]
    )

    assert repr(dataset).startswith("DatasetForTextClassification: 20 records (19 Validated, 1 Default)\n")
    assert repr(dataset).endswith("and 15 more")
    html = dataset._repr_html_()
    assert "20 records (19 Validated, 1 Default)" in html
    assert html.count("<tr>") == 11
    assert "&lt;9&gt;" in html


def test_representations_of_several_kinds_of_records_do_not_stumble() -> None:
    several: list[Any] = [
        DatasetForTokenClassification(
            [TokenClassificationRecord("a b", ["a", "b"], prediction=[("X", 0, 1)])]
        ),
        DatasetForText2Text([Text2TextRecord(text="a", prediction=["b"], annotation="c")]),
        DatasetForTextClassification([TextClassificationRecord(inputs={"x": "y"}, prediction=[("l", 0.5)])]),
        DatasetForTextClassification([TextClassificationRecord(text="a", annotation=[], multi_label=True)]),
        DatasetForTextClassification(),
    ]
    for dataset in several:
        assert dataset._repr_html_().startswith(f"<p><b>{type(dataset).__name__}</b>")


@pytest.mark.parametrize("read", [read_datasets, read_pandas])
def test_a_task_has_to_be_known(read: Any) -> None:
    with pytest.raises(ValueError, match=r"'foo' is not a valid task.*Text2Text"):
        read(None, task="foo")
    with pytest.raises(NotImplementedError):
        read(None, task="MultitaskTextTokenClassification")
