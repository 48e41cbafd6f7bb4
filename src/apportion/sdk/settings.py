"""Settings of datasets: the labels there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, TypeVar

from apportion.vocabulary import Task

from .errors import InputValueError

__all__ = ["Labels", "Settings", "TextClassificationSettings", "TokenClassificationSettings", "settings_of"]

S = TypeVar("S", bound="Settings")


class Labels(Set[str]):
    """Labels in the order in which the web app shows them; equal to any set or list of the same labels."""

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[Any] = ()) -> None:
        if isinstance(names, str):
            raise InputValueError(f"label_schema is a list of labels, as in label_schema=[{names!r}].")
        given = [str(each) for each in names]
        self._names = dict.fromkeys(sorted(given) if isinstance(names, set | frozenset) else given)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> str:
        return list(self._names)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, list | tuple):
            return list(self._names) == list(other)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self._names))


class Settings:
    """The settings of a dataset; use the class of its task."""

    task: Task
    """The task of the dataset."""
    label_schema: Labels
    """The labels, in the order in which the web app shows them."""

    def __init__(self, label_schema: Iterable[Any] = ()) -> None:
        self.label_schema = Labels(label_schema)

    @classmethod
    def from_dict(cls: type[S], data: Mapping[str, Any]) -> S:
        """Read settings from the server's JSON."""
        schema = data.get("label_schema") or {}
        return cls([each["name"] if isinstance(each, Mapping) else each for each in schema.get("labels", ())])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Settings) and _same(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(label_schema={self.label_schema!r})"


def _same(one: Settings, other: Settings) -> bool:
    return set(one.label_schema) == set(other.label_schema)


class TextClassificationSettings(Settings):
    """The labels of a text classification dataset. A list keeps its order in the web app.

    >>> TextClassificationSettings(label_schema=["good", "bad"])
    TextClassificationSettings(label_schema=['good', 'bad'])
    """

    task = Task.TEXT_CLASSIFICATION


class TokenClassificationSettings(Settings):
    """The labels of a token classification dataset. A list keeps its order in the web app.

    >>> TokenClassificationSettings(label_schema={"PER", "LOC"})
    TokenClassificationSettings(label_schema=['LOC', 'PER'])
    """

    task = Task.TOKEN_CLASSIFICATION


_CLASSES: dict[Task, type[TextClassificationSettings] | type[TokenClassificationSettings]] = {
    Task.TEXT_CLASSIFICATION: TextClassificationSettings,
    Task.TOKEN_CLASSIFICATION: TokenClassificationSettings,
}


def settings_of(task: Task) -> type[TextClassificationSettings] | type[TokenClassificationSettings] | None:
    """Return the class of settings that datasets of this task have, if any."""
    return _CLASSES.get(task)
