"""Errors that 1.x notebooks import from `argilla.client.sdk.commons.errors`."""

from apportion.sdk.errors import (
    AlreadyExistsApiError,
    ApiCompatibilityError,
    ArApiResponseError,
    BadRequestApiError,
    BaseClientError,
    ConflictApiError,
    ForbiddenApiError,
    GenericApiError,
    HttpResponseError,
    InputValueError,
    MethodNotAllowedApiError,
    NotFoundApiError,
    UnauthorizedApiError,
    ValidationApiError,
    WrongResponseError,
)

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
    "UnauthorizedApiError",
    "ValidationApiError",
    "WrongResponseError",
]
