"""Errors, a class for each. Names and attributes are those of 1.x where it had them.

BaseClientError                    whatever goes wrong; ``accepted`` tells how far a ``log`` had come
├── InputValueError                what was given cannot be meant (also a ``ValueError``)
│   └── UnknownMetricError         the server computes no such metric (also an ``AssertionError``)
├── ServerUnreachableError         nothing answers at that address (also a ``ConnectionError``)
├── ServerTimeoutError             no answer in time (also a ``TimeoutError``)
├── WrongResponseError             something answers, but not as our server does
├── ApiCompatibilityError          the server is too old or too new
├── HttpResponseError              a status that none of the classes below stands for
└── ArApiResponseError             the server refuses
    ├── BadRequestApiError         400
    ├── UnauthorizedApiError       401
    ├── ForbiddenApiError          403
    ├── NotFoundApiError           404
    ├── MethodNotAllowedApiError   405
    ├── AlreadyExistsApiError      409
    │   └── ConflictApiError       409, since something has changed in the meantime
    ├── ValidationApiError         422
    └── GenericApiError            500
WrongRecordTypeError               a record of another task than its dataset
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

__all__ = [
    "AlreadyExistsApiError",
    "ApiCompatibilityError",
    "ArApiResponseError",
    "BadRequestApiError",
    "BaseClientError",
    "ConflictApiError",
    "ForbiddenApiError",
    "GenericApiError",
    "HttpResponseError",
    "InputValueError",
    "MethodNotAllowedApiError",
    "NotFoundApiError",
    "ServerTimeoutError",
    "ServerUnreachableError",
    "UnauthorizedApiError",
    "UnknownMetricError",
    "ValidationApiError",
    "WrongRecordTypeError",
    "WrongResponseError",
]


class BaseClientError(Exception):
    """Any error between the client and the server.

    If it ended a ``log``, ``accepted`` is how many records the server had stored before (they come first in
    what was given), and ``refused_ids`` are the ids of the batch it ended in.
    """

    accepted: int | None = None
    refused_ids: Sequence[str | int] = ()
    _how_far = ""

    def __str__(self) -> str:
        return "\n".join(filter(None, [super().__str__(), self._how_far]))

    def stopped_log(self, accepted: int, refused_ids: Sequence[str | int], how_far: str) -> None:
        """Record how far a ``log`` had come; the message ends with it."""
        self.accepted, self.refused_ids, self._how_far = accepted, refused_ids, how_far


class InputValueError(BaseClientError, ValueError):
    """An invalid argument; nothing was sent."""


class UnknownMetricError(InputValueError, AssertionError):
    """The server computes no such metric for this dataset; 1.x raised an ``AssertionError`` here."""


class ServerUnreachableError(BaseClientError, ConnectionError):
    """Nothing answers at that address, or it stopped answering."""


class ServerTimeoutError(BaseClientError, TimeoutError):
    """The server did not answer in time; it may still do what it was asked."""


class WrongResponseError(BaseClientError):
    """Something answers at that address, but not as our server does: a web page, a redirect, no JSON."""

    def __init__(self, message: str = "", /, response: Any = None) -> None:
        super().__init__(message)
        self.response = response


class ApiCompatibilityError(BaseClientError):
    """This SDK and the server are too far apart."""

    def __init__(self, message: str = "", /, min_version: str = "", api_version: str = "") -> None:
        super().__init__(message)
        self.min_version = min_version
        self.api_version = api_version


class HttpResponseError(BaseClientError):
    """A refusal that has no class of its own."""

    def __init__(self, message: str = "", /, status_code: int = 0, detail: Any = None) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.detail = detail


class ArApiResponseError(BaseClientError):
    """The server refuses. ``ctx`` is what it said: its ``code`` and ``params``."""

    HTTP_STATUS: ClassVar[int]

    def __init__(self, message: str = "", /, **ctx: Any) -> None:
        super().__init__(message or f"The server refuses: {ctx}")
        self.ctx = ctx

    @property
    def code(self) -> str | None:
        """The code of the reason, such as ``EntityNotFoundError``."""
        code = self.ctx.get("code")
        return code.rpartition("::")[2] if isinstance(code, str) else None

    @property
    def params(self) -> dict[str, Any]:
        """The details of the reason, by name."""
        params = self.ctx.get("params")
        return params if isinstance(params, dict) else {}


class BadRequestApiError(ArApiResponseError):
    """The request cannot be carried out as it stands."""

    HTTP_STATUS = 400


class UnauthorizedApiError(ArApiResponseError):
    """The server does not know who is asking."""

    HTTP_STATUS = 401


class ForbiddenApiError(ArApiResponseError):
    """The server knows who is asking, and they may not."""

    HTTP_STATUS = 403


class NotFoundApiError(ArApiResponseError):
    """No such thing, or none that may be seen."""

    HTTP_STATUS = 404


class MethodNotAllowedApiError(ArApiResponseError):
    """The server has no such route."""

    HTTP_STATUS = 405


class AlreadyExistsApiError(ArApiResponseError):
    """The name is taken."""

    HTTP_STATUS = 409


class ConflictApiError(AlreadyExistsApiError):
    """The request builds on something that has changed since: a plan, a version, a lease.

    Nothing was changed.
    """


class ValidationApiError(ArApiResponseError):
    """Something in the request is malformed; ``params["errors"]`` says what and where."""

    HTTP_STATUS = 422


class GenericApiError(ArApiResponseError):
    """The server failed at something it did not foresee."""

    HTTP_STATUS = 500


class WrongRecordTypeError(Exception):
    """A record of another task than the dataset it was put into."""
