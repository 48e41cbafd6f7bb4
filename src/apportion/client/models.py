"""Names that 1.x notebooks import from `argilla.client.models`. New code uses `apportion`."""

from apportion.sdk.records import (
    BulkResponse,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TextGenerationRecord,
    TokenAttributions,
    TokenClassificationRecord,
    ValidationError,
)
from apportion.sdk.training import Framework

__all__ = [
    "BulkResponse",
    "Framework",
    "Record",
    "Text2TextRecord",
    "TextClassificationRecord",
    "TextGenerationRecord",
    "TokenAttributions",
    "TokenClassificationRecord",
    "ValidationError",
]
