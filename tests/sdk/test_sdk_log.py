"""`rg.log`: what may be logged, and how."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.sdk.errors import (
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
)
from apportion.sdk.records import BulkResponse, ValidationError
from patience import patience
from sdk_support import URL, ClientAs, Flaky, InProcess, is_bulk, texts


def test_the_result_sums_up_all_batches(client: rg.Client, transport: InProcess) -> None:
    result = client.log(texts(7), "reviews", batch_size=3, verbose=False)

    assert (result.dataset, result.processed, result.failed) == ("reviews", 7, 0)
    assert transport.paths == ["POST /api/datasets/reviews/TextClassification:bulk?workspace=shared"] * 3
    assert len(client.load("reviews")) == 7


def test_one_record_a_list_a_tuple_and_a_generator_may_be_logged(client: rg.Client) -> None:
    for records in (texts(1)[0], texts(2, 1), tuple(texts(2, 3)), iter(texts(2, 5))):
        client.log(records, "reviews", verbose=False)

    assert sorted(record.id for record in client.load("reviews")) == list(range(7))


def test_the_last_line_says_where_the_records_are(
    client: rg.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.log(texts(2), "reviews")
    client.log(texts(1), "reviews", workspace="other", verbose=False)

    assert capsys.readouterr() == (f"2 records logged to {URL}/datasets/shared/reviews\n", "")


def test_a_terminal_sees_a_bar(
    client: rg.Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.sdk.progress._is_terminal", lambda: True)

    client.log(texts(4), "reviews", batch_size=2)

    shown = capsys.readouterr().err
    assert "\rLogging to reviews [..............................] 0 of 4 records" in shown
    assert "\rLogging to reviews [##############################] 4 of 4 records" in shown
    assert shown.endswith("\n")


def test_a_notebook_sees_a_bar_in_one_place(
    client: rg.Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def display(html: str, display_id: bool) -> Any:
        shown.append(html)
        return SimpleNamespace(update=shown.append)

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=str, display=display))

    client.log(texts(4), "reviews", batch_size=2)

    assert "<progress" in shown[0]
    assert 'value="4" max="4"' in shown[-1]
    assert capsys.readouterr().err == ""


def test_a_program_does_not_end_before_its_logs_have() -> None:
    code = """
import json, time, httpx
import apportion as rg

def answer(request):
    if request.url.path.endswith(":bulk"):
        time.sleep(0.1)
        count = len(json.loads(request.content)["records"])
        print(count, flush=True)
        return httpx.Response(200, json={"dataset": "reviews", "processed": count})
    return httpx.Response(200, json={"version": "1.6.0", "username": "ana", "workspaces": []})

client = rg.Client("http://server", "key", transport=httpx.MockTransport(answer))
records = [rg.TextClassificationRecord(text="a") for _ in range(5)]
client.log(records, "reviews", batch_size=2, verbose=False, background=True)
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)

    assert (ran.stdout.split(), ran.stderr) == (["2", "2", "1"], "")


def test_who_logs_is_the_agent_unless_a_record_names_one(client: rg.Client) -> None:
    client.log(
        [
            rg.TextClassificationRecord(text="a", id="own", annotation="x", prediction=[("x", 0.5)]),
            rg.TextClassificationRecord(
                text="b", id="named", prediction=[("x", 0.5)], prediction_agent="model"
            ),
        ],
        "reviews",
        verbose=False,
    )

    named, own = client.load("reviews")
    assert (own.annotation_agent, own.prediction_agent) == ("eva", "eva")
    assert named.prediction_agent == "model"


def test_tags_that_are_no_text_become_one(client: rg.Client) -> None:
    client.log(texts(1), "reviews", tags={"with assignments": True, "n": 3}, metadata={"from": "a survey"})

    found = client.find_dataset("reviews")
    assert found.tags == {"with assignments": "True", "n": "3"}
    assert found.metadata == {"from": "a survey"}


def test_the_workspace_of_a_call_is_not_sticky(client: rg.Client, transport: InProcess) -> None:
    client.log(texts(1), "reviews", workspace="other", verbose=False)

    assert client.workspace == "shared"
    assert [each.workspace for each in client.list_datasets()] == ["other"]
    with pytest.raises(NotFoundApiError, match="no dataset 'reviews' in workspace 'shared'"):
        client.load("reviews")


def test_a_background_log_keeps_its_workspace(client: rg.Client) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def records() -> Iterator[rg.TextClassificationRecord]:
        yield from texts(2)
        asked.set()
        assert go_on.wait(patience(20))
        yield from texts(2, 2)

    under_way = client.log(records(), "reviews", batch_size=2, verbose=False, background=True)
    assert asked.wait(patience(20))
    client.set_workspace("other")
    go_on.set()

    assert under_way.result(patience(20)).processed == 4
    assert len(client.load("reviews", workspace="shared")) == 4


def test_many_logs_in_the_background_all_succeed(client: rg.Client) -> None:
    under_way: list[Future[BulkResponse]] = [
        client.log(texts(20, 20 * n), "reviews", batch_size=7, background=True) for n in range(12)
    ]

    assert [each.result(patience(60)).processed for each in under_way] == [20] * 12
    assert len(client.load("reviews")) == 240


