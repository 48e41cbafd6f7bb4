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
"""The name of the only question of each record of a dataset."""


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """One entry per answer that counts, discards left out.

    ``record`` is the record's number, ``annotator`` and ``value`` are codes that point into ``annotators``
    and ``values``, ``at`` is the instant it was given (None unless requested). ``independent`` is False where
    an answer was requested because of others; None if there is no such answer.
    """

    record: Column
    annotator: Column
    value: Column
    annotators: Sequence[str]
    values: Sequence[Given]
    at: Column | None = None
    independent: Column | None = None


class DisputedRecord(NamedTuple):
    """A record whose answers differ: its id, its number, and their agreement (0: as low as can be)."""

    id: str
    number: int
    agreement: float


class SavedPosterior(NamedTuple):
    """The posterior of a record: its number, the answers the model read by name, a probability per label."""

    number: int
    model: str
    answers: Mapping[str, str]
    labels: Mapping[str, float]
    question: str = THE_QUESTION


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Everybody's answers to some records as they are stored, one entry per answer, in order of the records.

    ``place`` is the record's among those asked for, ``value`` holds JSON members without braces, ``state`` is
    the value of an ``AnnotationState``, ``at`` the instant it was given. What is not ``counted`` is an extra.
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
        """Return the slice of entries of each record."""
        ends = [0] * records
        for place, many in Counter(self.place).items():
            ends[place] = many
        ends = list(accumulate(ends, initial=0))
        return [slice(*each) for each in pairwise(ends)]


class CheckResult(NamedTuple):
    """Somebody's first answer to a check, and the gold value; a discard has no answer."""

    annotator: str
    given: Given | None
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
    """The answers behind the resolved values of some records, and by index their gold values and posteriors.

    The posteriors are of the model that the dataset's policy names; they may be of answers that have changed
    since.
    """

    answers: AnswerTable
    gold: Mapping[int, StoredGold]
    posteriors: Mapping[int, SavedPosterior]


class ColumnNames(NamedTuple):
    """The names for which a table of the dataset needs columns."""

    inputs: list[str]
    metadata: list[str]
    annotators: list[str]
    labels: list[str]


class AnswerReader(Protocol):
    """Answers of all datasets, within one transaction."""

    def columns(
        self, dataset: Dataset, *, within: Collection[int] | None = None, times: bool = False
    ) -> AnswerColumns:
        """Return all answers that count, of these records or of all."""
        ...

    def ids(self, dataset: Dataset, numbers: Iterable[int]) -> list[str]:
        """Return the ids of records by number, in that order; deleted ones are left out."""
        ...

    def texts(
        self, dataset: Dataset, numbers: Iterable[int]
    ) -> dict[int, tuple[int, list[tuple[int, int]] | None]]:
        """Return by number the length of each record's text and the offsets of its tokens."""
        ...

    def disputed(
        self,
        dataset: Dataset,
        *,
        within: Collection[int] | None,
        after: tuple[float, int] | None,
        limit: int,
    ) -> tuple[int, list[DisputedRecord]]:
        """Count the records on which people differ and return a page: most disputed first, then as logged."""
        ...

    def answers_for(self, dataset: Dataset, numbers: Sequence[int]) -> RecordAnswers:
        """Return answers, gold and posteriors of records, by number; drafts are left out."""
        ...

    def names(self, dataset: Dataset) -> ColumnNames:
        """Return the names of inputs, of metadata, of everybody who answered, and of labels, in order."""
        ...

    def known(self, dataset: Dataset) -> dict[str, set[str]]:
        """Return records whose gold is no earlier annotation, with who has answered or resolved each."""
        ...

    def checked(self, dataset: Dataset) -> list[CheckResult]:
        """Return the first answer of each person to each of their checks."""
        ...

    def save_posteriors(self, dataset: Dataset, found: Iterable[SavedPosterior]) -> None:
        """Store the posteriors of these records."""
        ...
