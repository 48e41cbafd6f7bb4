"""Errors of records."""

from __future__ import annotations

from typing import Any

__all__ = ["MissingFieldError", "ValidationError"]


class ValidationError(ValueError):
    """An invalid value of a record. ``field`` says which one, ``reason`` why.

    >>> from apportion.sdk.records import TextClassificationRecord
    >>> TextClassificationRecord(text="a", prediction=[("good",)])
    Traceback (most recent call last):
    apportion.sdk.records._errors.ValidationError: prediction: item 0 is ('good',), not (label, score)
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"

    def errors(self) -> list[dict[str, Any]]:
        """Return the error in the form of pydantic 1: ``loc``, ``msg`` and ``type``."""
        return [{"loc": (self.field,), "msg": self.reason, "type": "value_error"}]


class MissingFieldError(ValidationError, AssertionError):
    """A token record without text or tokens; 1.x raised an ``AssertionError`` here."""
