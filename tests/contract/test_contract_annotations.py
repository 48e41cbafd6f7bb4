"""Annotations: records with everybody's answers, gold values and slots, their history, time, comments and events."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.assignment.queue import NewSlot
from apportion.domain.assignment.states import RowState
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin, Posterior
from apportion.domain.individual.record_view import Rule, build_view
from apportion.domain.individual.time_spent import QUARTER
from apportion.domain.query import parse
from apportion.domain.records import AgentValues
from apportion.ports.annotations import (
    CaseChange,
    ChangedRecords,
    Comment,
    CommentFilter,
    CommentPage,
    Event,
    HistoryPage,
    PastAnnotation,
    SentComment,
    SharedAnswer,
)
from apportion.ports.answers import SavedPosterior
from apportion.ports.records import Criteria
from apportion.ports.store import Store, Transaction
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason, Status
from planned import Planned, submitted
from stored_dataset import INDIVIDUAL, StoredDataset, annotate, full, text

A, B = (("A", 1.0),), (("B", 1.0),)
SUBMITTED, DISCARDED, DRAFT = AnnotationState.SUBMITTED, AnnotationState.DISCARDED, AnnotationState.DRAFT
GOLD = GoldValue(B, Origin.ADJUDICATED, "rita", "because", 1, 60)


@pytest.fixture
def planned(store: Store) -> Planned:
    return Planned(store)


# Records with their answers


def test_a_record_comes_back_with_everything_of_it(planned: Planned) -> None:
    planned.log(full("full"))
    planned.plan([("full", "ana"), ("full", "ben")])
    before = planned.case("full")
    assert before == Case(
        replace(full("full"), vectors=None, annotation=None),
        planned.number("full"),
        slots=before.slots,
    )
    assert [slot.annotator for slot in before.slots] == ["ana", "ben"]
    own = {
        "ana": submitted("ana", "A", at=50, seconds=2.5),
        "ben": Annotation("ben", DRAFT, B, 3, 51),
        "cy": Annotation("cy", DISCARDED, None, 1, 52, 0.0, True),
    }
    slots = (replace(before.slots[0], state=RowState.DONE), before.slots[1])
    after = replace(before, annotations=own, slots=slots, gold=GOLD)

    planned.change(before, after)

    found = planned.case("full")
    assert found == replace(after, record=replace(before.record, status=Status.VALIDATED))
    assert planned.read(lambda tx: tx.annotations.case(planned.dataset, "unknown")) is None


def test_records_come_in_the_order_asked_for_without_those_that_are_not_there(planned: Planned) -> None:
    with planned.store.read() as tx:
        found = tx.annotations.cases(planned.dataset, ["c", "unknown", "a"])
        assert [case.id for case in found] == ["c", "a"]
        assert tx.annotations.cases(planned.dataset, []) == []


def test_everybody_sees_what_answers_and_gold_resolve_to(planned: Planned) -> None:
    planned.answer("ana", "a", "A")
    planned.answer("ben", "b", "B")
    planned.answer("cy", "c", None, state=DISCARDED)
    planned.answer("dan", "d", "A", state=DRAFT)
    before = planned.case("b")
    planned.change(before, replace(before, gold=replace(GOLD, value=A)))

    assert planned.ids("status:Validated") == ["a", "b"]
    assert planned.ids("status:Discarded") == ["c"]
    assert planned.ids("status:Default") == ["d", "e", "f"]
    assert planned.ids("annotated_as:A") == ["a", "b"]
    assert planned.ids('annotated_by:"adjudicated:rita"') == ["b"]
    with planned.store.read() as tx:
        found = tx.records.search(
            planned.dataset, planned.criteria("status:*", "ben"), facets=frozenset({"status"})
        )
    assert found.facets["status"] == {"Default": 5, "Validated": 1}


def test_records_that_people_differ_on_are_counted_until_they_are_resolved(planned: Planned) -> None:
    planned.plan([("a", "ana"), ("a", "ben"), ("b", "ana"), ("b", "ben")])
    for id, who, label in (("a", "ana", "A"), ("a", "ben", "B"), ("b", "ana", "A"), ("b", "ben", "A")):
        planned.answer(who, id, label)

    def conflicts() -> tuple[int, int]:
        with planned.store.read() as tx:
            totals = tx.totals.conflicts().get(planned.dataset.no, 0)
            return tx.annotations.conflicts(planned.dataset), totals

    assert conflicts() == (1, 1)
    assert planned.ids("conflict:true") == ["a"]
    before = planned.case("a")
    planned.change(before, replace(before, gold=GOLD))
    assert conflicts() == (0, 0)


def test_versions_of_somebodys_own_annotations_are_known_without_reading_them(planned: Planned) -> None:
    planned.answer("ana", "a")
    planned.answer("ana", "a", "B")
    planned.answer("ana", "b")
    planned.answer("ben", "c")

    with planned.store.read() as tx:
        assert tx.annotations.versions(planned.dataset, ["a", "b", "c", "unknown"], "ana") == {"a": 2, "b": 1}
        assert tx.annotations.versions(planned.dataset, ["a"], "nobody") == {}


def test_all_changes_of_a_transaction_are_seen_by_it_and_gone_with_it(planned: Planned) -> None:
    planned.plan([("a", "ana")])
    before = planned.case("a")

    def work(tx: Transaction) -> None:
        after = before.with_annotation(submitted("ana", "A"))
        view = build_view(after, rule=Rule.MAJORITY, required=1)
        tx.annotations.save_cases(planned.dataset, [CaseChange(before, after, view)], at=1)
        seen = tx.annotations.case(planned.dataset, "a")
        assert seen is not None
        assert seen.of("ana") == submitted("ana", "A")
        assert tx.annotations.versions(planned.dataset, ["a"], "ana") == {"a": 1}
        assert tx.records.count(planned.dataset, planned.criteria("annotated_as:A")) == 1
        raise LookupError

    with pytest.raises(LookupError):
        planned.write(work)
    assert planned.case("a") == before
    assert planned.ids("annotated_as:A") == []


def test_the_size_of_a_record_is_about_that_of_its_text_and_answers(planned: Planned) -> None:
    small = planned.read(lambda tx: tx.annotations.sizes(planned.dataset, ["a", "b", "unknown"]))
    assert sorted(small) == ["a", "b"]
    planned.answer("ana", "b", "A" * 500)
    planned.answer("ben", "b", "B" * 500)
    planned.log(text("a", "x" * 5_000, prediction=AgentValues("m", {"m": A})), at=9)

    sizes = planned.read(lambda tx: tx.annotations.sizes(planned.dataset, ["a", "b"]))
    assert 5_000 < sizes["a"] < 6_000
    assert sizes["a"] > small["a"] + 4_900
    assert small["b"] + 1_000 < sizes["b"] < small["b"] + 5_000
    assert planned.read(lambda tx: tx.annotations.sizes(planned.dataset, [])) == {}


# Earlier answers


def test_earlier_answers_are_kept_with_the_reason_newest_first(planned: Planned) -> None:
    planned.answer("ana", "a", "A", at=1)
    planned.answer("ben", "a", "A", at=2)
    planned.answer("ana", "a", "B", at=3)
    planned.answer("ana", "a", "A", state=DRAFT, at=4)
    planned.answer("ana", "a", "B", state=DRAFT, at=5)  # a draft is overwritten and leaves nothing behind
    before = planned.case("a")
    gone = replace(before, annotations={"ana": before.annotations["ana"]}, gold=GOLD)
    planned.change(before, gone, at=6, why=HistoryReason.ADJUDICATED, by="rita")
    planned.change(gone, replace(gone, gold=None), at=7)

    with planned.store.read() as tx:
        everybody = tx.annotations.history(planned.dataset, "a")
        of_ana = tx.annotations.history(planned.dataset, "a", "ana")
        assert tx.annotations.history(planned.dataset, "b") == []
        assert tx.annotations.history(planned.dataset, "unknown") == []

        def page(limit: int, before: int | None = None, annotator: str | None = None) -> Any:
            return tx.annotations.history_page(planned.dataset, "a", HistoryPage(limit, before, annotator))

        first, more = page(3)
        last, no_more = page(1, first[-1][0])
        assert page(4) == ([*first, *last], False)
        mine = page(3, annotator="ana")
        assert page(3, last[0][0]) == ([], False)
        assert tx.annotations.history_page(planned.dataset, "unknown", HistoryPage(3)) == ([], False)
        newest = tx.annotations.history(planned.dataset, "a", "ana", limit=1)
    assert everybody == [
        PastAnnotation("", SUBMITTED, B, 1, 7, HistoryReason.GOLD_REPLACED, "adjudicated:rita"),
        PastAnnotation("ben", SUBMITTED, A, 1, 6, HistoryReason.ADJUDICATED, "rita"),
        PastAnnotation("ana", SUBMITTED, B, 2, 4, HistoryReason.REPLACED, None),
        PastAnnotation("ana", SUBMITTED, A, 1, 3, HistoryReason.REPLACED, None),
    ]
    assert of_ana == everybody[2:]
    assert newest == everybody[2:3]
    assert [each for _, each in [*first, *last]] == everybody
    assert (len(first), more, no_more) == (3, True, False)
    assert ([each for _, each in mine[0]], mine[1]) == (of_ana, False)


def test_an_answer_that_only_ceases_to_count_is_no_other_answer(planned: Planned) -> None:
    planned.answer("ana", "a")
    before = planned.case("a")
    planned.change(before, before.with_annotation(replace(before.annotations["ana"], counted=False)))

    assert planned.case("a").annotations["ana"].counted is False
    assert planned.read(lambda tx: tx.annotations.history(planned.dataset, "a")) == []


def test_records_with_answers_or_gold_are_found_in_order_of_logging(planned: Planned) -> None:
    plan = planned.plan([("d", "ana"), ("b", "ana"), ("e", "ana")])
    planned.answer("ana", "d")
    planned.answer("ben", "b", state=DRAFT)
    before = planned.case("f")
    planned.change(before, replace(before, gold=GOLD))

    with planned.store.read() as tx:
        assert tx.annotations.answered(planned.dataset) == ["b", "d", "f"]
        assert tx.annotations.answered(planned.dataset, plan.no) == ["b", "d"]


def test_records_that_were_discarded_by_nobody_in_particular_count_as_answered(stored: StoredDataset) -> None:
    stored.log(text("a"), text("b", status=Status.DISCARDED))

    assert stored.read(lambda tx: tx.annotations.answered(stored.dataset)) == ["b"]


def test_who_had_a_slot_before_is_remembered(planned: Planned) -> None:
    planned.plan([("a", "ana")])
    before = planned.case("a")
    (slot,) = before.slots
    planned.change(before, before.with_slot(replace(slot, annotator="ben")), note="moved")

    found = planned.case("a")
    assert (set(found.past), found.slots[0].annotator) == ({"ana"}, "ben")
    (plan,) = planned.read(lambda tx: tx.assignments.plans(planned.dataset))
    assert planned.rows(plan)[0].why == "moved"


def test_an_adaptive_slot_is_added_beside_the_one_it_follows(planned: Planned) -> None:
    plan = planned.plan([("a", "ana")])
    before = planned.case("a")
    (slot,) = before.slots
    added = NewSlot(0, "a", pull=True, rule=slot.rule, priority=slot.priority, due=slot.due, like=slot.id)
    planned.change(before, replace(before, slots=(slot, added)))

    first, second = planned.slots("a")
    assert first == slot
    assert second == replace(slot, id=second.id, annotator=None, pull=True)
    assert second.id > slot.id
    assert [row.annotator for row in planned.rows(plan)] == ["ana", None]
    planned.check_counters()


def test_a_posterior_belongs_to_a_record_where_a_model_resolves(planned: Planned) -> None:
    modelled = Planned(planned.store, policies={"annotation": "individual", "resolution": "dawid_skene"})
    for each in (modelled, planned):
        found = SavedPosterior(each.number("a"), "dawid_skene", {"ana": "A"}, {"A": 0.75, "B": 0.25})
        each.write(lambda tx: tx.answers.save_posteriors(each.dataset, [found]))

    assert modelled.case("a").posterior == Posterior("dawid_skene", {"ana": "A"}, {"A": 0.75, "B": 0.25})
    assert modelled.case("b").posterior is None
    assert planned.case("a").posterior is None


# Shared datasets


def test_an_answer_becomes_the_one_annotation_of_a_shared_record(store: Store) -> None:
    shared = Planned(store, policies={})
    plan = shared.plan([("a", "ana"), ("a", "ben")])
    shared.log(text("a", annotation=AgentValues("cy", {"cy": A, "dan": B}), status=Status.VALIDATED), at=2)

    def answer(state: AnnotationState, value: Any, seconds: float | None, at: int) -> Annotation | None:
        before = shared.case("a")
        done, ended = (
            replace(before.slots[n], state=RowState(s)) for n, s in enumerate(("done", "withdrawn"))
        )
        given = SharedAnswer(before, "ana", state, value, seconds, (done, ended), "done by ana")
        saved = shared.write(lambda tx: tx.annotations.save_shared(shared.dataset, given, at=at))
        assert shared.case("a").annotations == ({} if saved is None else {"ana": saved})
        shared.check_counters()
        return saved

    assert answer(SUBMITTED, B, 2.5, 9) == Annotation("ana", SUBMITTED, B, 1, 9, 2.5)
    (row,) = shared.search("annotated_by:ana AND status:Validated AND annotated_as:B").rows
    assert (row.id, row.updated) == ("a", 9)
    assert shared.ids("annotated_by:cy") == []
    assert [(row.state, row.why) for row in shared.rows(plan)] == [
        (RowState.DONE, None),
        (RowState.WITHDRAWN, "done by ana"),
    ]
    assert answer(SUBMITTED, B, 4.0, 10) == Annotation("ana", SUBMITTED, B, 1, 9, 4.0)
    assert answer(DRAFT, B, None, 11) == Annotation("ana", DRAFT, B, 2, 11, 4.0)
    assert answer(AnnotationState.NONE, None, None, 12) is None
    past = shared.read(lambda tx: tx.annotations.history(shared.dataset, "a"))
    assert [(each.annotator, each.state, each.value, each.at) for each in past] == [
        ("ana", DRAFT, B, 12),
        ("ana", SUBMITTED, B, 11),
        ("dan", SUBMITTED, B, 9),
        ("cy", SUBMITTED, A, 9),
    ]
    page = HistoryPage(9)
    answers, _ = shared.read(lambda tx: tx.annotations.history_page(shared.dataset, "a", page))
    assert [each for _, each in answers] == past[1:]
    assert shared.ids("annotated_by:ana") == shared.ids("status:Validated") == []
    assert shared.records()[0] == text("a")


def test_a_shared_record_loses_what_others_answered_since_it_was_read(store: Store) -> None:
    shared = Planned(store, policies={})
    before = shared.case("a")
    for who, value in (("ana", A), ("ben", B)):
        given = SharedAnswer(before, who, SUBMITTED, value, None, ())
        shared.write(lambda tx, given=given: tx.annotations.save_shared(shared.dataset, given, at=9))  # type: ignore[misc]

    assert shared.case("a").annotations == {"ben": Annotation("ben", SUBMITTED, B, 1, 9)}
    assert shared.ids("annotated_by:ana") == []


# Time


def test_time_counts_from_the_answer_on_and_only_what_is_new_of_it(planned: Planned) -> None:
    def spend(who: str, seconds: float | None, answered: bool, at: int) -> None:
        case = planned.case("a")
        planned.write(
            lambda tx: tx.annotations.spend(planned.dataset, case, who, seconds, answered=answered, at=at)
        )

    def spent(since: int = 0, until: int = 1 << 50) -> list[tuple[str, int, int, int]]:
        return sorted(planned.read(lambda tx: tx.annotations.spent(planned.dataset, since, until)))

    spend("ana", 2.0, False, 5 * QUARTER)
    assert spent() == []
    assert planned.case("a").spent == {"ana": 2.0}
    spend("ana", 3.5, True, 6 * QUARTER + 1)
    spend("ana", 3.0, True, 7 * QUARTER)  # less than was known
    spend("ana", 4.0, True, 8 * QUARTER)
    spend("ben", None, True, 8 * QUARTER)

    assert spent() == [
        ("ana", 6 * QUARTER, 1, 3_500),
        ("ana", 8 * QUARTER, 0, 500),
        ("ben", 8 * QUARTER, 1, 0),
    ]
    assert spent(7 * QUARTER, 8 * QUARTER) == []
    assert spent(until=6 * QUARTER + 1) == []
    assert planned.case("a").spent == {"ana": 4.0}


# Carrying a shared dataset over


def test_what_is_staged_shows_only_once_the_dataset_is_individual(store: Store) -> None:
    shared = Planned(store, policies={})
    shared.plan([("a", "ana"), ("a", "ben")])
    before = shared.case("a")
    done, rest = before.slots
    after = replace(
        before,
        annotations={"ana": submitted("ana", "A", version=4, at=7)},
        slots=(replace(done, state=RowState.DONE), replace(rest, state=RowState.WITHDRAWN)),
        gold=GoldValue(B, Origin.EARLIER, "model", None, 1, 9),
    )

    shared.write(lambda tx: tx.annotations.stage(shared.dataset, [(before, after)]))

    assert (shared.case("a").gold, shared.ids("status:Validated")) == (None, [])
    assert shared.case("a").annotations["ana"].counted is False
    shared.dataset = shared.write(
        lambda tx: tx.datasets.update(shared.dataset, policies={"annotation": "individual"})
    )
    assert shared.case("a") == after


def test_records_written_since_a_change_are_known_if_they_have_answers(store: Store) -> None:
    shared, other = StoredDataset(store), StoredDataset(store)
    for each in (shared, other):
        each.log(*(text(id) for id in "abcd"))

    def since(number: int, limit: int = 10) -> ChangedRecords:
        found = shared.write(lambda tx: tx.annotations.changed_since(shared.dataset, number, limit))
        assert found is not None
        return found

    begin = shared.read(lambda tx: tx.annotations.last_change(shared.dataset))
    assert since(begin) == ([], begin, False)
    shared.log(text("b"), text("new"))
    for each in (shared, other):
        each.log(text("d", status=Status.DISCARDED), text("c", status=Status.VALIDATED))
    middle = shared.read(lambda tx: tx.annotations.last_change(shared.dataset))

    def refused(tx: Transaction) -> None:
        tx.records.patch(shared.dataset, "a", metadata=None, status=Status.DISCARDED, at=9)
        found = tx.annotations.changed_since(shared.dataset, begin, 10)
        assert found is not None
        assert found.ids == ["a", "c", "d"]
        raise LookupError

    with pytest.raises(LookupError):
        shared.write(refused)
    assert since(begin).ids == ["c", "d"]
    some = since(begin, 1)  # at least one transaction's: that of b and new, which have no answers
    assert (some.ids, some.more) == ([], True)
    assert since(some.number, 1)[::2] == (["c", "d"], False)
    shared.write(lambda tx: tx.records.discard(shared.dataset, Criteria(parse("id:b")), at=9))
    shared.write(lambda tx: tx.records.delete(shared.dataset, Criteria(parse("id:c")), at=9))
    assert since(middle).ids == ["b"]
    assert shared.read(lambda tx: tx.annotations.last_change(shared.dataset)) > middle


def test_answers_given_since_a_change_are_known(store: Store) -> None:
    stored = StoredDataset(store, policies=INDIVIDUAL)
    stored.log(text("a"), text("b"))
    begin = stored.read(lambda tx: tx.annotations.last_change(stored.dataset))
    stored.write(lambda tx: annotate(tx, stored.dataset, "b", "ana", AnnotationState.DRAFT, None, at=3))
    found = stored.read(lambda tx: tx.annotations.changed_since(stored.dataset, begin, 10))

    assert found is not None
    assert found.ids == ["b"]


def test_whoever_begins_to_stage_last_has_the_highest_number(store: Store) -> None:
    shared, other = StoredDataset(store), StoredDataset(store)
    assert shared.read(lambda tx: tx.annotations.staging(shared.dataset)) == 0
    first = shared.write(lambda tx: tx.annotations.begin_staging(shared.dataset))
    second = shared.write(lambda tx: tx.annotations.begin_staging(shared.dataset))

    assert first < second == shared.read(lambda tx: tx.annotations.staging(shared.dataset))
    assert other.read(lambda tx: tx.annotations.staging(other.dataset)) == 0


# Events and comments of a dataset


def test_what_the_team_did_is_read_on_from_a_number_or_back_from_one(planned: Planned) -> None:
    other = Planned(planned.store)
    case = planned.case("a")
    happened = [
        ("ana", EventCode.SUBMITTED, 1), ("rita", EventCode.ASSIGNED, 2), ("ana", EventCode.SKIPPED, 3),
        ("rita", EventCode.STARTED_JOB, 4), ("ben", EventCode.SUBMITTED, 5),
    ]  # fmt: skip
    for who, what, at in happened:
        record = case if what is EventCode.SUBMITTED else None
        planned.write(
            lambda tx: tx.annotations.log_event(
                planned.dataset, who, what, at=at, record=record, detail={"n": at}
            )
        )
    other.write(lambda tx: tx.annotations.log_event(other.dataset, "ana", EventCode.SUBMITTED, at=6))

    with planned.store.read() as tx:
        found = tx.annotations.events(planned.dataset)
        assert [each[1:] for each in found] == [
            (1, "ana", EventCode.SUBMITTED, "a", {"n": 1}), (2, "rita", EventCode.ASSIGNED, None, {"n": 2}),
            (3, "ana", EventCode.SKIPPED, None, {"n": 3}), (5, "ben", EventCode.SUBMITTED, "a", {"n": 5}),
        ]  # fmt: skip
        first, last = found[0].no, found[-1].no
        assert tx.annotations.events(planned.dataset, after=first, limit=2) == found[1:3]
        assert tx.annotations.events(planned.dataset, before=last, limit=2) == found[2:0:-1]
        assert tx.annotations.events(planned.dataset, who="ana") == [found[0], found[2]]
        assert isinstance(found[0], Event)


def test_paces_count_answers_since_an_instant(planned: Planned) -> None:
    other = Planned(planned.store)
    for each, who, what, at in (
        (planned, "ana", EventCode.SUBMITTED, 10),
        (planned, "ana", EventCode.DISCARDED, 20),
        (planned, "ana", EventCode.SUBMITTED, 30),
        (planned, "ana", EventCode.SKIPPED, 40),
        (planned, "ben", EventCode.SUBMITTED, 40),
        (other, "ana", EventCode.SUBMITTED, 50),
    ):
        each.write(lambda tx: tx.annotations.log_event(each.dataset, who, what, at=at))

    with planned.store.read() as tx:
        assert tx.annotations.paces(planned.dataset, 20) == {"ana": (2, 20), "ben": (1, 40)}
        assert tx.annotations.paces(planned.dataset, 60) == {}
        assert tx.annotations.paces(planned.dataset, 20, "ben") == {"ben": (1, 40)}
        assert tx.annotations.paces(planned.dataset, 20, "nobody") == {}
        totals = tx.totals.paces(20)
        assert totals[planned.dataset.no] == {"ana": (2, 20), "ben": (1, 40)}
        assert totals[other.dataset.no] == {"ana": (1, 50)}


def test_comments_stay_with_their_record_oldest_first(planned: Planned) -> None:
    one, two = planned.case("a"), planned.case("b")
    found = [Comment("ana", None, "why ü?", 5), Comment("rita", "ana", "look again", 4)]
    for each in found:
        planned.write(lambda tx: tx.annotations.add_comment(planned.dataset, one, each))

    with planned.store.read() as tx:

        def page(limit: int, after: int = 0, reader: str | None = None) -> list[tuple[int, Comment]]:
            return tx.annotations.comments(planned.dataset, one, CommentPage(limit, after, reader))

        whole = page(9)
        assert [each for _, each in whole] == found
        assert page(1) == whole[:1]
        assert page(1, whole[0][0]) == whole[1:]
        assert page(9, whole[1][0]) == []
        assert page(9, reader="ana") == whole
        assert page(9, reader="rita") == whole[1:]
        assert page(9, reader="ben") == []
        assert tx.annotations.comments(planned.dataset, two, CommentPage(9)) == []


def test_comments_reach_whom_they_are_for_newest_first_until_they_are_dealt_with(planned: Planned) -> None:
    other, case = Planned(planned.store), planned.case("a")
    for author, to in [("rita", "ana"), ("ben", None), ("ana", "ana"), ("ana", "ben"), ("rita", "ana")]:
        planned.write(
            lambda tx: tx.annotations.add_comment(planned.dataset, case, Comment(author, to, "why ü?", 5))
        )
    here, elsewhere = planned.dataset.no, other.dataset.no

    def found(**options: Any) -> list[SentComment]:
        wanted = {"datasets": [here], "led": [], "done": False, "before": None, "limit": 9, **options}
        return planned.read(lambda tx: tx.annotations.comments_to(CommentFilter("ana", **wanted)))

    newest, oldest = found()
    assert oldest == SentComment(oldest.no, here, "a", "rita", "ana", "why ü?", 5, None, None)
    assert found(limit=1) == [newest]
    assert found(before=newest.no) == [oldest]
    assert found(datasets=[elsewhere]) == found(led=[elsewhere], datasets=[]) == found(done=True) == []
    assert [(each.author, each.to) for each in found(led=[here, elsewhere])] == [
        ("rita", "ana"), ("ben", None), ("rita", "ana"),
    ]  # fmt: skip

    planned.write(lambda tx: tx.annotations.mark_comment(oldest.no, "ana", 8))
    dealt_with = oldest._replace(done_by="ana", done_at=8)
    assert planned.read(lambda tx: tx.annotations.comment_numbered(oldest.no)) == dealt_with
    assert (found(), found(done=True)) == ([newest], [dealt_with])
    planned.write(lambda tx: tx.annotations.mark_comment(oldest.no, None, None))
    assert (found(), found(done=True)) == ([newest, oldest], [])
    assert planned.read(lambda tx: tx.annotations.comment_numbered(newest.no + 99)) is None


def test_records_that_were_decided_after_somebody_answered_are_found_newest_decision_first(
    planned: Planned,
) -> None:
    other = Planned(planned.store)
    for place in (planned, other):
        for id in "abc":
            place.answer("ana", id)
        place.answer("ana", "d", state=DRAFT)
        place.answer("ben", "e")
    for id, at in [("a", 70), ("b", 80), ("d", 90), ("e", 95)]:
        before = planned.case(id)
        planned.change(before, replace(before, gold=replace(GOLD, at=at)))

    with planned.store.read() as tx:
        assert tx.annotations.decided(planned.dataset, "ana", 9) == ["b", "a"]
        assert tx.annotations.decided(planned.dataset, "ana", 1) == ["b"]
        assert tx.annotations.decided(planned.dataset, "dora", 9) == []
        assert tx.annotations.decided(other.dataset, "ana", 9) == []


def test_answers_in_many_records_are_saved_at_once_or_not_at_all(planned: Planned) -> None:
    for id in "abc":
        planned.answer("ana", id)
    with planned.store.read() as tx:
        before = tx.annotations.cases(planned.dataset, list("abc"))
    assert Counter(name for case in before for name in case.annotations) == {"ana": 3}
    changes = []
    for case in before:
        after = case.with_annotation(submitted("ben", "B"))
        changes.append(CaseChange(case, after, build_view(after, rule=Rule.MAJORITY, required=2)))
    planned.write(lambda tx: tx.annotations.save_cases(planned.dataset, changes, at=9))
    assert planned.ids("status:Edited") == ["a", "b", "c"]
    assert [sorted(planned.case(id).annotations) for id in "abc"] == [["ana", "ben"]] * 3
