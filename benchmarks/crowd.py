"""A simulated team: people at their queues and managers, who write down whatever the server acknowledged.

Everybody is a thread with a connection of its own. Whatever a reply says is checked at once, and everything somebody
was told to be stored is compared in the end with what is read back. Nobody repeats a request blindly: when the server
went away before it answered, a person looks what became of the request, as the web app does.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import random
import socket
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from .corpus import LABELS, TEXT, word

__all__ = [
    "DATASET",
    "THINK",
    "WANTED",
    "Address",
    "Asked",
    "Caller",
    "Gone",
    "Kept",
    "Manager",
    "Person",
    "Scribe",
    "Searcher",
    "Trouble",
    "own_path",
]

DATASET = "team"
WANTED = 2
"""Answers wanted for each record."""

BLOCK = "status,predicted_as,annotated_by,metadata,score"
AT_ONCE = 5
"""Records a claim brings, as in the web app."""

THINK = 3.0
"""Seconds before a record, on average over calm stretches and bursts; a pace of 2 halves them."""

_IDLE = 3.0
"""A connection idle for longer is made anew: the server ends those that were idle for 5 s."""


class Gone(Exception):
    """The server did not answer, so nobody knows what became of the request."""


class Trouble(Exception):
    """The server answered, but not as it should."""


@dataclass
class Address:
    """Address of the server, for everybody; and a sign that they should stop.

    Of several servers each new connection goes to the next, as a load balancer does it.
    """

    ports: Sequence[int]
    workspace: str
    _turns: Iterator[int] = field(default_factory=itertools.count)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return self.ports[next(self._turns) % len(self.ports)]


class Caller:
    """One kept connection of one user; it never repeats a request."""

    def __init__(self, address: Address, key: str) -> None:
        self._address = address
        self._headers = {"X-Argilla-Api-Key": key, "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def ask(self, method: str, path: str, sent: Any = None, **params: Any) -> tuple[int, Any]:
        """Status and decoded body."""
        if self._connection is not None and time.monotonic() - self._used > _IDLE:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._address.port, timeout=60)
        url = f"{path}?{urlencode({'workspace': self._address.workspace, **params})}"
        body = None if sent is None else msgspec.json.encode(sent)
        try:
            self._connection.request(method, url, body, self._headers)
            answer = self._connection.getresponse()
            found = answer.read()
        except (OSError, http.client.HTTPException) as failure:
            self.close()
            raise Gone(f"{method} {path}: {failure!r}") from failure
        self._used = time.monotonic()
        return answer.status, msgspec.json.decode(found)

    def need(self, method: str, path: str, sent: Any = None, **params: Any) -> Any:
        """The decoded body of an answer that has to be 200."""
        status, found = self.ask(method, path, sent, **params)
        if status in (502, 503):  # away for the moment: what became of it is not known, or nothing did
            self.close()
            raise Gone(f"{method} {path}: {status}")
        if status != 200:
            raise Trouble(f"{method} {path}: {status} {msgspec.json.encode(found)[:300]!r}")
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Kept(NamedTuple):
    """Annotation of a record, as the server acknowledged it."""

    state: str
    label: str
    version: int
    counted: bool


class _Worker:
    """Somebody who does one thing after the other until told to stop, and survives a server that goes away."""

    def __init__(self, address: Address, name: str, seed: int) -> None:
        self.name = name
        self.address = address
        self.caller = Caller(address, f"{name}.apikey")
        self.dice = random.Random(f"{seed} {name}")
        self.times: dict[str, list[tuple[float, float]]] = defaultdict(list)
        """By kind of request: when it began, and how many seconds it took."""
        self.problems: list[str] = []
        self.noted: Counter[str] = Counter()
        """Things that may happen: refusals that are part of working at the same time as others."""

    def __call__(self) -> None:
        while not self.address.stop.is_set():
            try:
                self.turn()
            except Gone:
                self.noted["the server went away"] += 1
                self._look_again()
            except Trouble as trouble:
                self.problems.append(f"{self.name}: {trouble}")
                self.pause(0.5)
        self.caller.close()

    def turn(self) -> None:
        raise NotImplementedError

    def recover(self) -> None:
        """Find out what became of what was not acknowledged."""

    def _look_again(self) -> None:
        """Wait until the server is there and settle what is in doubt."""
        while not self.address.stop.is_set():
            try:
                self.caller.need("GET", "/api/_info")
                self.recover()
                return
            except Gone:
                self.pause(0.2)
            except Trouble as trouble:
                self.problems.append(f"{self.name}: {trouble}")
                return

    def pause(self, seconds: float) -> None:
        self.address.stop.wait(seconds)

    @contextlib.contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.times[kind].append((began, time.perf_counter() - began))


def own_path(id: str) -> str:
    """Return where the caller's own answer to a record is."""
    return f"/api/datasets/{DATASET}/records/{quote(id, safe='')}/annotations/me"


