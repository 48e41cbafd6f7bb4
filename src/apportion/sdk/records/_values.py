"""Conversion of values as users give them into those that records hold; fast where nothing has to be done."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from operator import index as exact_integer
from os import urandom
from typing import Any
from uuid import UUID

import msgspec

from ._errors import ValidationError

__all__ = [
    "METADATA_LENGTH",
    "as_boolean",
    "as_dictionary",
    "as_id",
    "as_metadata",
    "as_text",
    "as_texts",
    "as_time",
    "as_vectors",
    "items",
    "new_id",
    "number",
    "optional_text",
    "shown",
    "warn",
    "whole_number",
]

METADATA_LENGTH = 128
"""Of longer texts in metadata, the server keeps the last so many characters."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST_SECOND = 2e10
_YES = frozenset([1, "1", "on", "t", "true", "y", "yes"])
_NO = frozenset([0, "0", "off", "f", "false", "n", "no"])


def shown(value: object) -> str:
    """Return the value for a message, shortened if long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's code that calls the package, however deep the call is."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("apportion."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, level)


def items(value: Any, field: str) -> Iterable[Any]:
    """Return the items of a list, tuple, set or array.

    Raises ``ValidationError`` for anything else, texts included.
    """
    kind = type(value)
    if kind is list or kind is tuple:
        return value  # type: ignore[no-any-return]
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValidationError(field, f"{shown(value)} is not a list")
    return value


def as_text(value: Any, field: str) -> str:
    """Return a text; numbers become one, as in 1.x."""
    if isinstance(value, str):
        return str(value.value) if hasattr(value, "value") else str(value)
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode()
    if hasattr(value, "item") and not getattr(value, "shape", False):
        return as_text(value.item(), field)
    raise ValidationError(field, f"{shown(value)} is not a text")


def optional_text(value: Any, field: str) -> str | None:
    """Return a text or None."""
    return value if value is None or type(value) is str else as_text(value, field)


def as_texts(value: Any, field: str) -> list[str]:
    """Return a new list of texts."""
    found = list(items(value, field))
    try:
        "".join(found)
    except TypeError:
        found = [as_text(each, field) for each in found]
    return found


def number(value: Any, field: str) -> float:
    """Return a float; texts that read as one are accepted."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValidationError(field, f"{shown(value)} is not a number") from None


def whole_number(value: Any, field: str) -> int:
    """Return an integer; texts and floats that are one are accepted."""
    try:
        return exact_integer(value)
    except TypeError:
        pass
    try:
        found = int(value)
        if isinstance(value, str) or found == value:
            return found
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValidationError(field, f"{shown(value)} is not a whole number")


def as_boolean(value: Any, field: str) -> bool:
    """Return True or False; the values pydantic 1 accepted as such are accepted."""
    word = value.lower() if isinstance(value, str) else value
    try:
        if word in _YES:
            return True
        if word in _NO:
            return False
    except TypeError:
        pass
    raise ValidationError(field, f"{shown(value)} is neither True nor False")


def as_dictionary(value: Any, field: str) -> dict[str, Any]:
    """Return a new dictionary, keys as text."""
    try:
        found = dict(value)
    except (TypeError, ValueError):
        raise ValidationError(field, f"{shown(value)} is not a dictionary") from None
    for key in found:
        if type(key) is not str:
            return {as_text(key, field): each for key, each in found.items()}
    return found


def as_metadata(value: Any) -> dict[str, Any]:
    """Return a new dictionary; warn of texts that the server will shorten."""
    if value is None:
        return {}
    found = as_dictionary(value, "metadata")
    for key, each in found.items():
        if type(each) is str and len(each) > METADATA_LENGTH:
            warn(
                f"metadata {key!r} has {len(each)} characters;"
                f" the server keeps the last {METADATA_LENGTH} of them"
            )
    return found


def as_vectors(value: Any) -> dict[str, list[float]] | None:
    """Return named lists of floats; arrays are accepted."""
    if value is None:
        return None
    found = as_dictionary(value, "vectors")
    for name, each in found.items():
        field = f"vectors[{name!r}]"
        try:
            found[name] = list(map(float, items(each, field)))
        except (TypeError, ValueError) as wrong:
            if isinstance(wrong, ValidationError):
                raise
            raise ValidationError(field, "not all of its values are numbers") from None
    return found


def as_id(value: Any) -> int | str:
    """Return an id: texts stay texts and integers integers, a UUID becomes its text, None a new one."""
    if value is None:
        return new_id()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    return whole_number(value, "id")


def new_id() -> str:
    """Return the text of a random UUID (version 4), in a third of the time that ``uuid4`` takes."""
    digits = urandom(16).hex()
    variant = "89ab"[ord(digits[16]) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def as_time(value: Any) -> datetime:
    """Return a time; None is now, on the local clock.

    ISO texts and seconds or milliseconds since 1970 are read.
    """
    if value is None or value != value:
        return datetime.now()  # noqa: DTZ005 naive local times are what 1.x promised
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)  # type: ignore[no-any-return]
    if isinstance(value, datetime):
        return value
    if type(value).__module__ == "numpy" and hasattr(value, "dtype") and value.dtype.kind == "M":
        return as_time(value.astype("datetime64[us]").item())
    if isinstance(value, (str, bytes)):
        try:
            return _read_time(value.decode() if isinstance(value, bytes) else value)
        except ValueError:
            pass
    elif not isinstance(value, bool):
        try:
            seconds = float(value)
            while abs(seconds) > _LATEST_SECOND:
                seconds /= 1000
            return _EPOCH + timedelta(seconds=seconds)
        except (TypeError, ValueError, OverflowError):
            pass
    raise ValidationError("event_timestamp", f"{shown(value)} is not a date with a time")


def _read_time(text: str) -> datetime:
    text = text.strip()
    clock = text[10:].partition("+")[0].partition("-")[0].rstrip("Zz")
    if clock.count(":") == 1:  # 1.x left the seconds out
        text = text.replace(clock, f"{clock}:00", 1)
    return msgspec.convert(text, datetime)
