"""A request to log records, as it goes through the use cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apportion.domain.datasets import DatasetAddress
from apportion.domain.records import Record
from apportion.ports.records import EncodedRecord
from apportion.vocabulary import Task

__all__ = ["LogRequest", "Prepare"]

Prepare = Callable[[Task, Sequence[Record]], Sequence[EncodedRecord]]


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Records to log, and tags and metadata for their dataset.

    ``prepare`` encodes records for the store; ``prepared`` may hold them already encoded, to spare the writer thread
    that work. ``checked``: ``AnswerMode.check`` refused nothing; what does not fit any more is left as it is.
    """

    address: DatasetAddress
    task: Task
    records: Sequence[Record]
    prepare: Prepare
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    prepared: Sequence[EncodedRecord] | None = None
    checked: bool = False
