"""Requests to the nodes of an OpenSearch cluster, with what its failures mean."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx
import msgspec

from .circuit import Circuit

__all__ = ["BadAnswerError", "OpenSearchClient", "UnavailableError"]

ANSWERS_WITHIN = 1.0
"""Seconds in which a search of few records has to be answered; without an answer the database is asked."""
WRITES_WITHIN = 60.0
"""Seconds in which a request of the indexer has to be answered."""
LEAST_VERSION = (2, 17)
"""The first version that takes bitmaps of record numbers."""
# statuses of a node that has too much to do or has lost the others: the next node may do better
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

    ``urls`` are addresses of nodes, ``auth`` user and password, which appear in no message; ``verify`` may be the
    path of a file with certificates.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        auth: tuple[str, str] | None = None,
        verify: str | bool = True,
        circuit: Circuit | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.circuit = circuit or Circuit()
        self.answers_within = ANSWERS_WITHIN
        self._nodes = [url.rstrip("/") for url in urls]
        # next() on it is atomic, so threads share it without a lock
        self._turn = itertools.count()
        self._http = httpx.Client(
            auth=auth,
            verify=_verified(verify, urls),
            transport=transport,
            headers={"Content-Type": "application/json"},
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
        seconds: float | None = None,
        guarded: bool = True,
        missing_ok: bool = False,
    ) -> Any:
        """Return the decoded answer; None for a 404 with ``missing_ok``.

        ``guarded``: it neither is sent while the circuit is open nor leaves it as it is. An indexer, for which nobody
        waits, does without: it has to go on as soon as a node is back, and says nothing of how fast a search is.
        Raises ``UnavailableError`` where no node answers in time or the circuit is open, and ``BadAnswerError`` for a
        request that is refused.
        """
        seconds = self.answers_within if seconds is None else seconds
        content = body if body is None or isinstance(body, bytes) else _encode(body)
        if guarded and not self.circuit.admits():
            raise UnavailableError("OpenSearch failed a moment ago and is tried again soon")
        first, reason = next(self._turn), ""
        # each node once: in the time of a second round the database has answered
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
                reason = f"{answer.status_code}: {_reason(answer.content)}".removesuffix(": ")
                continue
            if guarded:  # a refusal is an answer, too: the cluster is there
                self.circuit.succeeded()
            if answer.status_code == 404 and missing_ok:
                return None
            if answer.is_error:
                raise BadAnswerError(answer.status_code, _reason(answer.content))
            return _decode(answer.content) if answer.content else {}
        if guarded:
            self.circuit.failed()
        raise UnavailableError(f"none of the {len(self._nodes)} nodes of OpenSearch answered ({reason})")

    encode = staticmethod(_encode)

    def send_bulk(self, index: str, lines: Sequence[bytes]) -> None:
        """Send encoded operations of ``_bulk``; those that are older than what the index has count as done.

        Raises ``BadAnswerError`` where an operation is refused for another reason.
        """
        content = b"\n".join(lines) + b"\n"
        answer = self.request("POST", f"/{index}/_bulk", content, seconds=WRITES_WITHIN, guarded=False)
        if not answer["errors"]:
            return
        for item in answer["items"]:
            ((kind, done),) = item.items()
            refused = done["status"] >= 400 and done["status"] != 409  # a newer one is there already
            if refused and not (kind == "delete" and done["status"] == 404 and "error" not in done):
                raise BadAnswerError(done["status"], str(done.get("error", {}).get("reason")))

    def bulk(self, index: str, operations: Iterable[object]) -> None:
        """Send operations as ``send_bulk`` does."""
        self.send_bulk(index, list(map(_encode, operations)))

    def check(self) -> str:
        """Return the version of the cluster. Raises ``BadAnswerError`` for one that cannot do what is needed."""
        found = self.request("GET", "/", seconds=WRITES_WITHIN, guarded=False)
        version = str(found["version"]["number"])
        major, minor = version.split(".")[:2]
        if (int(major), int(minor)) < LEAST_VERSION:
            needed = ".".join(map(str, LEAST_VERSION))
            raise BadAnswerError(
                400,
                f"version {version} can't search among given records; {needed} or later is needed. Update OpenSearch, "
                "or unset APPORTION_OPENSEARCH_URL: the database answers without it",
            )
        return version


def _verified(verify: str | bool, urls: Sequence[str]) -> ssl.SSLContext | bool:
    """Return whose certificates are taken: nobody's where none is shown, as reading the usual ones takes 20 ms."""
    if isinstance(verify, str):
        return ssl.create_default_context(cafile=verify)
    shown = any(not url.startswith("http:") for url in urls)
    return verify if shown else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _reason(content: bytes) -> str:
    try:
        error = _decode(content)["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
    if isinstance(error, str):
        return error
    causes = error.get("root_cause") or [error]
    return str(causes[0].get("reason") or error.get("reason"))
