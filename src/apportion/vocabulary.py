"""The words every room shares. Imports nothing of ours."""

from __future__ import annotations

from enum import Enum

__all__ = ["AnnotationState", "MembershipRole", "Role", "Status", "Task"]


class _Word(str, Enum):
    """A string that is one of a few; prints as its value on every Python version."""

    def __str__(self) -> str:
        return str(self.value)


class Task(_Word):
    """What kind of answer the records of a dataset ask for."""

    TEXT_CLASSIFICATION = "TextClassification"
    TOKEN_CLASSIFICATION = "TokenClassification"  # noqa: S105
    TEXT2TEXT = "Text2Text"


class Status(_Word):
    """The 1.x status of a record, as one viewer sees it."""

    DEFAULT = "Default"
    EDITED = "Edited"
    VALIDATED = "Validated"
    DISCARDED = "Discarded"


class AnnotationState(_Word):
    """How far one person's annotation of one record has come."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


class Role(_Word):
    """What a user may do everywhere."""

    ADMIN = "admin"
    ANNOTATOR = "annotator"


class MembershipRole(_Word):
    """What an annotator may do within one workspace."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    MANAGER = "manager"
