"""Changes that an index beside the database follows, and its state: plain values that both sides exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["ContentRow", "FieldsOfDataset", "IndexChanges", "IndexRow", "IndexedDataset", "Reach"]


class IndexedDataset(NamedTuple):
    """A dataset that may have an index. ``written`` counts the records that were ever written or removed."""

    no: int
    workspace: str
    name: str
    records: int
    written: int
    deleted: bool


class IndexRow(NamedTuple):
    """One generation of a dataset's index.

    While it is ``building`` it holds the records up to the number ``built``, as they were at or after the change
    ``upto``; once it is ``ready`` it holds all of them as of that change. ``problem`` is why it cannot go on.
    """

    dataset: int
    generation: int
    state: str
    built: int
    upto: int
    written: int
    problem: str


class IndexChanges(NamedTuple):
    """Records that were written after what an index holds, up to a change; ``end`` is the last change there is."""

    ns: Sequence[int]
    upto: int
    written: int
    end: int


class FieldsOfDataset(NamedTuple):
    """The task of a dataset, and by number the name and kind of its fields."""

    task: str
    fields: Mapping[int, tuple[str, str]]


class ContentRow(NamedTuple):
    """Content of a record to be indexed.

    ``values``: fields by number, each with a value that is counted; ``vectors``: vectors by the number of their field.
    """

    n: int
    id: str
    event: int | None
    content: bytes
    prediction: bytes | None
    values: Sequence[tuple[int, str]]
    vectors: Mapping[int, Sequence[float]]


class Reach(NamedTuple):
    """State of an index: the records it ``holds``, those ``written``, and those that the person has to find."""

    generation: int
    holds: int
    written: int
    own: int
