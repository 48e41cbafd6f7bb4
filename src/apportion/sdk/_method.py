"""Client methods and module functions, made from operations.

An operation (see ``operations``) is a generator function that yields requests and returns what the caller wants. Its
first parameter is the connection; name, docstring and the other parameters are those of the methods made from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from ._connection import Connection
from ._http import AsyncHttpClient, HttpClient, Steps

__all__ = ["Awaited", "Blocking", "Method", "describe"]

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """An object whose operations run in the calling thread."""

    _http: HttpClient
    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        return self._http.run(steps)


class Awaited:
    """An object whose operations are awaited on an event loop."""

    _http: AsyncHttpClient
    _connection: Connection

    async def _run(self, steps: Steps[T]) -> T:
        return await self._http.run(steps)


class Method(Generic[P, T]):
    """A method made from an operation: an ordinary one of ``Blocking`` classes, a coroutine of ``Awaited`` ones."""

    def __init__(self, operation: Callable[Concatenate[Connection, P], Steps[T]]) -> None:
        def blocking(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return self._run(operation(self._connection, *args, **kwargs))

        async def awaited(self: Awaited, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await self._run(operation(self._connection, *args, **kwargs))

        self._blocking = describe(blocking, operation, method=True)
        self._awaited = describe(awaited, operation, method=True)

    @overload
    def __get__(self, client: Blocking, owner: type[Any]) -> Callable[P, T]: ...

    @overload
    def __get__(self, client: Awaited, owner: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...

    @overload
    def __get__(self, client: None, owner: type[Any]) -> Callable[..., Any]: ...

    def __get__(self, client: Blocking | Awaited | None, owner: type[Any]) -> Callable[..., Any]:
        function: Callable[..., Any] = self._awaited if issubclass(owner, Awaited) else self._blocking
        return function if client is None else MethodType(function, client)


F = TypeVar("F", bound=Callable[..., Any])
_SELF = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)


def describe(function: F, operation: Callable[..., Any], *, method: bool = False) -> F:
    """Give a function the name, docstring and signature of its operation, for ``help`` and editors."""
    signature = inspect.signature(operation)
    _, *parameters = signature.parameters.values()
    result = str(signature.return_annotation)
    if result.startswith("Steps["):
        result = result[len("Steps[") : -1]
    shown: Any = wraps(operation)(function)
    shown.__signature__ = signature.replace(
        parameters=[_SELF, *parameters] if method else parameters, return_annotation=result
    )
    shown.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": result}
    described: F = shown
    return described
