"""Added waits of others while one person sends the worst requests there are: submits, searches and a health check
beside four connections that ask for the same thing again and again.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from statistics import median
from typing import Any
from urllib.parse import urlencode

import msgspec

from .corpus import TEXT
from .gathering import MANAGERS, names, team_home
from .report import Line, percentile
from .scale import Scale, say
from .server import WORKSPACE, Server

__all__ = ["Attack", "attacks", "measure"]

DATASET = "big"
RECORDS = 60_000
WORDS = 25
LABELS = ["good", "bad", "neither"]
CONNECTIONS = 4
"""At once, of the one person who means harm."""
PEOPLE = 13
"""That person, and twelve others: six who annotate and six who search, one of each at a time."""
AT_MOST_MS = 100.0
HANGS_UP_AFTER = 3.0
"""Seconds that the sender waits for an answer; for those to large bodies far longer, so that all of them is stored."""
STORED_AFTER = 30.0
_PATH = f"/api/datasets/{DATASET}"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BOSS = MANAGERS[0]


@dataclass(frozen=True)
class Attack:
    """One request that is made to be slow."""

    what: str
    method: str
    path: str
    body: Any = None
    params: dict[str, str] = field(default_factory=dict)
    key: str = "person0"
    sent: bytes | None = None
    """The body as it is sent, where it is no JSON or large."""


def _joined(patterns: Iterator[str], by: str = " OR ") -> str:
    return by.join(patterns)


def _pairs(many: int) -> Iterator[str]:
    pairs = [a + b for a in _LETTERS for b in _LETTERS]
    random.Random(5).shuffle(pairs)
    return iter((pairs * (1 + many // len(pairs)))[:many])


def _search(what: str, query: str, **params: str) -> Attack:
    return Attack(
        f"search: {what}", "POST", f"{_PATH}/{TEXT}:search", {"query": {"query_text": query}}, params
    )


@functools.cache
def attacks() -> list[Attack]:
    """Return all of them; their bodies take 150 MB."""
    exact = _joined(f"text.exact:*{pair}*" for pair in _pairs(40))
    ids = _joined(f"id:*{n % 10}*" for n in range(500))
    some_ids = "id:(" + " OR ".join(f"*{n % 10}*" for n in range(60)) + ")"
    wildcards = [f"*{pair}*" for pair in _pairs(35)]
    fuzzy = " OR ".join(f"{a}{b}{a}{b}a~2" for a, b in ("ko", "ra", "mi", "te", "su"))
    deep = "(" * 60 + _joined(f"*{pair}*" for pair in _pairs(30)) + ")" * 60
    regex = "text.exact:/.*(a|e).*(b|c).*zz.*/"
    long_query = " ".join(f"w{n}" for n in range(14_000))
    spread = {"rules": [{"users": names(3), "overlap": 2, "where": exact}], "seed": 1}
    return [
        Attack("look at the queue: 40 × text.exact", "GET", f"{_PATH}/queue", params={"where": exact}),
        Attack("look at the queue: 60 × id", "GET", f"{_PATH}/queue", params={"where": some_ids}),
        Attack("claim: 60 × id", "POST", f"{_PATH}/queue:claim", {"where": some_ids}),
        Attack("claim: nothing matches", "POST", f"{_PATH}/queue:claim", {"where": "text.exact:*qqqq*"}),
        _search("500 × id", ids),
        _search("35 wildcards, any of them", _joined(iter(wildcards))),
        _search("35 wildcards, all of them", " AND ".join(wildcards)),
        _search("50 × metadata", _joined(f"metadata.src:*{pair}*" for pair in _pairs(50))),
        _search("50 × metadata, regular expressions", _joined(f"metadata.src:/.*{p}.*/" for p in _pairs(50))),
        _search("five words with ~2", fuzzy),
        _search("a regular expression on text.exact", regex),
        _search("50 × text.exact", _joined(f"text.exact:*{pair}*" for pair in _pairs(50))),
        _search("wildcards in 60 brackets", deep),
        _search("metrics of every record", _joined(f"metrics.text_length:{n}" for n in range(120, 160))),
        _search("14,000 words", long_query),
        _search("disagree, answered and label of anybody", "disagree:(p* OR q*) OR annotations.*.label:*o*"),
        _search("everything, with all facets, from 9,000", "*:*", **{"from": "9000", "limit": "1000"}),
        _search("a thousand highlighted records", _joined(iter(wildcards[:6])), limit="1000"),
        Attack(
            "search: sorted by a field of many values", "POST", f"{_PATH}/{TEXT}:search",
            {"query": {"query_text": "a*"}, "sort": [{"id": "metadata.src"}, {"id": "metadata.many"}]},
        ),
        Attack("explain", "GET", f"{_PATH}/explain", params={"record": "1", "annotator": "person0"}),
        Attack("discard what matches: 60 × id", "DELETE", f"{_PATH}/data", {"query_text": some_ids + " AND id:zz*"},
               {"mark_as_discarded": "true"}, _BOSS),
        Attack("agreement of 40 × text.exact", "GET", f"{_PATH}/agreement", None, {"query": exact}, _BOSS),
        Attack("conflicts of 40 × text.exact", "GET", f"{_PATH}/conflicts", None, {"query": exact}, _BOSS),
        Attack("metric of 40 × text.exact", "POST", f"{_PATH}/{TEXT}/metrics/text_length:summary",
               {"query_text": exact}, {}, _BOSS),
        Attack("export of 40 × text.exact", "POST", f"{_PATH}/export", {"format": "jsonl", "query": exact}, {}, _BOSS),
        Attack("export of everything", "POST", f"{_PATH}/export", {"format": "csv"}, {}, _BOSS),
        Attack("preview of a plan with 40 × text.exact", "POST", f"{_PATH}/assignments:preview", spread, {}, _BOSS),
        Attack("my work", "GET", "/api/me/work"),
        Attack("overview", "GET", "/api/overview", key=_BOSS),
        *_large(),
    ]  # fmt: skip


def _large() -> Iterator[Attack]:
    """Requests with as large a body as is taken."""
    rows = [{"id": f"large{n}", "text": "word " * 1_000} for n in range(10_000)]
    lines = "\n".join(map(json.dumps, rows)).encode()
    records = [{"id": each["id"], "inputs": {"text": each["text"]}} for each in rows]
    sentences = [{"text": "word " * 2_000} for _ in range(90)]
    file, into = {"task": TEXT, "format": "jsonl"}, "/api/datasets/large/import"
    bulk = json.dumps({"records": records}).encode()
    yield Attack(
        "log: 10,000 records, 50 MB", "POST", f"/api/datasets/logged/{TEXT}:bulk", key=_BOSS, sent=bulk
    )
    yield Attack("import: 10,000 rows, 50 MB", "POST", into, params=file, key=_BOSS, sent=lines)
    yield Attack(
        "import: 15,000,000 empty rows", "POST", into, params=file, key=_BOSS, sent=b"{}\n" * 15_000_000
    )
    yield Attack(
        "an answer of 900 kB", "PUT", "/api/datasets/texts/records/1/annotations/me",
        {"value": {"sentences": sentences}, "state": "submitted", "version": 0},
    )  # fmt: skip


def _text(random_: random.Random) -> str:
    return " ".join("".join(random_.choices(_LETTERS, k=random_.randint(3, 8))) for _ in range(WORDS))


def _fill(server: Server, records: int) -> None:
    dice = random.Random(3)
    with contextlib.closing(server.client()) as client:
        for start in range(0, records, 1_000):
            rows = [
                {
                    "id": n,
                    "inputs": {"text": _text(dice)},
                    "metadata": {
                        "src": "".join(dice.choices(_LETTERS, k=10)),
                        "many": ["".join(dice.choices(_LETTERS, k=3)) for _ in range(2)],
                    },
                }
                for n in range(start, min(records, start + 1_000))
            ]
            client.log(DATASET, TEXT, msgspec.json.encode({"records": rows}))
        client.log("texts", "Text2Text", b'{"records": [{"id": 1, "text": "short"}]}')
        rule = {"users": names(PEOPLE), "overlap": 2, "mode": "pull", "skip": "next_person"}
        spec = {"rules": [rule], "blind": True, "visibility": "dataset", "seed": 7}
        client.ask("POST", f"{_PATH}/assignments", json.dumps(spec).encode())


class _Asker:
    """One connection of somebody; ``ask`` returns status and body, whatever they are."""

    def __init__(self, port: int, key: str, timeout: float = 120.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._headers = {"X-Argilla-Api-Key": f"{key}.apikey", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, bytes]:
        return self.send(method, _address(path, params), None if body is None else json.dumps(body).encode())

    def send(self, method: str, address: str, body: bytes | None) -> tuple[int, bytes]:
        try:
            try:
                self._connection.request(method, address, body, self._headers)
                answer = self._connection.getresponse()
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                self._connection.close()  # the server ends connections that were idle for some seconds
                self._connection.request(method, address, body, self._headers)
                answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()


def _address(path: str, params: dict[str, str]) -> str:
    return f"{path}?{urlencode({'workspace': WORKSPACE, **params})}"


class _Others:
    """People at their work, each at a connection of their own, who note how long every answer took.

    One after the other annotates, and searches: nobody alone asks for as much as all of them do.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self.waits: dict[str, list[tuple[float, float]]] = {"submit": [], "search": [], "health": []}
        self.wrong: list[str] = []
        self._begun: dict[str, float | None] = {}
        """Start of the request that each kind waits for just now."""
        does: dict[str, Callable[[_Asker], None]] = {
            "submit": self._submit, "search": self._search, "health": self._health
        }  # fmt: skip
        whose = (names(PEOPLE)[1:7], names(PEOPLE)[7:], names(PEOPLE)[1:2])
        self._threads = [
            threading.Thread(target=self._go_on, args=(what, people, work), daemon=True)
            for (what, work), people in zip(does.items(), whose, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def since(self, when: float) -> dict[str, list[float]]:
        """Return how long each kind of request waited that ended since, or is still waiting."""
        now = time.perf_counter()
        return {
            what: [
                *(took for at, took in list(found) if at + took >= when),
                *(now - at for at in [self._begun.get(what)] if at is not None),
            ]
            for what, found in self.waits.items()
        }

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def _go_on(self, what: str, people: Sequence[str], fn: Callable[[_Asker], None]) -> None:
        askers = [_Asker(self._port, who) for who in people]
        for asker in cycle(askers):
            if self._stop.is_set():
                break
            try:
                fn(asker)
            except Exception as failure:
                self.wrong.append(f"{what}: {type(failure).__name__}: {failure}")
            time.sleep(0.02)
        for asker in askers:
            asker.close()

    def _timed(self, what: str, asker: _Asker, method: str, path: str, body: Any = None) -> Any:
        began = self._begun[what] = time.perf_counter()
        try:
            status, found = asker.ask(method, path, body)
        finally:
            self._begun[what] = None
            self.waits[what].append((began, time.perf_counter() - began))
        if status != 200:
            raise RuntimeError(f"{status} {found[:200]!r}")
        return json.loads(found)

    def _submit(self, asker: _Asker) -> None:
        for item in self._timed("submit", asker, "POST", f"{_PATH}/queue:claim", {"limit": 5})["records"]:
            sent = {
                "value": {"labels": [{"class": random.choice(LABELS)}]},
                "state": "submitted",
                "version": 0,
            }
            sent["token"] = item["assignment"]["token"]
            self._timed("submit", asker, "PUT", f"{_PATH}/records/{item['id']}/annotations/me", sent)
            time.sleep(0.02)

    def _search(self, asker: _Asker) -> None:
        word = "".join(random.choices(_LETTERS, k=2)) + "*"
        self._timed("search", asker, "POST", f"{_PATH}/{TEXT}:search", {"query": {"query_text": word}})

    def _health(self, asker: _Asker) -> None:
        self._timed("health", asker, "GET", "/api/health/live")


def _attack(port: int, number: int, seconds: float) -> tuple[int, float]:
    """Send an attack again and again over several connections; the last status, and the longest time it took.

    To be run in a process of its own: the others would wait for this one's interpreter, not only for the server.
    """
    attack = attacks()[number]  # its number is what is sent here: a large body would take long
    address = _address(attack.path, attack.params)
    body = attack.sent if attack.body is None else json.dumps(attack.body).encode()
    until = time.perf_counter() + seconds
    status, longest = 0, 0.0

    def go_on() -> None:
        nonlocal status, longest
        asker = _Asker(port, attack.key, timeout=STORED_AFTER if attack.sent else HANGS_UP_AFTER)
        while (began := time.perf_counter()) < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, _ = asker.send(attack.method, address, body)
            longest = max(longest, time.perf_counter() - began)
        asker.close()

    threads = [threading.Thread(target=go_on, daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return status, longest


def _line(what: str, waits: dict[str, list[float]], usual: dict[str, float], detail: str) -> Line:
    """Compare how long others waited with what is usual for the same kind of request where nobody attacks."""
    longest = {kind: max(found, default=0.0) * 1e3 for kind, found in waits.items()}
    held_up = max(longest[kind] - usual[kind] for kind in longest)
    worst = ", ".join(f"{kind} {longest[kind]:.0f} (usually {usual[kind]:.0f})" for kind in longest)
    p99 = percentile([took * 1e3 for found in waits.values() for took in found], 99)
    note = f"longest {worst} ms; p99 of all {p99:.0f}; {detail}"
    return Line(what, held_up, "ms", note, at_most=AT_MOST_MS)


def _alone(others: _Others, seconds: float) -> dict[str, list[float]]:
    """Return the waits of others while nobody attacks, once what the last attack left is done."""
    time.sleep(1)
    began = time.perf_counter()
    time.sleep(seconds)
    return others.since(began)


def _usual(alone: dict[str, list[float]]) -> dict[str, float]:
    """Return medians in milliseconds by kind: a moment at which the machine was busy would hide what an attack does."""
    return {kind: median(found) * 1e3 for kind, found in alone.items()}


def measure(scale: Scale) -> Iterator[Line]:
    records = min(RECORDS, scale.records)
    seconds = max(3.0, scale.seconds / 4)
    attackers = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with attackers, team_home(PEOPLE) as home, Server(home) as server:
        say(f"  loading {records:,} records")
        _fill(server, records)
        attackers.submit(time.sleep, 0).result()  # starts the process, which takes a second of computing
        others = _Others(server.port)
        try:
            time.sleep(3)  # what is read once is read by then
            alone = _alone(others, seconds)
            yield _line("nobody attacks", alone, _usual(alone), f"{records:,} records")
            for number, attack in enumerate(attacks()):
                if scale.only and not any(part in attack.what for part in scale.only):
                    continue
                # Before each attack anew: the speed of a shared machine changes within minutes
                usual = _usual(_alone(others, seconds))
                memory, cpu, began = server.memory(), server.cpu(), time.perf_counter()
                status, longest = attackers.submit(_attack, server.port, number, seconds).result()
                used = (server.cpu() - cpu) / (time.perf_counter() - began)
                more = server.memory() - memory
                detail = f"answered {status} within {longest:.1f} s, {used:.1f} cores, {more:+.0f} MB"
                yield _line(attack.what, others.since(began), usual, detail)
            yield Line("resident memory in the end", server.memory(), "MB")
        finally:
            others.close()
    for each in others.wrong[:10]:
        say(f"  wrong: {each}")
    yield Line("requests of others that failed", len(others.wrong), "", at_most=0)
