"""Setting of a simulated team: its home, its dataset and plan, an hour of its work, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from .corpus import TEXT, bodies
from .crowd import (
    DATASET,
    WANTED,
    Address,
    Caller,
    Kept,
    Listener,
    Manager,
    Person,
    Scribe,
    Searcher,
    own_path,
)
from .server import NAME, WORKSPACE, Server, furnish

__all__ = [
    "MANAGERS",
    "OVER_COLLECTED",
    "Gathering",
    "Notebook",
    "furnish_team",
    "met",
    "names",
    "over_collected",
    "plain_bodies",
    "prepared",
    "read_back",
    "team_home",
    "too_many",
]

MANAGERS = ["mia", "max"]


def names(many: int) -> list[str]:
    """So many annotators."""
    return [f"person{number}" for number in range(many)]


@contextlib.contextmanager
def team_home(people: int, **settings: str) -> Iterator[Path]:
    """A temporary home with an admin, managers and so many annotators; keys are ``<username>.apikey``.

    ``settings`` are environment variables of the server.
    """
    home = Path(tempfile.mkdtemp(prefix="apportion-team-"))
    try:
        furnish(home, **settings)
        furnish_team(home, people, settings)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def furnish_team(home: Path, people: int, environ: Mapping[str, str]) -> None:
    """Create managers and so many annotators without passwords, each of which would take a tenth of a second."""
    from apportion.bootstrap import open_store
    from apportion.services.people.users import NewUser, add_user
    from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
    from apportion.settings import load_settings
    from apportion.vocabulary import MembershipRole

    def set_up(tx: Any) -> None:
        workspace = ensure_workspace(tx, WORKSPACE, now=1)
        for name in [*MANAGERS, *names(people)]:
            role = MembershipRole.MANAGER if name in MANAGERS else MembershipRole.ANNOTATOR
            add_user(tx, NewUser(name, name), key=f"{name}.apikey", now=1)
            join(tx, workspace, MemberChange(name, role, 1))

    store = open_store(load_settings(environ, home=home).settings)
    store.write(set_up).result()
    store.close()


def plain_bodies(first: int, end: int, total: int) -> Iterator[bytes]:
    """Requests with records that nobody has annotated, those from ``first`` to ``end`` of ``total``."""
    for body in bodies(TEXT, first, end, total):
        sent = msgspec.json.decode(body)
        for record in sent["records"]:
            record.pop("annotation", None)
            record["status"] = "Default"
        yield msgspec.json.encode(sent)


def prepared(server: Server, records: int, people: Sequence[str]) -> str:
    """Log the team's records and share them out: two fifths planned for people, the rest for whoever comes.

    The plan's id."""
    with contextlib.closing(server.client()) as client:
        for body in plain_bodies(0, records, records):
            client.log(DATASET, TEXT, body)
        some = {"where": "metadata.lang:(lang0 OR lang1)", "mode": "push"}
        rules = [
            {"users": list(people), "overlap": WANTED, **rule}
            for rule in (some, {"mode": "pull", "skip": "next_person"})
        ]
        spec = {"rules": rules, "blind": True, "visibility": "dataset", "seed": 7}
        url = f"/api/datasets/{DATASET}/assignments"
        made = msgspec.json.decode(client.ask("POST", url, msgspec.json.encode(spec)))
    return str(made["id"])


