"""Error messages for the server's refusals, in words that tell what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from .errors import (
    AlreadyExistsApiError,
    ArApiResponseError,
    BadRequestApiError,
    BaseClientError,
    ConflictApiError,
    ForbiddenApiError,
    GenericApiError,
    HttpResponseError,
    MethodNotAllowedApiError,
    NotFoundApiError,
    UnauthorizedApiError,
    ValidationApiError,
    WrongResponseError,
)

__all__ = ["RequestInfo", "decode", "problem_of", "refused_record"]

_CLASSES: dict[int, type[ArApiResponseError]] = {
    each.HTTP_STATUS: each
    for each in (
        BadRequestApiError,
        UnauthorizedApiError,
        ForbiddenApiError,
        NotFoundApiError,
        MethodNotAllowedApiError,
        AlreadyExistsApiError,
        ValidationApiError,
        GenericApiError,
    )
}
_SHOWN = 5
"""So many errors of a malformed request are spelled out; ``params["errors"]`` has them all."""


class RequestInfo(NamedTuple):
    """The request an error message is about."""

    url: str
    method: str
    path: str
    workspace: str | None
    key: str
    is_token: bool


def decode(body: bytes, asked: RequestInfo) -> Any:
    """Parse the JSON of a response."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as failure:
        raise WrongResponseError(f"{asked.url} answered with broken JSON: {failure}.") from failure


def problem_of(
    asked: RequestInfo, status: int, headers: Mapping[str, str], body: bytes
) -> BaseClientError | None:
    """Return the error for a response, or None if nothing is wrong."""
    kind = headers.get("content-type", "")
    if 300 <= status < 400:
        target = headers.get("location", "elsewhere")
        return WrongResponseError(
            f"{asked.url} sends us on to {target}. Give the final address as api_url.", body
        )
    if "json" not in kind and (body or status < 300 or status > 500):
        if status in (502, 503, 504):
            return HttpResponseError(
                f"{asked.url} answered {status}: a proxy is there, but the server behind it is not up. "
                "Try again shortly, or look at the server's log.",
                status_code=status,
                detail=_text(body),
            )
        what = "a web page" if "html" in kind else f"{kind or 'something without a type'}"
        return WrongResponseError(
            f"{asked.url} answered with {what} (status {status}) instead of JSON, so it is not the address of "
            "an Apportion server. Check api_url: host, port, and the path if the server has one of its own.",
            body,
        )
    if status < 300:
        return None
    try:
        content = msgspec.json.decode(body or b"null")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        content = _text(body)
    detail = content.get("detail", content) if isinstance(content, dict) else content
    ctx = detail if isinstance(detail, dict) else {"response": detail}
    message = _message(asked, status, ctx)
    if status not in _CLASSES:
        return HttpResponseError(message, status_code=status, detail=detail)
    refusal = _CLASSES[status]
    if status == 409 and _code(ctx) != "EntityAlreadyExistsError":
        refusal = ConflictApiError
    return refusal(message, **{str(name): value for name, value in ctx.items()})


def refused_record(problem: ArApiResponseError) -> list[tuple[int, str]]:
    """Return the refused records of a batch, by their index in it, with what is wrong with each."""
    found = []
    for each in _errors(problem.params):
        loc = [step for step in each.get("loc", ()) if step != "body"]
        if len(loc) >= 2 and loc[0] == "records" and isinstance(loc[1], int):
            where = _path(loc[2:])
            found.append((loc[1], f"{where}: {each.get('msg')}" if where else str(each.get("msg"))))
    return found


# One message per reason


def _message(asked: RequestInfo, status: int, ctx: Mapping[str, Any]) -> str:
    code = _code(ctx)
    params = ctx.get("params")
    details = params if isinstance(params, dict) else {}
    words = _WORDS.get(code)
    if words is not None:
        return words(asked, details)
    if status == 401:
        return _unauthorized(asked, details)
    message = details.get("message") or details.get("detail") or ctx.get("response") or ctx.get("code")
    if status == 413:
        return f"{_sentence(message)} Log smaller batches: rg.log(…, batch_size=100)."
    if status == 500:
        return (
            f"The server failed, which is a bug: {message}. Its log says more ({asked.method} {asked.path})."
        )
    return f"The server refuses {asked.method} {asked.path} with status {status}: {message}"


def _code(ctx: Mapping[str, Any]) -> str:
    return str(ctx.get("code", "")).rpartition("::")[2]


def _unauthorized(asked: RequestInfo, _: Mapping[str, Any]) -> str:
    if asked.is_token:
        return (
            f"{asked.url} does not accept this token: it has expired or was revoked. "
            "Sign in again for a new one, or use your API key, which does not expire."
        )
    return (
        f"{asked.url} does not know the API key {_masked(asked.key)}. It may be mistyped, belong to another "
        "server, or have been reset. The web app's settings page makes a new one; pass it as "
        "rg.init(api_key=…) or set APPORTION_API_KEY."
    )


