"""The result of logging records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ._model import Field, Model
from ._values import as_text, whole_number

__all__ = ["BulkResponse"]


class BulkResponse(Model):
    """The number of records logged to a dataset, and of those not accepted.

    >>> BulkResponse(dataset="reviews", processed=2)
    BulkResponse(dataset='reviews', processed=2, failed=0)
    """

    __slots__ = _names = ("dataset", "processed", "failed")
    _defaults: ClassVar = {"failed": 0}
    _required = frozenset(["dataset", "processed"])

    if TYPE_CHECKING:
        dataset: Field[str, str]
        """The name of the dataset."""
        processed: Field[int, int]
        """The number of records stored."""
        failed: Field[int, int]
        """The number of records not accepted."""

    def __init__(self, *, dataset: str, processed: int, failed: int = 0) -> None:
        self._fill(dataset, processed, failed)

    def _checked(self, name: str, value: Any) -> Any:
        return as_text(value, name) if name == "dataset" else whole_number(value, name)
