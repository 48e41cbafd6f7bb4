"""Metadata: flattening of logged objects, and the kind of value that a key holds from its first value on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .times import instant_of, parse_datetime

__all__ = ["KEY_LENGTH", "KINDS_AS_NUMBERS", "MetadataClash", "flatten", "kind_of", "terms_of"]

KEY_LENGTH = 512
"""Longest name of a metadata key or of a vector, in characters."""

KINDS_AS_NUMBERS = frozenset({"float", "date"})
"""Kinds searched as numbers and summed up in statistics; the others are counted value by value."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


class MetadataClash(ValueError):
    """A value that its key's kind cannot hold."""


def flatten(metadata: Mapping[str, Any], *, longest: int = 128, hidden: int = 1_000_000) -> dict[str, Any]:
    """Join nested keys by dots; nulls, empty lists and empty objects are left out, long strings cut to their end.

    ``hidden`` is the length of strings under keys with a leading underscore, which nobody searches by: the address of
    an image is worth nothing without its beginning.

    >>> flatten({"a": {"b": 1, "c": None}, "d": []})
    {'a.b': 1}
    """
    flat: dict[str, Any] = {}
    for key, value in metadata.items():
        most = hidden if key.startswith("_") else longest
        if type(value) is str:
            flat[key] = value if len(value) <= most else value[-most:]
        elif isinstance(value, Mapping):
            for inner, leaf in flatten(value, longest=most, hidden=hidden).items():
                flat[f"{key}.{inner}"] = leaf
        elif isinstance(value, list):
            if value:
                flat[key] = [v[-most:] if isinstance(v, str) else v for v in value]
        elif value is not None:
            flat[key] = value
    return flat


def kind_of(value: Any) -> str | None:
    """Return the kind a key takes from ``value``: keyword, long, float, boolean, date, nested; None if undecided."""
    if isinstance(value, str):
        return "date" if _is_date(value) else "keyword"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "float"
    if isinstance(value, list):
        return next((kind for item in value if (kind := kind_of(item))), None)
    if isinstance(value, Mapping):
        return "nested"
    return None


def _is_date(text: str) -> bool:
    if len(text) < 10 or text[4] != "-" or _DATE.fullmatch(text) is None:
        return False
    try:
        parse_datetime(text)
    except ValueError:
        return False
    return True


def terms_of(kind: str, value: Any) -> list[str | float]:
    """Return the terms that find ``value`` in a key of ``kind``: strings for counted kinds, numbers for the others.

    Raises ``MetadataClash`` when the kind cannot hold the value.
    """
    if isinstance(value, list):
        found: list[str | float] = []
        for item in value:
            if item is not None:
                found.extend(terms_of(kind, item))
        return list(dict.fromkeys(found))
    if kind == "nested":
        return []
    if isinstance(value, Mapping):
        raise MetadataClash("an object where plain values were logged before")
    term = _READERS[kind](value)
    if term is None:
        shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "..."
        raise MetadataClash(f"{shown} is no {kind}")
    return [term]


def _keyword(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _long(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    try:
        return str(int(value) if not isinstance(value, str) else int(float(value)))
    except (ValueError, OverflowError):
        return None


def _float(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number == number and abs(number) != float("inf") else None


def _boolean(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value in ("true", "false") else None


def _date(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) * 1000  # epoch milliseconds, as Elasticsearch takes them
    try:
        return float(instant_of(parse_datetime(value)))
    except ValueError:
        return None


_READERS = {"keyword": _keyword, "long": _long, "float": _float, "boolean": _boolean, "date": _date}
