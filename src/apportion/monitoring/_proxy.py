"""A stand-in for an object: it does what the object does, but for what a subclass does otherwise."""

from __future__ import annotations

from typing import Any

__all__ = ["Proxy"]

_OWN = "_self_"


class Proxy:
    """An object in whose place this stands: same attributes, same class for ``isinstance``, same special methods.

    Members of subclasses win over the object's. Attributes whose name begins with ``_self_`` are the proxy's, all
    others are set on the object. Copies and pickles are of the object itself.
    """

    def __init__(self, wrapped: Any) -> None:
        object.__setattr__(self, "_self_wrapped", wrapped)

    @property
    def __wrapped__(self) -> Any:
        return self._self_wrapped

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._self_wrapped)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(_OWN):
            raise AttributeError(name)
        return getattr(self._self_wrapped, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith(_OWN) or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            setattr(self._self_wrapped, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._self_wrapped, name)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._self_wrapped), *(name for name in dir(type(self)) if name[0] != "_")})

    def __repr__(self) -> str:
        return repr(self._self_wrapped)

    def __str__(self) -> str:
        return str(self._self_wrapped)

    def __eq__(self, other: object) -> bool:
        return bool(self._self_wrapped == (other._self_wrapped if type(other) is type(self) else other))

    def __hash__(self) -> int:
        return hash(self._self_wrapped)

    def __bool__(self) -> bool:
        return bool(self._self_wrapped)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._self_wrapped(*args, **kwargs)

    def __len__(self) -> int:
        return len(self._self_wrapped)

    def __iter__(self) -> Any:
        return iter(self._self_wrapped)

    def __contains__(self, item: object) -> bool:
        return item in self._self_wrapped

    def __getitem__(self, key: Any) -> Any:
        return self._self_wrapped[key]

    def __enter__(self) -> Any:
        self._self_wrapped.__enter__()
        return self

    def __exit__(self, *raised: Any) -> Any:
        return self._self_wrapped.__exit__(*raised)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._self_wrapped.__reduce_ex__(protocol)