class _Item(NamedTuple):
    id: str
    token: str | None
    version: int


class Person(_Worker):
    """An annotator: claim, think, draft, submit; now and then undo, discard, skip, search, count."""

    def __init__(self, address: Address, name: str, *, pace: float = 1.0, seed: int = 1) -> None:
        super().__init__(address, name, seed)
        self.kept: dict[str, Kept] = {}
        self._pace = pace
        self._at_hand: deque[_Item] = deque()
        self.done: Counter[tuple[str, str, str]] = Counter()
        """Counts of what was done to each record, as the dataset's events should have it: who, what, which."""
        self._doubt: tuple[str, Kept] | None = None
        """The record whose write was not acknowledged yet, and what it should become; without a state: an undo."""
        self._quick = False
        self._beat = time.monotonic()

    def turn(self) -> None:
        if not self._at_hand:
            self._claim()
        if not self._at_hand:
            self.pause(0.5 / self._pace)
            return
        item = self._at_hand[0]
        self._quick = self.dice.random() < (0.9 if self._quick else 0.1)  # about ten in a row go fast
        self._think()
        if self.dice.random() < 0.3:
            self._write("draft", item, "draft", self.dice.choice(LABELS))
            self._think(0.3)
        fate = self.dice.random()
        if fate < 0.03 and item.id not in self.kept:
            self._skip(item)
            return
        with self.timed("next"):
            self._write("submit", item, "discarded" if fate < 0.06 else "submitted", self.dice.choice(LABELS))
            self._at_hand.popleft()
            if not self._at_hand:
                self._claim()
        if self.dice.random() < 0.05:
            self._undo(item)
        self._look_around()

    def _think(self, share: float = 1.0) -> None:
        mean = 0.15 * THINK if self._quick else 1.85 * THINK
        self.pause(share * mean * self.dice.lognormvariate(-0.18, 0.6) / self._pace)

    def _claim(self) -> None:
        with self.timed("claim"):
            found = self.caller.need("POST", f"/api/datasets/{DATASET}/queue:claim", {"limit": AT_ONCE})
        for record in found["records"]:
            given = record["assignment"]
            self._at_hand.append(_Item(given["id"], given.get("token"), given["version"]))
            before = self.kept.get(given["id"])
            if given["version"] != (before.version if before else 0):
                self.problems.append(f"{self.name}: {given} was claimed, but was told of {before}")
        if not found["records"] and "why_empty" not in found:
            self.problems.append(f"{self.name}: an empty queue without a reason")

    def _write(self, kind: str, item: _Item, state: str, label: str) -> None:
        before = self.kept.get(item.id)
        version = before.version if before else item.version
        sent = {
            "value": {"labels": [{"class": label}]}, "state": state, "version": version, "seconds": 1.5,
            "token": item.token,
        }  # fmt: skip
        self._doubt = item.id, Kept(state, label, version + 1, True)
        with self.timed(kind):
            shown = self.caller.need("PUT", own_path(item.id), sent)
        self._acknowledged(item.id, shown)

    def _undo(self, item: _Item) -> None:
        before = self.kept[item.id]
        self._think(0.2)
        self._doubt = item.id, Kept("", "", before.version + 1, False)
        with self.timed("undo"):
            shown = self.caller.need("POST", own_path(item.id) + ":undo")
        self._acknowledged(item.id, shown)
        self._think(0.3)
        self._write("submit", item, "submitted", self.dice.choice(LABELS))

    def _acknowledged(self, id: str, shown: dict[str, Any]) -> None:
        assert self._doubt is not None
        (_, wanted), self._doubt = self._doubt, None
        self._keep(id, shown, undone=not wanted.state)
        if shown["version"] != wanted.version:
            self.problems.append(f"{self.name}: {id} is at version {shown['version']}, not {wanted.version}")

    def _keep(self, id: str, shown: dict[str, Any], *, undone: bool) -> None:
        if shown["state"] in ("submitted", "discarded"):  # an undo may bring an earlier answer back
            self.done[self.name, shown["state"], id] += 1
        elif undone:
            self.done[self.name, "took_back", id] += 1
        label = shown["value"]["labels"][0]["class"] if shown["value"] else ""
        self.kept[id] = Kept(shown["state"], label, shown["version"], shown["counted"])
        if shown["state"] in ("submitted", "discarded") and not shown["counted"]:
            self.noted[f"kept as an extra: {shown['why']}"] += 1

    def _skip(self, item: _Item) -> None:
        self._at_hand.popleft()
        sent = {"id": item.id, "token": item.token, "reason": "unsure"}
        with self.timed("skip"):
            self.caller.need("POST", f"/api/datasets/{DATASET}/queue:skip", sent)

    def _look_around(self) -> None:
        roll, url = self.dice.random(), f"/api/datasets/{DATASET}/{TEXT}:search"
        if roll < 0.08:
            query = {"query": {"query_text": word(self.dice.randrange(30, 400))}}
            with self.timed("search"):
                self.caller.need("POST", url, query, limit=20, facets="")
        elif roll < 0.13:
            query = {"query": {"query_text": f"metadata.source:source{self.dice.randrange(10)}"}}
            with self.timed("facets"):
                self.caller.need("POST", url, query, limit=0, facets=BLOCK)
        elif time.monotonic() - self._beat > 60:
            self._beat = time.monotonic()
            leases = [{"id": each.id, "token": each.token} for each in self._at_hand if each.token]
            with self.timed("heartbeat"):
                self.caller.need("POST", f"/api/datasets/{DATASET}/queue:heartbeat", {"leases": leases})

    def recover(self) -> None:
        if self._doubt is None:
            return
        id, wanted = self._doubt
        found = self.caller.need("GET", own_path(id))
        before = self.kept.get(id)
        self._doubt = None
        label = found["value"]["labels"][0]["class"] if found["value"] else ""
        seen = (found["state"], label, found["version"])
        if seen == wanted[:3] or (not wanted.state and found["version"] == wanted.version):
            self.noted["was stored, though not acknowledged"] += 1
            self._keep(id, found, undone=not wanted.state)
            if self._at_hand and self._at_hand[0].id == id and wanted.state != "draft":
                self._at_hand.popleft()
        elif found["version"] != (before.version if before else 0) or (before and seen != before[:3]):
            self.problems.append(f"{self.name}: {id} is {seen}; {before} was acknowledged, {wanted} was sent")


