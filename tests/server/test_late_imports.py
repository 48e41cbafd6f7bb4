"""Nothing that takes long is imported or analysed on the event loop."""

from __future__ import annotations

import ast
import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apportion.server import late_imports, routers
from apportion.server.late_imports import imported


def _late() -> Iterator[tuple[str, str, set[str]]]:
    """Yield each import within a coroutine of a router: where, the module, and those imported in a thread before."""
    for file in sorted(Path(routers.__file__).parent.glob("*.py")):
        for fn in (
            each for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.AsyncFunctionDef)
        ):
            ready = {
                str(given.value)
                for call in ast.walk(fn)
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "imported"
                for given in call.args
                if isinstance(given, ast.Constant)
            }
            for each in fn.body:
                if isinstance(each, ast.ImportFrom) and each.module is not None:
                    for name in each.names:
                        yield f"{file.name}: {fn.name}", f"{each.module}.{name.name}", ready


def test_handlers_import_in_a_thread() -> None:
    found = list(_late())
    assert len(found) >= 10
    wrong = [(where, what) for where, what, ready in found if not {what, what.rpartition(".")[0]} & ready]
    assert wrong == []


def test_a_module_is_imported_once_and_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(late_imports, "_IMPORTED", set())
    monkeypatch.setattr(
        late_imports, "import_module", lambda _: threads.append(threading.current_thread().name)
    )

    async def twice() -> None:
        await imported("one", "two")
        await imported("two")

    asyncio.run(twice())
    assert len(threads) == 2
    assert threading.current_thread().name not in threads
