"""Models with named, checked members, as 1.x users know them from pydantic, without pydantic."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec

from ._errors import ValidationError
from ._values import shown

__all__ = ["Field", "FieldInfo", "Model"]

Self = TypeVar("Self", bound="Model")
Members = dict[str, Any]
Out = TypeVar("Out", covariant=True)
In = TypeVar("In", contravariant=True)


class Field(Generic[Out, In]):
    """A member that reads as one type and can be set from another; for type checkers only."""

    def __get__(self, instance: Any, owner: Any = None) -> Out:
        raise NotImplementedError

    def __set__(self, instance: Any, value: In) -> None:
        raise NotImplementedError


class FieldInfo(NamedTuple):
    """The description of a member without an instance."""

    name: str
    default: Any
    required: bool


class Model:
    """A model with named members in slots; setting one checks it.

    Equal when all members are; not hashable.
    """

    __slots__ = ()

    __fields__: ClassVar[dict[str, FieldInfo]] = {}
    """Members, in order."""

    _names: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Mapping[str, Any]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    _fixed: ClassVar[frozenset[str]] = frozenset()
    _put: ClassVar[tuple[Callable[[Any, Any], None], ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._put = tuple(getattr(cls, name).__set__ for name in cls._names)
        cls.__fields__ = {
            name: FieldInfo(name, cls._defaults.get(name), name in cls._required) for name in cls._names
        }

    def _fill(self, *values: Any) -> None:
        """Set all members, in order and unchecked."""
        for put, value in zip(self._put, values):  # noqa: B905 strict would cost time; all callers are in this package
            put(self, value)

    def _checked(self, name: str, value: Any) -> Any:
        """Check a value and return it as it is stored. Raises ``ValidationError``."""
        raise NotImplementedError

    @classmethod
    def _unknown(cls, names: Any) -> ValidationError:
        known = ", ".join(cls._names)
        return ValidationError(", ".join(names), f"a {cls.__name__} has no such field; it has {known}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fixed:
            raise AttributeError(f"{name} can't be changed; make another record, e.g. with copy(update=…)")
        if name not in self._names:
            raise self._unknown([name])
        object.__setattr__(self, name, self._checked(name, value))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in self._names)

    def __eq__(self, other: object) -> bool:
        if type(other) is type(self):
            return all(getattr(self, name) == getattr(other, name) for name in self._names)
        if isinstance(other, dict):
            return self.dict() == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        members = (f"{name}={value!r}" for name, value in self if value is not None and value != {})
        return f"{type(self).__name__}({', '.join(members)})"

    def __reduce__(self) -> Any:
        return _rebuilt, (type(self), *(value for _, value in self))

    def __copy__(self: Self) -> Self:
        return _rebuilt(type(self), *(value for _, value in self))

    # What pydantic 1 offers

    def dict(
        self,
        *,
        include: Set[str] | None = None,
        exclude: Set[str] | None = None,
        exclude_none: bool = False,
        **_: Any,
    ) -> Members:
        """Return the members by name, in order; models among them as dictionaries, too."""
        return {
            name: _plain(value)
            for name, value in self
            if (include is None or name in include)
            and (exclude is None or name not in exclude)
            and not (exclude_none and value is None)
        }

    def json(
        self,
        *,
        include: Set[str] | None = None,
        exclude: Set[str] | None = None,
        exclude_none: bool = False,
        **dumps: Any,
    ) -> str:
        """Return ``dict()`` as JSON; ``indent`` and the like are passed to ``json.dumps``."""
        dumps.pop("by_alias", None)
        found = self.dict(include=include, exclude=exclude, exclude_none=exclude_none)
        return json.dumps(found, **{"default": msgspec.to_builtins, **dumps})

    def copy(
        self: Self,
        *,
        include: Set[str] | None = None,
        exclude: Set[str] | None = None,
        update: Mapping[str, Any] | None = None,
        deep: bool = False,
    ) -> Self:
        """Return a copy with the members of ``update`` replaced; lists are shared unless ``deep``.

        Members left out by ``include`` or ``exclude`` get their defaults. Raises ``ValidationError``.
        """
        found = copy.deepcopy(self) if deep else copy.copy(self)
        if update is None and include is None and exclude is None:
            return found
        values = {
            name: value
            for name, value in found
            if (include is None or name in include) and (exclude is None or name not in exclude)
        }
        return type(self)(**self._updated(values, dict(update or {})))

    def _updated(self, values: Members, update: Members) -> Members:
        return {**values, **update}

    @classmethod
    def parse_obj(cls: type[Self], obj: Any) -> Self:
        """Build an instance from a dictionary. Raises ``ValidationError``."""
        if not isinstance(obj, Mapping):
            raise ValidationError(cls.__name__, f"{shown(obj)} is not a dictionary")
        for name in cls._required.difference(obj):
            raise ValidationError(name, f"a {cls.__name__} needs it")
        return cls(**obj)

    @classmethod
    def parse_raw(cls: type[Self], b: str | bytes, **_: Any) -> Self:
        """Build an instance from JSON. Raises ``ValidationError``."""
        try:
            return cls.parse_obj(json.loads(b))
        except json.JSONDecodeError as wrong:
            raise ValidationError(cls.__name__, f"this is not JSON: {wrong}") from None

    @classmethod
    def parse_file(cls: type[Self], path: str | Path, **_: Any) -> Self:
        """Build an instance from a file of JSON. Raises ``ValidationError``."""
        return cls.parse_raw(Path(path).read_bytes())

    @classmethod
    def validate(cls: type[Self], value: Any) -> Self:
        """Return an instance: a copy of one, or built from a dictionary. Raises ``ValidationError``."""
        return copy.copy(value) if isinstance(value, cls) else cls.parse_obj(value)

    @classmethod
    def construct(cls: type[Self], _fields_set: Set[str] | None = None, **values: Any) -> Self:
        """Build an instance from values that are known to be right: nothing is checked or filled in."""
        return _rebuilt(cls, *(values.get(name, cls._defaults.get(name)) for name in cls._names))

    @classmethod
    def schema(cls, **_: Any) -> Members:
        """Return the members as a JSON schema: their names, which are needed, and what they are without a value."""
        properties: Members = {}
        for name in cls._names:
            properties[name] = {"title": name.replace("_", " ").title()}
            if (default := cls._defaults.get(name)) is not None:
                properties[name]["default"] = default
        required = [name for name in cls._names if name in cls._required]
        found: Members = {"title": cls.__name__, "type": "object", "properties": properties}
        return {**found, "required": required} if required else found

    @classmethod
    def schema_json(cls, **dumps: Any) -> str:
        """Return ``schema()`` as JSON."""
        dumps.pop("by_alias", None)
        return json.dumps(cls.schema(), **dumps)


def _rebuilt(kind: type[Self], *values: Any) -> Self:
    found = object.__new__(kind)
    found._fill(*values)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.dict()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