class Manager(_Worker):
    """Looks at progress, agreement and conflicts, and rebalances now and then."""

    def __init__(self, address: Address, name: str, plan: str, team: list[str], *, pace: float = 1.0) -> None:
        super().__init__(address, name, 1)
        self._plan, self._team, self._pace, self._round = plan, team, pace, self.dice.randrange(4)

    def turn(self) -> None:
        self.pause(self.dice.uniform(2, 4) / self._pace)
        dataset = f"/api/datasets/{DATASET}"
        self._round += 1
        with self.timed("progress"):
            self.caller.need("GET", f"{dataset}/progress")
        if self._round % 2 == 0:
            with self.timed("agreement"):
                self.caller.need("GET", f"{dataset}/agreement", by="label" if self._round % 4 else "pair")
        else:
            with self.timed("conflicts"):
                self.caller.need("GET", f"{dataset}/conflicts", limit=20)
        if self._round % 3 == 0:
            self._rebalance(dry_run=True)
        if self._round % 6 == 0:
            self._rebalance(dry_run=False)

    def _rebalance(self, *, dry_run: bool) -> None:
        """Somebody leaves, and is back the next time."""
        leaving = self._team[self._round // 12 % len(self._team)] if self._round % 12 else None
        sent = {"users": [each for each in self._team if each != leaving], "rule": 0, "dry_run": dry_run}
        url = f"/api/datasets/{DATASET}/assignments/{self._plan}:rebalance"
        with self.timed("rebalance, looked at" if dry_run else "rebalance"):
            status, found = self.caller.ask("POST", url, sent)
        if status in (502, 503):
            raise Gone(f"POST {url}: {status}")
        if status == 409:
            self.noted["a rebalance met moving work and was refused"] += 1
        elif status != 200:
            raise Trouble(f"POST {url}: {status} {found}")


class Listener(_Worker):
    """Has the stream of a dataset's events open, as a team page has, and goes on from the last one it received."""

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, name, 1)
        self.heard: Counter[tuple[str, str, str]] = Counter()
        """Counts of what somebody did to a record: who, what, which."""
        self.latest = time.monotonic()
        """The time at which anything came last, signs of life included."""
        self.state = "no stream yet"
        self._last = 0
        self._hung_up = False
        self._socket: socket.socket | None = None

    def __call__(self) -> None:
        while not self._hung_up:
            try:
                self.turn()
            except (Gone, OSError, http.client.HTTPException):
                time.sleep(0.2)
        self.caller.close()

    def turn(self) -> None:
        port = self.address.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.state = f"a request to {port}"
        headers = {"X-Argilla-Api-Key": f"{self.name}.apikey", "Last-Event-ID": str(self._last)}
        with contextlib.closing(connection):
            connection.request(
                "GET", f"/api/events?workspace={self.address.workspace}&dataset={DATASET}", None, headers
            )
            self._socket = connection.sock
            answer = connection.getresponse()
            self.state = f"a stream of {port}, {answer.status}"
            while line := answer.readline():
                self.latest = time.monotonic()
                if line.startswith(b"data: {"):
                    self._note(msgspec.json.decode(line[6:]))

    def _note(self, event: dict[str, Any]) -> None:
        if event["no"] <= self._last:
            self.problems.append(f"{self.name}: event {event['no']} came after {self._last}")
        self._last = event["no"]
        self.heard[event["who"], event["what"], event["record"]] += 1

    def hang_up(self) -> None:
        """Stop listening."""
        self._hung_up = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class Asked(NamedTuple):
    """A search that was answered: when it began, how many seconds it took, with which status."""

    began: float
    seconds: float
    status: int


