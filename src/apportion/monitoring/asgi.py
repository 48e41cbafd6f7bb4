"""Logging of what a model answers over HTTP, beside a Starlette or FastAPI app."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from apportion.sdk.records import Record, TextClassificationRecord, TokenClassificationRecord

from ._consumer import DatasetRecordsConsumer
from .base import now

__all__ = ["ArgillaLogHTTPMiddleware", "text_classification_mapper", "token_classification_mapper"]

_log = logging.getLogger("apportion")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Mapper = Callable[[Any, Any], Any]

LARGEST = 10_000_000
"""Bytes of a request or reply that are read for the log; larger ones pass through unlogged."""


def text_classification_mapper(inputs: Any, outputs: Mapping[str, Any]) -> TextClassificationRecord:
    """Return a record of the inputs as they are, with the ``labels`` and ``scores`` of the outputs."""
    given = {"text": inputs} if isinstance(inputs, str) else {"inputs": inputs}
    return TextClassificationRecord(
        **given,
        prediction=list(zip(outputs["labels"], outputs["scores"], strict=True)),
        event_timestamp=now(),
    )


def token_classification_mapper(inputs: Any, outputs: Any) -> TokenClassificationRecord:
    """Return a record of the input's text, with the entities of the outputs.

    ``outputs`` is a list of ``{label, start, end}``, or has it under ``entities``, with the ``tokens`` beside it where
    the text is not cut at everything that is no letter or digit.
    """
    text = inputs if isinstance(inputs, str) else inputs["text"]
    entities = outputs.get("entities") or [] if isinstance(outputs, Mapping) else outputs
    tokens = outputs.get("tokens") if isinstance(outputs, Mapping) else None
    return TokenClassificationRecord(
        text=text,
        tokens=tokens or [token for token in re.split(r"(\W)", text) if token.strip()],
        prediction=[(each["label"], each["start"], each["end"]) for each in entities],
        event_timestamp=now(),
    )


class ArgillaLogHTTPMiddleware:
    """ASGI middleware that logs a sample of the requests to one path, with the replies to them.

    ``records_mapper`` is called with a request's inputs (its JSON for POST and PUT, its query for GET) and the JSON of
    the reply, and returns a record or a list of them. Replies of status 400 and above, and what is not JSON, are not
    logged. An error of the mapper is logged; the reply is never held up or changed.

    >>> app.add_middleware(  # doctest: +SKIP
    ...     ArgillaLogHTTPMiddleware,
    ...     api_endpoint="/predict",
    ...     dataset="live-reviews",
    ...     records_mapper=text_classification_mapper,
    ... )

    The server is looked for when the first record is sent, so that the app starts without it.
    """

    def __init__(
        self,
        app: App,
        api_endpoint: str,
        dataset: str,
        records_mapper: Mapper,
        sample_rate: float = 1.0,
        log_interval: float = 1.0,
        agent: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        if not dataset:
            raise AssertionError("dataset is the name of the dataset to log to; it is empty")
        if not 0 < sample_rate <= 1:
            raise AssertionError(f"sample_rate is a share above 0, up to 1; got {sample_rate!r}")
        self._app = app
        self._endpoint = api_endpoint
        self._mapper = records_mapper
        self._sample_rate = sample_rate
        self._agent = agent
        self._consumer = DatasetRecordsConsumer(dataset, tags=tags, log_interval=log_interval)

    @property
    def dropped(self) -> int:
        """The number of records that were not logged so far."""
        return self._consumer.dropped.total

    def shutdown(self) -> None:
        """Send what is waiting, and return when it has been sent. This happens by itself when the program ends."""
        self._consumer.shutdown()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve a request, and log it if it is in the sample."""
        if not self._is_watched(scope):
            await self._app(scope, receive, send)
            return
        asked, replied = _Body(), _Body()

        async def receive_and_keep() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                asked.add(message.get("body", b""))
            return message

        async def send_and_keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                replied.wanted = message["status"] < 400 and _is_json(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                replied.add(message.get("body", b""))
            await send(message)

        await self._app(scope, receive_and_keep, send_and_keep)
        if replied.wanted and asked.wanted and random.uniform(0, 1) <= self._sample_rate:  # noqa: S311
            self._see(scope, asked, replied)

    def _is_watched(self, scope: Mapping[str, Any]) -> bool:
        if scope["type"] != "http" or scope["path"] != self._endpoint:
            return False
        if scope["method"] == "GET":
            return True
        return scope["method"] in ("POST", "PUT") and _is_json(scope["headers"])

    def _see(self, scope: Mapping[str, Any], asked: _Body, replied: _Body) -> None:
        try:
            if scope["method"] == "GET":
                inputs: Any = dict(parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True))
            else:
                inputs = asked.json()
            found = self._mapper(inputs, replied.json())
            records = [found] if isinstance(found, Record) else list(found or [])
            if self._agent is not None:
                for record in records:
                    if record.prediction is not None and record.prediction_agent is None:
                        record.prediction_agent = self._agent
            self._consumer.put(records)
        except Exception:
            _log.exception("A request to %s was not logged to %s.", self._endpoint, self._consumer.dataset)


class _Body:
    """The body of a message as it passes; forgotten once it is too large."""

    def __init__(self) -> None:
        self.wanted = True
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LARGEST:
            self.wanted = False
        if self.wanted:
            self._parts.append(part)
        else:
            self._parts.clear()

    def json(self) -> Any:
        return json.loads(b"".join(self._parts))


def _is_json(headers: Any) -> bool:
    for name, value in headers:
        if name.lower() == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
            return bool(kind == b"application/json" or kind.endswith(b"+json"))
    return False
