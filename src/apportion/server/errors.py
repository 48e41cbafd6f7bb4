"""Refusals as HTTP responses: one table of statuses, one envelope, errors as pydantic 1 worded them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    DatasetGoneError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    GoesOnError,
    PayloadTooLargeError,
    Refusal,
    SearchUnavailableError,
    StillAtWorkError,
    StorageDamagedError,
    StorageFullError,
    StoreUnavailableError,
    TooManyAttemptsError,
    TooManyRequestsError,
    UnauthorizedError,
    ValidationError,
)
from apportion.ports.deadline import CallerGone

from .logs import request_id

__all__ = [
    "STATUS",
    "EarlyHTTPError",
    "envelope",
    "error_response",
    "install",
    "responses",
    "status_of",
    "unexpected",
    "v1_errors",
]

STATUS: dict[type[Refusal], int] = {
    BadRequestError: 400,
    UnauthorizedError: 401,
    ForbiddenOperationError: 403,
    EntityNotFoundError: 404,
    EntityAlreadyExistsError: 409,
    ConflictError: 409,
    DatasetGoneError: 410,
    PayloadTooLargeError: 413,
    ValidationError: 422,
    TooManyAttemptsError: 429,
    TooManyRequestsError: 429,
    # Not 503, after which clients send again by themselves
    GoesOnError: 500,
    StorageDamagedError: 500,
    SearchUnavailableError: 503,
    StoreUnavailableError: 503,
    StorageFullError: 507,
}
"""The status of a refusal is that of its nearest ancestor here."""

PREFIX = "argilla.api.errors::"
"""Clients of 1.x read error codes with this prefix; new routes keep it."""


NOBODY_WAITS = 499
"""Status for the log: the caller hung up before there was a response."""


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return next((STATUS[each] for each in type(refusal).__mro__ if each in STATUS), 400)


def envelope(code: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an error body; all errors have this one shape.

    >>> envelope("UnauthorizedError", {"detail": "no"})
    {'detail': {'code': 'argilla.api.errors::UnauthorizedError', 'params': {'detail': 'no'}}}
    """
    return {"detail": {"code": f"{PREFIX}{code}", "params": params}}


