"""Reading what stands in the path of a request."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from fastapi import HTTPException, Request

from apportion.vocabulary import Task

__all__ = ["TASKS", "name_and_task", "record_id", "task_of"]

TASKS: dict[str, Task] = {
    **{task.value: task for task in Task},
    # Since Python 3.11 the 1.x client prints its own enumeration into the path instead of the value
    "TaskType.text_classification": Task.TEXT_CLASSIFICATION,
    "TaskType.token_classification": Task.TOKEN_CLASSIFICATION,
    "TaskType.text2text": Task.TEXT2TEXT,
}
"""What a path may have for a task."""


def task_of(word: str) -> Task:
    """The task a path names; no such path without one."""
    task = TASKS.get(word)
    if task is None:
        raise HTTPException(404, f"No such task: {word}. There are {', '.join(TASKS)}.")
    return task


def name_and_task(first: str, second: str) -> tuple[str, Task]:
    """A dataset's name and task from a path that has them in either order, as 1.x allows."""
    if first in TASKS:
        return second, TASKS[first]
    return first, task_of(second)


def record_id(request: Request) -> str:
    """The record id a path ends in: one percent-encoded segment, so that it may hold anything."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    _, _, segment = raw.partition(b"/records/")
    return unquote_to_bytes(segment).decode("utf-8", "replace")
