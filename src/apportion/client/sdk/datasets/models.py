"""Names that 1.x notebooks import from `argilla.client.sdk.datasets.models`."""

from __future__ import annotations

from enum import Enum

__all__ = ["TaskType"]


class TaskType(str, Enum):
    """The tasks under their names of 1.x; equal to their values and to ours, and printed as their values."""

    text_classification = "TextClassification"
    token_classification = "TokenClassification"  # noqa: S105
    text2text = "Text2Text"
    multi_task_text_token_classification = "MultitaskTextTokenClassification"  # noqa: S105

    @classmethod
    def _missing_(cls, value: object) -> TaskType:
        raise ValueError(f"{value!r} is not a valid task; the tasks are {[each.value for each in cls]}")

    def __str__(self) -> str:
        return str(self.value)
