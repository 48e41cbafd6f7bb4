"""Find out which methods of the ports the contract tests really test, by breaking one at a time.

A pytest plugin, which ``test_every_method_is_tested.py`` runs in a process of its own with ``--break-methods``. While a
test runs, every call of a port's method that comes from a test is noted. Then the test is run again, once for each
of these methods, with that method broken: what returns nothing does nothing, what returns something returns something
else. What returns something and is only ever called by transactions that write is broken in a second way: it returns
what it should, and its transaction is rolled back. A method counts as tested once a test fails because of that; being
called is not enough.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import pytest
from _pytest.runner import runtestprotocol

from apportion import ports
from apportion.ports.store import Store, Transaction

__all__ = ["methods_of", "port_methods", "watched", "watched_write"]

T = TypeVar("T")
TESTS = str(Path(__file__).parent)
BROKEN_CALLS = 50
"""Calls of a broken method after which the test is ended: it may wait for a value that never comes."""


def methods_of(port: type) -> list[str]:
    """Return the names of a protocol's public methods."""
    found = inspect.getmembers(port, inspect.isfunction)
    return [name for name, _ in found if not name.startswith("_")]


def _is_protocol(found: object) -> bool:
    return bool(getattr(found, "_is_protocol", False))


_VALUES = {"StoredRecord"}
"""Protocols of values that ports return. Whoever reads these has tests of what is made of them: replies and exports."""


def _protocols() -> dict[str, type]:
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(ports.__path__, f"{ports.__name__}."):
        for name, each in vars(importlib.import_module(module.name)).items():
            if _is_protocol(each) and each.__module__ == module.name and name not in _VALUES:
                found[name] = each
    return found


def port_methods() -> set[str]:
    """Return every method of every protocol in ``ports``, as ``Protocol.method``."""
    return {_name_of(port, method) for port in _protocols().values() for method in methods_of(port)}


def _name_of(port: type, method: str) -> str:
    """Return ``Protocol.method``, with the protocol that declares the method: others may inherit it."""
    return f"{next(each.__name__ for each in port.__mro__ if method in vars(each))}.{method}"


_PARTS = {
    name: port
    for name, part in vars(Transaction).items()
    if isinstance(part, property) and _is_protocol(port := get_type_hints(part.fget)["return"])
}
"""The ports that a transaction consists of, by attribute."""


UNDONE = " (undone)"
"""Stands behind a method whose transaction is rolled back."""


@dataclass
class _Run:
    """Notes on the run of one test, and the method that is broken meanwhile."""

    active: bool = False
    called: dict[str, None] = field(default_factory=dict)
    reading: set[str] = field(default_factory=set)
    """Methods that were called in a transaction that only reads, by any test so far."""
    broken: str | None = None
    broken_calls: int = 0
    undo: bool = False
    """True once the method to be undone was called in the present transaction."""


_RUN = _Run()
_ENABLED = False


class EndlessError(Exception):
    """A broken method was called so often that the test would hardly end."""


class _Watched:
    """An implementation of a port whose calls by tests are noted, and broken if that is asked for."""

    def __init__(self, port: type, target: Any, *, writes: bool) -> None:
        self._port = port
        self._target = target
        self._writes = writes
        self._methods = frozenset(methods_of(port))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if self._port is Transaction and name in _PARTS:
            return _Watched(_PARTS[name], found, writes=self._writes)
        return self._noted(name, found) if name in self._methods else found

    def _noted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        full = _name_of(self._port, name)
        nothing = inspect.signature(getattr(self._port, name)).return_annotation == "None"

        def call(*args: Any, **options: Any) -> Any:
            if not _RUN.active or not sys._getframe(1).f_code.co_filename.startswith(TESTS):
                return method(*args, **options)
            _RUN.called[full] = None
            if not self._writes:
                _RUN.reading.add(full)
            elif not nothing:
                _RUN.called[full + UNDONE] = None
                _RUN.undo |= _RUN.broken == full + UNDONE
            if _RUN.broken not in (full, full + UNDONE):
                return method(*args, **options)
            _RUN.broken_calls += 1
            if _RUN.broken_calls > BROKEN_CALLS:
                raise EndlessError(full)
            if _RUN.broken != full:
                return method(*args, **options)
            if nothing:
                return None
            return _another(method(*args, **options))

        return call


