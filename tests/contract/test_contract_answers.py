"""Answers: everybody's, in columns, for figures and exports; and totals of what people did, over all datasets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.assignment.states import Phase
from apportion.domain.consensus.answers import Given
from apportion.domain.individual.case import GoldValue, Origin
from apportion.domain.individual.record_view import Rule, build_view
from apportion.domain.records import AgentValues, Entities, TokenClassificationRecord
from apportion.ports.annotations import CaseChange, SharedAnswer
from apportion.ports.answers import AnswerTable, CheckResult, DisputedRecord, SavedPosterior
from apportion.ports.queue import Active
from apportion.ports.store import Store
from apportion.ports.totals import Seen
from apportion.spans import Entity
from apportion.vocabulary import AnnotationState, Status, Task
from planned import Planned, submitted
from stored_dataset import INDIVIDUAL, StoredDataset, read, text

DRAFT, DISCARDED = AnnotationState.DRAFT, AnnotationState.DISCARDED
GOLD = GoldValue((("A", 1.0),), Origin.ADJUDICATED, "rita", "because", 2, 60)


@pytest.fixture
def planned(store: Store) -> Planned:
    return Planned(store)


def cells(planned: StoredDataset, **options: Any) -> list[tuple[Any, ...]]:
    """Return the answers that count as record, annotator, value, and instant if asked for."""
    with planned.store.read() as tx:
        found = tx.answers.columns(planned.dataset, **options)
        ids = tx.answers.ids(planned.dataset, found.record.tolist())
    names = [found.annotators[code] for code in found.annotator.tolist()]
    values: list[Given] = [found.values[code] for code in found.value.tolist()]
    at = [] if found.at is None else [found.at.tolist()]
    return sorted(zip(ids, names, values, *at, strict=True), key=repr)


def some_answers(planned: Planned) -> None:
    """Two answers to a that count, one to b and d; and four others that do not."""
    for who, id, label, state in (
        ("ana", "a", "A", AnnotationState.SUBMITTED),
        ("ben", "a", "B", AnnotationState.SUBMITTED),
        ("ben", "b", "A", AnnotationState.SUBMITTED),
        ("cy", "b", "A", AnnotationState.DRAFT),
        ("cy", "d", "B", AnnotationState.SUBMITTED),
        ("ana", "e", None, DISCARDED),
    ):
        planned.answer(who, id, label, state=state, required=2, at=50 + ord(id))
    planned.answer("dan", "a", "A", required=2)  # one more than is wanted


def test_answers_that_count_come_in_columns(planned: Planned) -> None:
    some_answers(planned)
    wanted = [("a", "ana", "A"), ("a", "ben", "B"), ("b", "ben", "A"), ("d", "cy", "B")]
    numbers = [planned.number(id) for id in "bd"]

    assert cells(planned) == wanted
    assert cells(planned, within=numbers) == wanted[2:]
    assert cells(planned, within=[]) == []
    assert cells(planned, times=True) == [(*each, 50 + ord(each[0])) for each in wanted]
    assert cells(planned, times=True, within=numbers[:1]) == [("b", "ben", "A", 50 + ord("b"))]
    found = planned.read(lambda tx: tx.answers.columns(planned.dataset))
    assert list(found.annotators) == ["ana", "ben", "cy"]
    assert (found.at, found.independent) == (None, None)


def test_answers_that_were_asked_for_because_of_others_are_marked(planned: Planned) -> None:
    planned.plan([("a", "ana"), ("b", "ana")])
    planned.plan([("a", "ben")], of=Phase.ADAPTIVE)
    for who, id in (("ana", "a"), ("ben", "a"), ("ana", "b")):
        planned.answer(who, id)

    for within in (None, [planned.number(id) for id in "ab"]):
        found = planned.read(lambda tx: tx.answers.columns(planned.dataset, within=within))
        assert found.independent is not None
        names = [found.annotators[code] for code in found.annotator.tolist()]
        assert sorted(zip(names, found.independent.tolist(), strict=True)) == [
            ("ana", True), ("ana", True), ("ben", False),
        ]  # fmt: skip


def test_answers_mean_the_same_whatever_their_scores_and_order(store: Store) -> None:
    planned = Planned(store, multi_label=True)
    planned.log(*(replace(text(id), multi_label=True) for id in "ab"))
    for id, value in (("a", (("B", 1.0), ("A", 1.0))), ("b", (("A", 1.0), ("B", 1.0)))):
        before = planned.case(id)
        planned.change(before, before.with_annotation(replace(submitted("ana", "A"), value=value)))
    spans = StoredDataset(store, Task.TOKEN_CLASSIFICATION, policies=INDIVIDUAL)
    spans.log(TokenClassificationRecord("a", raw="Ana left", tokens=["Ana", "left"]))
    with store.read() as tx:
        case = tx.annotations.case(spans.dataset, "a")
    assert case is not None
    own = replace(submitted("ana", "A"), value=Entities([Entity(0, 3, "PER", 0.5)], 0.2))
    after = case.with_annotation(own)
    change = CaseChange(case, after, build_view(after, rule=Rule.MAJORITY, required=1))
    spans.write(lambda tx: tx.annotations.save_cases(spans.dataset, [change], at=1))

    both = frozenset({"A", "B"})
    assert cells(planned) == [("a", "ana", both), ("b", "ana", both)]
    assert cells(spans) == [("a", "ana", frozenset({(0, 3, "PER")}))]


def test_ids_and_texts_are_found_by_number_in_any_order(store: Store) -> None:
    stored = StoredDataset(store, Task.TOKEN_CLASSIFICATION)
    stored.log(
        TokenClassificationRecord("a", raw="I can't", tokens=["I", "ca", "n't"]),
        TokenClassificationRecord("b", raw="", tokens=[]),
        TokenClassificationRecord("c", raw="xy", tokens=["z"]),
    )
    one, two, three = (stored.number(id) for id in "abc")

    with store.read() as tx:
        assert tx.answers.ids(stored.dataset, [three, one, 10_000, two]) == ["c", "a", "b"]
        assert tx.answers.ids(stored.dataset, []) == []
        assert tx.answers.texts(stored.dataset, [one, three, 10_000]) == {
            one: (7, [(0, 1), (2, 4), (4, 7)]), three: (2, None),
        }  # fmt: skip


def test_records_that_people_differ_on_come_most_disputed_first(planned: Planned) -> None:
    for id, labels in (("c", "AB"), ("a", "AB"), ("b", "AAB"), ("d", "AA"), ("e", "A")):
        for who, label in zip(("ana", "ben", "cy"), labels, strict=False):
            planned.answer(who, id, label, required=3)

    def disputed(**options: Any) -> tuple[int, list[DisputedRecord]]:
        given = {"within": None, "after": None, "limit": 10, **options}
        return planned.read(lambda tx: tx.answers.disputed(planned.dataset, **given))

    total, found = disputed()
    assert total == 3
    assert [(each.id, each.number) for each in found] == [(id, planned.number(id)) for id in "acb"]
    assert found[0].agreement == found[1].agreement == 0 < found[2].agreement < 1
    assert disputed(limit=1) == (3, found[:1])
    assert disputed(after=(found[0].agreement, found[0].number)) == (3, found[1:])
    assert disputed(within=[found[1].number, planned.number("d")]) == (1, found[1:2])


def test_answers_gold_and_posteriors_of_some_records_come_in_their_order(store: Store) -> None:
    planned = Planned(store, policies={"annotation": "individual", "resolution": "dawid_skene"})
    some_answers(planned)
    before = planned.case("b")
    planned.change(before, replace(before, gold=GOLD))
    numbers = [planned.number(id) for id in "bfae"]
    kept = SavedPosterior(numbers[0], "dawid_skene", {"ben": "A"}, {"A": 0.875, "B": 0.125})
    other = kept._replace(model="one_coin", number=numbers[2])
    planned.write(lambda tx: tx.answers.save_posteriors(planned.dataset, [kept, other]))

    found = planned.read(lambda tx: tx.answers.answers_for(planned.dataset, numbers))

    answers = found.answers
    rows = zip(
        answers.place,
        answers.annotator,
        answers.state,
        answers.version,
        answers.at,
        answers.counted,
        strict=True,
    )
    assert sorted(rows) == [
        (0, "ben", "submitted", 1, 148, 1),
        (2, "ana", "submitted", 1, 147, 1), (2, "ben", "submitted", 1, 147, 1), (2, "dan", "submitted", 1, 50, 0),
        (3, "ana", "discarded", 1, 151, 1),
    ]  # fmt: skip
    assert list(answers.place) == sorted(answers.place)
    assert [bool(value) for value in answers.value] == [True] * 4 + [False]
    assert list(answers.seconds) == [None] * 5
    assert [len(answers.place[each]) for each in answers.of_each(4)] == [1, 0, 3, 1]
    assert set(found.gold) == {0}
    assert found.gold[0][1:] == ("adjudicated", "rita", "because", 2, 60)
    assert found.posteriors == {0: kept}
    empty = planned.read(lambda tx: tx.answers.answers_for(planned.dataset, []))
    assert (empty.answers, empty.gold, empty.posteriors) == (AnswerTable(), {}, {})


def test_a_posterior_replaces_the_one_before(planned: Planned) -> None:
    modelled = Planned(planned.store, policies={"annotation": "individual", "resolution": "one_coin"})
    for chance in (0.5, 0.75):
        found = SavedPosterior(modelled.number("a"), "one_coin", {}, {"A": chance})
        modelled.write(lambda tx: tx.answers.save_posteriors(modelled.dataset, [found]))

    posterior = modelled.case("a").posterior
    assert posterior is not None
    assert posterior.labels == {"A": 0.75}


def test_names_are_those_a_table_needs_columns_for(planned: Planned) -> None:
    planned.log(replace(text("g", metadata={"z": 1, "a": "x"}), inputs={"title": "t", "body": "b"}))
    some_answers(planned)

    names = planned.read(lambda tx: tx.answers.names(planned.dataset))
    assert sorted(names.inputs) == ["body", "text", "title"]
    assert sorted(names.metadata) == ["a", "z"]
    assert names.annotators == ["ana", "ben", "cy", "dan"]
    assert names.labels == ["A", "B"]


def test_in_a_shared_dataset_only_those_have_columns_whose_time_is_known(store: Store) -> None:
    shared = Planned(store, policies={})
    shared.log(text("a", annotation=AgentValues("ana", {"ana": (("A", 1.0),)}), status=Status.VALIDATED))
    case = shared.case("a")
    assert shared.read(lambda tx: tx.answers.names(shared.dataset)).annotators == []
    again = SharedAnswer(case, "ana", AnnotationState.SUBMITTED, (("A", 1.0),), 3.0, ())
    shared.write(lambda tx: tx.annotations.save_shared(shared.dataset, again, at=9))

    assert shared.case("a").annotations["ana"].seconds == 3.0
    assert shared.read(lambda tx: tx.answers.names(shared.dataset)).annotators == ["ana"]


def test_gold_values_come_with_those_who_know_them(planned: Planned) -> None:
    for id, origin in (("a", Origin.ADJUDICATED), ("b", Origin.EARLIER), ("c", Origin.IMPORTED)):
        before = planned.case(id)
        planned.change(before, replace(before, gold=replace(GOLD, origin=origin)))
    before = planned.case("d")
    planned.change(before, replace(before, gold=replace(GOLD, value=None)))
    planned.answer("ana", "a")
    planned.answer("ben", "a", state=DRAFT)

    assert planned.read(lambda tx: tx.answers.known(planned.dataset)) == {"a": {"rita", "ana"}, "c": {"rita"}}


def test_the_first_answer_to_a_check_is_compared_with_gold(planned: Planned) -> None:
    for id in "ab":
        before = planned.case(id)
        planned.change(before, replace(before, gold=GOLD))
    planned.plan([("a", "ana"), ("b", "ana"), ("a", "ben")], of=Phase.CHECK)
    planned.plan([("c", "ana")])
    planned.answer("ana", "a", "B")
    planned.answer("ana", "a", "A")  # once they had seen it
    planned.answer("ana", "b", None, state=DISCARDED)
    planned.answer("ana", "c", "B")

    found = planned.read(lambda tx: tx.answers.checked(planned.dataset))
    assert sorted(found, key=repr) == [CheckResult("ana", "B", "A"), CheckResult("ana", None, "A")]


# Totals over many datasets


def test_statuses_are_counted_as_each_viewer_sees_them(empty_store: Store) -> None:
    one, shared, empty = Planned(empty_store), StoredDataset(empty_store), StoredDataset(empty_store)
    one.answer("ana", "a", required=1)
    one.answer("ben", "b", state=DRAFT)
    one.plan([("c", "ana"), ("d", "ana"), ("a", "ana")])
    shared.log(text("a", status=Status.DISCARDED), text("b"))
    numbers = [each.dataset.no for each in (one, shared, empty)]
    with empty_store.read() as tx:
        datasets = [each for no in numbers if (each := tx.datasets.by_number(no)) is not None]
        everybody, ana, nobody = (
            Seen(datasets[0], one.criteria("", who).viewer) for who in (None, "ana", "cy")
        )
        found = tx.totals.statuses(
            [everybody, ana, nobody, ana._replace(assigned="ana"), nobody._replace(assigned="cy")]
            + [Seen(each, everybody.viewer) for each in datasets[1:]]
        )
        assert tx.totals.statuses([]) == []
    assert found == [
        {"Default": 5, "Validated": 1}, {"Default": 5, "Validated": 1}, {"Default": 6},
        {"Default": 2, "Validated": 1}, {"Default": 0}, {"Default": 1, "Discarded": 1}, {"Default": 0},
    ]  # fmt: skip


def test_activity_is_known_for_many_datasets_at_once(empty_store: Store) -> None:
    one, two = Planned(empty_store), Planned(empty_store)
    one.answer("ana", "a", at=50)
    two.answer("ana", "a", at=60, state=DRAFT)
    two.answer("ben", "b", at=70)
    case = two.case("b")
    two.write(lambda tx: tx.annotations.spend(two.dataset, case, "ben", 1.5, answered=True, at=80))

    active = read(empty_store, lambda tx: tx.totals.active([one.dataset.no, two.dataset.no, 1_000]))
    assert active == {
        one.dataset.no: {"ana": Active(50, 0.0, 0)},
        two.dataset.no: {"ana": Active(60, 0.0, 1), "ben": Active(80, 1.5, 0)},
    }
    only = read(empty_store, lambda tx: tx.totals.active([one.dataset.no]))
    assert only == {one.dataset.no: active[one.dataset.no]}
