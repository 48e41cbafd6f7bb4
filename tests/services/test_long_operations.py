"""One runner takes the steps of every long operation, and gives it up when one fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, cast

import pytest

from apportion.domain.errors import StoreUnavailableError
from apportion.ports.store import Store
from apportion.services.background.recovery import recover
from apportion.services.operations import OperationStoppedError, Step, run_operation


class Steps:
    """An operation of three steps whose step ``fails_at`` fails; ``written`` has what was written, and by whom."""

    name = "three steps"

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at
        self.written: list[Any] = []
        self.snapshot_closed = False

    def steps(self) -> Iterator[Step]:
        try:
            for number in range(3):
                yield lambda tx, number=number: self.write(tx, number)  # type: ignore[misc]
        finally:
            self.snapshot_closed = True

    def give_up(self) -> Iterator[Step]:
        yield lambda tx: self.written.append((tx, "given up"))

    def write(self, tx: Any, number: int) -> None:
        if number == self.fails_at:
            raise ZeroDivisionError
        self.written.append((tx, number))


class FakeStore:
    """A store that hands its own name to each transaction; ``server`` is the number of its server."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.server = 7

    def write(self, fn: Callable[[Any], object], *, urgent: bool = False) -> Future[object]:
        done: Future[object] = Future()
        try:
            done.set_result(fn(self.name))
        except Exception as failure:
            done.set_exception(failure)
        return done


ACTING, PLAIN = cast(Store, FakeStore("acting")), cast(Store, FakeStore("plain"))


def test_every_step_is_a_transaction_of_its_own() -> None:
    operation = Steps()
    run_operation(ACTING, operation, cleanup=PLAIN)
    assert operation.written == [("acting", 0), ("acting", 1), ("acting", 2)]


def test_the_time_that_each_step_computed_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, counted = iter([0.0, 1.0, 1.0, 3.0, 3.0, 6.0]), list[float]()
    monkeypatch.setattr(time, "thread_time", lambda: next(ticks))
    run_operation(ACTING, Steps(), count=counted.append)
    assert counted == [1.0, 2.0, 3.0]


def test_an_operation_whose_step_fails_is_given_up_whatever_rights_are_left() -> None:
    operation = Steps(fails_at=1)
    with pytest.raises(ZeroDivisionError):
        run_operation(ACTING, operation, cleanup=PLAIN)
    assert operation.written == [("acting", 0), ("plain", "given up")]
    assert operation.snapshot_closed


def test_an_operation_that_a_stop_ends_is_left_to_the_next_start() -> None:
    operation, asked = Steps(), iter([False, True])

    def checkpoint() -> None:
        if next(asked):
            raise OperationStoppedError

    with pytest.raises(OperationStoppedError):
        run_operation(ACTING, operation, checkpoint=checkpoint)
    assert operation.written == [("acting", 0)]
    assert operation.snapshot_closed


@pytest.mark.parametrize("number", [0, 8])
def test_an_operation_of_a_server_that_counts_as_dead_is_left_to_another(number: int) -> None:
    operation, store = Steps(), FakeStore("mine")

    def checkpoint() -> None:
        store.server = number if operation.written else 7

    with pytest.raises(StoreUnavailableError):
        run_operation(cast(Store, store), operation, checkpoint=checkpoint)
    assert operation.written == [("mine", 0)]
    assert operation.snapshot_closed


def test_a_server_that_cannot_prove_that_it_is_alive_begins_nothing() -> None:
    operation, store = Steps(), FakeStore("mine")
    store.server = 0
    with pytest.raises(StoreUnavailableError):
        run_operation(cast(Store, store), operation)
    assert operation.written == []


def test_the_first_failure_is_told_even_if_giving_up_fails_too() -> None:
    class Hopeless(Steps):
        def give_up(self) -> Iterator[Step]:
            yield lambda tx: cast(Any, tx).nothing

    with pytest.raises(ZeroDivisionError):
        run_operation(ACTING, Hopeless(fails_at=0))


def test_what_cannot_be_recovered_does_not_keep_back_the_rest() -> None:
    broken, sound = Steps(fails_at=0), Steps()
    recover(PLAIN, [broken, sound])
    assert [number for _, number in sound.written] == [0, 1, 2]
