"""Readers that take plain values as pydantic 1 did: they coerce what they can and note all the rest.

A reader gets a value, its path and the list of errors so far, and returns the clean value. After an error
the value returned means nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

import msgspec

from apportion.domain.times import parse_datetime

from .json_in import MAX_ERRORS, Item, Path, item

__all__ = [
    "Field",
    "Reader",
    "agent",
    "anything",
    "boolean",
    "count",
    "datetime_value",
    "enum_value",
    "integer",
    "items",
    "mapping",
    "number",
    "optional",
    "record_id",
    "shape",
    "text",
    "text_or_texts",
]

Reader = Callable[[Any, Path, list[Item]], Any]

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})
_BEYOND_ALL_CLOCKS = 1e30
_NUMERIC = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


class Field(NamedTuple):
    """One member of an object, and other names it may come under."""

    read: Reader
    required: bool = False
    also: tuple[str, ...] = ()


def _none(value: Any, path: Path, errors: list[Item]) -> bool:
    if value is None:
        errors.append(item(path, "none is not an allowed value", "type_error.none.not_allowed"))
    return value is None


def anything(value: Any, _path: Path, _errors: list[Item]) -> Any:
    """Take any value as it is."""
    return value


def optional(read: Reader) -> Reader:
    """Return a reader of null, or of what ``read`` takes."""
    return lambda value, path, errors: None if value is None else read(value, path, errors)


def text(*, least: int = 0, most: int | None = None) -> Reader:
    """Return a reader of text; numbers and booleans are taken as Python writes them."""

    def read(value: Any, path: Path, errors: list[Item]) -> Any:
        if _none(value, path, errors):
            return None
        if isinstance(value, (list, dict)):
            errors.append(item(path, "str type expected", "type_error.str"))
            return None
        found = str(value)
        if len(found) < least:
            msg = f"ensure this value has at least {least} characters"
            errors.append(item(path, msg, "value_error.any_str.min_length", limit_value=least))
        elif most is not None and len(found) > most:
            msg = f"ensure this value has at most {most} characters"
            errors.append(item(path, msg, "value_error.any_str.max_length", limit_value=most))
        return found

    return read


def agent(most: int) -> Reader:
    """Return a reader of an agent's name."""
    name = text(most=most)

    def read(value: Any, path: Path, errors: list[Item]) -> Any:
        found = name(value, path, errors)
        if found == "":
            errors.append(item(path, "Agent must be defined!", "assertion_error"))
        return found

    return read


