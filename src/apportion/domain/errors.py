"""The errors that a request can end in, one class each. No HTTP here: the server maps each class to a status.

    Refusal
    ├── BadRequestError               the request cannot be carried out as it stands
    │   ├── WrongTaskError            the dataset is of another task
    │   ├── MissingInputParamError    nothing says which workspace is meant
    │   ├── InvalidTextSearchError    the query cannot be parsed or answered
    │   │   └── QueryTooSlowError     the query takes longer than any query may
    │   ├── MissingDatasetRecordsError
    │   ├── ClosedDatasetError        the dataset is closed
    │   ├── BulkDataError             records contradict what is stored (types, sizes)
    │   └── MetadataLimitExceededError
    ├── UnauthorizedError             credentials are missing, wrong or expired
    │   └── SessionChangedError       another user has signed in in this browser
    ├── ForbiddenOperationError       the caller lacks the permission
    ├── EntityNotFoundError           no such user, workspace, dataset, settings …
    │   └── RecordNotFound
    ├── EntityAlreadyExistsError
    ├── ConflictError                 another change came first
    │   ├── StaleVersionError         the annotation has changed since it was read
    │   └── OtherContentError         the record is not the one that was annotated
    ├── DatasetGoneError              deleted, maybe created again, since the client began
    ├── ValidationError               the input is malformed; says where
    ├── PayloadTooLargeError
    ├── TooManyAttemptsError          login attempts are throttled
    ├── TooManyRequestsError          too many of one person's requests wait already
    ├── StorageFullError              nothing was written; free some space
    │   └── StorageUnwritableError    nothing was written; the disk is read-only, or broken
    ├── StoreUnavailableError         the database cannot be reached for the moment
    └── StorageDamagedError           nothing was written; stop the server, check, restore

``code`` is the name clients see and ``params()`` the data they can act on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BadRequestError",
    "BulkDataError",
    "ClosedDatasetError",
    "ConflictError",
    "DatasetGoneError",
    "EntityAlreadyExistsError",
    "EntityNotFoundError",
    "ForbiddenOperationError",
    "GoesOnError",
    "InvalidTextSearchError",
    "MetadataLimitExceededError",
    "MissingDatasetRecordsError",
    "MissingInputParamError",
    "OtherContentError",
    "PayloadTooLargeError",
    "QueryTooSlowError",
    "RecordNotFound",
    "Refusal",
    "SessionChangedError",
    "StaleVersionError",
    "StillAtWorkError",
    "StorageDamagedError",
    "StorageFullError",
    "StorageUnwritableError",
    "StoreUnavailableError",
    "TooManyAttemptsError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "ValidationError",
    "WrongTaskError",
]


class Refusal(Exception):
    """A request that is refused or cannot be carried out."""

    @property
    def code(self) -> str:
        """The name of the reason, stable for clients: of the nearest class that is the domain's, not an engine's."""
        return next(
            each.__name__ for each in type(self).__mro__ if each.__module__.startswith("apportion.domain")
        )

    def params(self) -> dict[str, Any]:
        """Return the data that a client can act on, as plain JSON values."""
        return {"message": str(self)}


class BadRequestError(Refusal):
    """The request cannot be carried out as it stands; the message says why."""


class WrongTaskError(BadRequestError):
    """The dataset is of another task than the request."""


class MissingInputParamError(BadRequestError):
    """A parameter is missing that nothing else can supply."""


class InvalidTextSearchError(BadRequestError):
    """The query text cannot be parsed or answered; ``position`` is a code point offset into it."""

    def __init__(self, message: str, *, position: int | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.reason = reason

    def params(self) -> dict[str, Any]:
        found: dict[str, Any] = {"message": str(self)}
        if self.position is not None:
            found["position"] = self.position
        if self.reason is not None:
            found["reason"] = self.reason
        return found


class QueryTooSlowError(InvalidTextSearchError):
    """The query takes longer than the ``seconds`` of computing that any query may; nothing was changed."""

    def __init__(self, seconds: float) -> None:
        reason = (
            f"it would take more than {seconds:g} seconds of computing; use rarer words or fewer patterns, let "
            "patterns begin with letters, or add a filter that narrows the search"
        )
        super().__init__(f"Can't answer this query: {reason}. Nothing was changed.", reason=reason)
        self.seconds = seconds

    def params(self) -> dict[str, Any]:
        return {**super().params(), "seconds": self.seconds}


class MissingDatasetRecordsError(BadRequestError):
    """The dataset has no records to answer from."""


class ClosedDatasetError(BadRequestError):
    """The dataset is closed; open it first."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Dataset {name} is closed. Open it first.")
        self.name = name

    def params(self) -> dict[str, Any]:
        return {"name": self.name}


class BulkDataError(BadRequestError):
    """Records contradict what is stored; nothing of the request was kept."""

    def __init__(self, message: str, errors: Sequence[dict[str, Any]]) -> None:
        super().__init__(message)
        self.errors = list(errors)

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "errors": self.errors}


class MetadataLimitExceededError(BadRequestError):
    """More metadata keys than a dataset may have."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"{length} metadata keys; a dataset may have {limit}.")
        self.length = length
        self.limit = limit

    def params(self) -> dict[str, Any]:
        return {"len": self.length, "limit": self.limit}


class UnauthorizedError(Refusal):
    """Missing, wrong or expired credentials."""

    def __init__(self, detail: str = "Could not validate credentials") -> None:
        super().__init__(detail)

    def params(self) -> dict[str, Any]:
        return {"detail": str(self)}


class SessionChangedError(UnauthorizedError):
    """The page's user is no longer the one signed in in this browser: the request is not carried out for either."""

    def __init__(self, believed: str, current: str) -> None:
        super().__init__(
            f"This page is {believed}'s, and {current} has signed in in this browser since. Nothing was changed: "
            f"sign in again as {believed}, or reload the page to go on as {current}."
        )
        self.believed = believed
        self.current = current

    def params(self) -> dict[str, Any]:
        return {"detail": str(self), "believed": self.believed, "current": self.current}


