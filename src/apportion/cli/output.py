"""Output of commands: tables, JSON, refusals, exit codes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from apportion.domain.errors import Refusal, ValidationError
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import SettingsError

__all__ = [
    "EXIT_CODES",
    "CannotStartError",
    "Commands",
    "RefusedError",
    "UnreachableError",
    "as_json",
    "examples",
    "listing",
    "notice",
    "print_json",
]

EXIT_CODES = """\b
Exit codes:
  0  done, or there was nothing to do
  1  refused, or what was given is invalid; nothing was changed
  2  the command was called wrongly
  3  the server can't start, or its file can't be opened
  4  the server can't be reached"""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class RefusedError(click.ClickException):
    """The command was refused, for the reason in the message."""

    exit_code = 1


class CannotStartError(click.ClickException):
    """The command cannot start: the file, the settings or the address are in the way."""

    exit_code = 3


class UnreachableError(click.ClickException):
    """No answer from the server."""

    exit_code = 4


class Commands(click.Group):
    """A group of commands that turns errors of other packages into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValidationError as invalid:
            raise RefusedError("\n".join(_message_of(each) for each in invalid.errors)) from invalid
        except Refusal as refused:
            raise RefusedError(str(refused)) from refused
        except (CannotOpenError, SettingsError) as failure:
            raise CannotStartError(str(failure)) from failure
        except ModuleNotFoundError as missing:
            _explain(missing)


def _message_of(error: Mapping[str, Any]) -> str:
    where = " → ".join(str(each) for each in error["loc"] if each != "body")
    return f"{where}: {error['msg']}"


def _explain(missing: ModuleNotFoundError) -> NoReturn:
    if (missing.name or "").startswith("apportion"):
        raise missing
    raise CannotStartError(
        f"This needs the server's libraries ({missing.name} is missing): pip install 'apportion[server]'."
    ) from missing


def examples(*lines: str) -> str:
    """Return examples as the end of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def listing(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, json: bool, none: str) -> None:
    """Print rows as a table of some of their columns, or with all columns as JSON."""
    if json:
        print_json(list(rows))
        return
    if not rows:
        click.echo(none)
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    heads = [column.replace("_", " ") for column in columns]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None or value == "" else str(value)


def notice(text: str) -> None:
    """Print a notice on standard error, so that it never mixes with results."""
    click.echo(text, err=True)