def text_or_texts(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read one text or several."""
    if isinstance(value, list):
        return items(text())(value, path, errors)
    if isinstance(value, dict):
        errors.append(item(path, "str type expected", "type_error.str"))
        errors.append(item(path, "value is not a valid list", "type_error.list"))
        return None
    return text()(value, path, errors)


def number(*, low: float | None = None, high: float | None = None) -> Reader:
    """Return a reader of a number, or of text that stands for one."""

    def read(value: Any, path: Path, errors: list[Item]) -> Any:
        if _none(value, path, errors):
            return None
        try:
            found = float(value)
        except (TypeError, ValueError, OverflowError):
            found = math.nan
        if not math.isfinite(found):
            errors.append(item(path, "value is not a valid float", "type_error.float"))
        elif low is not None and found < low:
            msg = f"ensure this value is greater than or equal to {low:g}"
            errors.append(item(path, msg, "value_error.number.not_ge", limit_value=low))
        elif high is not None and found > high:
            msg = f"ensure this value is less than or equal to {high:g}"
            errors.append(item(path, msg, "value_error.number.not_le", limit_value=high))
        return found

    return read


def count(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read a whole number from 1 up."""
    found = integer(value, path, errors)
    if found is not None and found < 1:
        msg = "ensure this value is greater than or equal to 1"
        errors.append(item(path, msg, "value_error.number.not_ge", limit_value=1))
    return found


def integer(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read a whole number; other numbers lose their fraction."""
    if _none(value, path, errors):
        return None
    try:
        found = int(value)
        if not -(2**63) <= found < 2**63:
            raise ValueError
        return found
    except (TypeError, ValueError, OverflowError):
        errors.append(item(path, "value is not a valid integer", "type_error.integer"))
        return None


def boolean(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read true or false, in any of the usual spellings."""
    if _none(value, path, errors):
        return None
    if value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    errors.append(item(path, "value could not be parsed to a boolean", "type_error.bool"))
    return None


def enum_value(permitted: Sequence[str]) -> Reader:
    """Return a reader of one of a few words."""
    known = [str(each) for each in permitted]

    def read(value: Any, path: Path, errors: list[Item]) -> Any:
        if value not in known:
            names = ", ".join(map(repr, known))
            msg = f"value is not a valid enumeration member; permitted: {names}"
            errors.append(item(path, msg, "type_error.enum", enum_values=known))
        return value

    return read


def record_id(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read a record's id as it was sent: text, or a number or boolean as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (str, int)):
        return str(value)
    if not _none(value, path, errors):
        errors.append(item(path, "value is not a valid integer", "type_error.integer"))
        errors.append(item(path, "str type expected", "type_error.str"))
    return None


def datetime_value(value: Any, path: Path, errors: list[Item]) -> Any:
    """Read an ISO date-time, which keeps its offset or stays without, or an epoch number as a number."""
    if isinstance(value, str):
        try:
            return msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            pass
        try:
            return _epoch(float(value)) if _NUMERIC.fullmatch(value) else parse_datetime(value)
        except (ValueError, OverflowError):
            pass
    elif isinstance(value, (int, float)):
        try:
            return _epoch(int(value) if isinstance(value, int) else value)
        except ValueError:
            pass
    if not _none(value, path, errors):
        errors.append(item(path, "invalid datetime format", "value_error.datetime"))
    return datetime.fromtimestamp(0, timezone.utc)


def _epoch(number: float) -> float:
    """Check an epoch number, of seconds or smaller units: neither infinite nor beyond all clocks."""
    if not abs(number) < _BEYOND_ALL_CLOCKS:
        raise ValueError
    return number


def items(read: Reader, *, least: int = 0, most: int | None = None) -> Reader:
    """Return a reader of a list of what ``read`` takes."""

    def read_items(value: Any, path: Path, errors: list[Item]) -> Any:
        if _none(value, path, errors):
            return None
        if not isinstance(value, list):
            errors.append(item(path, "value is not a valid list", "type_error.list"))
            return None
        if len(value) < least:
            msg = f"ensure this value has at least {least} items"
            errors.append(item(path, msg, "value_error.list.min_items", limit_value=least))
        elif most is not None and len(value) > most:
            msg = f"ensure this value has at most {most} items"
            errors.append(item(path, msg, "value_error.list.max_items", limit_value=most))
            return None
        found = []
        for index, each in enumerate(value):
            found.append(read(each, (*path, index), errors))
            if len(errors) >= MAX_ERRORS:
                break
        return found

    return read_items


def mapping(read: Reader, *, key: Reader = anything, empty: str | None = None) -> Reader:
    """Return a reader of an object with any names; ``empty`` is the error if it must not be empty."""

    def read_mapping(value: Any, path: Path, errors: list[Item]) -> Any:
        if _none(value, path, errors):
            return None
        if not isinstance(value, dict):
            errors.append(item(path, "value is not a valid dict", "type_error.dict"))
            return None
        if not value and empty is not None:
            errors.append(item(path, empty, "assertion_error"))
        found = {}
        for name, each in value.items():
            found[key(name, (*path, name), errors)] = read(each, (*path, name), errors)
            if len(errors) >= MAX_ERRORS:
                break
        return found

    return read_mapping


def shape(fields: Mapping[str, Field], *, strict: bool = False) -> Reader:
    """Return a reader of an object with these members; missing ones stay missing, others are ignored or refused."""
    known = {name for field in fields.values() for name in field.also} | fields.keys()

    def read_shape(value: Any, path: Path, errors: list[Item]) -> Any:
        if _none(value, path, errors):
            return None
        if not isinstance(value, dict):
            errors.append(item(path, "value is not a valid dict", "type_error.dict"))
            return None
        found = {}
        for name, field in fields.items():
            given = next((each for each in (name, *field.also) if each in value), None)
            if given is not None:
                found[name] = field.read(value[given], (*path, given), errors)
            elif field.required:
                errors.append(item((*path, name), "field required", "value_error.missing"))
        if strict:
            for name in value:
                if name not in known:
                    errors.append(item((*path, name), "extra fields not permitted", "value_error.extra"))
        return found

    return read_shape
