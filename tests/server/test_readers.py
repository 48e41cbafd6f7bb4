"""Long reads of many people share a few threads, and nobody takes them from others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from apportion.domain.errors import TooManyRequestsError
from apportion.server import readers
from apportion.server.readers import MOST_LONG, Readers
from patience import patience


class Work:
    """A read that goes on until it may end; ``begun`` says in which order reads began."""

    def __init__(self, name: str, begun: list[str]) -> None:
        self.name = name
        self.may_end = threading.Event()
        self._begun = begun

    def __call__(self) -> str:
        self._begun.append(self.name)
        self.may_end.wait(patience(60))
        return self.name


@asynccontextmanager
async def opened() -> AsyncIterator[Readers]:
    found = Readers()
    try:
        yield found
    finally:
        found.shutdown()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


def test_a_second_read_of_one_person_waits_while_anothers_runs() -> None:
    async def run() -> tuple[list[str], str]:
        begun: list[str] = []
        slow, next_one, other = Work("slow", begun), Work("next", begun), Work("other", begun)
        other.may_end.set()
        async with opened() as shared:
            first = asyncio.create_task(shared.run("ana", slow))
            await until(lambda: begun == ["slow"])
            second = asyncio.create_task(shared.run("ana", next_one))
            found = await shared.run("ben", other)
            seen = list(begun)
            slow.may_end.set()
            next_one.may_end.set()
            assert list(await asyncio.gather(first, second)) == ["slow", "next"]
        return seen, found

    assert asyncio.run(run()) == (["slow", "other"], "other")


def test_reads_of_one_person_are_done_in_the_order_in_which_they_came() -> None:
    async def run() -> list[str]:
        begun: list[str] = []
        works = [Work(str(n), begun) for n in range(9)]
        async with opened() as shared:
            tasks = [asyncio.create_task(shared.run("ana", each)) for each in works]
            for each in works:
                each.may_end.set()
            await asyncio.gather(*tasks)
        return begun

    assert asyncio.run(run()) == [str(n) for n in range(9)]


def test_figures_of_many_people_leave_threads_for_queries() -> None:
    async def run() -> list[str]:
        begun: list[str] = []
        figures = [Work(f"figure {n}", begun) for n in range(MOST_LONG + 5)]
        query = Work("query", begun)
        query.may_end.set()
        async with opened() as shared:
            tasks = [asyncio.create_task(shared.run(each.name, each, long=True)) for each in figures]
            await until(lambda: len(begun) == MOST_LONG)
            await shared.run("ana", query)
            seen = list(begun)
            for each in figures:
                each.may_end.set()
            await asyncio.gather(*tasks)
        return seen

    assert asyncio.run(run()) == [*(f"figure {n}" for n in range(MOST_LONG)), "query"]


def test_who_sends_more_than_can_wait_is_refused_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST_WAITING", 3)

    async def run() -> str:
        begun: list[str] = []
        works = [Work(str(n), begun) for n in range(4)]
        other = Work("other", begun)
        other.may_end.set()
        async with opened() as shared:
            tasks = [asyncio.create_task(shared.run("ana", each)) for each in works]
            await until(lambda: begun == ["0"])
            with pytest.raises(TooManyRequestsError) as refused:
                await shared.run("ana", other)
            assert refused.value.retry_after >= 1
            found = await shared.run("ben", other)
            for each in works:
                each.may_end.set()
            await asyncio.gather(*tasks)
            assert await shared.run("ana", other) == "other"
        return found

    assert asyncio.run(run()) == "other"


def test_who_has_several_reads_in_line_is_crowded_and_nobody_else() -> None:
    async def run() -> list[bool]:
        begun: list[str] = []
        works = [Work(str(n), begun) for n in range(readers.MANY)]
        async with opened() as shared:
            tasks = [
                asyncio.create_task(shared.run("ana", each, long=n == 1)) for n, each in enumerate(works[1:])
            ]
            await until(lambda: len(begun) == min(2, len(tasks)))
            seen = [shared.crowded("ana")]
            tasks.append(asyncio.create_task(shared.run("ana", works[0])))
            await asyncio.sleep(0)
            seen += [shared.crowded("ana"), shared.crowded("ben")]
            for each in works:
                each.may_end.set()
            await asyncio.gather(*tasks)
            return [*seen, shared.crowded("ana")]

    assert asyncio.run(run()) == [False, True, False, False]
