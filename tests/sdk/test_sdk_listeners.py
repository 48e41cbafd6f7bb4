"""Functions that `rg.listener` calls when a dataset is as they wait for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from queue import Queue
from threading import enumerate as enumerate_threads
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.listeners import RGDatasetListener
from apportion.sdk import session
from patience import patience, until
from sdk_support import ClientAs, Flaky, InProcess

SOON: Any = 0.02


@pytest.fixture
def reviews(active: rg.Client) -> rg.Client:
    records = [
        rg.TextClassificationRecord(
            text=f"text k{n}", id=n, annotation="good" if n < 2 else None, prediction=[("good", 1.0)]
        )
        for n in range(5)
    ]
    active.log(records, "reviews", verbose=False)
    return active


@pytest.fixture
def calls() -> Queue[Any]:
    return Queue()


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    yield
    until(lambda: not [each for each in enumerate_threads() if each.name.startswith("apportion-listener")])


def take(calls: Queue[Any]) -> Any:
    return calls.get(timeout=patience(20))


def test_a_function_is_called_with_records_and_what_was_found(reviews: rg.Client, calls: Queue[Any]) -> None:
    @rg.listener(
        "reviews",
        query="status:Validated",
        condition=lambda search: search.total == 2,
        execution_interval_in_seconds=SOON,
    )
    def act(records: Any, ctx: rg.RGListenerContext) -> None:
        calls.put((records, ctx))

    assert isinstance(act, RGDatasetListener)
    assert not act.is_running()
    act.start()
    assert act.is_running()
    records, ctx = take(calls)
    act.stop()
    assert not act.is_running()
    assert [each.id for each in records] == [0, 1]
    assert (ctx.dataset, ctx.query, ctx.search.total) == ("reviews", "status:Validated", 2)
    assert ctx.metrics is None
    assert ctx.__listener__ is act


def test_without_a_condition_it_is_called_every_time_and_nothing_is_counted(
    reviews: rg.Client, calls: Queue[Any], transport: InProcess
) -> None:
    @rg.listener("reviews", with_records=False, execution_interval_in_seconds=SOON)
    def act(ctx: rg.RGListenerContext) -> None:
        calls.put(ctx)

    act.start()
    first, second = take(calls), take(calls)
    act.stop()
    assert first.search is second.search is None
    assert first.query is None
    assert not [each for each in transport.paths if each.partition("?")[0].endswith(":search")]


def test_while_the_condition_is_not_met_nothing_is_called(
    reviews: rg.Client, calls: Queue[Any], transport: InProcess
) -> None:
    asked: Queue[Any] = Queue()

    def condition(search: rg.Search) -> bool:
        asked.put(search)
        return False

    listening = rg.listener("reviews", condition=condition, execution_interval_in_seconds=SOON)(calls.put)
    listening.start()
    assert take(asked).total == take(asked).total == 5
    listening.stop()
    assert calls.empty()


def test_figures_are_given_to_the_condition_and_are_attributes(reviews: rg.Client, calls: Queue[Any]) -> None:
    def condition(search: rg.Search, metrics: rg.Metrics) -> bool:
        return search.total == 5 and bool(metrics.F1["precision_micro"] == 1.0)

    @rg.listener(
        "reviews",
        metrics=["F1", "status_distribution"],
        condition=condition,
        with_records=False,
        execution_interval_in_seconds=SOON,
    )
    def act(ctx: rg.RGListenerContext) -> None:
        calls.put(ctx)

    act.start()
    ctx = take(calls)
    act.stop()
    assert ctx.metrics.status_distribution == ctx.metrics["status_distribution"]
    assert ctx.metrics.status_distribution == {"Default": 3, "Validated": 2}
    with pytest.raises(AttributeError, match="no metric 'F2'"):
        _ = ctx.metrics.F2


def test_parameters_that_the_function_changes_hold_for_the_next_cycle(
    reviews: rg.Client, calls: Queue[Any]
) -> None:
    @rg.listener(
        "reviews", query="k{k}", condition=lambda search: True, execution_interval_in_seconds=SOON, k=1
    )
    def act(records: Any, ctx: rg.RGListenerContext) -> None:
        assert ctx.search is not None
        calls.put((ctx.query, [each.id for each in records], ctx.search.query_params))
        ctx.query_params["k"] += 1
        if ctx.query_params["k"] > 2:
            ctx.__listener__.stop()

    act.start()
    assert take(calls) == ("k1", [1], {"k": 1})
    assert take(calls) == ("k2", [2], {"k": 2})
    assert act.formatted_query == "k3"
    until(lambda: not act.is_running())


def test_arguments_of_start_come_first(reviews: rg.Client, calls: Queue[Any]) -> None:
    @rg.listener("reviews", execution_interval_in_seconds=SOON)
    def act(model: str, records: Any, ctx: rg.RGListenerContext, *, epochs: int) -> None:
        calls.put((model, len(records), epochs))

    act.start("model", epochs=3)
    assert take(calls) == ("model", 5, 3)
    act.stop()
    assert act("model", [], None, epochs=4) is None
    assert ("model", 0, 4) in [take(calls) for _ in range(calls.qsize())]


def test_it_is_started_and_stopped_once_at_a_time(reviews: rg.Client) -> None:
    listening = rg.listener("reviews", execution_interval_in_seconds=100)(print)

    with pytest.raises(ValueError, match="is not running"):
        listening.stop()
    for _ in range(2):
        listening.start()
        with pytest.raises(ValueError, match="is running already"):
            listening.start()
        listening.stop()
    with pytest.raises(ValueError, match="is not running"):
        listening.stop()


def test_a_name_without_a_parameter_is_told_where_the_function_is_decorated() -> None:
    with pytest.raises(KeyError, match="name"):
        rg.listener("reviews", query="metadata.user:{name}", other=1)(print)
    with pytest.raises(ValueError, match="interval"):
        rg.listener("reviews", execution_interval_in_seconds=0)(print)


@pytest.mark.parametrize("place", ["action", "condition"])
def test_a_failure_stops_it_is_logged_and_kept(
    place: str, reviews: rg.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("mine")

    condition = fail if place == "condition" else None
    listening = rg.listener("reviews", condition=condition, execution_interval_in_seconds=SOON)(fail)
    listening.start()

    until(lambda: not listening.is_running())
    assert str(listening.error) == "mine"
    assert "The listener of reviews has stopped." in caplog.text
    assert "RuntimeError: mine" in caplog.text
    with pytest.raises(ValueError, match="is not running"):
        listening.stop()
    listening.start()
    assert listening.error is None or str(listening.error) == "mine"
    until(lambda: not listening.is_running())


def test_a_query_that_nobody_understands_stops_it(reviews: rg.Client) -> None:
    listening = rg.listener(
        "reviews", query="(", condition=lambda search: True, execution_interval_in_seconds=SOON
    )(print)

    listening.start()
    until(lambda: not listening.is_running())
    assert type(listening.error).__name__ == "BadRequestApiError"


def test_a_dataset_that_is_not_there_yet_is_waited_for(
    active: rg.Client, calls: Queue[Any], caplog: pytest.LogCaptureFixture
) -> None:
    listening = rg.listener("later", with_records=False, execution_interval_in_seconds=SOON)(calls.put)
    listening.start()

    until(lambda: "The listener of later looks again later" in caplog.text)
    active.log(rg.TextClassificationRecord(text="a"), "later", verbose=False)
    assert take(calls).dataset == "later"
    listening.stop()


def test_a_server_that_is_away_is_waited_for(
    reviews: rg.Client,
    client_as: ClientAs,
    transport: InProcess,
    calls: Queue[Any],
    no_pauses: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = [True]
    flaky = Flaky(transport, lambda _: httpx.ConnectError("away") if away[0] else None)
    monkeypatch.setattr(session, "_active", client_as("eva", transport=flaky))
    listening = rg.listener("reviews", with_records=False, execution_interval_in_seconds=SOON)(calls.put)
    listening.start()

    until(lambda: "Nothing answers" in caplog.text)
    away[0] = False
    assert take(calls).dataset == "reviews"
    listening.stop()
    ours = [each for each in caplog.records if each.name == "apportion"]  # other libraries log what they like
    assert {each.levelno for each in ours} == {logging.WARNING}
