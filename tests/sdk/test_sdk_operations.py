"""Every operation, by `Client` and by `AsyncClient`: the same test runs with both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import apportion as rg
from apportion.sdk.errors import ForbiddenApiError, NotFoundApiError
from apportion.sdk.results import LabelingRule
from sdk_support import URL, InProcess, texts

As = Callable[[str], Any]
RUN: set[str] = set()
"""The operations that the tests below say they run."""


class Waiting:
    """A client whose coroutines are waited for, so that tests read alike; notes what was called."""

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop, called: set[str]) -> None:
        self._client, self._loop, self._called = client, loop, called

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        self._called.add(name)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **options: self._loop.run_until_complete(found(*args, **options))


@pytest.fixture(params=[rg.Client, rg.AsyncClient])
def of(request: pytest.FixtureRequest, transport: InProcess) -> Iterator[As]:
    """A client of somebody, in workspace `shared`."""
    loop, made, called = asyncio.new_event_loop(), [], set[str]()

    def make(username: str) -> Any:
        client = request.param(URL, f"{username}.apikey", "shared", transport=transport)
        made.append(Waiting(client, loop, called))
        return made[-1]

    yield make
    for each in made:
        each.close()
    loop.close()
    assert set(request.function.operations) <= called


def runs(names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which operations a test runs; the fixture holds it to that."""
    operations = names.split()
    RUN.update(operations)

    def answered(test: Any) -> Any:
        test.operations = operations
        return test

    return answered


def test_every_operation_is_run_below() -> None:
    for kind in (rg.Client, rg.AsyncClient):
        methods = {
            name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")
        }
        assert methods - {"close", "log_async"} == RUN - (set() if kind is rg.AsyncClient else {"search"})


@runs("me get_workspace set_workspace")
def test_the_caller_has_a_name_and_a_workspace(of: As) -> None:
    ana = of("ana")
    assert (ana.me().username, ana.get_workspace()) == ("ana", "shared")
    ana.set_workspace("ana")
    assert ana.get_workspace() == "ana"
    with pytest.raises(ValueError, match="does not belong"):
        ana.set_workspace("other")


@runs("log load search update_record delete_records")
def test_records_are_logged_found_changed_and_deleted(of: As) -> None:
    eva = of("eva")
    assert eva.log(texts(5), "talk", batch_size=2, verbose=False).processed == 5
    assert [each.id for each in eva.load("talk", batch_size=2)] == [0, 1, 2, 3, 4]
    assert eva.load("talk", ids=[]).to_pandas().empty
    assert eva.search("talk", "id:3").total == 1
    assert eva.update_record("talk", 3, metadata={"seen": 1})["metadata"] == {"seen": 1}
    assert eva.delete_records("talk", ids=[0, 1], discard_only=True) == (2, 2)
    with pytest.warns(UserWarning, match="discarded instead") as caught:
        of("ana").delete_records("talk", ids=[2])
    assert caught[0].filename == __file__ or isinstance(eva._client, rg.AsyncClient)
    assert eva.delete_records("talk") == (5, 5)


@runs(
    "configure_dataset load_settings find_dataset list_datasets copy delete deleted_datasets restore_dataset"
)
def test_datasets_are_configured_copied_deleted_and_restored(of: As) -> None:
    eva = of("eva")
    eva.configure_dataset("talk", rg.TextClassificationSettings(label_schema=["good", "bad"]))
    assert eva.load_settings("talk").label_schema == ["good", "bad"]
    eva.copy("talk", "copied")
    assert [each.name for each in eva.list_datasets("shared")] == ["talk", "copied"]
    eva.delete("talk")
    assert [each.name for each in eva.deleted_datasets()] == ["talk"]
    assert eva.restore_dataset("talk", into="back").name == "back"
    assert eva.find_dataset("back").task == "TextClassification"
    with pytest.raises(NotFoundApiError):
        eva.find_dataset("talk")


@runs("assign plans plan apply_plan refresh_plan plan_rows change_plan")
def test_plans_are_previewed_applied_read_and_changed(of: As) -> None:
    boss = of("max")
    boss.log(texts(10), "talk", verbose=False)
    plan = boss.apply_plan(boss.assign("talk", overlap=2, seed=7, dry_run=True))
    assert boss.plans("talk")[0].id == boss.plan("talk", plan.id).id == boss.refresh_plan(plan).id == plan.id
    assert len(boss.plan_rows(plan, annotator="ana", limit=4)) == 4
    boss.log(texts(2, start=10), "talk", verbose=False)
    assert boss.change_plan(plan, "extend").added == 4
    assert boss.change_plan(plan, "undo", dry_run=True).removed == 24


@runs("next_records submit skip release")
def test_a_queue_is_claimed_answered_skipped_and_released(of: As) -> None:
    of("max").log(texts(4), "talk", verbose=False)
    of("max").assign("talk", users=["ana"])
    ana = of("ana")
    first, second, third = ana.next_records("talk", limit=3)
    assert ana.submit("talk", first.id, "good", token=first.token, version=0).counted
    assert ana.skip("talk", second.id, "too long", token=second.token).record == second.id
    assert ana.release("talk", [third]) == [third.id]
    assert len(ana.next_records("talk", look=True)) == 2


