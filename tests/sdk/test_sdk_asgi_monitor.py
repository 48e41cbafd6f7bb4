"""The middleware that logs what a model answers over HTTP."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

import apportion as rg
from apportion.monitoring import asgi
from apportion.monitoring.asgi import (
    ArgillaLogHTTPMiddleware,
    text_classification_mapper,
    token_classification_mapper,
)

Ask = Callable[..., list[httpx.Response]]
ANSWER = {"labels": ["good", "bad"], "scores": [0.75, 0.25]}


class Service:
    """An app with a model behind `/predict`, and the middleware around it."""

    def __init__(self, mapper: Any, **options: Any) -> None:
        app = FastAPI()

        @app.api_route("/predict", methods=["GET", "POST", "PUT", "DELETE"])
        async def predict(request: Request) -> Response:
            given = dict(request.query_params) if request.method == "GET" else await request.body()
            if b"stream" in (given if isinstance(given, bytes) else b""):
                parts = iter(['{"labels": ["good"],', ' "scores": [0.5]}'])
                return StreamingResponse(parts, media_type="application/json")
            if b"page" in (given if isinstance(given, bytes) else b""):
                return Response("<p>", media_type="text/html")
            status = 418 if b"teapot" in (given if isinstance(given, bytes) else b"") else 200
            return JSONResponse(ANSWER, status)

        @app.post("/predict/more")
        async def more() -> Any:
            return ANSWER

        self.watched = ArgillaLogHTTPMiddleware(
            app, api_endpoint="/predict", dataset="live", records_mapper=mapper, **options
        )

    def ask(self, method: str, path: str = "/predict", **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.watched)
            async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def logged(self, client: rg.Client) -> Any:
        self.watched.shutdown()
        return sorted(client.load("live"), key=lambda each: each.text or str(each.inputs))


def test_requests_and_their_replies_become_records(active: rg.Client) -> None:
    service = Service(text_classification_mapper, agent="served", tags={"team": "search"})

    assert service.ask("POST", json={"text": "a"}).json() == ANSWER
    assert service.ask("PUT", json={"text": "b"}).json() == ANSWER
    assert service.ask("GET", params={"text": "c", "lang": "en"}).json() == ANSWER
    assert service.ask("POST", json={"text": "stream"}).json() == {"labels": ["good"], "scores": [0.5]}
    found = service.logged(active)
    assert [each.inputs for each in found] == [
        {"text": "a"},
        {"text": "b"},
        {"text": "stream"},
        {"text": "c", "lang": "en"},
    ]
    assert found[0].prediction == [("good", 0.75), ("bad", 0.25)]
    assert found[0].prediction_agent == "served"
    assert active.find_dataset("live").tags == {"team": "search"}


def test_what_is_no_prediction_passes_through_unlogged(active: rg.Client) -> None:
    service = Service(text_classification_mapper)

    assert service.ask("POST", json={"text": "teapot"}).status_code == 418
    assert service.ask("POST", json={"text": "page"}).text == "<p>"
    assert service.ask("POST", content=b'{"text": "no content type"}').json() == ANSWER
    assert service.ask("POST", "/predict/more", json={"text": "a"}).json() == ANSWER
    assert service.ask("DELETE").json() == ANSWER
    service.watched.shutdown()
    assert "live" not in [each.name for each in active.list_datasets()]


def test_a_mapper_that_fails_is_logged_and_harms_no_reply(
    active: rg.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def mapper(inputs: Any, outputs: Any) -> Any:
        raise KeyError("mine")

    service = Service(mapper)

    assert service.ask("POST", json={"text": "a"}).json() == ANSWER
    assert [each.levelno for each in caplog.records] == [logging.ERROR]
    assert "A request to /predict was not logged to live." in caplog.text
    assert "KeyError: 'mine'" in caplog.text


def test_a_mapper_may_return_several_records_or_none(active: rg.Client) -> None:
    def mapper(inputs: Any, outputs: Any) -> Any:
        return [text_classification_mapper(each, outputs) for each in inputs["texts"]] or None

    service = Service(mapper)

    service.ask("POST", json={"texts": ["a", "b"]})
    service.ask("POST", json={"texts": []})
    assert [each.text for each in service.logged(active)] == ["a", "b"]


def test_a_share_of_the_requests_is_logged(active: rg.Client) -> None:
    service = Service(text_classification_mapper, sample_rate=0.5)
    random.seed(42)

    for n in range(20):
        service.ask("POST", json={"text": f"text {n}"})
    assert len(service.logged(active)) == 11
    with pytest.raises(AssertionError, match="sample_rate"):
        Service(text_classification_mapper, sample_rate=0)
    with pytest.raises(AssertionError, match="dataset"):
        ArgillaLogHTTPMiddleware(FastAPI(), "/predict", "", text_classification_mapper)


def test_a_body_that_is_too_large_is_served_and_not_kept(
    active: rg.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "LARGEST", 100)
    service = Service(text_classification_mapper)

    assert service.ask("POST", json={"text": "a" * 100}).json() == ANSWER
    assert service.ask("POST", json={"text": "small"}).json() == ANSWER
    assert [each.text for each in service.logged(active)] == ["small"]


def test_it_is_added_as_frameworks_add_middleware(active: rg.Client) -> None:
    app = FastAPI()
    app.add_middleware(
        ArgillaLogHTTPMiddleware,
        api_endpoint="/predict",
        dataset="live",
        records_mapper=text_classification_mapper,
    )

    added: object = app.user_middleware[0].cls
    assert added is ArgillaLogHTTPMiddleware
    app.build_middleware_stack()


@pytest.mark.parametrize(
    ("inputs", "outputs", "tokens"),
    [
        ("Ada left.", [{"label": "PER", "start": 0, "end": 3}], ["Ada", "left", "."]),
        ({"text": "Ada left."}, {"entities": [{"label": "PER", "start": 0, "end": 3}]}, ["Ada", "left", "."]),
        (
            "Ada left.",
            {"entities": [{"label": "PER", "start": 0, "end": 3}], "tokens": ["Ada", "left."]},
            ["Ada", "left."],
        ),
    ],
)
def test_entities_of_a_reply_become_spans(inputs: Any, outputs: Any, tokens: list[str]) -> None:
    record = token_classification_mapper(inputs, outputs)

    assert (record.text, record.tokens) == ("Ada left.", tokens)
    assert record.prediction == [("PER", 0, 3, 0.0)]