class ForbiddenOperationError(Refusal):
    """The caller may not do this."""

    def __init__(self, detail: str = "Operation not allowed") -> None:
        super().__init__(detail)

    def params(self) -> dict[str, Any]:
        return {"detail": str(self)}


class EntityNotFoundError(Refusal):
    """No such thing, or none the caller may know of."""

    def __init__(self, name: str, type: str) -> None:
        super().__init__(f"{type} {name} not found")
        self.name = name
        self.type = type

    def params(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type}


class RecordNotFound(EntityNotFoundError):
    """No such record in the dataset."""

    def __init__(self, dataset: str, id: str) -> None:
        super().__init__(f"{dataset}.{id}", "Record")
        self.dataset = dataset
        self.id = id

    def params(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "id": self.id, "name": self.name, "type": self.type}


class EntityAlreadyExistsError(Refusal):
    """The name is taken."""

    def __init__(self, name: str, type: str, workspace: str | None = None, **more: Any) -> None:
        super().__init__(f"{type} {name} already exists")
        self.name = name
        self.type = type
        self.workspace = workspace
        self.more = more

    def params(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name, "type": self.type, **self.more}
        if self.workspace is not None:
            found["workspace"] = self.workspace
        return found


class ConflictError(Refusal):
    """The state that the request builds on has changed; nothing was stored."""


class StaleVersionError(ConflictError):
    """The annotation or gold value has changed since it was read; ``current`` is what it is now."""

    def __init__(self, sent: int, current: dict[str, Any]) -> None:
        super().__init__(
            f"Version {sent} was sent, but version {current['version']} is stored. Nothing was overwritten."
        )
        self.sent = sent
        self.current = current

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "sent": self.sent, "current": self.current}


class OtherContentError(ConflictError):
    """A record was annotated on a text that is not the stored one."""

    def __init__(self, ids: Sequence[str]) -> None:
        named = ", ".join(ids[:5]) + (" …" if len(ids) > 5 else "")
        super().__init__(
            f"The stored text of {named} differs from what was annotated. Load it again; nothing of this request "
            "was stored."
        )
        self.ids = list(ids)

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "ids": self.ids[:100]}


class DatasetGoneError(Refusal):
    """The dataset that the client works on was deleted; another of the same name may be there now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Dataset {name} was deleted since you began. Your answer was not stored; keep a copy."
        )
        self.name = name

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "name": self.name}


class ValidationError(Refusal):
    """Malformed input. Each error has ``loc`` (path into the input), ``msg``, ``type`` and maybe ``ctx``."""

    def __init__(self, errors: Sequence[dict[str, Any]], *, model: str = "Request") -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors[:5]))
        self.errors = list(errors)
        self.model = model

    def params(self) -> dict[str, Any]:
        return {"model": self.model, "errors": self.errors}


class PayloadTooLargeError(Refusal):
    """The request is larger than the server accepts; nothing was stored."""


class TooManyAttemptsError(Refusal):
    """Too many failed logins; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after

    def params(self) -> dict[str, Any]:
        return {"detail": str(self), "retry_after": self.retry_after}


class TooManyRequestsError(Refusal):
    """Too many requests of one person wait already; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many requests of yours are waiting for their turn. Nothing was changed; send this one again once "
            "others have been answered."
        )
        self.retry_after = retry_after

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "retry_after": self.retry_after}


class StorageFullError(Refusal):
    """The disk is full; nothing of the request was kept."""


class StorageUnwritableError(StorageFullError):
    """The disk refuses to be written to; nothing of the request was kept."""


class GoesOnError(Refusal):
    """Something failed while accepted input was dealt with; the job ``id`` deals with the rest of it."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"Everything was accepted, and then something failed. It goes on in the background as job {id}; nothing "
            "has to be sent again."
        )


class StillAtWorkError(ConflictError):
    """The same request, sent before, is still being carried out; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("This request is still being carried out. Send it again in a moment for its reply.")
        self.retry_after = retry_after


class StoreUnavailableError(Refusal):
    """The database cannot be reached for the moment; ``retry_after`` is in seconds.

    ``unknown`` is true where the connection broke off while a change was being committed: it may have been kept.
    """

    def __init__(self, why: str = "", *, unknown: bool = False) -> None:
        kept = (
            "It is not known if this change was kept: look before you make it again."
            if unknown
            else "Nothing of this request was kept; send it again in a moment."
        )
        super().__init__(f"The database can't be reached{why and f' ({why})'}. {kept}")
        self.retry_after = 2
        self.unknown = unknown

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "retry_after": self.retry_after, "unknown": self.unknown}


class SearchUnavailableError(Refusal):
    """The search index of a large dataset is not to be had, and the database alone takes too long."""

    def __init__(self) -> None:
        super().__init__(
            "The search index of this dataset can't be reached, and without it this search takes too long. Nothing "
            "was changed; try again in a while, or narrow the search."
        )
        self.retry_after = 30

    def params(self) -> dict[str, Any]:
        return {"message": str(self), "retry_after": self.retry_after}


class StorageDamagedError(Refusal):
    """A part of the server's file is damaged; nothing of the request was kept."""
