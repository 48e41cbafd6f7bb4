"""A request of the SDK, and when it is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["PAUSES", "Request", "may_retry", "pause_while_at_work", "retry_pause"]

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses before the same request is sent again, in seconds: a server that restarts is back by then."""
_LONGEST_PAUSE = 30.0
_AWAY = frozenset({502, 503, 504})
"""Statuses of a server that is away for the moment, or of a proxy before it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send.

    ``repeatable``: sending it twice has the same effect as once. ``keyed``: the server recognises it by a key that is
    sent along, so that it is repeatable, too. ``retry``: retry if needed.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = True
    retry: bool = True
    keyed: bool = False


def may_retry(request: Request, failure: Exception) -> bool:
    """Return True if a retry can help and cannot harm."""
    if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
        return True  # the server never got it
    lost = (httpx.NetworkError, httpx.RemoteProtocolError)
    return (request.repeatable or request.keyed) and isinstance(failure, lost)


def retry_pause(request: Request, response: httpx.Response, pause: float) -> float | None:
    """Return the seconds to wait before a retry if the server is unavailable just now, else None."""
    if response.status_code not in _AWAY or not (request.repeatable or request.keyed):
        return None
    retry_after = response.headers.get("retry-after", "")
    return min(_LONGEST_PAUSE, max(pause, float(retry_after) if retry_after.isdecimal() else 0.0))


def pause_while_at_work(request: Request, response: httpx.Response) -> float | None:
    """Return the seconds to wait if the server is still at work on the same request, sent before; else None."""
    retry_after = response.headers.get("retry-after", "")
    if response.status_code != 409 or not request.keyed or not retry_after.isdecimal():
        return None
    return min(_LONGEST_PAUSE, float(retry_after))