class Notebook:
    """A notebook in a process of its own that logs into the team's dataset as fast as it can."""

    def __init__(self, port: int, first: int, records: int) -> None:
        command = [sys.executable, "-m", "benchmarks.gathering", str(port), str(first), str(records)]
        self.began = time.perf_counter()
        self.records = records
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def result(self) -> dict[str, Any]:
        output, _ = self._process.communicate(timeout=600)
        if self._process.returncode:
            raise RuntimeError(f"the notebook failed with {self._process.returncode}")
        found: dict[str, Any] = json.loads(output)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Gathering:
    """Everybody at work."""

    address: Address
    people: list[Person]
    managers: list[Manager]
    scribes: list[Scribe] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    searchers: list[Searcher] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    stopped: float = float("inf")
    """Time at which they were asked to stop: then everybody finishes at once, which no team does."""

    @property
    def workers(self) -> list[Person | Manager | Scribe | Searcher | Listener]:
        # who listens last: they are the last to stop
        return [*self.people, *self.managers, *self.scribes, *self.searchers, *self.listeners]

    @property
    def problems(self) -> list[str]:
        """Problems so far."""
        return [each for worker in self.workers for each in worker.problems]

    @property
    def noted(self) -> Counter[str]:
        """Counts of what may happen, and is no fault."""
        return sum((worker.noted for worker in self.workers), Counter())

    @property
    def kept(self) -> dict[tuple[str, str], Kept]:
        """Answers acknowledged last, by person and record."""
        return {(each.name, id): kept for each in self.people for id, kept in each.kept.items()}

    def took(self, kind: str, when: Callable[[float], bool] = lambda _: True) -> list[float]:
        """Seconds, of requests that began at such times."""
        return [took for each in self.workers for began, took in list(each.times[kind]) if when(began)]

    def times(self) -> set[str]:
        """The kinds of requests there were."""
        return {kind for each in self.workers for kind in each.times}

    @property
    def done(self) -> Counter[tuple[str, str, str]]:
        """Counts of what people did to records, as listeners should have heard it: who, what, which."""
        return sum((each.done for each in self.people), Counter())

    def _wait_for_listeners(self) -> None:
        """Wait until listeners have heard of all that was done, and a little for what they would hear twice."""
        done, until = self.done, time.monotonic() + HEARD_WITHIN
        while not all(_covers(each.heard, done) for each in self.listeners) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1 if self.listeners else 0)

    def end(self) -> None:
        """Everybody finishes what they were at; whoever listens has heard of it."""
        if not self.address.stop.is_set():
            self.stopped = time.perf_counter() - 0.5
            self.address.stop.set()
            for each in self.threads[: -len(self.listeners) or None]:
                each.join(90)
            self._wait_for_listeners()
        for listener in self.listeners:
            listener.hang_up()
        for each in self.threads:
            each.join(90)
            if each.is_alive():
                raise RuntimeError("somebody does not stop")


@contextlib.contextmanager
def met(
    port: int | Sequence[int],
    people: Sequence[str],
    plan: str | None = None,
    *,
    pace: float = 1.0,
    scribes: Sequence[str] = (),
    every: float = 0.0,
    searchers: Sequence[str] = (),
    before: Gathering | None = None,
) -> Iterator[Gathering]:
    """A team at work; in the end everybody finishes what they are at.

    ``port``: of the server, or those of several. ``plan``: what two managers rebalance; nobody manages without one.
    ``every``: seconds between two batches of a scribe. ``searchers``: who searches once a second at a pace of 1.
    ``before``: the team met already, and this is what it knows.
    """
    address = Address([port] if isinstance(port, int) else port, WORKSPACE)
    managers = (
        [] if plan is None else [Manager(address, each, plan, list(people), pace=pace) for each in MANAGERS]
    )
    found = Gathering(
        address,
        [Person(address, name, pace=pace) for name in people],
        managers,
        [Scribe(address, name, every=every) for name in scribes],
        [] if plan is None else [Listener(address, each) for each in MANAGERS],
        [Searcher(address, name, every=1 / pace) for name in searchers],
    )
    known = {} if before is None else {each.name: each.kept for each in before.people}
    for each in found.people:
        each.kept.update(known.get(each.name, {}))
    found.threads = [threading.Thread(target=each, daemon=True) for each in found.workers]
    for thread in found.threads:
        thread.start()
    try:
        yield found
    finally:
        found.end()


def _covers(heard: Counter[tuple[str, str, str]], done: Counter[tuple[str, str, str]]) -> bool:
    return all(heard[each] >= times for each, times in done.items())  # the listener is still adding to it


HEARD_WITHIN = 20
"""Seconds after which a message that a listener has not heard of is lost: longer than a stream is ever silent."""

_MESSAGES = ("submitted", "discarded", "took_back")
"""Events about what people acknowledged."""

_STATES = {"Validated": "submitted", "Edited": "draft", "Discarded": "discarded"}