def test_a_failure_in_the_background_is_told_though_nobody_asks(
    client_as: ClientAs, caplog: pytest.LogCaptureFixture
) -> None:
    under_way = client_as("ana").log(texts(1), "new", background=True, verbose=False)

    assert isinstance(under_way.exception(20), ForbiddenApiError)
    assert "Logging in the background failed." in caplog.text


def test_any_event_loop_may_log(active: rg.Client) -> None:
    async def act(start: int) -> int:
        results = await asyncio.gather(
            *(rg.log_async(texts(3, start + 3 * n), "reviews", verbose=False) for n in range(3))
        )
        return sum(each.processed for each in results)

    assert [asyncio.run(act(0)), asyncio.run(act(9))] == [9, 9]
    assert rg.log(texts(1), "reviews", verbose=False).processed == 1
    assert len(rg.load("reviews")) == 18


def test_an_async_client_logs_and_tells_how_far_it_came(transport: InProcess) -> None:
    bad = rg.TextClassificationRecord(text="bad", id="bad", metadata={"a": {"b": {1, 2}}})
    bad.metadata = {"nested": [object()]}

    async def act() -> tuple[int, BaseException]:
        async with rg.AsyncClient(URL, "eva.apikey", "shared", transport=transport) as client:
            result = await client.log(iter(texts(5)), "reviews", batch_size=2, verbose=False)
            with pytest.raises(ValidationError) as caught:
                await client.log([*texts(3), bad], "reviews", batch_size=2, verbose=False)
            return result.processed, caught.value

    processed, problem = asyncio.run(act())
    assert processed == 5
    assert "records[3]" in str(problem)
    assert "The first 2 records are stored, no other was sent." in str(problem)


def test_a_generator_is_never_held_in_memory(client: rg.Client) -> None:
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    @dataclass(eq=False)
    class Mark:
        """Lives as long as the record it is put into."""

        n: int

    def records(count: int) -> Iterator[rg.TextClassificationRecord]:
        nonlocal most
        for n in range(count):
            record = rg.TextClassificationRecord(text="a", id=n)
            mark = Mark(n)
            alive.add(mark)
            record.metadata["mark"] = mark
            most = max(most, len(alive))
            del mark
            yield record
            del record

    result = client.log(records(1000), "reviews", batch_size=20, verbose=False)

    gc.collect()
    assert result.processed == 1000
    assert most <= 3 * 20
    assert len(alive) == 0


def test_the_next_batch_is_converted_while_one_is_on_its_way(
    transport: InProcess, client_as: ClientAs
) -> None:
    taken = 0
    taken_while_sending: list[int] = []
    another = threading.Event()

    def records() -> Iterator[rg.TextClassificationRecord]:
        nonlocal taken
        for record in texts(9):
            taken += 1
            if taken > 3:
                another.set()
            yield record

    def decide(request: httpx.Request) -> None:
        if is_bulk(request):
            if not taken_while_sending:
                assert another.wait(patience(20))
            taken_while_sending.append(taken)

    client = client_as("eva", transport=Flaky(transport, decide))
    client.log(records(), "reviews", batch_size=3, verbose=False)

    assert taken_while_sending[0] > 3


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "There are no records to log"),
        (iter(()), "There are no records to log"),
        ({"text": "a"}, "not a dict"),
        ("text", "not a str"),
        (7, "not a int"),
        ([{"text": "a"}], "Record 0 is of an unknown record type, a dict"),
        ([None], "Record 0 is of an unknown record type"),
    ],
)
def test_what_are_no_records_is_refused(client: rg.Client, records: Any, message: str) -> None:
    with pytest.raises(InputValueError, match=message):
        client.log(records, "reviews", verbose=False)


def test_a_record_of_another_task_is_named(client: rg.Client) -> None:
    records = [*texts(3), rg.Text2TextRecord(text="a")]

    with pytest.raises(
        InputValueError, match="Record 3 is a Text2TextRecord, but those before it are for Text"
    ):
        client.log(records, "reviews", batch_size=2, verbose=False)
    with pytest.raises(InputValueError, match="The first 3 records are stored"):
        client.log(records, "reviews", batch_size=3, verbose=False)


def test_names_that_cannot_be_are_refused_before_asking(client: rg.Client, transport: InProcess) -> None:
    for name in ("", "Upper", "-dash", "a b", "a\n", None):
        with pytest.raises(InputValueError):
            client.log(texts(1), name, verbose=False)  # type: ignore[arg-type]
    with pytest.raises(InputValueError, match="can't be the name of a workspace"):
        client.log(texts(1), "reviews", workspace="No Such", verbose=False)
    assert transport.paths == []


def test_odd_batches(client: rg.Client, transport: InProcess) -> None:
    with pytest.raises(InputValueError, match="batch_size=0"):
        client.log(texts(1), "reviews", batch_size=0)
    with pytest.raises(InputValueError, match="tag 'a' is None"):
        client.log(texts(1), "reviews", tags={"a": None})
    with pytest.warns(FutureWarning, match="batch_size"):
        client.log(texts(4), "reviews", chunk_size=2, verbose=False)
    assert len(transport.paths) == 2


def test_tags_go_with_every_batch(client: rg.Client, transport: InProcess) -> None:
    client.log(texts(2), "reviews", tags={"a": "b"}, batch_size=1, verbose=False)

    bodies = [json.loads(each.content) for each in transport.asked if is_bulk(each)]
    assert [each["tags"] for each in bodies] == [{"a": "b"}] * 2
