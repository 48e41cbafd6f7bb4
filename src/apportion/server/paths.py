"""Readers of the path of a request: tasks, names and record ids."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from fastapi import HTTPException, Request
from starlette.routing import Match
from starlette.types import Scope

from apportion.vocabulary import Task

from .bodies import JsonRoute

__all__ = ["TASKS", "RecordRoute", "name_and_task", "record_id", "task_of"]

TASKS: dict[str, Task] = {
    **{task.value: task for task in Task},
    # Since Python 3.11 the 1.x client prints its own enumeration into the path instead of the value
    "TaskType.text_classification": Task.TEXT_CLASSIFICATION,
    "TaskType.token_classification": Task.TOKEN_CLASSIFICATION,
    "TaskType.text2text": Task.TEXT2TEXT,
}
"""Words that a path may have for a task."""


def task_of(word: str) -> Task:
    """Return the task a path names; 404 if there is none of that name."""
    task = TASKS.get(word)
    if task is None:
        raise HTTPException(404, f"No such task: {word}. There are {', '.join(TASKS)}.")
    return task


def name_and_task(first: str, second: str) -> tuple[str, Task]:
    """Return a dataset's name and task from a path that has them in either order, as 1.x allows."""
    if first in TASKS:
        return second, TASKS[first]
    return first, task_of(second)


class RecordRoute(JsonRoute):
    """A route below a record, whose id is one percent-encoded segment and may hold anything, slashes too."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # patterns of paths stop at a line break, which an id may hold; it is read from the raw path anyway
        match, child = super().matches({**scope, "path": scope["path"].replace("\n", " ")})
        if match is not Match.NONE and _raw(scope).count(b"/") != self.path.count("/"):
            return Match.NONE, {}
        return match, child


def record_id(request: Request) -> str:
    """Return the record id in the path of a ``RecordRoute``."""
    place = request.scope["route"].path.split("/").index("{id:path}")
    return unquote_to_bytes(_raw(request.scope).split(b"/")[place]).decode("utf-8", "replace")


def _raw(scope: Scope) -> bytes:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw
