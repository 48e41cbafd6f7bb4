"""The port for assignments: plans, their slots, and the queue of slots."""

from __future__ import annotations

from typing import Protocol

from .plans import Plans
from .queue import Queue
from .slots import Slots

__all__ = ["Assignments"]


class Assignments(Plans, Slots, Queue, Protocol):
    """Plans, slots and queues of all datasets, within one transaction.

    One object has all three, since their statements share what a transaction has read; each part is documented in a
    module of its own.
    """
