"""Sharing a dataset out from a notebook: look, apply, change, follow, explain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timezone
from pathlib import Path
from typing import Any

import pytest

import apportion as rg
from apportion.client.sdk.commons.errors import (
    AlreadyExistsApiError,
    BadRequestApiError,
    ConflictApiError,
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
    ValidationApiError,
)
from apportion.sdk.queue import MyQueue
from sdk_support import URL, ClientAs, InProcess, texts

Work = Callable[..., MyQueue]
DOUBLE = {"annotators": 2, "share": 0.2}


@pytest.fixture
def talk(active: rg.Client) -> str:
    """A dataset of thirty texts in `shared`, where ana and ben annotate."""
    rg.log(texts(30), "talk", verbose=False)
    return "talk"


@pytest.fixture
def ana(client_as: ClientAs) -> rg.Client:
    return client_as("ana")


def test_a_preview_tells_everything_and_writes_nothing(talk: str) -> None:
    plan = rg.assign(talk, overlap=DOUBLE, blind=True, seed=7, dry_run=True)

    assert (plan.loads, plan.records, plan.slots, plan.seed) == ({"ana": 18, "ben": 18}, 30, 36, 7)
    assert plan.pairs is not None
    assert (plan.pairs.min, plan.pairs.max) == (6, 6)
    assert plan.agreement_half_width is not None
    assert (plan.id, plan.made, plan.state) == (None, False, "preview")
    assert rg.plans(talk) == []


def test_a_preview_is_applied_as_it_was_looked_at(talk: str) -> None:
    plan = rg.assign(talk, overlap=DOUBLE, blind=True, seed=7, dry_run=True)

    assert plan.apply() is plan
    assert plan.made
    assert rg.plan(talk, plan.id or "").loads == {"ana": 18, "ben": 18}
    assert rg.search(talk, "assigned_to:ana", limit=0).total == 18
    with pytest.raises(InputValueError, match="made already"):
        plan.apply()


def test_a_preview_of_data_that_moved_is_refused_and_says_to_look_again(talk: str) -> None:
    plan = rg.assign(talk, dry_run=True)
    rg.log(texts(1, start=99), talk, verbose=False)

    with pytest.raises(ConflictApiError, match="dry_run=True"):
        plan.apply()
    assert rg.plans(talk) == []


def test_without_looking_the_plan_is_made_at_once(talk: str) -> None:
    plan = rg.assign(talk, users=["ana", rg.User("ben")], mirror="user", due=date(2030, 1, 1))

    assert plan.loads == {"ana": 15, "ben": 15}
    assert rg.search(talk, "metadata.user:ana", limit=0).total == 15
    assert plan.rules[0]["due"] == "2030-01-01"


def test_a_split_by_hand_is_adopted(talk: str) -> None:
    records = rg.load(talk)
    for n, record in enumerate(records):
        record.metadata["user"] = "ana" if n < 20 else "ben"
    rg.log(records, talk, verbose=False)

    assert rg.assign(talk, users={"metadata": "user"}).loads == {"ana": 20, "ben": 10}


def test_a_plan_may_have_several_rules(talk: str) -> None:
    plan = rg.assign(
        talk, rules=[{"where": "id:1", "users": ["ana"]}, {"users": ["ben"], "mode": "pull"}], seed=1
    )

    assert plan.loads == {"ana": 1}
    assert plan.open == 29
    with pytest.raises(InputValueError, match="users: put this into each of the rules"):
        rg.assign(talk, users=["ana"], rules=[{}])


def test_one_name_is_not_taken_for_a_list_of_letters(talk: str) -> None:
    with pytest.raises(InputValueError, match=r"users=\['ana'\]"):
        rg.assign(talk, users="ana")
    with pytest.raises(InputValueError, match=r"records=\['1'\]"):
        rg.assign(talk).withdraw(records="1")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"users": ["nobody"]}, ValidationApiError),
        ({"overlap": 3}, ValidationApiError),
        ({"users": [{"user": "ana", "weight": float("nan")}]}, ValidationApiError),
        ({"where": "id:nowhere"}, BadRequestApiError),
        ({"where": "(((("}, BadRequestApiError),
        ({"workspace": "nowhere"}, NotFoundApiError),
        ({"users": [object()]}, InputValueError),
    ],
)
def test_a_bad_plan_is_refused_and_nothing_is_written(
    talk: str, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        rg.assign(talk, **options)
    assert rg.plans(talk) == []


def test_annotators_do_not_share_work_out(talk: str, ana: rg.Client) -> None:
    with pytest.raises(ForbiddenApiError):
        ana.assign(talk, dry_run=True)


# How it looks


def test_a_preview_reads_as_a_table_in_consoles_and_notebooks(talk: str) -> None:
    plan = rg.assign(talk, overlap=DOUBLE, blind=True, seed=7, dry_run=True)

    assert repr(plan).startswith("Preview of a plan for shared/talk: nothing is written yet")
    assert "ana             18" in repr(plan)
    assert "36 answers wanted, seed 7, blind" in repr(plan)
    assert "Every two people share 6 records (ideal 6.0)" in repr(plan)
    html = plan._repr_html_()
    assert ">18</td>" in html
    assert "plan.apply()" in html
    assert "color:inherit" in html
    assert "background:#" not in html


def test_names_cannot_smuggle_html_into_a_notebook() -> None:
    shown = {"seed": 1, "records": 1, "slots": 1, "loads": {"<b>x": 1}, "warnings": ["<script>"]}
    html = rg.Plan("d", "w", shown)._repr_html_()

    assert "<script>" not in html
    assert "<b>x" not in html


def test_what_cannot_be_assigned_is_told_with_the_reason(talk: str) -> None:
    users = [{"user": "ana", "cap": 3}, {"user": "ben", "cap": 4}]
    plan = rg.assign(talk, users=users, dry_run=True)

    assert sum(each.count for each in plan.unassigned) == 23
    assert f"Not assigned: 23 slots ({plan.unassigned[0].reason})" in repr(plan)


# Changing it


def test_rows_tell_who_has_what_and_why(talk: str) -> None:
    plan = rg.assign(talk)
    rows = plan.rows(annotator="ana", state="pending")

    assert len(rows) == 15
    assert {(row.annotator, row.state, row.inclusion) for row in rows} == {("ana", "pending", 1.0)}
    assert all(row.reason for row in rows)
    assert len(plan.rows(limit=4)) == 4


def test_a_preview_has_no_rows_and_cannot_be_changed(talk: str) -> None:
    plan = rg.assign(talk, dry_run=True)

    for change in (plan.rows, plan.undo, plan.extend):
        with pytest.raises(InputValueError, match=r"plan\.apply\(\) makes it"):
            change()


def test_changes_are_looked_at_first_and_then_made(talk: str) -> None:
    plan = rg.assign(talk, users=["ana", "ben", "rita"])

    look = plan.rebalance(users=["ana", "ben"], dry_run=True)
    assert (look.moved, look.loads["rita"], look.dry_run) == (10, -10, True)
    assert repr(look).startswith("Rebalance: would be 10 moved")
    assert plan.refresh().loads == {"ana": 10, "ben": 10, "rita": 10}
    plan.rebalance(users=["ana", "ben"])
    assert plan.loads == {"ana": 15, "ben": 15}


def test_rows_move_by_hand_are_withdrawn_and_undone(talk: str) -> None:
    plan = rg.assign(talk)
    mine = [row.record for row in plan.rows("ana", limit=4)]

    assert plan.move("ben", records=mine).moved == 4
    assert plan.loads == {"ana": 11, "ben": 19}
    assert plan.withdraw(annotator="ana").removed == 11
    assert plan.undo(dry_run=True).removed == 19
    assert repr(plan.undo()) == "Undo: 19 removed"
    assert plan.state == "undone"
    with pytest.raises(ConflictApiError, match="undone"):
        plan.undo()


def test_later_records_join_when_told(talk: str) -> None:
    plan = rg.assign(talk)
    rg.log(texts(4, start=100), talk, verbose=False)

    assert plan.extend(dry_run=True).loads == {"ana": 2, "ben": 2}
    assert (change := plan.extend()).added == 4
    assert change.loads == {"ana": 2, "ben": 2}
    assert plan.loads == {"ana": 17, "ben": 17}


# Following it


def test_progress_tells_the_team_and_each_person(talk: str, ana: rg.Client) -> None:
    rg.assign(talk, blind=True)
    for item in ana.next_records(talk, limit=3):
        item.submit("good", seconds=60)

    found = rg.progress(talk)
    assert (found["ana"].done, found["ana"].left, found["ben"].done) == (3, 12, 0)
    assert (found.records, found.complete) == (30, 3)
    assert (found["ana"].median_seconds, found["ben"].median_seconds) == (60.0, None)
    assert found["ana"].last_active is not None
    assert found["ana"].last_active.tzinfo == timezone.utc
    assert repr(found).startswith("talk: 3 of 30 records complete")
    assert "3 min" in found._repr_html_()
    assert [each.annotator for each in ana.progress(talk).annotators] == ["ana"]
    report = rg.hours(talk, by="month")
    assert ([(each.annotator, each.answers, each.seconds) for each in report], report["ana"]) == (
        [("ana", 3, 180.0)],
        0.05,
    )
    assert report.to_pandas()["hours"].sum() == 0.05
    assert talk in {each.dataset for each in ana.hours(first="2020-01-01")}
    assert "no one" in repr(rg.hours(last="2020-01-01")).lower()
    with pytest.raises(BadRequestApiError, match="no day"):
        rg.hours(talk, first="yesterday")
    (work,) = ana.my_work()
    assert (work.dataset, work.left, work.done) == (talk, 12, 3)


def test_why_somebody_has_a_record_can_be_asked(talk: str) -> None:
    row = rg.assign(talk).rows(annotator="ana", limit=1)[0]

    shown = rg.explain(talk, row.record, "ana")
    assert shown.assigned
    assert row.reason in repr(shown)
    assert not rg.explain(talk, row.record, "ben").assigned


def test_events_come_newest_first_as_many_as_asked_for(talk: str, ana: rg.Client) -> None:
    rg.assign(talk)
    ana.submit(talk, rg.plans(talk)[0].rows("ana", limit=1)[0].record, "good")

    found = [(each.who, each.what) for each in rg.events(talk, limit=2)]
    assert found == [("ana", "submitted"), ("eva", "assigned")]
    assert rg.events(talk, limit=None) == rg.events(talk, limit=2)
    assert rg.events(talk, limit=0) == []
    assert rg.events(talk, annotator="ana") == rg.events(talk, limit=1)


def test_the_audit_log_comes_newest_first_and_narrowed(talk: str, ana: rg.Client, tmp_path: Path) -> None:
    rg.set_policies(talk, required=3)
    rg.export(talk, tmp_path / "talk.csv")

    exported, *_ = rg.audit(area=["downloads"], dataset=talk, since=date(2000, 1, 1))
    changed, *_ = rg.audit(what="changed_policies", who="eva", workspace="shared")

    assert (exported.who, exported.what, exported.detail["format"]) == ("eva", "exported", "csv")
    assert changed.after or changed.detail
    assert exported.at > changed.at
    everything = rg.audit(limit=None)
    assert [each.no for each in everything] == sorted((each.no for each in everything), reverse=True)
    assert rg.audit(limit=2) == everything[:2]
    assert rg.audit(limit=0) == []
    with pytest.raises(ForbiddenApiError):
        ana.audit()
    with pytest.raises(ValidationApiError):
        rg.audit(what="no such thing")
    with pytest.raises(InputValueError, match="can't be narrowed by whom"):
        rg.audit(whom="eva")  # type: ignore[call-arg]


# One's own records


def test_the_queue_brings_records_that_can_be_answered_skipped_and_given_back(
    talk: str, ana: rg.Client
) -> None:
    rg.assign(talk, users=["ana"], blind=True)
    first, second, third, *rest = queue = ana.next_records(talk, limit=5)

    assert first.submit("good").counted
    assert second.discard().state == "discarded"
    assert third.skip("not my language").record == third.id
    assert sorted(queue.release()) == sorted(each.id for each in rest)
    assert "mine until" in repr(ana.next_records(talk, limit=1))
    assert first.reason
    assert isinstance(first.record, rg.TextClassificationRecord)


def test_an_empty_queue_says_why(talk: str, ana: rg.Client) -> None:
    found = ana.next_records(talk)

    assert (found.why_empty, found.why_empty_text) == ("nothing_planned", "nothing has been assigned to you")
    assert "nothing has been assigned to you" in repr(found)
    assert ana.next_records(talk).release() == []


def test_looking_claims_nothing(talk: str, ana: rg.Client) -> None:
    rg.assign(talk)

    assert ana.next_records(talk, limit=1, look=True)[0].token is None


def test_an_answer_replaces_ones_own_unless_it_names_an_older_version(talk: str, ana: rg.Client) -> None:
    rg.assign(talk, users=["ana"], blind=True)
    item = ana.next_records(talk)[0]
    assert item.draft("bad").state == "draft"

    assert ana.submit(talk, item.id, "good").version == 2
    with pytest.raises(ConflictApiError, match="Version 0 was sent"):
        item.submit("bad")
    assert ana.load(talk, ids=[item.id])[0].annotation == "good"


@pytest.mark.parametrize("wrong", [3, {"good": 1}, [("good", 1, 2)], [1]])
def test_what_is_no_annotation_is_refused_before_it_is_sent(talk: str, ana: rg.Client, wrong: Any) -> None:
    with pytest.raises((InputValueError, ValidationApiError)):
        ana.submit(talk, 1, wrong if not isinstance(wrong, dict) else object())


def test_spans_and_texts_are_answered_as_records_hold_them(active: rg.Client, ana: rg.Client) -> None:
    token = rg.TokenClassificationRecord(text="Ana left", tokens=["Ana", "left"], id=1)
    rg.log([token], "spans", verbose=False)
    rg.log([rg.Text2TextRecord(text="Ana left", id=1)], "pairs", verbose=False)
    for name in ("spans", "pairs"):
        rg.set_policies(name, annotation="individual")

    ana.submit("spans", 1, [("PER", 0, 3)])
    ana.submit("pairs", 1, "Ana is gone")
    assert ana.load("spans")[0].annotation == [("PER", 0, 3)]
    assert ana.load("pairs")[0].annotation == "Ana is gone"
    everybodys = rg.load("spans", annotations="individual")[0].annotations
    assert everybodys == {"ana": [("PER", 0, 3)]}
    assert rg.load("pairs", annotations="individual")[0].annotations == {"ana": "Ana is gone"}


# Policies, guidelines, copies


def test_policies_change_one_by_one(talk: str) -> None:
    assert rg.policies(talk).annotation == "shared"
    changed = rg.set_policies(talk, annotation="individual", required=2)

    assert (changed.annotation, changed.required, changed.resolution) == ("individual", 2, "majority")
    with pytest.raises(ValidationApiError):
        rg.set_policies(talk, required=0)


def test_guidelines_have_versions(talk: str, ana: rg.Client) -> None:
    assert rg.guidelines(talk).version == 0
    rg.set_guidelines(talk, "Be kind.")
    rg.set_guidelines(talk, "Be *very* kind.", version=1)

    assert ana.guidelines(talk).text == "Be *very* kind."
    assert rg.guidelines(talk, version=1).author == "eva"
    with pytest.raises(ConflictApiError):
        rg.set_guidelines(talk, "Too late.", version=1)


def test_copies_in_peoples_workspaces_come_together(active: rg.Client) -> None:
    for name in ("ana", "ben"):
        rg.Workspace.create(name).add_user(name)
        part = texts(4)
        for record in part:
            record.annotation, record.status = f"by {name}", "Validated"
        rg.log(part, "mine", workspace=name, verbose=False)

    look = rg.gather("mine", ["ana", "ben"], into="together", dry_run=True)
    assert (look.records, look.annotations, look.loads) == (4, 8, {"ana": 4, "ben": 4})
    with pytest.raises(NotFoundApiError):
        rg.load("together")
    rg.gather("mine", ["ana", "ben"], into="together")
    together = rg.load("together", annotations="individual")[0]
    assert together.annotations == {"ana": "by ana", "ben": "by ben"}
    with pytest.raises(AlreadyExistsApiError):
        rg.gather("mine", ["ana", "ben"], into="together")


# On an event loop


def test_the_asynchronous_client_does_the_same(talk: str, transport: InProcess) -> None:
    async def act() -> None:
        async with rg.AsyncClient(URL, "max.apikey", "shared", transport=transport) as client:
            plan = await client.assign(talk, overlap=2, dry_run=True)
            with pytest.raises(InputValueError, match=r"await client\.apply_plan\(plan\)"):
                plan.apply()
            made = await client.apply_plan(plan)
            assert (await client.change_plan(made, "undo", dry_run=True)).removed == 60
            assert len(await client.plan_rows(made, annotator="ana")) == 30
            assert (await client.progress(talk))["ana"].left == 30
            assert len(await client.hours(talk)) == 0
        async with rg.AsyncClient(URL, "ana.apikey", "shared", transport=transport) as client:
            (item,) = await client.next_records(talk, limit=1)
            with pytest.raises(InputValueError, match=r"await client\.submit"):
                item.submit("good")
            assert (await client.submit(talk, item.id, "good", token=item.token)).counted

    asyncio.run(act())
