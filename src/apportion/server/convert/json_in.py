"""Strict decoding of JSON bodies to plain values, with errors in pydantic 1's form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from apportion.domain.errors import ValidationError

__all__ = ["MAX_DEPTH", "MAX_ERRORS", "Item", "JsonReader", "Path", "decode_json", "item", "plain_problem"]

MAX_DEPTH = 64
MAX_ERRORS = 100
"""Most errors reported for one request."""

Path = tuple[str | int, ...]
Item = dict[str, Any]

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_INTEGERS = range(-(2**63), 2**63)


def item(path: Path, msg: str, type: str, **ctx: Any) -> Item:
    """Return an error in pydantic 1's form."""
    found: Item = {"loc": list(path), "msg": msg, "type": type}
    if ctx:
        found["ctx"] = ctx
    return found


def decode_json(body: bytes) -> Any:
    """Return the values in a body. Raises ``ValidationError`` for anything that cannot be stored as text."""
    reader = JsonReader()
    found = reader.read(body)
    reader.check(found)
    return found


class JsonReader:
    """Reader of a body as a whole or slice by slice; what it found is then checked as a whole."""

    def __init__(self) -> None:
        self._doubtful = False
        """True once there was anything that may be no text or no number."""

    def read(self, body: bytes, offset: int = 0) -> Any:
        """Return the values in a body, or in a slice of it that begins after ``offset`` bytes."""
        try:
            text = body.decode(json.detect_encoding(body))
        except UnicodeDecodeError as broken:
            at = offset + broken.start
            msg = f"The body is not valid {broken.encoding.upper()}: {broken.reason} (byte {at})"
            raise ValidationError([_undecodable(at, msg)]) from None
        text = text.removeprefix("\ufeff")
        constants: list[str] = []

        def constant(name: str) -> float:
            constants.append(name)
            return math.nan

        try:
            found = json.loads(text, parse_constant=constant)
        except json.JSONDecodeError as wrong:
            where = {"pos": offset + wrong.pos, "lineno": wrong.lineno, "colno": wrong.colno}
            text = str(wrong) if not offset else f"{wrong.msg} (byte {where['pos']})"
            raise ValidationError([_undecodable(where["pos"], text, msg=wrong.msg, **where)]) from None
        except RecursionError:
            raise ValidationError([_undecodable(0, _too_deep())]) from None
        except ValueError:  # Python refuses integers of more than some thousand digits
            raise ValidationError([_undecodable(0, "a number has too many digits")]) from None
        self._doubtful = self._doubtful or bool(constants or _ESCAPED_SURROGATE.search(text))
        return found

    def check(self, found: Any) -> None:
        """Refuse what was read if it holds what cannot be stored."""
        if self._doubtful:
            errors = [error for error, _ in zip(_unencodable(found), range(MAX_ERRORS), strict=False)]
            if errors:
                raise ValidationError(errors)


def _undecodable(position: int, text: str, **ctx: Any) -> Item:
    found = item(("body", position), text, "value_error.jsondecode")
    return {**found, "ctx": ctx} if ctx else found


def _too_deep() -> str:
    return f"more than {MAX_DEPTH} lists or objects inside one another"


def _unencodable(body: Any) -> Iterator[Item]:
    """Yield an error for each number that JSON does not have, and for each lone surrogate, at any depth."""
    waiting: list[tuple[Path, Any]] = [(("body",), body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if half := _SURROGATE.search(value):
                yield _half_a_character(path, half)
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield _not_finite(path)
        elif isinstance(value, list):
            waiting += [((*path, index), each) for index, each in enumerate(value)][::-1]
        elif isinstance(value, dict):
            for key, each in reversed(value.items()):
                if half := _SURROGATE.search(key):
                    yield _half_a_character(path, half)
                else:
                    waiting.append(((*path, key), each))


def _half_a_character(path: Path, half: re.Match[str]) -> Item:
    code = f"\\u{ord(half[0]):04x}"
    msg = f"half of a character ({code}, a lone surrogate) at position {half.start()}: this is no text"
    return item(path, msg, "value_error.str.surrogate")


def _not_finite(path: Path) -> Item:
    msg = "NaN and Infinity are not JSON; send null, or leave the value out"
    return item(path, msg, "value_error.number.not_finite_number")


def plain_problem(value: Any, path: Path, *, depth: int = 0) -> Item | None:
    """Return the error of a value of any shape that cannot be stored: too deep, or a number beyond 64 bits."""
    waiting: list[tuple[int, Any]] = [(depth, value)]
    while waiting:
        level, each = waiting.pop()
        if isinstance(each, (dict, list)):
            if level >= MAX_DEPTH:
                return item(path, _too_deep(), "value_error.depth")
            inner = each.values() if isinstance(each, dict) else each
            waiting += [(level + 1, one) for one in inner]
        elif isinstance(each, float):
            if not math.isfinite(each):
                return _not_finite(path)
        elif isinstance(each, int) and each not in _INTEGERS:
            return item(
                path, "this integer does not fit into 64 bits; send it as text", "value_error.number.size"
            )
    return None
