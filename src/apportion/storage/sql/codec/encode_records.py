"""Encode records and compute their terms before their transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apportion.domain.records import AgentValues, Record, TextClassificationRecord, Vector, scores
from apportion.domain.terms import Term, answer_terms, content_terms
from apportion.vocabulary import Status, Task

from .fragments import encode_answers, encode_content

__all__ = ["EncodedRow", "encode_records"]


@dataclass(slots=True)
class EncodedRow:
    """One record, encoded and ready to be written."""

    id: str
    status: Status
    event: int | None
    text: str
    metadata: dict[str, Any]
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    content_terms: list[Term]
    answer_terms: list[Term]
    annotation: AgentValues | None
    vectors: dict[str, Vector] | None
    scores: tuple[float, ...]
    inputs: tuple[str, ...]


def encode_records(task: Task, records: Iterable[Record]) -> list[EncodedRow]:
    """Encode records and compute their terms; done outside the writer thread, which everybody waits for."""
    return [
        EncodedRow(
            id=record.id,
            status=record.status,
            event=record.event,
            text=record.text,
            metadata=record.metadata or {},
            content=encode_content(record),
            prediction=encode_answers(task, record.prediction),
            answer=encode_answers(task, record.annotation),
            content_terms=content_terms(record),
            answer_terms=answer_terms(record, record.status, record.annotation),
            annotation=record.annotation,
            vectors=record.vectors,
            # Each once: ``numbers`` has field, value and record as its key
            scores=tuple(dict.fromkeys(scores(record))),
            inputs=tuple(record.inputs) if isinstance(record, TextClassificationRecord) else (),
        )
        for record in records
    ]
