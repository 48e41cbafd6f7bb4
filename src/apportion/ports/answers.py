"""Everybody's answers to the records of a dataset, in columns, and which records people differ on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

from apportion.domain.consensus.answers import Given
from apportion.domain.datasets import Dataset

if TYPE_CHECKING:  # brings numpy along
    from apportion.domain.numpy_types import Column

__all__ = [
    "THE_QUESTION",
    "AnswerColumns",
    "AnswerReader",
    "AnswerTable",
    "CheckResult",
    "ColumnNames",
    "DisputedRecord",
    "RecordAnswers",
    "SavedPosterior",
    "StoredGold",
]

THE_QUESTION = ""
"""The one question that there is to each record of a dataset."""


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """One entry per answer that counts, discards left out.

    ``record`` is the record's number, ``annotator`` and ``value`` are codes that point into ``annotators`` and
    ``values``, ``at`` is when it was given (None unless asked for). ``independent`` is False where an answer was asked
    for because of others; None if there are none such.
    """

    record: Column
    annotator: Column
    value: Column
    annotators: Sequence[str]
    values: Sequence[Given]
    at: Column | None = None
    independent: Column | None = None


class DisputedRecord(NamedTuple):
    """A record whose answers differ, by its id and its number, and how near they are (0: as far as can be)."""

    id: str
    number: int
    agreement: float


class SavedPosterior(NamedTuple):
    """What a model says about a record: by number, the labels it was told by name, and the probability of each."""

    number: int
    model: str
    answers: Mapping[str, str]
    labels: Mapping[str, float]
    question: str = THE_QUESTION


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Everybody's answers to some records as they are stored, one entry per answer, in the order of the records.

    ``place`` is the record's among those asked for, ``value`` holds JSON members without braces, ``state`` is the word
    for an ``AnnotationState``, ``at`` when it was given. What is not ``counted`` is an extra.
    """

    place: Sequence[int] = ()
    annotator: Sequence[str] = ()
    state: Sequence[str] = ()
    value: Sequence[bytes | None] = ()
    version: Sequence[int] = ()
    seconds: Sequence[float | None] = ()
    at: Sequence[int] = ()
    counted: Sequence[int] = ()

    def of_each(self, records: int) -> list[slice]:
        """Where the entries of each record are."""
        ends = [0] * records
        for place, many in Counter(self.place).items():
            ends[place] = many
        ends = list(accumulate(ends, initial=0))
        return [slice(*each) for each in pairwise(ends)]


class CheckResult(NamedTuple):
    """Somebody's first answer to a check, and the gold value; a discard has no answer."""

    annotator: str
    said: Given | None
    gold: Given


class StoredGold(NamedTuple):
    """A gold value as it is stored."""

    value: bytes | None
    origin: str
    author: str
    reason: str | None
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class RecordAnswers:
    """What stands behind the resolved values of some records: everybody's answers; by place gold and a model's word.

    The word is that of the model the dataset's policy names; it may be about answers that have changed since.
    """

    said: AnswerTable
    gold: Mapping[int, StoredGold]
    posteriors: Mapping[int, SavedPosterior]


class ColumnNames(NamedTuple):
    """What a table of the dataset needs columns for."""

    inputs: list[str]
    metadata: list[str]
    annotators: list[str]
    labels: list[str]


class AnswerReader(Protocol):
    """Answers of all datasets, within one transaction."""

    def columns(
        self, dataset: Dataset, *, within: Collection[int] | None = None, times: bool = False
    ) -> AnswerColumns:
        """All answers that count, of these records or of all."""
        ...

    def ids(self, dataset: Dataset, numbers: Iterable[int]) -> list[str]:
        """The ids of records by their numbers, in that order; those that are gone are left out."""
        ...

    def texts(
        self, dataset: Dataset, numbers: Iterable[int]
    ) -> dict[int, tuple[int, list[tuple[int, int]] | None]]:
        """For each record the length of its text and where its tokens lie, by number."""
        ...

    def disputed(
        self,
        dataset: Dataset,
        *,
        within: Collection[int] | None,
        after: tuple[float, int] | None,
        limit: int,
    ) -> tuple[int, list[DisputedRecord]]:
        """How many records people differ on, and a page of them: the most disputed first, then in order of logging."""
        ...

    def answers_for(self, dataset: Dataset, numbers: Sequence[int]) -> RecordAnswers:
        """What stands behind records, by their numbers; drafts are left out."""
        ...

    def names(self, dataset: Dataset) -> ColumnNames:
        """Names of inputs, of metadata, of everybody who answered, and of labels, in order."""
        ...

    def known(self, dataset: Dataset) -> dict[str, set[str]]:
        """Records with a gold value that is no record's earlier annotation, and who has answered or settled each."""
        ...

    def checked(self, dataset: Dataset) -> list[CheckResult]:
        """What people answered first to the checks they were given."""
        ...

    def save_posteriors(self, dataset: Dataset, found: Iterable[SavedPosterior]) -> None:
        """Keep what a model says about these records."""
        ...
