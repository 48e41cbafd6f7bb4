"""Several stores on the same data, all of them written to at the same time: every promise of the queue holds."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.assignment.spec import RuleSpec
from apportion.domain.assignment.states import Mode, RowState
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset, DatasetAddress, RecordAddress
from apportion.domain.errors import ConflictError, RecordNotFound
from apportion.domain.query import parse
from apportion.domain.records import Value
from apportion.ports.records import Criteria, EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.ports.upkeep import Upkeep
from apportion.services.answers.own_annotations import AnnotationEntry, put_own_annotation
from apportion.services.assignments.queue import (
    ClaimRequest,
    Queue,
    QueueItem,
    SkipRequest,
    claim_next,
    release_records,
    skip_record,
)
from apportion.vocabulary import AnnotationState
from patience import patience
from planned import Planned
from stored_dataset import text, write
from stores import opened_several
from support import actor

NOW = 1_000
PEOPLE = ("ana", "ben", "cy", "dora")
STORES = 3


@pytest.fixture(scope="module")
def several(
    store_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[Store], Callable[[], Upkeep]]]:
    if store_kind == "postgres-pair":
        pytest.skip("tested with three stores, as another kind")
    folder: Path = tmp_path_factory.mktemp("several")
    with opened_several(store_kind, folder, STORES) as found:
        yield found


class Team:
    """People at work on one dataset through several stores; each has two tabs open."""

    def __init__(self, stores: Sequence[Store], records: int, wanted: int) -> None:
        self.stores = stores
        self.planned = Planned(stores[0])
        self.dataset = self.planned.dataset
        self.address = DatasetAddress("ws", self.dataset.name)
        self.ids = [f"r{n:03}" for n in range(records)]
        self.planned.log(*(text(id) for id in self.ids))
        self.wanted = wanted
        self.acknowledged: dict[tuple[str, str], int] = {}
        """The version of the last answer that was acknowledged, by record and person."""
        self.claims: list[tuple[str, tuple[str, ...]]] = []
        self.failures: list[BaseException] = []

    def plan(self, *, own: Sequence[str] = (), cap: int | None = None) -> None:
        """Share all records out: ``wanted`` answers each, one each of ``own``, the rest for whoever comes first."""
        pairs: list[tuple[str, str | None]] = []
        for id in self.ids:
            pairs += [(id, name) for name in own]
            pairs += [(id, None)] * (self.wanted - len(own))
        plan = self.planned.plan(pairs, RuleSpec(mode=Mode.PULL, lease=30))
        team = tuple(Person(name, cap=cap) for name in PEOPLE)
        self.planned.write(lambda tx: tx.assignments.change_plan(plan, at=9, teams=(team,)))

    def run(self, *work: Callable[[], None]) -> None:
        """Run each in a thread of its own; raise what failed in any of them."""

        def guarded(each: Callable[[], None]) -> None:
            try:
                each()
            except BaseException as failure:
                self.failures.append(failure)

        threads = [threading.Thread(target=guarded, args=(each,)) for each in work]
        for each in threads:
            each.start()
        for each in threads:
            each.join(patience(120))
            assert not each.is_alive()
        if self.failures:
            raise self.failures[0]

    def write(self, store: Store, fn: Callable[[Transaction], Any]) -> Any:
        return store.write(fn, urgent=True).result(patience(60))

    def claim(self, store: Store, who: str, limit: int) -> Queue:
        tokens = [f"{who} {n} {random.random()}" for n in range(limit)]
        asked = ClaimRequest(tokens, limit)
        found: Queue = self.write(
            store, lambda tx: claim_next(tx, actor(who, ws="annotator"), self.address, asked, now=NOW)
        )
        return found

    def answer(self, store: Store, who: str, id: str, label: str, version: int) -> None:
        value: Value = ((label, 1.0),)
        entry = AnnotationEntry(lambda _: value, AnnotationState.SUBMITTED, version)
        receipt = self.write(
            store,
            lambda tx: put_own_annotation(
                tx, actor(who, ws="annotator"), RecordAddress(self.address, id), entry, now=NOW
            ),
        )
        self.acknowledged[id, who] = max(receipt.annotation.version, self.acknowledged.get((id, who), 0))

    def release(self, store: Store, who: str, item: QueueItem) -> None:
        assert item.slot.lease is not None
        held = [(item.slot.record, item.slot.lease.token)]
        me = actor(who, ws="annotator")
        self.write(store, lambda tx: release_records(tx, me, self.address, held))

    def skip(self, store: Store, who: str, item: QueueItem) -> None:
        assert item.slot.lease is not None
        at, asked = RecordAddress(self.address, item.slot.record), SkipRequest(item.slot.lease.token)
        self.write(store, lambda tx: skip_record(tx, actor(who, ws="annotator"), at, asked, now=NOW))

    def work(self, store: Store, who: str, seed: int) -> Callable[[], None]:
        """Return what somebody does in one tab: claim, answer, skip, release, until nothing is left for them."""
        dice = random.Random(seed)

        def go_on() -> None:
            while items := self.claim(store, who, dice.randint(1, 4)).items:
                for item in items:
                    deed = dice.random()
                    try:
                        if deed < 0.8:
                            self.answer(store, who, item.slot.record, dice.choice("AB"), item.version)
                        elif deed < 0.9:
                            self.release(store, who, item)
                        else:
                            self.skip(store, who, item)
                    except (ConflictError, RecordNotFound):  # the other tab was faster
                        continue

        return go_on

    # What must hold

    def check(self, *, cap: int | None = None) -> None:
        with self.stores[-1].read() as tx:
            cases = tx.annotations.cases(self.dataset, self.ids)
        answers: Counter[str] = Counter()
        for case in cases:
            live = [slot for slot in case.slots if slot.state not in (RowState.WITHDRAWN, RowState.SKIPPED)]
            assert len(live) <= self.wanted
            having = [slot.lease.annotator if slot.lease else slot.annotator for slot in live]
            named = [name for name in having if name is not None]
            assert len(named) == len(set(named)), (case.id, named)
            counted = [each for each in case.annotations.values() if each.counted]
            done = {slot.annotator or "" for slot in live if slot.state is RowState.DONE}
            assert {each.annotator for each in counted} == done, case.id
            assert len(counted) <= self.wanted
            answers.update(done)
            for name, each in case.annotations.items():
                assert each.version == self.acknowledged.get((case.id, name)), (case.id, name)
        for (id, name), _ in self.acknowledged.items():
            assert any(case.id == id and name in case.annotations for case in cases), (id, name)
        if cap is not None:
            assert max(answers.values(), default=0) <= cap
        for store in self.stores:
            self.planned.store = store
            self.planned.check_counters()


def verified(upkeep: Callable[[], Upkeep]) -> None:
    assert upkeep().verify() == []


@pytest.mark.parametrize("seed", range(3))
def test_everybody_works_through_every_store_and_nothing_is_given_out_twice(
    several: tuple[list[Store], Callable[[], Upkeep]], seed: int
) -> None:
    stores, upkeep = several
    team = Team(stores, records=12, wanted=2)
    team.plan()
    tabs = [(who, tab) for who in PEOPLE for tab in range(2)]
    team.run(
        *(team.work(stores[(n + seed) % len(stores)], who, 100 * seed + n) for n, (who, _) in enumerate(tabs))
    )

    team.check()
    answered = sum(1 for _ in team.acknowledged)
    assert answered >= 12  # each record at least once: whoever skips leaves it to others
    verified(upkeep)


@pytest.mark.parametrize("cap", [3, 5])
def test_nobody_gets_more_than_their_cap_in_two_tabs_on_two_stores(
    several: tuple[list[Store], Callable[[], Upkeep]], cap: int
) -> None:
    stores, upkeep = several
    team = Team(stores, records=30, wanted=1)
    team.plan(cap=cap)
    team.run(*(team.work(stores[n % len(stores)], who, n) for n, who in enumerate(PEOPLE * 2)))

    team.check(cap=cap)
    verified(upkeep)


def test_two_tabs_that_claim_at_the_same_time_do_not_exceed_a_cap(
    several: tuple[list[Store], Callable[[], Upkeep]],
) -> None:
    stores, _ = several
    team = Team(stores, records=24, wanted=1)
    team.plan(cap=3)
    start, held = threading.Barrier(2), Counter[str]()

    def claim(store: Store, *, counting: bool) -> Callable[[], None]:
        def go_on() -> None:
            for _ in range(8):
                start.wait(patience(60))
                team.claim(store, "ana", 3)
                start.wait(patience(60))
                if counting:
                    with store.read() as tx:
                        leases = tx.assignments.leased(team.dataset, "ana")
                    held[f"{len(leases)} at once"] += 1
                    me = actor("ana", ws="annotator")
                    team.write(store, lambda tx: release_records(tx, me, team.address, None))
                start.wait(patience(60))

        return go_on

    team.run(claim(stores[0], counting=True), claim(stores[-1], counting=False))
    assert held == {"3 at once": 8}


def _log(tx: Transaction, dataset: Dataset, ready: Sequence[EncodedRecord]) -> None:
    tx.records.log(dataset, ready, at=NOW)


def _delete(tx: Transaction, dataset: Dataset, query: str) -> None:
    tx.records.delete(dataset, Criteria(parse(query)), at=NOW)


def test_a_notebook_logs_and_deletes_while_everybody_answers(
    several: tuple[list[Store], Callable[[], Upkeep]],
) -> None:
    stores, upkeep = several
    team = Team(stores, records=10, wanted=3)
    team.plan(own=("ana",))
    other = stores[-1]

    def log() -> None:
        for n in range(10):
            some = [text(f"late{n}-{m}", metadata={"n": f"v{n % 3}"}) for m in range(20)]
            ready = other.encode_records(team.dataset.task, some)
            write(other, partial(_log, dataset=team.dataset, ready=ready))
            write(other, partial(_delete, dataset=team.dataset, query=f"id:late{n}\\-1*"))

    team.run(log, *(team.work(stores[n % len(stores)], who, n) for n, who in enumerate(PEOPLE)))

    team.check()
    for store in stores:
        with store.read() as tx:
            late = tx.records.count(team.dataset, Criteria(parse("id:late*")))
            assert late == 10 * 9
    verified(upkeep)


def test_the_same_new_label_may_be_given_through_every_store_at_once(
    several: tuple[list[Store], Callable[[], Upkeep]],
) -> None:
    stores, upkeep = several
    team = Team(stores, records=24, wanted=1)
    start = threading.Barrier(len(PEOPLE))

    def give(n: int) -> Callable[[], None]:
        def go_on() -> None:
            for round in range(6):
                start.wait(patience(60))
                team.answer(stores[n % len(stores)], PEOPLE[n], team.ids[6 * n + round], f"new{round}", 0)

        return go_on

    team.run(*map(give, range(len(PEOPLE))))
    for round in range(6):
        found = [team.planned.search(f"annotated_as:new{round}").total]
        assert found == [len(PEOPLE)]
    verified(upkeep)


def test_events_are_numbered_in_the_order_in_which_they_can_be_seen(
    several: tuple[list[Store], Callable[[], Upkeep]],
) -> None:
    stores, _ = several
    team = Team(stores, records=40, wanted=1)
    team.plan()
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        after = 0
        while True:
            last = done.is_set()
            with stores[-1].read() as tx:
                events = tx.annotations.events(team.dataset, after=after, limit=1_000)
            seen.extend(each.no for each in events)
            after = seen[-1] if seen else 0
            if last:
                return

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        team.run(*(team.work(stores[n % len(stores)], who, n) for n, who in enumerate(PEOPLE)))
    finally:
        done.set()
        follower.join(patience(60))
    with stores[0].read() as tx:
        assert seen == [each.no for each in tx.annotations.events(team.dataset, limit=10_000)]
