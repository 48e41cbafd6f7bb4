"""The caller's queue: records claimed, answered, skipped, released. For notebooks and bots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, overload

from ._tables import count, moment, when
from .errors import InputValueError

if TYPE_CHECKING:
    from .records import Record

__all__ = ["Answered", "MyQueue", "QueueItem", "Skipped"]

State: TypeAlias = 'Literal["submitted", "draft", "discarded"]'


class QueueClient(Protocol):
    """The methods of a client that queue items use; the operations have their signatures."""

    @property
    def submit(self) -> Callable[..., Answered]: ...
    @property
    def skip(self) -> Callable[..., Skipped]: ...
    @property
    def release(self) -> Callable[..., list[str]]: ...


@dataclass(frozen=True)
class Answered:
    """The caller's annotation as it is stored now. One that does not count is kept all the same.

    ``why`` says why it counts or does not, as a code such as ``all_given``, and ``why_text`` as a sentence.
    """

    record: str
    """The id of the record, as text."""
    state: str
    """``submitted``, ``draft`` or ``discarded``."""
    version: int
    """The number of times it was stored, to be sent with the next change."""
    counted: bool
    """True if the answer counts."""
    why: str | None = None
    """Reason why it counts or does not, as a code."""
    why_text: str | None = None
    """The same in words."""


@dataclass(frozen=True)
class Skipped:
    """The result of a skip: who has the slot now, if anybody."""

    record: str
    """The id of the record, as text."""
    state: str
    """The state of the slot now, such as ``pending`` or ``skipped``."""
    annotator: str | None
    """The person who has the slot now; None if it is open or gone."""


@dataclass(frozen=True)
class QueueItem:
    """A record leased to the caller until ``lease_until``; ``reason`` says why they have it."""

    record: Record
    """The record with its text and predictions."""
    id: str
    """The id of the record, as text."""
    dataset: str = field(repr=False)
    """The dataset it is in."""
    workspace: str = field(repr=False)
    """The workspace of that dataset."""
    plan: str | None
    """The id of the plan that brought it; None without one."""
    reason: str | None
    """Reason why you have it, in words."""
    lease_until: datetime | None
    """End of the lease (UTC); None where there is none."""
    due: datetime | None
    """Due date (UTC); None without one."""
    token: str | None = field(repr=False)
    """The token of the lease, which answers send along."""
    version: int = field(repr=False)
    """Of my annotation so far; 0 for none."""
    _client: QueueClient | None = field(default=None, repr=False, compare=False)

    def submit(self, annotation: Any, *, seconds: float | None = None) -> Answered:
        """Submit an answer: a label or labels, spans as ``(label, start, end)``, or a text, depending on the task.

        Raises ``ConflictApiError`` if I have answered it elsewhere since; nothing is overwritten.
        """
        return self._answer(annotation, "submitted", seconds)

    def draft(self, annotation: Any, *, seconds: float | None = None) -> Answered:
        """Save a draft; nobody else sees it."""
        return self._answer(annotation, "draft", seconds)

    def discard(self, *, seconds: float | None = None) -> Answered:
        """Discard the record as unusable."""
        return self._answer(None, "discarded", seconds)

    def skip(self, reason: str | None = None) -> Skipped:
        """Skip the record: it goes to others, to later or to nobody, as the plan says."""
        client = self._blocking_client(f"skip({self.dataset!r}, item.id, token=item.token)")
        return client.skip(self.dataset, self.id, reason, token=self.token, workspace=self.workspace)

    def _answer(self, annotation: Any, state: State, seconds: float | None) -> Answered:
        client = self._blocking_client(f"submit({self.dataset!r}, item.id, …, token=item.token)")
        return client.submit(
            self.dataset,
            self.id,
            annotation,
            state=state,
            version=self.version,
            seconds=seconds,
            token=self.token,
            workspace=self.workspace,
        )

    def _blocking_client(self, call: str) -> QueueClient:
        if self._client is None:
            raise InputValueError(f"This came from an AsyncClient: ask that, as in `await client.{call}`.")
        return self._client


@dataclass(frozen=True, repr=False)
class MyQueue(Sequence[QueueItem]):
    """The caller's next records; ``left`` is how many wait behind them.

    If there are none, ``why_empty`` says why as a code, such as ``all_done``, and ``why_empty_text`` as a sentence.
    """

    items: tuple[QueueItem, ...]
    """The records claimed."""
    left: int
    """The number of records that wait behind them."""
    why_empty: str | None = None
    """Reason why there are none, as a code."""
    why_empty_text: str | None = None
    """The same in words."""
    _client: QueueClient | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[QueueItem]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> QueueItem: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[QueueItem, ...]: ...

    def __getitem__(self, index: int | slice) -> QueueItem | tuple[QueueItem, ...]:
        return self.items[index]

    def release(self) -> list[str]:
        """Release records that will not be answered now; return the ids of those that are free again."""
        if not self.items:
            return []
        first = self.items[0]
        return first._blocking_client(f"release({first.dataset!r})").release(
            first.dataset, self.items, first.workspace
        )

    def __repr__(self) -> str:
        if not self.items:
            return f"Nothing is waiting: {self.why_empty_text or 'no record is left'}"
        leases = [each.lease_until for each in self.items if each.lease_until is not None]
        until = f", mine until {when(min(leases))}" if leases else ""
        ids = ", ".join(each.id for each in self.items)
        return f"{count(len(self.items), 'record')}{until}, {self.left:,} more behind them: {ids}"


def read_answered(record: str, found: Mapping[str, Any]) -> Answered:
    """Read the caller's annotation from the server's JSON."""
    why, sentence = found.get("why"), found.get("why_text")
    return Answered(record, found["state"], found["version"], found["counted"], why, sentence)


def read_item(
    record: Record, dataset: str, workspace: str, found: Mapping[str, Any], client: QueueClient | None
) -> QueueItem:
    """Read a record of a queue from the server's JSON."""
    return QueueItem(
        record=record,
        id=found["id"],
        dataset=dataset,
        workspace=workspace,
        plan=found["plan"],
        reason=found["reason"],
        lease_until=moment(found["lease_until"]),
        due=moment(found["due"]),
        token=found["token"],
        version=found["version"],
        _client=client,
    )