def _another(value: Any) -> Any:
    """Return a value of the same kind that is different."""
    if value is None:
        return object()
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, (str, bytes)):
        return type(value)() if value else None
    if isinstance(value, (list, dict, set, frozenset)) or type(value) is tuple:
        return type(value)() if value else None
    return iter(()) if isinstance(value, Iterator) else None


def watched(port: Any, target: T, *, writes: bool = False) -> T:
    """Return the implementation of a port, with its calls noted where that is asked for."""
    return _Watched(port, target, writes=writes) if _ENABLED else target  # type: ignore[return-value]


class _UndoError(Exception):
    """Rolls a transaction back whose result is as if it had been committed."""

    def __init__(self, result: Any) -> None:
        self.result = result


def watched_write(store: Store, fn: Callable[[Transaction], T], *, urgent: bool) -> Future[T]:
    """Queue a transaction of a store, with its calls noted where that is asked for."""
    if not _ENABLED:
        return store.write(fn, urgent=urgent)

    def work(tx: Transaction) -> T:
        _RUN.undo = False
        result = fn(watched(Transaction, tx, writes=True))
        if _RUN.undo:
            raise _UndoError(result)
        return result

    future = store.write(work, urgent=urgent)
    return _UndoneFuture(future) if _RUN.broken is not None and _RUN.broken.endswith(UNDONE) else future


class _UndoneFuture(Future[T]):
    """Resolves to the result of a transaction that may have been rolled back."""

    def __init__(self, inner: Future[T]) -> None:
        super().__init__()
        inner.add_done_callback(self._take_over)

    def _take_over(self, inner: Future[T]) -> None:
        failure = None if inner.cancelled() else inner.exception()
        if isinstance(failure, _UndoError):
            self.set_result(failure.result)
        elif failure is not None:
            self.set_exception(failure)
        else:
            self.set_result(inner.result())


# The plugin


@dataclass
class _Report:
    """By method: the tests that call it, and one that fails when it is broken."""

    calling: dict[str, list[str]] = field(default_factory=dict)
    noticed: dict[str, str] = field(default_factory=dict)
    unsound: list[str] = field(default_factory=list)
    """Tests that fail as they are, or when they are run a second time."""
    reading: list[str] = field(default_factory=list)
    """Methods that are called in transactions that only read: undoing these is no test of them."""


_REPORT = _Report()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--break-methods", metavar="FILE", help="break ports' methods, and write here who noticed"
    )


def pytest_configure(config: pytest.Config) -> None:
    global _ENABLED
    _ENABLED = config.getoption("--break-methods") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    _RUN.active = True  # fixtures are no tests: what only they call is not tested
    try:
        yield
    finally:
        _RUN.active = False


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if not _ENABLED or item.get_closest_marker("xfail") is not None:
        return None

    def passes(broken: str | None = None) -> bool:
        with _broken(broken):
            item._initrequest()  # type: ignore[attr-defined] # fixtures of the test are made again
            return all(each.passed for each in runtestprotocol(item, nextitem=nextitem, log=False))

    _RUN.called.clear()
    if not passes():
        _REPORT.unsound.append(item.nodeid)
        return True
    called = list(_RUN.called)
    for name in called:
        _REPORT.calling.setdefault(name, []).append(item.nodeid)
    wanted = [name for name in called if name not in _REPORT.noticed]
    if wanted and not passes():
        _REPORT.unsound.append(item.nodeid)
        return True
    for name in wanted:
        if not passes(name):
            _REPORT.noticed[name] = item.nodeid
    return True


@contextmanager
def _broken(name: str | None) -> Iterator[None]:
    _RUN.broken, _RUN.broken_calls = name, 0
    try:
        yield
    finally:
        _RUN.broken = None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _ENABLED:
        _REPORT.reading = sorted(_RUN.reading)
        Path(session.config.getoption("--break-methods")).write_text(json.dumps(vars(_REPORT)))