def read_back(gathering: Gathering, port: int | Sequence[int]) -> list[str]:
    """Return what was acknowledged and is not there as it was, is there without having been sent, or too often."""
    found: list[str] = []
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    address = Address([port] if isinstance(port, int) else port, WORKSPACE)
    for person in gathering.people:
        for record in _own(address, person.name):
            answer = record["annotation"]
            label = answer["labels"][0]["class_label"] if answer and answer["labels"] else ""
            place = person.name, str(record["id"])
            if place in seen:
                found.append(f"{place} is there twice")
            seen[place] = _STATES[record["status"]], label
    for place, kept in gathering.kept.items():
        if seen.get(place) != (kept.state, kept.label):
            found.append(f"{place}: {kept} was acknowledged, {seen.get(place)} is there")
    found += [
        f"{place}: {seen[place]} is there and was never sent" for place in seen.keys() - gathering.kept.keys()
    ]
    done = gathering.done
    for listener in gathering.listeners:
        heard = Counter({each: many for each, many in listener.heard.items() if each[1] in _MESSAGES})
        for which, wrong in (
            ("missed", done - heard),
            ("heard too often of", heard - done),
        ):
            if wrong:
                found.append(
                    f"{listener.name} {which} {wrong.total()} of {done.total()} messages, as {min(wrong)}; "
                    f"nothing came for {time.monotonic() - listener.latest:.0f} s, through {listener.state}"
                )
    answered = [
        place
        for place, kept in gathering.kept.items()
        if kept.state != "draft" and (kept.counted or _counts_by_now(address, *place))
    ]
    often = Counter(id for _, id in answered)
    found += [f"{id} has {times} answers that count" for id, times in often.items() if times > WANTED]
    with contextlib.closing(Caller(address, f"{MANAGERS[0]}.apikey")) as manager:
        reply = manager.need("GET", f"/api/datasets/{DATASET}/progress")
        found += [each for scribe in gathering.scribes for each in scribe.not_whole(manager)]
    shown = {each["annotator"]: each["done"] for each in reply["annotators"] if each["done"]}
    counted = Counter(name for name, _ in answered)
    if shown != dict(counted):
        found.append(f"progress says {shown}, acknowledged were {dict(counted)}")
    return found


def _counts_by_now(address: Address, name: str, id: str) -> bool:
    """Ask whether an extra counts: a rebalance may have given its author a slot of the record since."""
    with contextlib.closing(Caller(address, f"{name}.apikey")) as caller:
        return bool(caller.need("GET", own_path(id))["counted"])


def _own(address: Address, name: str) -> Iterator[dict[str, Any]]:
    """Everything somebody has annotated, a page at a time."""
    body: dict[str, Any] = {"query": {"query_text": "status:(Validated OR Edited OR Discarded)"}}
    with contextlib.closing(Caller(address, f"{name}.apikey")) as caller:
        while True:
            page = caller.need("POST", f"/api/datasets/{DATASET}/records/:search", body, limit=1000)
            yield from page["records"]
            if not page["records"]:
                return
            body["next_page_cfg"] = page["next_page_cfg"]


OVER_COLLECTED = (
    # 1 leased, 2 done: what is pending or was given up is nobody's work
    "SELECT rid, count(*), count(DISTINCT CASE WHEN state = 1 THEN holder ELSE annotator END) FROM slots "
    "WHERE state IN (1, 2) GROUP BY rid"
)


def over_collected(home: Path) -> list[str]:
    """Records with more work done or begun than the plan wants, as the file has it; no server runs."""
    raw = sqlite3.connect(home / "apportion.db")
    try:
        return too_many(raw.execute(OVER_COLLECTED).fetchall())
    finally:
        raw.close()


def too_many(rows: Sequence[tuple[int, int, int]]) -> list[str]:
    """Return what of ``OVER_COLLECTED`` is more than wanted, or twice by the same person."""
    return [f"{rid}: {many} by {by} people" for rid, many, by in rows if many > WANTED or many != by]


_ROOT = Path(__file__).parent.parent


def _log(port: int, first: int, records: int) -> None:
    """The notebook: our own client, as one uses it."""
    import apportion as rg

    def made() -> Iterator[rg.TextClassificationRecord]:
        for body in bodies(TEXT, first, first + records, first + records):
            for each in msgspec.json.decode(body)["records"]:
                answer = each["prediction"]
                yield rg.TextClassificationRecord(
                    id=each["id"], inputs=each["inputs"], metadata=each["metadata"],
                    prediction=[(one["class"], one["score"]) for one in answer["labels"]],
                    prediction_agent=answer["agent"],
                )  # fmt: skip

    began, cpu = time.perf_counter(), time.process_time()
    with rg.Client(f"http://127.0.0.1:{port}", f"{NAME}.apikey", WORKSPACE) as client:
        result = client.log(made(), DATASET, verbose=False)
    spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    print(json.dumps({"records": result.processed, "failed": result.failed, **spent}))


if __name__ == "__main__":
    _log(*map(int, sys.argv[1:]))