def _masked(key: str) -> str:
    return repr(key if key == "argilla.apikey" else f"{key[:4]}…") + (
        ", which is the default one" if key == "argilla.apikey" else ""
    )


def _not_found(asked: RequestInfo, details: Mapping[str, Any]) -> str:
    name, kind = details.get("name"), _kind(details)
    if kind == "dataset":
        return (
            f"There is no dataset {name!r} in workspace {asked.workspace!r}. rg.list_datasets() shows those "
            "you may see; workspace=… says where to look."
        )
    if kind == "workspace":
        return (
            f"There is no workspace {name!r}. rg.Workspace.list() shows yours; an administrator can create "
            "it with rg.Workspace.create()."
        )
    return f"There is no {kind} {name!r}."


def _kind(details: Mapping[str, Any]) -> str:
    """Return in words the kind of thing that a name belongs to.

    >>> _kind({"type": "ServiceLabelingRule"})
    'labeling rule'
    """
    kind = str(details.get("type", "thing")).removeprefix("Service")
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def _no_record(_: RequestInfo, details: Mapping[str, Any]) -> str:
    return f"There is no record {details.get('id')!r} in dataset {details.get('dataset')!r}."


def _taken(_: RequestInfo, details: Mapping[str, Any]) -> str:
    where = f" in workspace {details['workspace']!r}" if details.get("workspace") else ""
    return f"There is a {_kind(details)} {details.get('name')!r} already{where}. Nothing was changed."


def _forbidden(asked: RequestInfo, details: Mapping[str, Any]) -> str:
    return _sentence(details.get("detail") or f"You may not {asked.method} {asked.path}")


def _closed(_: RequestInfo, details: Mapping[str, Any]) -> str:
    return f"Dataset {details.get('name')!r} is closed. Open it first; nothing was changed."


def _keys(_: RequestInfo, details: Mapping[str, Any]) -> str:
    return (
        f"The records would bring the dataset to {details.get('len')} metadata keys; it may have "
        f"{details.get('limit')}. Nothing of this request was stored. Put rarely used keys into one."
    )


def _malformed(_: RequestInfo, details: Mapping[str, Any]) -> str:
    errors = _errors(details)
    lines = [f"  {_path(each.get('loc', ()))}: {each.get('msg')}" for each in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"  and {len(errors) - _SHOWN} more")
    return "\n".join(["The server refuses this as malformed, and stored nothing of it:", *lines])


def _message_and_errors(_: RequestInfo, details: Mapping[str, Any]) -> str:
    lines = [f"  {each.get('reason', each)}" for each in _errors(details)[:_SHOWN]]
    return "\n".join([_sentence(details.get("message")), *lines])


def _moved(_: RequestInfo, details: Mapping[str, Any]) -> str:
    return f"{_sentence(details.get('message'))} Look again: rg.assign(…, dry_run=True)."


def _query(_: RequestInfo, details: Mapping[str, Any]) -> str:
    where = f" (at character {details['position'] + 1})" if isinstance(details.get("position"), int) else ""
    message, reason = str(details.get("message")), details.get("reason")
    why = f": {reason}" if reason and str(reason) not in message else ""
    return f"The query can't be understood{where}: {message}{why}"


_WORDS: dict[str, Callable[[RequestInfo, Mapping[str, Any]], str]] = {
    "UnauthorizedError": _unauthorized,
    "ForbiddenOperationError": _forbidden,
    "EntityNotFoundError": _not_found,
    "RecordNotFound": _no_record,
    "EntityAlreadyExistsError": _taken,
    "ClosedDatasetError": _closed,
    "MetadataLimitExceededError": _keys,
    "ValidationError": _malformed,
    "BulkDataError": _message_and_errors,
    "InvalidTextSearchError": _query,
    "QueryTooSlowError": _message_and_errors,
    "TooManyRequestsError": _message_and_errors,
    "BadRequestError": _message_and_errors,
    "WrongTaskError": _message_and_errors,
    "NothingToAssignError": _message_and_errors,
    "ConflictError": _message_and_errors,
    "StaleVersionError": _message_and_errors,
    "LeaseGoneError": _message_and_errors,
    "OtherContentError": _message_and_errors,
    "DatasetGoneError": _message_and_errors,
    "PlanMovedError": _moved,
}


def _errors(details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = details.get("errors")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _path(loc: Sequence[Any]) -> str:
    return ".".join(str(step) for step in loc if step not in ("body", "__root__"))


def _sentence(message: Any) -> str:
    text = str(message or "The server refuses")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _text(body: bytes) -> str:
    return body[:500].decode("utf-8", "replace")
