"""Names that 1.x notebooks import from `argilla.client.datasets`. New code uses `apportion`."""

from apportion.sdk.datasets import (
    Dataset,
    DatasetForText2Text,
    DatasetForTextClassification,
    DatasetForTokenClassification,
    read_datasets,
    read_pandas,
)
from apportion.sdk.errors import WrongRecordTypeError

__all__ = [
    "Dataset",
    "DatasetForText2Text",
    "DatasetForTextClassification",
    "DatasetForTokenClassification",
    "WrongRecordTypeError",
    "read_datasets",
    "read_pandas",
]
