"""Check an actor's rights again while their request goes on, so that it ends when their rights do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from apportion.domain.errors import ForbiddenOperationError, UnauthorizedError
from apportion.domain.people import Actor
from apportion.domain.permissions import has_lost_rights
from apportion.domain.records import Record
from apportion.ports.cluster import Cluster
from apportion.ports.deadline import Deadline
from apportion.ports.people import People
from apportion.ports.records import EncodedRecord
from apportion.ports.security import Clock
from apportion.ports.store import Store, Transaction
from apportion.ports.upkeep import StoreCondition, StoreCounts
from apportion.vocabulary import Task

__all__ = ["ActingStore", "Credential", "LastActors", "check_rights", "unchecked"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credential:
    """The credential of a request: the hash of an API key, or of a session's id."""

    key_hash: str | None = None
    session: str | None = None

    def actor(self, people: People, now: int) -> Actor:
        """Return its owner, with the rights they have now; refused once it has ended."""
        found = None
        if self.key_hash is not None:
            found = people.by_key(self.key_hash)
        elif self.session is not None:
            found = people.by_session(self.session, now)
        if found is None:
            raise UnauthorizedError
        return found


class LastActors:
    """The owners of credentials as they were when last looked up, by the address that the credential came from.

    Their rights may have changed since, or the credential may have ended: they are for requests that look their actor
    up again before they do anything.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._known: OrderedDict[tuple[Credential, str], Actor] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, credential: Credential, address: str) -> Actor | None:
        """Return the owner, None if they were not looked up lately."""
        return self._known.get((credential, address))

    def put(self, credential: Credential, address: str, actor: Actor) -> None:
        """Keep the owner who was just looked up; the one looked up longest ago may be dropped for them."""
        with self._lock:
            self._known[credential, address] = actor
            self._known.move_to_end((credential, address))
            if len(self._known) > self._remembered:
                self._known.popitem(last=False)

    def forget(self, credential: Credential, address: str) -> None:
        """Drop the owner of a credential that has ended."""
        with self._lock:
            self._known.pop((credential, address), None)


def check_rights(began: Actor, now: Actor) -> None:
    """Refuse to go on once an actor has fewer rights than when they began."""
    if has_lost_rights(began, now):
        raise ForbiddenOperationError(
            "Operation not allowed: your rights were changed while this was being done. Nothing of it was kept."
        )


class ActingStore:
    """A store for an actor's long request: every write first checks their credential and rights again."""

    def __init__(self, store: Store, credential: Credential, began: Actor, clock: Clock) -> None:
        self.store = store
        self._credential = credential
        self._began = began
        self._clock = clock

    @property
    def remote(self) -> bool:
        return self.store.remote

    def read(self, deadline: Deadline | None = None) -> AbstractContextManager[Transaction]:
        return self.store.read(deadline)

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        def checked(tx: Transaction) -> T:
            check_rights(self._began, self._credential.actor(tx.people, self._clock.now()))
            return fn(tx)

        return self.store.write(checked, urgent=urgent)

    @property
    def server(self) -> int:
        return self.store.server

    @property
    def cluster(self) -> Cluster | None:
        return self.store.cluster

    def living(self) -> Container[int]:
        return self.store.living()

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        return self.store.encode_records(task, records)

    def condition(self) -> StoreCondition:
        return self.store.condition()

    def counts(self, now: int) -> StoreCounts:
        return self.store.counts(now)

    def warm(self) -> Iterator[None]:
        return self.store.warm()

    def last_heartbeat(self) -> int | None:
        return self.store.last_heartbeat()

    def record_heartbeat(self, now: int) -> None:
        self.store.record_heartbeat(now)

    def check_files(self) -> str | None:
        return self.store.check_files()

    def close(self) -> None:
        self.store.close()


def unchecked(store: Store) -> Store:
    """Return the store itself: what was begun has to be cleaned up, even if its actor has lost their rights."""
    return store.store if isinstance(store, ActingStore) else store
