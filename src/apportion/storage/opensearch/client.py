"""Requests to the nodes of an OpenSearch cluster, with what its failures mean."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from .circuit import Circuit

__all__ = ["BadAnswerError", "OpenSearchClient", "UnavailableError"]

ANSWERS_WITHIN = 1.0
"""Seconds in which a search has to be answered; without an answer the database is asked."""
WRITES_WITHIN = 60.0
"""Seconds in which a request of the indexer has to be answered."""
LEAST_VERSION = (2, 17)
"""The first version that takes bitmaps of record numbers."""
_RETRIED = frozenset({429, 502, 503, 504})

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class UnavailableError(Exception):
    """No node answers just now."""


class BadAnswerError(Exception):
    """OpenSearch refused a request; another attempt would be refused, too."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"OpenSearch answered {status}: {reason}")
        self.status = status


class OpenSearchClient:
    """Client of one cluster. Requests go to its nodes in turn, and to the next one where a node does not answer.

    ``urls``: addresses of nodes, with user and password where they are needed; these appear in no message.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        verify: str | bool = True,
        circuit: Circuit | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        nodes = [_without_password(url) for url in urls]
        if not nodes:
            raise ValueError("APPORTION_OPENSEARCH_URL names no node")
        self.circuit = circuit or Circuit()
        self._nodes = [url for url, _ in nodes]
        self._turn = itertools.count()
        auth = next((auth for _, auth in nodes if auth is not None), None)
        self._http = httpx.Client(
            auth=auth, verify=verify, transport=transport, headers={"Content-Type": "application/json"}
        )

    def __enter__(self) -> OpenSearchClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        body: object | None = None,
        *,
        params: Mapping[str, str | int] | None = None,
        seconds: float = ANSWERS_WITHIN,
        missing_ok: bool = False,
    ) -> Any:
        """Return the decoded answer; None for a 404 with ``missing_ok``.

        Raises ``UnavailableError`` where no node answers in time or the circuit is open, and ``BadAnswerError`` for a
        request that is refused.
        """
        content = body if body is None or isinstance(body, bytes) else _encode(body)
        if not self.circuit.admits():
            raise UnavailableError("OpenSearch failed a moment ago and is tried again soon")
        first, reason = next(self._turn), ""
        for attempt in range(len(self._nodes)):
            node = self._nodes[(first + attempt) % len(self._nodes)]
            try:
                answer = self._http.request(
                    method, f"{node}{path}", content=content, params=params, timeout=seconds
                )
            except httpx.TransportError as failure:
                reason = type(failure).__name__
                continue
            if answer.status_code in _RETRIED:
                reason = str(answer.status_code)
                continue
            self.circuit.succeeded()
            if answer.status_code == 404 and missing_ok:
                return None
            if answer.is_error:
                raise BadAnswerError(answer.status_code, _reason(answer.content))
            return _decode(answer.content) if answer.content else {}
        self.circuit.failed()
        raise UnavailableError(f"none of the {len(self._nodes)} nodes of OpenSearch answered ({reason})")

    def bulk(self, index: str, operations: Iterable[object]) -> None:
        """Send operations of ``_bulk``; those that are older than what the index has count as done.

        Raises ``BadAnswerError`` where an operation is refused for another reason.
        """
        lines = b"\n".join(map(_encode, operations)) + b"\n"
        answer = self.request("POST", f"/{index}/_bulk", lines, seconds=WRITES_WITHIN)
        if not answer["errors"]:
            return
        for item in answer["items"]:
            (done,) = item.values()
            if "error" in done and done["status"] not in (404, 409):  # deleted before, or newer there already
                raise BadAnswerError(done["status"], str(done["error"].get("reason")))

    def check(self) -> str:
        """Return the version of the cluster. Raises ``BadAnswerError`` for one that cannot do what is needed."""
        version = str(self.request("GET", "/", seconds=WRITES_WITHIN)["version"]["number"])
        major, minor = version.split(".")[:2]
        if (int(major), int(minor)) < LEAST_VERSION:
            needed = ".".join(map(str, LEAST_VERSION))
            raise BadAnswerError(
                400, f"version {version} cannot search among given records; {needed} or later is needed"
            )
        return version


def _without_password(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            "APPORTION_OPENSEARCH_URL: an address begins with http:// or https:// and names a host"
        )
    auth = (parts.username, parts.password or "") if parts.username else None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", "")), auth


def _reason(content: bytes) -> str:
    try:
        error = _decode(content)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
    if isinstance(error, str):
        return error
    causes = error.get("root_cause") or [error]
    return str(causes[0].get("reason") or error.get("reason"))
