"""What 1.x notebooks import from `argilla.client.sdk.commons.errors`: everything that can go wrong."""

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
