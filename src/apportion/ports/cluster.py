"""The port for what the servers on one database share besides its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from .security import Attempts, Clock

__all__ = ["Cluster", "ServerEntry"]


class ServerEntry(NamedTuple):
    """One server at work on the database; instants are microseconds since 1970 in UTC."""

    number: int
    host: str
    version: str
    started_at: int
    keeper: bool


class Cluster(Protocol):
    """The servers on one database, as one of them sees them."""

    @property
    def id(self) -> str:
        """Return the id of the database, the same for all servers."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the clock of the database: those of machines differ."""
        ...

    @property
    def attempts(self) -> Attempts:
        """Return the attempts at passwords, keys and the setup code that any server counted."""
        ...

    @property
    def keeping(self) -> bool:
        """Return whether this server is the keeper, which does what only one may do."""
        ...

    def keep(self) -> bool:
        """Become the keeper if there is none; return whether this server is."""
        ...

    def servers(self) -> Sequence[ServerEntry]:
        """Return the servers that are at work, the oldest first."""
        ...

    def prune(self) -> None:
        """Delete what was kept about servers that are gone, and changes that no server needs any more."""
        ...
