"""Base of weak labels, of one label and of several: rules, records, and which votes on which."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from apportion.sdk.datasets import DatasetForTextClassification
from apportion.sdk.records import TextClassificationRecord
from apportion.sdk.session import active_client

from ._arrays import Array, numpy, pandas
from ._extend import Neighbours
from ._matches import Matches
from ._votes import Votes, WeakLabelsError, collect_votes, names_of
from .rule import load_rules

__all__ = ["MissingLabelError", "MultiLabelError", "NoRulesFoundError", "WeakLabelsBase"]


class NoRulesFoundError(WeakLabelsError):
    """No rule was given, and none is stored with the dataset."""


class MultiLabelError(WeakLabelsError):
    """Several labels where there can be one only."""


class MissingLabelError(WeakLabelsError):
    """A label is missing in a mapping of labels to numbers."""


class WeakLabelsBase:
    """The votes of rules on records, one row per record and one column per rule; see ``WeakLabels``."""

    _matrix: Array
    _voted: Array
    _annotated: Array
    _labels: list[str]

    def __init__(
        self,
        dataset: str,
        rules: Sequence[Callable[..., Any]] | None = None,
        ids: Sequence[str | int] | None = None,
        query: str | None = None,
    ) -> None:
        if not isinstance(dataset, str):
            raise TypeError(f"dataset is the name of a dataset; got {dataset!r}.")
        numpy()
        self._dataset = dataset
        self._client = active_client()
        self._workspace = self._client.workspace  # another one may be active when records are asked for
        self._selection = (query, None if ids is None else list(ids))
        self._rules: list[Callable[..., Any]] = list(rules) if rules else [*load_rules(dataset)]
        if not self._rules:
            raise NoRulesFoundError(f"No rules were given, and dataset {dataset!r} has none.")
        self._names = names_of(self._rules)
        votes = collect_votes(self._client, dataset, self._rules, *self._selection, self._check)
        self._ids = votes.matches.ids
        self._loaded = votes.records
        self._extended: Array | None = None
        self._extended_votes: Array | None = None
        self._neighbours: Neighbours | None = None
        self._hold(votes)

    def _check(self, matches: Matches) -> None:
        """Refuse the records before any function is called with them."""

    def _hold(self, votes: Votes) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def rules(self) -> list[Callable[..., Any]]:
        """The rules, a column of the matrix each."""
        return self._rules

    @property
    def labels(self) -> list[str]:
        """All labels that rules vote for or records are annotated with."""
        return list(self._labels)

    @property
    def cardinality(self) -> int:
        """The number of labels."""
        return len(self._labels)

    def records(self, has_annotation: bool | None = None) -> list[TextClassificationRecord]:
        """Return the records, a row of the matrix each; only those with or without an annotation if wanted.

        They are loaded when they are first asked for, unless a function needed them. Raises ``WeakLabelsError`` if some
        of them have been deleted meanwhile.
        """
        if self._loaded is None:
            self._loaded = self._load()
        if has_annotation is None:
            return list(self._loaded)
        rows = numpy().flatnonzero(self._annotated == has_annotation)
        return [self._loaded[row] for row in rows.tolist()]

    def _load(self) -> list[TextClassificationRecord]:
        query, ids = self._selection
        found: Any = self._client.load(self._dataset, self._workspace, query=query, ids=ids)
        by_id = {str(record.id): record for record in found}
        missing = [id for id in self._ids if id not in by_id]
        if missing:
            raise WeakLabelsError(
                f"{len(missing):,} of the {len(self._ids):,} records are no longer in dataset {self._dataset!r}, or no "
                f"longer match, {missing[0]!r} for one. Make the weak labels again."
            )
        return [by_id[id] for id in self._ids]

    def matrix(self, has_annotation: bool | None = None) -> Array:
        """Return the matrix, extended if it has been; only rows with or without an annotation if wanted."""
        matrix = self._matrix if self._extended is None else self._extended
        return matrix if has_annotation is None else matrix[self._annotated == has_annotation]

    def _votes(self) -> Array:
        """Return which rules vote on which records."""
        return self._voted if self._extended_votes is None else self._extended_votes

    # Which records

    def show_records(
        self, labels: Sequence[str] | None = None, rules: Sequence[str | int] | None = None
    ) -> Any:
        """Return a frame of the records on which all these rules vote, and which have a vote for each of these labels.

        Rules go by name or by index.
        """
        np = numpy()
        kept = np.ones(len(self), dtype=np.bool_)
        for rule in rules or ():
            kept &= self._votes()[:, self._index(rule)]
        for label in labels or ():
            kept &= self._has_vote_for(label)
        if not kept.any():
            return pandas().DataFrame()
        some = self.records()
        return DatasetForTextClassification([some[row] for row in np.flatnonzero(kept).tolist()]).to_pandas()

    def _has_vote_for(self, label: str) -> Array:
        raise NotImplementedError

    def _index(self, rule: str | int) -> int:
        if isinstance(rule, str):
            if rule not in self._names:
                raise ValueError(f"There is no rule {rule!r}; there are {self._names}.")
            return self._names.index(rule)
        return rule

    # Likeness

    def extend_matrix(
        self, thresholds: Sequence[float] | Array, embeddings: Any = None, gpu: bool = False
    ) -> None:
        """Let each rule vote on records that are like ones it votes on, by the cosine of their embeddings.

        ``thresholds`` has a number for each rule; the nearest record has to be nearer. Each call starts from what the
        rules themselves vote for; later calls can do without embeddings.

        Raises ``ValueError`` for the first call without embeddings, and for a wrong number of either.
        """
        np = numpy()
        if gpu:
            warnings.warn("gpu has no effect: the matrix is extended by numpy", stacklevel=2)
        limits = np.asarray(thresholds, dtype=np.float32)
        if limits.shape != (len(self._rules),):
            raise ValueError(
                f"thresholds needs a number for each of {len(self._rules)} rules; got {limits.shape}."
            )
        if embeddings is not None:
            self._neighbours = Neighbours.of(embeddings, self._voted)
        if self._neighbours is None:
            raise ValueError("The first time, extend_matrix needs embeddings.")
        matrix, voted = self._matrix.copy(order="F"), self._voted.copy(order="F")
        for column, (rows, nearest) in enumerate(self._neighbours.above(limits)):
            matrix[rows, column] = self._matrix[nearest, column]
            voted[rows, column] = True
        self._extended, self._extended_votes = self._after_extending(matrix, voted)

    def _after_extending(self, matrix: Array, voted: Array) -> tuple[Array, Array]:
        return matrix, voted
