"""Conversion of annotated records into the forms that training libraries take."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from apportion.vocabulary import Task

from ._optional import library
from .records import Record
from .span_utils import SpanUtils

__all__ = ["Framework", "prepare_for_training"]


class Framework(str, Enum):
    """A library that records can be prepared for; prints as its value."""

    TRANSFORMERS = "transformers"
    SETFIT = "setfit"
    SPACY = "spacy"
    SPARK_NLP = "spark-nlp"

    @classmethod
    def _missing_(cls, value: object) -> Framework:
        known = [each.value for each in cls]
        raise ValueError(f"{value!r} is not a valid framework; the frameworks are {known}")

    def __str__(self) -> str:
        return str(self.value)


def prepare_for_training(
    records: Sequence[Record],
    framework: Framework | str = "transformers",
    lang: Any = None,
    train_size: float | None = 1,
    test_size: float | None = None,
    seed: int | None = None,
) -> Any:
    """Prepare a list of records of one task, as ``prepare_for_training`` of a dataset promises."""
    share = _test_share(train_size, test_size)
    if not any(record.annotation for record in records):
        raise AssertionError("nothing is annotated, so there is nothing to train with")
    framework = Framework(framework)
    if framework is Framework.SPACY and lang is None:
        raise ValueError("spaCy needs a pipeline to make documents with; give lang, e.g. spacy.blank('en')")
    seed = seed or random.randint(42, 1984)  # noqa: S311
    kept = [record for record in records if record.annotation is not None]
    if framework in (Framework.TRANSFORMERS, Framework.SETFIT):
        return _split_dataset(_ROWS[kept[0].task](kept), share, seed)
    random.Random(seed).shuffle(kept)  # noqa: S311
    if framework is Framework.SPACY:
        make = _spacy_maker(kept, lang)
    else:
        make = _spark_maker(kept)
    if share == 0:
        return make(kept)
    train = len(kept) - _test_rows(len(kept), share)
    return make(kept[:train]), make(kept[train:])


def _test_share(train_size: float | None, test_size: float | None) -> float:
    """Return the share of test rows, allowing for rounding; 1.x summed floats exactly and refused 0.7."""
    if test_size is None:
        test_size = 1 - (1 if train_size is None else train_size)
    elif train_size is None or train_size == 1:
        train_size = 1 - test_size
    train_size = 1 - test_size if train_size is None else train_size
    if train_size < 0 or test_size < 0:
        raise AssertionError(f"train_size {train_size} and test_size {test_size} must not be negative")
    if not math.isclose(train_size + test_size, 1, abs_tol=1e-9):
        raise AssertionError(f"train_size {train_size} and test_size {test_size} do not add up to 1")
    return round(test_size, 9)


def _test_rows(rows: int, share: float) -> int:
    """Return the number of test rows, rounded up; at least one is left to train with."""
    found = math.ceil(round(rows * share, 6))
    if found >= rows:
        raise ValueError(f"with {rows} annotated records and test_size {share}, none is left to train with")
    return found


def _split_dataset(dataset: Any, share: float, seed: int) -> Any:
    if share == 0:
        return dataset
    test = _test_rows(len(dataset), share)
    return dataset.train_test_split(train_size=len(dataset) - test, test_size=test, seed=seed)


# transformers and setfit


def _dataset(columns: dict[str, list[Any]], **features: Any) -> Any:
    datasets = library("datasets")
    text = datasets.Value("string")
    types = datasets.Features({name: features.get(name, text) for name in columns})
    return datasets.Dataset.from_dict(columns, features=types)


def _text_rows(records: Sequence[Any]) -> Any:
    datasets = library("datasets")
    labels = _labels(records)
    kind = datasets.ClassLabel(names=labels)
    columns = {
        "id": [str(record.id) for record in records],
        "text": [_joined(record, " ") for record in records],
    }
    if not records[0].multi_label:
        return _dataset({**columns, "label": [_label(record) for record in records]}, label=kind)
    several = [_label_list(record) for record in records]
    binary = [[int(label in found) for label in labels] for found in several]
    return _dataset(
        {**columns, "label": several, "binarized_label": binary}, label=[kind], binarized_label=[kind]
    )


def _token_rows(records: Sequence[Any]) -> Any:
    datasets = library("datasets")
    names = ["O"]
    for label in sorted({label for record in records for label, _, _ in record.annotation}):
        names += [f"B-{label}", f"I-{label}"]
    number = {name: index for index, name in enumerate(names)}
    columns = {
        "tokens": [record.tokens for record in records],
        "id": [str(record.id) for record in records],
        "ner_tags": [[number[tag] for tag in _tags(record)] for record in records],
    }
    texts = datasets.Sequence(datasets.Value("string"))
    return _dataset(columns, tokens=texts, ner_tags=datasets.Sequence(datasets.ClassLabel(names=names)))


def _pair_rows(records: Sequence[Any]) -> Any:
    return _dataset(
        {
            "id": [str(record.id) for record in records],
            "text": [record.text for record in records],
            "target": [record.annotation for record in records],
        }
    )


_ROWS: dict[Task, Callable[[Sequence[Any]], Any]] = {
    Task.TEXT_CLASSIFICATION: _text_rows,
    Task.TOKEN_CLASSIFICATION: _token_rows,
    Task.TEXT2TEXT: _pair_rows,
}


def _joined(record: Any, glue: str) -> str:
    texts: list[str] = []
    for value in record.inputs.values():
        texts += [value] if isinstance(value, str) else value
    return glue.join(texts)


def _label_list(record: Any) -> list[str]:
    return [record.annotation] if isinstance(record.annotation, str) else record.annotation


def _label(record: Any) -> str | None:
    return next(iter(_label_list(record)), None)


def _labels(records: Sequence[Any]) -> list[str]:
    if records[0].multi_label:
        return sorted({label for record in records for label in _label_list(record)})
    return sorted({label for record in records if (label := _label(record)) is not None})


def _tags(record: Any) -> list[str]:
    return SpanUtils(record.text, record.tokens).to_tags(record.annotation)


# spaCy and Spark NLP


def _spacy_maker(records: Sequence[Record], lang: Any) -> Callable[[Sequence[Any]], Any]:
    task = records[0].task
    if task is Task.TEXT2TEXT:
        raise NotImplementedError("spaCy has no pipeline for Text2Text")
    spacy = library("spacy")
    pipeline = spacy.blank(lang) if isinstance(lang, str) else lang
    labels = _labels(records) if task is Task.TEXT_CLASSIFICATION else []

    def make(some: Sequence[Any]) -> Any:
        found = spacy.tokens.DocBin(store_user_data=True)
        for record in some:
            if task is Task.TEXT_CLASSIFICATION:
                doc = pipeline.make_doc(_joined(record, ". "))
                chosen = _label_list(record)
                doc.cats = {label: int(label in chosen) for label in labels}
            else:
                doc = pipeline.make_doc(record.text)
                doc.ents = [_entity(doc, record, *span) for span in record.annotation]
            doc.user_data["id"] = record.id
            found.add(doc)
        return found

    return make


def _entity(doc: Any, record: Any, label: str, start: int, end: int) -> Any:
    found = doc.char_span(start, end, label=label)
    if found is None:
        raise ValueError(
            f"record {record.id!r}: {label} {start}-{end} ({record.text[start:end]!r}) does not start and end with"
            " a token of this spaCy pipeline; give one that cuts texts as your records do"
        )
    return found


def _spark_maker(records: Sequence[Record]) -> Callable[[Sequence[Any]], Any]:
    pandas = library("pandas")
    first: Any = records[0]

    def make(some: Sequence[Any]) -> Any:
        columns: dict[str, list[Any]] = {"id": [record.id for record in some]}
        if first.task is Task.TEXT_CLASSIFICATION:
            columns["text"] = [_joined(record, ". ") for record in some]
            if first.multi_label:
                columns["labels"] = [_label_list(record) for record in some]
            else:
                columns["label"] = [_label(record) for record in some]
        else:
            columns["text"] = [record.text for record in some]
            if first.task is Task.TEXT2TEXT:
                columns["target"] = [record.annotation for record in some]
            else:
                columns["token"] = [record.tokens for record in some]
                columns["label"] = [_tags(record) for record in some]
        return pandas.DataFrame(columns)

    return make
