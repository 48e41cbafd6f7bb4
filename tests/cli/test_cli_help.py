"""Promises of ``--help``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from apportion.cli.main import main
from command_line import Run
from unmeasured import environment_unmeasured


def every(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every(inner, (*path, name))
    else:
        yield path


@pytest.mark.parametrize("path", list(every(main)), ids=" ".join)
def test_every_command_shows_examples_that_call_it(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])

    assert result.exit_code == 0
    assert f"  apportion {' '.join(path)}" in result.stdout.partition("Examples:")[2]


def test_the_exit_codes_are_documented() -> None:
    result = CliRunner().invoke(main, ["--help"]).stdout

    assert all(f"  {code}  " in result for code in range(5))


def test_the_command_line_loads_no_server() -> None:
    code = "import sys, apportion.cli.main; print(*(set(sys.modules) & set(sys.argv[1:])))"
    libraries = (
        "fastapi",
        "numpy",
        "pydantic",
        "sqlalchemy",
        "sqlite3",
        "starlette",
        "uvicorn",
        "httpx",
        "yaml",
    )
    command, env = [sys.executable, "-c", code, *libraries], environment_unmeasured()
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == ""


def test_a_server_that_does_not_answer_has_an_exit_code_of_its_own(run: Run) -> None:
    nowhere = ("--url", "http://127.0.0.1:9")

    assert run("server", "status", *nowhere).exit_code == 4
    assert run("datasets", "list", *nowhere, APPORTION_API_KEY="any.key").exit_code == 4


def test_whoever_does_not_say_who_they_are_is_asked_to(run: Run) -> None:
    result = run("datasets", "list")

    assert result.exit_code == 2
    assert "APPORTION_API_KEY" in result.stderr
