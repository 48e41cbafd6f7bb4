"""Records of the three tasks, as users build, change and read them."""

from apportion.vocabulary import Task

from ._errors import MissingFieldError, ValidationError
from ._model import Model
from ._record import Record
from .results import BulkResponse
from .text2text import Text2TextRecord, TextGenerationRecord
from .text_classification import TextClassificationRecord, TokenAttributions
from .token_classification import TokenClassificationRecord

__all__ = [
    "RECORD_TYPES",
    "BulkResponse",
    "MissingFieldError",
    "Model",
    "Record",
    "Text2TextRecord",
    "TextClassificationRecord",
    "TextGenerationRecord",
    "TokenAttributions",
    "TokenClassificationRecord",
    "ValidationError",
]

RECORD_TYPES: dict[Task, type[Record]] = {
    kind.task: kind for kind in (TextClassificationRecord, TokenClassificationRecord, Text2TextRecord)
}
"""The record class of each task."""