class Scribe(_Worker):
    """Logs numbered batches, each again until it is acknowledged."""

    BATCH = 200

    def __init__(self, address: Address, name: str, *, every: float = 0.0) -> None:
        """``every``: seconds between two batches; then each is searched for as soon as it is acknowledged."""
        super().__init__(address, name, 1)
        self._every = every
        self.asked: list[Asked] = []
        self.acknowledged = 0
        """Batches from 0 on."""

    def turn(self) -> None:
        batch = self.acknowledged
        records = [
            {
                "id": f"batch-{batch}-{n}",
                "inputs": {"text": f"record {n}"},
                "metadata": {"batch": f"b{batch}"},
            }
            for n in range(self.BATCH)
        ]
        with self.timed("log"):
            self.caller.need("POST", f"/api/datasets/{DATASET}/{TEXT}:bulk", {"records": records})
        self.acknowledged += 1
        if self._every:
            self._find(batch)
            self.pause(self._every)

    def _find(self, batch: int) -> None:
        """Search for one's own records, which an index may not know of yet."""
        query, began = {"query": {"query_text": f"metadata.batch:b{batch}"}}, time.perf_counter()
        url = f"/api/datasets/{DATASET}/{TEXT}:search"
        status, found = self.caller.ask("POST", url, query, limit=0, facets="")
        self.asked.append(Asked(began, time.perf_counter() - began, status))
        if status != 503 and (status != 200 or found["total"] != self.BATCH):
            raise Trouble(f"a search for one's own batch {batch}: {status} {found}")

    def not_whole(self, caller: Caller) -> list[str]:
        """Acknowledged batches that are not there, and any that are there in part."""
        found = []
        for batch in range(self.acknowledged + 1):
            query = {"query": {"query_text": f"metadata.batch:b{batch}"}}
            url = f"/api/datasets/{DATASET}/{TEXT}:search"
            total = caller.need("POST", url, query, limit=0, facets="")["total"]
            if total != self.BATCH and (batch < self.acknowledged or total):
                found.append(f"batch {batch} of {self.acknowledged} has {total} of {self.BATCH} records")
        return found


class Searcher(_Worker):
    """Searches by words, counts and orders, one after the other, and notes how each is answered."""

    def __init__(self, address: Address, name: str, *, every: float) -> None:
        """``every``: seconds between two searches, on average."""
        super().__init__(address, name, 1)
        self._every = every
        self.asked: list[Asked] = []

    def turn(self) -> None:
        self.pause(self.dice.uniform(0, 2 * self._every))
        roll, facets = self.dice.random(), ""
        if roll < 0.4:
            query, facets = word(self.dice.randrange(30, 400)), BLOCK
        elif roll < 0.7:
            query = f"metadata.source:source{self.dice.randrange(10)} AND status:Default"
        else:
            query, facets = f"{word(self.dice.randrange(400))} AND annotated_as:*", BLOCK
        began = time.perf_counter()
        status, found = self.caller.ask(
            "POST",
            f"/api/datasets/{DATASET}/{TEXT}:search",
            {"query": {"query_text": query}},
            limit=20,
            facets=facets,
        )
        self.asked.append(Asked(began, time.perf_counter() - began, status))
        if status not in (200, 503):
            raise Trouble(f"a search for {query}: {status} {found}")
