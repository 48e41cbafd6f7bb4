"""Endpoints whose bodies and replies are structs of ``wire``: pydantic checks what comes, msgspec encodes what goes.

FastAPI knows no structs. An endpoint gets a signature with pydantic models made from the structs, since pydantic finds
all mistakes of a body at once and in the words that 1.x clients expect; its reply is encoded here, unchecked, since our
own code made it. The shapes themselves stand in ``wire`` only.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from fastapi import Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import create_model as make_model

from apportion.domain.passwords import weak_because
from apportion.wire.bodies import LenientBody, Reading

__all__ = [
    "Reply",
    "described_body",
    "encode_reply",
    "json_reply",
    "read_body",
    "replies",
    "reply_of",
    "reply_schema",
    "wired",
]

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
Endpoint = Callable[..., Awaitable[Any]]
_REF = "#/components/schemas/{name}"
encode_reply = msgspec.json.Encoder().encode


# Replies


class Reply(Response, Generic[T]):
    """A response whose body is JSON of the shape ``T`` already, such as stored JSON put together."""

    media_type = "application/json"


def json_reply(value: Any, status: int = 200) -> Reply[Any]:
    """Return a struct, or plain values of its shape, as a response."""
    return Reply(encode_reply(value), status)


def replies(status: int, kind: type, description: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route also answers, under another status than 200, for the OpenAPI document."""
    schema = _schema(kind)
    return {status: {"description": description, "content": {"application/json": {"schema": schema}}}}


def described_body(*kinds: type, required: bool = False) -> dict[str, Any]:
    """Return the body of a route that decodes it itself, for the OpenAPI document."""
    schemas = [_schema(each) for each in kinds]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def reply_of(found: object) -> Response:
    """Return what an endpoint returned as a response."""
    return found if isinstance(found, Response) else Reply(encode_reply(found))


def reply_schema(endpoint: Endpoint) -> dict[str, Any] | None:
    """Return the schema of an endpoint's JSON; None for files, streams, pages, and what declares no shape."""
    returned = get_type_hints(endpoint, include_extras=True).get("return", Any)
    kinds = [_kind(each) for each in _options(returned) if not _is_file(each)]
    if not kinds or Any in kinds:
        return None
    schemas = [_schema(each) for each in kinds]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _kind(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Reply else annotation


def _is_file(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Response)


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        # What msgspec says, too, once it has looked at all its members
        return {"$ref": _REF.format(name=kind.__name__)}
    if get_origin(kind) is list:
        return {"type": "array", "items": _schema(get_args(kind)[0])}
    (schema,), _ = msgspec.json.schema_components((kind,), ref_template=_REF)
    return schema


# Endpoints


def wired(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint for FastAPI, which has structs for bodies and returns them."""
    if hasattr(endpoint, "__signature__"):  # a router that is included hands its endpoints on
        return endpoint
    hints = get_type_hints(endpoint, include_extras=True)
    signature = inspect.signature(endpoint)
    parameters = [
        each.replace(annotation=_as_pydantic(hints[name])) for name, each in signature.parameters.items()
    ]

    @functools.wraps(endpoint)
    async def run(**given: Any) -> Response:
        found = await endpoint(**{name: _as_struct(each) for name, each in given.items()})
        answer = reply_of(found)
        for each in given.values():
            if isinstance(each, Response):  # its cookies and its status were set by the endpoint
                answer.raw_headers.extend(each.raw_headers)
                answer.status_code = each.status_code or answer.status_code
        return answer

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


# Bodies


def read_body(struct: type[S], sent: dict[str, Any]) -> S:
    """Return a body as a struct. Raises pydantic's ``ValidationError`` with all its mistakes."""
    return cast(S, _as_struct(_model(struct).model_validate(sent)))


def _as_struct(value: Any) -> Any:
    """Return a model as the struct it was made from."""
    if isinstance(value, BaseModel):
        kind = _STRUCTS[type(value)]
        return kind(**{name: _as_struct(getattr(value, name)) for name in type(value).model_fields})
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        return [_as_struct(each) for each in value]
    if isinstance(value, dict) and value and isinstance(next(iter(value.values())), BaseModel):
        return {name: _as_struct(each) for name, each in value.items()}
    return value


_STRUCTS: dict[type[BaseModel], type[msgspec.Struct]] = {}


@functools.cache
def _model(struct: type[msgspec.Struct]) -> type[BaseModel]:
    """Return a model that checks a body of this shape; unknown members are ignored, as in 1.x."""
    # pydantic's own regular expressions have no look-ahead; Python's do
    config = ConfigDict(
        coerce_numbers_to_str=issubclass(struct, LenientBody),
        regex_engine="python-re",
        extra="ignore",
        populate_by_name=True,
    )
    fields = {each.name: _field(each) for each in msgspec.structs.fields(struct)}
    made: type[BaseModel] = make_model(
        struct.__name__, __config__=config, __doc__=struct.__doc__, **cast(Any, fields)
    )
    _STRUCTS[made] = struct
    return made


def _field(given: msgspec.structs.FieldInfo) -> tuple[Any, Any]:
    alias = None if given.encode_name == given.name else given.encode_name
    kind = _as_pydantic(given.type)
    if given.default_factory is not msgspec.NODEFAULT:
        return kind, Field(default_factory=given.default_factory, alias=alias)
    if given.default is not msgspec.NODEFAULT:
        return kind, Field(given.default, alias=alias)
    return kind, Field(alias=alias)


def _as_pydantic(kind: Any) -> Any:
    """Return a type with models in the place of structs, and constraints as pydantic has them."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        constraints = _constraints(inner[1:])
        bare = _as_pydantic(inner[0])
        return Annotated.__class_getitem__((bare, *constraints)) if constraints else bare
    if origin in (Union, types.UnionType):
        return Union[tuple(map(_as_pydantic, inner))]  # noqa: UP007 - of as many as there are
    if origin in (list, dict):
        return origin[tuple(map(_as_pydantic, inner))]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _model(kind)
    return kind


_LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern")


def _constraints(given: tuple[Any, ...]) -> list[Any]:
    found = []
    for each in given:
        if isinstance(each, msgspec.Meta):
            limits = {name: value for name in _LIMITS if (value := getattr(each, name)) is not None}
            if limits:
                found.append(Field(**limits))
        else:
            found.append(_READINGS.get(each, each) if isinstance(each, Reading) else each)
    return found


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, bool | int | float) else value


def _as_labels(value: Any) -> Any:
    if isinstance(value, list):
        return [{"name": str(item)} if isinstance(item, str | int | float) else item for item in value]
    return value


def _as_dimensions(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: {"dim": item} if isinstance(item, int) else item for name, item in value.items()}
    return value


def _not_weak(password: str) -> str:
    if problem := weak_because(password):
        raise ValueError(problem)
    return password


_READINGS: dict[Reading, Any] = {
    Reading.STRIPPED: StringConstraints(strip_whitespace=True),
    Reading.AS_TEXT: BeforeValidator(_as_text),
    Reading.AS_LABELS: BeforeValidator(_as_labels),
    Reading.AS_DIMENSIONS: BeforeValidator(_as_dimensions),
    Reading.STRONG: AfterValidator(_not_weak),
}
