"""Datasets: records of one task, in order, as ``load`` returns and ``log`` takes them."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex, TypeVar, overload

from apportion.vocabulary import Task

from .errors import WrongRecordTypeError
from .records import Record, Text2TextRecord, TextClassificationRecord, TokenClassificationRecord
from .records._html import counts, dataset_html

if TYPE_CHECKING:
    from .training import Framework

__all__ = [
    "Dataset",
    "DatasetForText2Text",
    "DatasetForTextClassification",
    "DatasetForTokenClassification",
    "read_datasets",
    "read_pandas",
]

R = TypeVar("R", bound=Record)
Self = TypeVar("Self", bound="Dataset[Any]")

_SHOWN = 5


class Dataset(MutableSequence[R], Generic[R]):
    """Records of one task, in order. Make one of the classes for a task.

    The list given is used as it is, not copied: shuffling the dataset shuffles that list. A slice is a plain
    list of the records. Otherwise it can be used as a list, except that slices cannot be assigned to, and that
    two datasets are equal only if they are the same.
    """

    task: ClassVar[Task]
    """The task of its records."""
    """Kind of answer that the records ask for."""

    _kind: ClassVar[type[Record]]
    _individual = False
    """True if the records have everybody's annotations, and are to be converted with them."""

    def __init__(self, records: Sequence[R] | None = None) -> None:
        self._records: Any = [] if records is None else records
        if not hasattr(self._records, "__len__") or not hasattr(self._records, "__getitem__"):
            raise TypeError(f"{type(self).__name__} takes a list of records, not a {type(records).__name__}")
        others = {type(each) for each in self._records} - {self._kind}
        if others:
            names = sorted(other.__name__ for other in others)
            raise WrongRecordTypeError(self._wrong(", ".join(names)))

    def _right(self, value: R) -> R:
        if type(value) is not self._kind:
            raise WrongRecordTypeError(self._wrong(type(value).__name__))
        return value

    def _wrong(self, other: str) -> str:
        return f"a {type(self).__name__} holds records of type {self._kind.__name__} only, not {other}"

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self._records)

    @overload
    def __getitem__(self, key: SupportsIndex) -> R: ...
    @overload
    def __getitem__(self, key: slice) -> list[R]: ...
    def __getitem__(self, key: Any) -> Any:
        found = self._records[key]
        return list(found) if isinstance(key, slice) else found

    def __setitem__(self, key: SupportsIndex, value: R) -> None:  # type: ignore[override]
        self._records[key] = self._right(value)

    def __delitem__(self, key: SupportsIndex | slice) -> None:
        del self._records[key]

    def insert(self, index: SupportsIndex, value: R) -> None:
        """Insert the record before the one at that index. Raises ``WrongRecordTypeError``."""
        self._records.insert(index, self._right(value))

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__}: {counts(self._records)}"]
        for each in self._records[:_SHOWN]:
            line = repr(each)
            lines.append("  " + (line if len(line) <= 100 else f"{line[:99]}…"))
        if len(self) > _SHOWN:
            lines.append(f"  and {len(self) - _SHOWN} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return dataset_html(type(self).__name__, self._records)

    # Elsewhere

    @classmethod
    def from_pandas(cls: type[Self], dataframe: Any) -> Self:
        """Read the rows as records; missing values count as not given.

        Columns that are no field of the record are left out, with a warning in the log. Raises
        ``ValidationError`` that says which row is wrong.
        """
        from .frames import from_pandas

        return cls(from_pandas(cls._kind, dataframe))

    def by_annotator(self: Self) -> Self:
        """Return the records once per annotator, each with that person's ``annotation`` and ``annotation_agent``.

        Records that nobody has answered come once, without an annotation. Everybody's annotations are known where
        ``load`` was asked for ``annotations="individual"``.

        >>> rg.load("reviews", annotations="individual").by_annotator()  # doctest: +SKIP
        """
        from .frames import by_annotator

        return type(self)(by_annotator(self._records))

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` with a column per field of the record; none for no records.

        A row is a record, or a record and an annotator where everybody's annotations were loaded: then
        ``annotation_agent`` says whose ``annotation`` it is, and ``frame.pivot(index="id",
        columns="annotation_agent", values="annotation")`` makes a column per annotator.
        """
        from .frames import to_pandas

        return to_pandas(self._kind, self._rows)

    @property
    def _rows(self) -> Sequence[R]:
        return self.by_annotator()._records if self._individual else self._records  # type: ignore[no-any-return]

    def to_datasets(self) -> Any:
        """Return a ``datasets.Dataset`` with a column per field of the record, except ``search_keywords``.

        Ids become texts, times microseconds, spans and scored labels lists of dictionaries. Metadata becomes
        one structure with the keys of all records, where keys that a record lacks are None. A key whose values
        have no type in common holds texts, JSON for what was none, and the log warns of it. Columns without
        any value are of type ``null``. A row is a record, or a record and an annotator as in ``to_pandas``.
        """
        from .to_datasets import to_datasets

        return to_datasets(self._kind, self._rows)

    @classmethod
    def _from(cls: type[Self], dataset: Any, renamed: dict[str, str | None], **gathered: Any) -> Self:
        from .from_datasets import from_datasets

        return cls(from_datasets(cls._kind, dataset, renamed, gathered))

    def prepare_for_training(
        self,
        framework: Framework | str = "transformers",
        lang: Any = None,
        train_size: float | None = 1,
        test_size: float | None = None,
        seed: int | None = None,
    ) -> Any:
        """Return the annotated records in the form that a library for training takes.

        ``framework`` is ``transformers`` or ``setfit`` (a ``datasets.Dataset``), ``spacy`` (a ``DocBin``;
        ``lang`` is the pipeline or the code of a language) or ``spark-nlp`` (a ``pandas.DataFrame``). With a
        ``train_size`` or a ``test_size`` below 1 there are two, split at random: a ``DatasetDict`` of ``train``
        and ``test``, else a tuple. One of the sizes is enough; both have to add up to 1.

        Raises ``AssertionError`` for sizes that do not, and where nothing is annotated.
        """
        from .training import prepare_for_training

        return prepare_for_training(self._records, framework, lang, train_size, test_size, seed)


class DatasetForTextClassification(Dataset[TextClassificationRecord]):
    """Text classification records, in order.

    >>> DatasetForTextClassification([TextClassificationRecord(text="Fine!", id=1)])[0].text
    'Fine!'
    """

    task = Task.TEXT_CLASSIFICATION
    _kind = TextClassificationRecord

    @classmethod
    def from_datasets(
        cls,
        dataset: Any,
        text: str | None = None,
        id: str | None = None,
        inputs: str | list[str] | None = None,
        annotation: str | None = None,
        metadata: str | list[str] | None = None,
    ) -> DatasetForTextClassification:
        """Read the rows of a ``datasets.Dataset`` as records.

        Columns named as fields of the record are read as such. The arguments say which other column to read
        instead, and which ones to gather in ``inputs`` and ``metadata`` under their own names. Class numbers
        become their names; a row with a number that has none loses the value. ``multi_label`` has to be a
        column. What is neither is left out, with a warning in the log.

        Raises ``ValueError`` for a ``DatasetDict`` and unknown columns (``KeyError`` for those to be
        gathered), ``ValidationError`` that says which row is wrong.
        """
        renamed = {"text": text, "id": id, "annotation": annotation}
        return cls._from(dataset, renamed, inputs=inputs, metadata=metadata)


class DatasetForTokenClassification(Dataset[TokenClassificationRecord]):
    """Token classification records, in order.

    >>> record = TokenClassificationRecord("Ana left", ["Ana", "left"], ["B-PER", "O"])
    >>> DatasetForTokenClassification([record])[0].annotation
    [('PER', 0, 3)]
    """

    task = Task.TOKEN_CLASSIFICATION
    _kind = TokenClassificationRecord

    @classmethod
    def from_datasets(
        cls,
        dataset: Any,
        text: str | None = None,
        id: str | None = None,
        tokens: str | None = None,
        tags: str | None = None,
        metadata: str | list[str] | None = None,
    ) -> DatasetForTokenClassification:
        """Read the rows of a ``datasets.Dataset`` as records.

        As for text classification; ``tags`` is the column of IOB or BILOU tags, such as ``ner_tags``, which is
        not read unasked. Rows without tokens are left out, with a warning in the log.

        Raises ``KeyError`` where there is no column of tokens; else as for text classification.
        """
        renamed = {"text": text, "id": id, "tokens": tokens, "tags": tags}
        return cls._from(dataset, renamed, metadata=metadata)


class DatasetForText2Text(Dataset[Text2TextRecord]):
    """Text to text records, in order.

    >>> len(DatasetForText2Text())
    0
    """

    task = Task.TEXT2TEXT
    _kind = Text2TextRecord

    @classmethod
    def from_datasets(
        cls,
        dataset: Any,
        text: str | None = None,
        annotation: str | None = None,
        metadata: str | list[str] | None = None,
        id: str | None = None,
    ) -> DatasetForText2Text:
        """Read the rows of a ``datasets.Dataset`` as records, as for text classification."""
        renamed = {"text": text, "annotation": annotation, "id": id}
        return cls._from(dataset, renamed, metadata=metadata)


_CLASSES: dict[Task, Any] = {
    kind.task: kind
    for kind in (DatasetForTextClassification, DatasetForTokenClassification, DatasetForText2Text)
}
_UNREADABLE = "MultitaskTextTokenClassification"


def read_datasets(dataset: Any, task: Task | str, **kwargs: Any) -> Dataset[Any]:
    """Read the rows of a ``datasets.Dataset`` as records of the task; ``kwargs`` as for its ``from_datasets``.

    Raises ``ValueError`` for an unknown task, and what ``from_datasets`` raises.
    """
    return _class_of(task).from_datasets(dataset, **kwargs)  # type: ignore[no-any-return]


def read_pandas(dataframe: Any, task: Task | str) -> Dataset[Any]:
    """Read the rows of a ``pandas.DataFrame`` as records of the task.

    Raises ``ValueError`` for an unknown task, and what ``from_pandas`` raises.
    """
    return _class_of(task).from_pandas(dataframe)  # type: ignore[no-any-return]


def _class_of(task: Task | str) -> Any:
    name = str(getattr(task, "value", task))
    if name == _UNREADABLE:
        raise NotImplementedError(f"reading records for {name} is not implemented")
    try:
        return _CLASSES[Task(name)]
    except ValueError:
        known = [each.value for each in Task]
        raise ValueError(f"{name!r} is not a valid task; the tasks are {known}") from None
