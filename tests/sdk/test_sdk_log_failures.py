"""Outcomes of a `rg.log` that is refused, or whose server goes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.sdk.errors import (
    BadRequestApiError,
    BaseClientError,
    ForbiddenApiError,
    HttpResponseError,
    NotFoundApiError,
    ServerTimeoutError,
    ServerUnreachableError,
    ValidationApiError,
)
from sdk_support import ClientAs, Flaky, InProcess, is_bulk, texts


def test_a_refused_batch_names_the_record_and_what_is_stored(client: rg.Client) -> None:
    records = texts(5)
    records[4] = rg.TextClassificationRecord(text="bad", id="x" * 600)

    with pytest.raises(ValidationApiError) as caught:
        client.log(records, "reviews", batch_size=2, verbose=False)

    problem = caught.value
    assert "record 4 (id 'xxx" in str(problem)
    assert "id: ensure this value has at most 512 characters" in str(problem)
    assert (
        "The first 4 records are stored; of the batch with records 4 to 4 (counted from 0) none is."
        in str(problem)
    )
    assert (problem.accepted, len(problem.refused_ids)) == (4, 1)
    assert problem.params["errors"]
    assert len(client.load("reviews")) == 4


def test_a_label_outside_the_schema_stops_the_log(client: rg.Client) -> None:
    client.configure_dataset("reviews", rg.TextClassificationSettings(["good", "bad"]))
    fine = rg.TextClassificationRecord(text="a", annotation="good")
    odd = rg.TextClassificationRecord(text="b", annotation="odd")

    with pytest.raises(BadRequestApiError, match=r"'odd'.*not in the label schema") as caught:
        client.log([fine, odd], "reviews", batch_size=1, verbose=False)
    assert caught.value.accepted == 1


def test_a_generator_that_fails_raises_its_own_error_after_its_records_are_stored(client: rg.Client) -> None:
    def records() -> Iterator[rg.TextClassificationRecord]:
        yield from texts(4)
        raise KeyError("the file ended early")

    with pytest.raises(KeyError, match="the file ended early"):
        client.log(records(), "reviews", batch_size=2, verbose=False)
    assert len(client.load("reviews")) == 4


def test_an_unknown_workspace_and_somebody_else_s(client_as: ClientAs) -> None:
    with pytest.raises(NotFoundApiError, match="There is no workspace 'nowhere'"):
        client_as("eva").log(texts(1), "reviews", workspace="nowhere", verbose=False)
    with pytest.raises(ForbiddenApiError, match="may create a dataset by logging records"):
        client_as("ana").log(texts(1), "reviews", workspace="other", verbose=False)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("gone"),
        httpx.Response(503, json={"detail": "busy"}),
        httpx.Response(503, text="<html>busy</html>", headers={"content-type": "text/html"}),
    ],
    ids=lambda trouble: getattr(trouble, "reason_phrase", str(trouble)),
)
def test_a_server_that_is_away_for_a_moment_gets_the_batch_again(
    transport: InProcess, client_as: ClientAs, trouble: Any
) -> None:
    tries: list[bytes] = []

    def decide(request: httpx.Request) -> Any:
        if is_bulk(request):
            tries.append(request.content)
            return trouble if len(tries) < 3 else None
        return None

    client = client_as("eva", transport=Flaky(transport, decide))

    assert client.log(texts(2), "reviews", verbose=False).processed == 2
    assert len(tries) == 3
    assert len(set(tries)) == 1


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("trouble", "kind", "message"),
    [
        (httpx.ConnectError("refused"), ServerUnreachableError, "Nothing answers at http://testserver"),
        (httpx.ReadTimeout("slow"), ServerTimeoutError, "did not answer within 60 seconds"),
        (
            httpx.Response(503, json={"detail": "busy"}),
            HttpResponseError,
            r"(?s)status 503: busy.* none is\.",
        ),
        (
            httpx.Response(504, html="late"),
            HttpResponseError,
            "(?s)a proxy is there.*it is not known whether",
        ),
    ],
    ids=str,
)
def test_a_server_that_stays_away_ends_the_log_and_it_says_how_far_it_came(
    transport: InProcess, client_as: ClientAs, trouble: Any, kind: type[BaseClientError], message: str
) -> None:
    batches = 0

    def decide(request: httpx.Request) -> Any:
        nonlocal batches
        batches += is_bulk(request)
        return trouble if batches > 1 and is_bulk(request) else None

    client = client_as("eva", transport=Flaky(transport, decide))
    with pytest.raises(kind, match=message) as caught:
        client.log(texts(6), "reviews", batch_size=2, verbose=False)

    assert (caught.value.accepted, list(caught.value.refused_ids)) == (2, [2, 3])
    assert "The first 2 records are stored" in str(caught.value)


@pytest.mark.usefixtures("no_pauses")
def test_what_must_not_happen_twice_is_not_sent_twice(transport: InProcess, client_as: ClientAs) -> None:
    tries = 0

    def decide(request: httpx.Request) -> Any:
        nonlocal tries
        if request.method == "POST":
            tries += 1
            return httpx.ReadError("reset")
        return None

    with pytest.raises(ServerUnreachableError, match="broke off"):
        client_as("eva", transport=Flaky(transport, decide)).create_workspace("new")
    assert tries == 1
