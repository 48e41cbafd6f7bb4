"""Weak labels: what rules vote for on the records of a dataset, as a matrix."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ._arrays import Array, numpy
from ._base import MissingLabelError, MultiLabelError, NoRulesFoundError, WeakLabelsBase
from ._matches import Matches
from ._summary import summary_of, votes_at_most_and_least
from ._votes import DuplicatedRuleNameError, NoRecordsFoundError, Votes, WeakLabelsError

__all__ = [
    "DuplicatedRuleNameError",
    "MissingLabelError",
    "MultiLabelError",
    "NoRecordsFoundError",
    "NoRulesFoundError",
    "WeakLabels",
    "WeakLabelsBase",
    "WeakLabelsError",
    "WeakMultiLabels",
]


class WeakLabels(WeakLabelsBase):
    """Weak labels of a dataset in which a record has one label.

    ``rules`` are queries (``Rule``) and functions of a record that return a label or None; without them those stored
    with the dataset. ``label2int`` maps labels to numbers, and must have None for an abstention; without it labels
    are numbered as they appear.

    Queries are matched by the server; records are loaded only if there are functions, or once they are asked for.

    >>> weak = WeakLabels("reviews")  # doctest: +SKIP
    >>> weak.summary()  # doctest: +SKIP

    Raises ``NoRulesFoundError``, ``DuplicatedRuleNameError``, ``NoRecordsFoundError``, ``MultiLabelError``,
    ``MissingLabelError``; ``WeakLabelsError`` with the record and the rule if a function fails.
    """

    def __init__(
        self,
        dataset: str,
        rules: Sequence[Callable[..., Any]] | None = None,
        ids: Sequence[str | int] | None = None,
        query: str | None = None,
        label2int: dict[str | None, int] | None = None,
    ) -> None:
        self._given = label2int
        super().__init__(dataset, rules, ids, query)

    def _check(self, matches: Matches) -> None:
        if matches.multi_label:
            raise MultiLabelError(
                f"Records of dataset {self._dataset!r} may have several labels; use WeakMultiLabels."
            )

    def _hold(self, votes: Votes) -> None:
        np = numpy()
        for name, rule in zip(self._names, votes.rules, strict=True):
            rule.values = [_only(value, name) for value in rule.values]
        matches = votes.matches
        self._label2int = _numbered(votes) if self._given is None else _complete(self._given, votes)
        abstain = self._label2int[None]
        self._labels = [label for label in self._label2int if label is not None]
        self._matrix = np.empty((len(self._ids), len(self._rules)), dtype=np.int16, order="F")
        for column, rule in enumerate(votes.rules):
            codes = np.array([*(self._label2int[label] for label in rule.values), abstain], dtype=np.int16)
            self._matrix[:, column] = codes[rule.codes]  # -1 takes the last one
        self._voted = self._matrix != abstain
        self._annotation = np.full(len(self._ids), abstain, dtype=np.int16)
        for label, rows in matches.labels.items():
            self._annotation[rows] = self._label2int[label]
        self._annotated = self._annotation != abstain

    @property
    def label2int(self) -> dict[str | None, int]:
        """The number of each label, and of None for an abstention."""
        return self._label2int

    @property
    def int2label(self) -> dict[int, str | None]:
        """The label of each number."""
        return {number: label for label, number in self._label2int.items()}

    def annotation(
        self, include_missing: bool = False, exclude_missing_annotations: bool | None = None
    ) -> Array:
        """Return the numbers of the annotations; with ``include_missing`` one for every record."""
        if exclude_missing_annotations is not None:
            warnings.warn(
                "exclude_missing_annotations is deprecated; use include_missing", FutureWarning, stacklevel=2
            )
            include_missing = not exclude_missing_annotations
        return self._annotation if include_missing else self._annotation[self._annotated]

    def change_mapping(self, label2int: dict[str | None, int]) -> None:
        """Give the labels other numbers, in the matrix and in the annotation. Raises ``MissingLabelError``."""
        _require(label2int, self._label2int)
        np = numpy()
        old = self._label2int
        low = min(old.values())
        table = np.full(max(old.values()) - low + 1, label2int[None], dtype=np.int16)
        for label, number in old.items():
            table[number - low] = label2int[label]

        def changed(numbers: Array) -> Array:
            return np.asfortranarray(table[numbers.astype(np.int32) - low])

        self._matrix, self._annotation = changed(self._matrix), changed(self._annotation)
        if self._extended is not None:
            self._extended = changed(self._extended)
        self._label2int = label2int
        self._labels = [label for label in label2int if label is not None]

    def summary(self, normalize_by_coverage: bool = False, annotation: Array | None = None) -> Any:
        """Return a frame with a row for each rule and one for all together.

        ``coverage`` is the share of records it votes on, ``overlaps`` that on which another one does, too,
        ``conflicts`` that on which votes differ; with ``normalize_by_coverage`` as shares of its coverage. Where
        records are annotated, ``correct`` and ``incorrect`` compare votes with the annotation, or ``annotation``.
        """
        np = numpy()
        matrix, voted = self.matrix(), self._votes()
        answers = self._annotation if annotation is None else np.asarray(annotation)
        least, most = votes_at_most_and_least(matrix, voted)
        names = self.int2label
        found = []
        for column in range(matrix.shape[1]):
            votes, here = matrix[:, column], voted[:, column]
            judged = here & (answers != self._label2int[None])
            right = int((judged & (votes == answers)).sum())
            labels = {names[number] for number in _values(votes[here])}
            found.append((labels, right, int(judged.sum()) - right))
        return summary_of(
            self._names, voted, found,
            answers != self._label2int[None],
            differing=least != most,
            normalize=normalize_by_coverage,
        )  # fmt: skip

    def _has_vote_for(self, label: str) -> Array:
        if label not in self._label2int:
            raise ValueError(f"There is no label {label!r}; there are {self._labels}.")
        found: Array = (self.matrix() == self._label2int[label]).any(axis=1)
        return found

    def _after_extending(self, matrix: Array, voted: Array) -> tuple[Array, Array]:
        before = self._voted.any(axis=1)  # where rules themselves vote, nothing is added
        matrix[before], voted[before] = self._matrix[before], self._voted[before]
        return matrix, voted


class WeakMultiLabels(WeakLabelsBase):
    """Weak labels of a dataset in which a record may have several labels; see ``WeakLabels``.

    A function returns a label, a list of them, an empty one to vote for none, or None to abstain. The matrix has a
    third dimension, the labels by name: 1 for a vote, 0 for none, -1 where the rule abstains.
    """

    _empty: ClassVar[int] = -1

    def _hold(self, votes: Votes) -> None:
        np = numpy()
        for rule in votes.rules:
            rule.values = [value if isinstance(value, tuple) else (value,) for value in rule.values]
        matches = votes.matches
        voted_for = {label for rule in votes.rules for value in rule.values for label in value}
        self._labels = sorted(voted_for | set(matches.labels))
        place = {label: number for number, label in enumerate(self._labels)}
        shape = (len(self._ids), len(self._rules), len(self._labels))
        self._matrix = np.empty(shape, dtype=np.int8)
        self._voted = np.empty(shape[:2], dtype=np.bool_, order="F")
        for column, rule in enumerate(votes.rules):
            rows = np.zeros((len(rule.values) + 1, len(self._labels)), dtype=np.int8)
            rows[-1] = self._empty
            for row, value in zip(rows, rule.values, strict=False):
                row[[place[label] for label in value]] = 1
            self._matrix[:, column] = rows[rule.codes]
            self._voted[:, column] = rule.codes >= 0
        self._annotated = matches.annotated
        self._annotation = np.full((len(self._ids), len(self._labels)), self._empty, dtype=np.int8)
        self._annotation[self._annotated] = 0
        for label, rows in matches.labels.items():
            self._annotation[rows, place[label]] = 1

    def annotation(self, include_missing: bool = False) -> Array:
        """Return 1 for each label of the annotations and 0 for the others; with ``include_missing`` for every record,
        -1 for those without an annotation."""
        return self._annotation if include_missing else self._annotation[self._annotated]

    def summary(self, normalize_by_coverage: bool = False, annotation: Array | None = None) -> Any:
        """Return a frame with a row for each rule and one for all together; see ``WeakLabels.summary``.

        Votes and annotations are compared label by label; a vote for no label is neither right nor wrong.
        """
        np = numpy()
        matrix, voted = self.matrix(), self._votes()
        answers = self._annotation if annotation is None else np.asarray(annotation)
        annotated = answers.sum(axis=1) >= 0
        found = []
        for column in range(matrix.shape[1]):
            votes = matrix[:, column] == 1
            right = int((votes & (answers == 1))[annotated].sum())
            labels = {self._labels[number] for number in np.flatnonzero(votes.any(axis=0))}
            found.append((labels, right, int(votes[annotated].sum()) - right))
        return summary_of(self._names, voted, found, annotated, normalize=normalize_by_coverage)

    def _has_vote_for(self, label: str) -> Array:
        if label not in self._labels:
            raise ValueError(f"There is no label {label!r}; there are {self._labels}.")
        found: Array = (self.matrix()[:, :, self._labels.index(label)] == 1).any(axis=1)
        return found


# Labels and their numbers


def _only(value: Any, name: str) -> Any:
    if not isinstance(value, tuple):
        return value
    if len(value) != 1:
        raise MultiLabelError(f"Rule {name!r} votes for {list(value)} at once; use WeakMultiLabels for that.")
    return value[0]


def _numbered(votes: Votes) -> dict[str | None, int]:
    """Number labels as they appear: record by record, the annotation first, then the rules in order."""
    seen = [(int(rows.argmax()), -1, label) for label, rows in votes.matches.labels.items()]
    for column, rule in enumerate(votes.rules):
        seen += [(first, column, label) for first, label in zip(rule.first, rule.values, strict=True)]
    found: dict[str | None, int] = {None: -1}
    for _, _, label in sorted(seen, key=lambda each: each[:2]):
        found.setdefault(label, len(found) - 1)
    return found


def _complete(label2int: dict[str | None, int], votes: Votes) -> dict[str | None, int]:
    _require(label2int, [None])
    _require(label2int, votes.matches.labels)
    _require(label2int, [label for rule in votes.rules for label in rule.values])
    return label2int


def _require(label2int: dict[str | None, int], labels: Any) -> None:
    missing = [label for label in dict.fromkeys(labels) if label not in label2int]
    if missing:
        raise MissingLabelError(f"label2int has no number for {missing}.")


def _values(numbers: Array) -> list[int]:
    """Return the different numbers, without sorting a million of them."""
    np = numpy()
    if not len(numbers):
        return []
    low = int(numbers.min())
    found: list[int] = (np.flatnonzero(np.bincount(numbers.astype(np.int32) - low)) + low).tolist()
    return found