@runs("progress hours my_work explain events audit policies set_policies guidelines set_guidelines")
def test_work_is_followed_and_its_rules_are_set(of: As) -> None:
    boss = of("max")
    boss.log(texts(4), "talk", verbose=False)
    assert boss.set_policies("talk", annotation="individual", blind=True, required=1).blind
    assert boss.policies("talk").annotation == "individual"
    assert boss.set_guidelines("talk", "Be quick.").version == boss.guidelines("talk").version == 1
    boss.assign("talk", users=["ana"])
    of("ana").submit("talk", 0, "good", seconds=36)
    assert boss.progress("talk")["ana"].left == 3
    assert boss.hours("talk")["ana"] == boss.hours(by="month")["ana"] == 0.01
    assert [each.left for each in of("ana").my_work()] == [3]
    assert boss.explain("talk", 0, "ana").assigned
    assert boss.events("talk", 1)[0].who == "ana"
    assert boss.audit(1, dataset="talk", who="max")[0].workspace == "shared"


@runs("gather")
def test_copies_in_several_workspaces_are_merged(of: As) -> None:
    eva = of("eva")
    for who in ("ana", "ben"):
        eva.create_workspace(who)
        eva.add_member(who, who)
        eva.log(rg.TextClassificationRecord(text="a", id=1, annotation=who), "mine", who, verbose=False)
    assert eva.gather("mine", ["ana", "ben"], into="ours", dry_run=True).annotations == 2
    assert eva.gather("mine", ["ana", "ben"], into="ours").records == 1


@runs("agreement conflicts annotators adjudicate accept_consensus export")
def test_agreement_is_measured_and_conflicts_are_resolved(of: As, tmp_path: Path) -> None:
    boss = of("max")
    boss.log(texts(3), "talk", verbose=False)
    boss.set_policies("talk", annotation="individual", blind=True, required=2, resolution="adjudicated")
    for who, answers in (("ana", "xxy"), ("ben", "xyx")):
        for id, label in enumerate(answers):
            of(who).submit("talk", id, label, version=0)
    assert boss.agreement("talk", "percent").records == 3
    assert [each.id for each in boss.conflicts("talk", open=True)] == ["1", "2"]
    assert len(boss.conflicts("talk", limit=1)) == 1
    assert {each.annotator for each in boss.annotators("talk")} == {"ana", "ben"}
    boss.adjudicate("talk", 1, labels=["x"])
    assert boss.accept_consensus("talk").changed == 1
    assert boss.export("talk", tmp_path / "talk.csv").read_text().count("\n") == 4
    with pytest.raises(ForbiddenApiError):
        of("ana").export("talk", tmp_path / "mine.csv")
    assert [each.name for each in tmp_path.iterdir() if "csv" in each.name] == ["talk.csv"]


@runs(
    "list_users user_named create_user add_member remove_member list_members list_workspace_users "
    "list_workspaces workspace_named create_workspace"
)
def test_people_join_and_leave_workspaces(of: As) -> None:
    eva = of("eva")
    assert eva.create_user("dora", "long enough", workspaces=["fresh"]).api_key
    assert eva.user_named("dora").workspaces == ("fresh",)
    assert "dora" in [each.username for each in eva.list_users()]
    assert eva.create_workspace("empty").name in [each.name for each in eva.list_workspaces()]
    assert eva.add_member("empty", "dora", "reviewer").role == "reviewer"
    assert [each.username for each in eva.list_members("empty")] == ["dora"]
    eva.remove_member("empty", "dora")
    assert eva.list_workspace_users("empty") == []
    assert eva.workspace_named("empty").id


@runs(
    "webhooks webhook create_webhook change_webhook rotate_webhook_secret delete_webhook "
    "ping_webhook webhook_deliveries send_delivery_again"
)
def test_webhooks_are_made_tried_changed_and_deleted(of: As) -> None:
    boss = of("max")
    hook = boss.create_webhook("https://example.org/hook", ["submitted"])
    assert [each.id for each in boss.webhooks()] == [boss.webhook(hook.id).id] == [hook.id]
    ping = boss.ping_webhook(hook)
    assert [each.id for each in boss.webhook_deliveries(hook, "waiting")] == [ping.id]
    assert boss.send_delivery_again(hook, ping).id == ping.id
    assert boss.rotate_webhook_secret(hook).secret != hook.secret
    assert not boss.change_webhook(hook, enabled=False).enabled
    boss.delete_webhook(hook)
    assert boss.webhooks() == []


@runs(
    "dataset_metrics get_metric compute_metric fetch_dataset_labeling_rules "
    "add_dataset_labeling_rules update_dataset_labeling_rules delete_dataset_labeling_rules rule_metrics_for_dataset"
)
def test_metrics_are_computed_and_rules_are_stored_as_in_1x(of: As) -> None:
    eva = of("eva")
    eva.log(texts(3), "talk", verbose=False)
    assert eva.get_metric("talk", "text_length").id in [each.id for each in eva.dataset_metrics("talk")]
    assert eva.get_metric("talk", "nonsense") is None
    assert eva.compute_metric("talk", "text_length").results == {"6.0": 3}
    rule = LabelingRule(query="text", labels=("good",))
    eva.add_dataset_labeling_rules("talk", [rule])
    assert eva.rule_metrics_for_dataset("talk", rule).coverage == 1
    eva.update_dataset_labeling_rules("talk", [LabelingRule(query="text", labels=("bad",))])
    assert [each.label for each in eva.fetch_dataset_labeling_rules("talk")] == ["bad"]
    eva.delete_dataset_labeling_rules("talk", [rule])
    assert eva.fetch_dataset_labeling_rules("talk") == []