def _json(content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response in JSON.

    A refusal may quote a stored answer of a megabyte, for which ``json`` would keep the event loop ten times as long.
    """
    body = msgspec.json.encode(content, enc_hook=str)  # str: of types that only look like what JSON has
    return Response(body, status, headers, media_type="application/json")


def error_response(refusal: Refusal) -> Response:
    """Return a refusal as a response."""
    headers = None
    if isinstance(
        refusal,
        TooManyAttemptsError
        | TooManyRequestsError
        | StillAtWorkError
        | StoreUnavailableError
        | SearchUnavailableError,
    ):
        headers = {"Retry-After": str(refusal.retry_after)}
    return _json(envelope(refusal.code, refusal.params()), status_of(refusal), headers)


class EarlyHTTPError(HTTPException):
    """A refusal raised while a body is being read, where FastAPI lets only its own kind of exception through."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(status_of(refusal), str(refusal))
        self.refusal = refusal


def unexpected(failure: BaseException) -> Response:
    """Return an unexpected exception as a response that names its type and points to the log.

    Its message stays in the log: it may quote anything, such as another person's answer.
    """
    name = f"{type(failure).__module__}.{type(failure).__qualname__}"
    params = {
        "type": name,
        "message": "The server failed to answer this. Its log says why, under the id of this request.",
        "request_id": request_id.get(),
    }
    return _json(envelope("GenericServerError", params), 500)


def install(app: FastAPI) -> None:
    """Install the error handlers in an app."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(CallerGone, _gone)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=NOBODY_WAITS)


async def _refused(_: Request, refusal: Exception) -> Response:
    return error_response(cast(Refusal, refusal))


async def _invalid(_: Request, raised: Exception) -> Response:
    failure = cast(RequestValidationError, raised)
    return error_response(ValidationError(v1_errors(failure.errors(), failure.body)))


async def _framework(request: Request, raised: Exception) -> Response:
    """Return an error of the framework in the framework's form, ``{"detail": text}``."""
    failure = cast(HTTPException, raised)
    if isinstance(failure, EarlyHTTPError):
        return error_response(failure.refusal)
    if failure.status_code == 400 and "parsing the body" in str(failure.detail):
        if isinstance(failure.__cause__, Refusal):  # one of our refusals, from reading a body strictly
            return error_response(failure.__cause__)
        bad = {
            "loc": ["body", 0],
            "msg": "The body is not valid UTF-8 JSON",
            "type": "value_error.jsondecode",
        }
        return error_response(ValidationError([bad]))
    if failure.status_code == 404 and request.method not in ("GET", "HEAD"):
        # 1.x served its web app on every other path, so that anything but GET was "not allowed" there
        return _json({"detail": "Method Not Allowed"}, 405, {"Allow": "GET, HEAD"})
    return _json({"detail": failure.detail}, failure.status_code, failure.headers)


def responses(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Return a route's refusals for the OpenAPI document; 401 and 422 are added where they apply."""
    found: dict[int | str, dict[str, Any]] = {}
    for each in refusals:
        status = next(STATUS[base] for base in each.__mro__ if base in STATUS)
        known = found.setdefault(status, {"description": "", "content": {"application/json": {}}})
        known["description"] = "; ".join(filter(None, [known["description"], _first_line(each)]))
        media = known["content"]["application/json"]
        media["schema"] = {"$ref": "#/components/schemas/Error"}
        media.setdefault("examples", {})[each.__name__] = {"value": envelope(each.__name__, {"…": "…"})}
    return found


def _first_line(each: type[Refusal]) -> str:
    return (each.__doc__ or each.__name__).strip().splitlines()[0].split(";")[0].rstrip(".")


# Errors as pydantic 1 worded them: clients of 1.x walk ``loc`` through the body they sent


def v1_errors(errors: Iterable[Mapping[str, Any]], body: Any = None) -> list[dict[str, Any]]:
    """Return errors of pydantic 2 in the words and with the paths of pydantic 1."""
    found: list[dict[str, Any]] = []
    for each in errors:
        item = _v1_error(each, body)
        if item not in found:
            found.append(item)
    return found


def _v1_error(error: Mapping[str, Any], body: Any) -> dict[str, Any]:
    kind = str(error["type"])
    ctx = dict(error.get("ctx") or {})
    loc = list(error["loc"])
    if kind == "json_invalid":
        msg = f"{ctx.get('error', 'not JSON')}: char {loc[-1]}"
        return {"loc": loc, "msg": msg, "type": "value_error.jsondecode"}
    if kind in ("value_error", "assertion_error"):
        text = str(error["msg"]).partition(", ")[2] or str(error["msg"])
        return {"loc": _v1_loc(loc, body, kind), "msg": text, "type": kind}
    words = _WORDS.get(kind) or _WORDS.get(_FAMILY.get(kind, ""))
    if words is None:
        item: dict[str, Any] = {"msg": str(error["msg"]), "type": f"value_error.{kind}"}
    else:
        item = words(ctx, error.get("input"))
    return {"loc": _v1_loc(loc, body, kind), **item}


def _v1_loc(loc: Sequence[str | int], body: Any, kind: str) -> list[str | int]:
    """Return a path without the tags that pydantic 2 adds for members of unions."""
    if not loc or loc[0] != "body" or not isinstance(body, (dict, list)):
        return list(loc)
    found: list[str | int] = ["body"]
    here: Any = body
    for step in loc[1:]:
        in_dict = isinstance(here, dict) and step in here
        in_list = isinstance(here, list) and isinstance(step, int) and step < len(here)
        if in_dict or in_list:
            here = here[step]
        elif not (kind == "missing" and step == loc[-1]):
            continue
        found.append(step)
    return found


def _message(msg: str, type: str, *limits: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Return a formatter of a message with ``{}`` for the limit, which also goes into ``ctx.limit_value``."""

    def words(ctx: dict[str, Any], _: Any) -> dict[str, Any]:
        if not limits:
            return {"msg": msg, "type": type}
        limit = next(ctx[each] for each in limits if each in ctx)
        return {"msg": msg.format(limit), "type": type, "ctx": {"limit_value": limit}}

    return words


def _pattern(ctx: dict[str, Any], _: Any) -> dict[str, Any]:
    pattern = ctx["pattern"]
    msg = f'string does not match regex "{pattern}"'
    return {"msg": msg, "type": "value_error.str.regex", "ctx": {"pattern": pattern}}


def _enum(ctx: dict[str, Any], _: Any) -> dict[str, Any]:
    expected = re.findall(r"'([^']*)'", str(ctx.get("expected", "")))
    msg = "value is not a valid enumeration member; permitted: " + ", ".join(map(repr, expected))
    return {"msg": msg, "type": "type_error.enum", "ctx": {"enum_values": expected}}


def _string(_: dict[str, Any], given: Any) -> dict[str, Any]:
    if given is None:
        return {"msg": "none is not an allowed value", "type": "type_error.none.not_allowed"}
    return {"msg": "str type expected", "type": "type_error.str"}


_WORDS: dict[str, Callable[[dict[str, Any], Any], dict[str, Any]]] = {
    "missing": _message("field required", "value_error.missing"),
    "string": _string,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _message(
        "ensure this value has at least {} characters", "value_error.any_str.min_length", "min_length"
    ),
    "string_too_long": _message(
        "ensure this value has at most {} characters", "value_error.any_str.max_length", "max_length"
    ),
    "enum": _enum,
    "int": _message("value is not a valid integer", "type_error.integer"),
    "float": _message("value is not a valid float", "type_error.float"),
    "bool": _message("value could not be parsed to a boolean", "type_error.bool"),
    "uuid": _message("value is not a valid uuid", "type_error.uuid"),
    "dict": _message("value is not a valid dict", "type_error.dict"),
    "list": _message("value is not a valid list", "type_error.list"),
    "datetime": _message("invalid datetime format", "value_error.datetime"),
    "extra_forbidden": _message("extra fields not permitted", "value_error.extra"),
    "too_short": _message(
        "ensure this value has at least {} items", "value_error.list.min_items", "min_length"
    ),
    "too_long": _message(
        "ensure this value has at most {} items", "value_error.list.max_items", "max_length"
    ),
    "less_than_equal": _message(
        "ensure this value is less than or equal to {}", "value_error.number.not_le", "le"
    ),
    "greater_than_equal": _message(
        "ensure this value is greater than or equal to {}", "value_error.number.not_ge", "ge"
    ),
    "less_than": _message("ensure this value is less than {}", "value_error.number.not_lt", "lt"),
    "greater_than": _message("ensure this value is greater than {}", "value_error.number.not_gt", "gt"),
}

_FAMILY: dict[str, str] = {
    **dict.fromkeys(("string_type", "string_sub_type", "string_unicode"), "string"),
    **dict.fromkeys(("literal_error",), "enum"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "int"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "float"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "bool"),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "uuid"),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type", "mapping_type", "dataclass_type"), "dict"
    ),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "iterable_type"), "list"),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing"), "datetime"),
}
