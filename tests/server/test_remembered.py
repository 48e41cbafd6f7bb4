"""Values remembered between transactions, or within one, are those of the database: also after rollbacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import pytest

from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import AnswerChange
from apportion.services.answers.answer_mode import answer_mode
from apportion.vocabulary import AnnotationState
from dataset_client import DatasetClient
from patience import patience
from upkeep import problems_in

PLAN = {"rules": [{"overlap": 2, "users": ["ana", "ben"]}], "seed": 3}


class RefusedError(Exception):
    """Failure of a transaction."""


def talk(tx: Transaction) -> Any:
    found = tx.datasets.find("shared", "talk")
    assert found is not None
    return found


def spend(tx: Transaction, who: str, at: int, seconds: float = 1.0, *, answered: bool = True) -> None:
    dataset = talk(tx)
    case = tx.annotations.case(dataset, "a")
    assert case is not None
    before = case.seconds_of(who) or 0.0
    tx.annotations.spend(dataset, case, who, before + seconds, answered=answered, at=at)


def refused(fn: Callable[[Transaction], Any]) -> Callable[[Transaction], None]:
    def run(tx: Transaction) -> None:
        fn(tx)
        raise RefusedError

    return run


def spent(store: Any) -> dict[str, int]:
    with store.read() as tx:
        rows = tx.annotations.spent(talk(tx), 0, 1 << 60)
        return {name: sum(ms for who, _, _, ms in rows if who == name) for name, *_ in rows}


def verified(store: Any) -> list[str]:
    return [each.message for each in problems_in(store)]


def test_a_number_that_was_rolled_back_is_given_to_the_next_person(client_as: Any, store: Any) -> None:
    DatasetClient(client_as)
    with pytest.raises(RefusedError):
        store.write(refused(lambda tx: spend(tx, "lost", 10))).result()
    store.write(lambda tx: spend(tx, "kept", 11, 2.0)).result()
    assert spent(store) == {"kept": 2000}
    store.write(lambda tx: spend(tx, "lost", 12, 3.0)).result()
    assert spent(store) == {"kept": 2000, "lost": 3000}


@pytest.mark.parametrize("which", [0, 1, 2])
def test_of_writes_that_share_a_transaction_only_the_refused_one_is_undone(
    client_as: Any, store: Any, which: int
) -> None:
    DatasetClient(client_as)
    begun, go_on = Event(), Event()

    def hold(_: Transaction) -> None:
        begun.set()
        go_on.wait(patience(30))

    held = store.write(hold)
    begun.wait(patience(30))
    people = ["first", "second", "third"]
    writes: list[Callable[[Transaction], None]] = [
        partial(spend, who=who, at=at + 10) for at, who in enumerate(people)
    ]
    writes[which] = refused(writes[which])
    waiting = [store.write(each, urgent=True) for each in writes]
    go_on.set()
    held.result(patience(30))
    for place, each in enumerate(waiting):
        assert isinstance(each.exception(30), RefusedError if place == which else type(None))
    assert spent(store).keys() == {*people} - {people[which]}


def test_a_plan_that_was_changed_and_rolled_back_is_read_as_it_is(client_as: Any, store: Any) -> None:
    shown = DatasetClient(client_as)
    shown.post("max", "assignments", PLAN)

    with store.read() as tx:
        (before,) = tx.assignments.plans(talk(tx))

    def change(figures: dict[str, int]) -> Callable[[Transaction], Any]:
        def run(tx: Transaction) -> Any:
            tx.assignments.change_plan(before, at=before.changed_at, figures=figures)
            (changed,) = tx.assignments.plans(talk(tx))
            return dict(changed.figures)

        return run

    with pytest.raises(RefusedError):
        store.write(refused(change({"x": 1}))).result()
    assert store.write(change({"x": 2})).result() == {"x": 2}
    with store.read() as tx:
        (plan,) = tx.assignments.plans(talk(tx))
    assert plan.figures == {"x": 2}


def test_a_value_that_was_rolled_back_is_counted_from_the_beginning(client_as: Any, store: Any) -> None:
    shown = DatasetClient(client_as)

    def answer(tx: Transaction, label: str) -> None:
        dataset = talk(tx)
        case = tx.annotations.case(dataset, "a")
        assert case is not None
        state = AnnotationState.SUBMITTED
        change = AnswerChange("ana", state, ((label, 1.0),), 1_700_000_000_000_000)
        answer_mode(tx, dataset).save(case, change)

    with pytest.raises(RefusedError):
        store.write(refused(lambda tx: answer(tx, "new"))).result()
    shown.answer(ana="other new new", ben="- new new")
    assert shown.found("max", "annotated_as:new") == ["b", "c"]
    store.close()
    assert verified(store) == []


def test_changing_a_record_twice_in_one_transaction_leaves_nothing_of_the_first_change(
    client_as: Any, store: Any
) -> None:
    shown = DatasetClient(client_as)
    shown.post("max", "assignments", PLAN)
    shown.answer(ana="good good good")

    def twice(tx: Transaction) -> None:
        dataset = talk(tx)
        for at, label in enumerate(("bad", "fine"), start=1_700_000_000_000_000):
            case = tx.annotations.case(dataset, "a")
            assert case is not None
            state = AnnotationState.SUBMITTED
            change = AnswerChange("ana", state, ((label, 1.0),), at, 2.0 * (at % 10))
            answer_mode(tx, dataset).save(case, change)

    store.write(twice).result()
    assert shown.found("ana", "annotated_as:bad") == []
    assert shown.found("ana", "annotated_as:fine") == ["a"]
    store.close()
    assert verified(store) == []


def test_time_is_the_same_whether_it_is_told_in_one_transaction_or_in_many(
    client_as: Any, store: Any
) -> None:
    DatasetClient(client_as)
    steps = [(0.5, False), (0.25, False), (1.0, True), (0.0, True), (2.0, False), (0.0, True), (1.5, True)]

    def rows() -> list[Any]:
        with store.database.read() as connection:
            found: list[Any] = connection.raw.execute(
                "SELECT a.name, t.at, t.ms, t.first FROM time_spent t JOIN agents a ON a.no = t.annotator "
                "ORDER BY 1, 2"
            ).fetchall()
        return found

    def shown_to(who: str) -> list[Callable[[Transaction], None]]:
        return [
            partial(spend, who=who, at=at + 10, seconds=seconds, answered=answered)
            for at, (seconds, answered) in enumerate(steps)
        ]

    for each in shown_to("ana"):
        store.write(each).result()
    store.write(lambda tx: [each(tx) for each in shown_to("ben")]).result()
    found = rows()
    assert [row[1:] for row in found if row[0] == "ana"] == [row[1:] for row in found if row[0] == "ben"]
    assert sum(row[2] for row in found) == 2 * 5250
