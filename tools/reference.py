"""Write the reference pages from the code they describe: HTTP routes, commands, settings."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import click

from apportion.settings import PREFIX, Settings

METHODS = ("get", "post", "put", "patch", "delete")


def write(folder: Path) -> None:
    """All pages as Markdown, and the OpenAPI document beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    document = openapi()
    pages = {"settings": settings_page(), "cli": cli_page(command_line()), "http-api": http_page(document)}
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "openapi.json").write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")


def openapi() -> dict[str, Any]:
    """The document that a server with default settings serves. Describing needs no store."""
    from apportion.ports.store import Store
    from apportion.server.app import create_app

    with tempfile.TemporaryDirectory() as home:
        app = create_app(replace(Settings(), home=Path(home)), store=cast(Store, None))
    found: dict[str, Any] = app.openapi()
    return found


def command_line() -> click.Group:
    from apportion.cli.main import main

    assert isinstance(main, click.Group)
    return main


def settings_page() -> str:
    return "\n".join(
        [
            "# Settings",
            "",
            "Each is an environment variable. The names of 1.x that still have a meaning are understood too;",
            "a line at the start says which name to use instead.",
            "",
            *table(("Variable", "Default", "Meaning", "In 1.x"), map(_setting, fields(Settings))),
            "",
        ]
    )


def _setting(field: Any) -> tuple[str, str, str, str]:
    names = ", ".join(f"`{name}`" for name in field.metadata["also"])
    return f"`{PREFIX}{field.name.upper()}`", _default(field.default), field.metadata["help"], names


def _default(value: Any) -> str:
    if value == "" or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def cli_page(main: click.Group) -> str:
    lines = ["# Command line", "", "Every command shows its help, with examples, when given `--help`.", ""]
    for path, command in commands(main, ("apportion",)):
        context = click.Context(command, info_name=" ".join(path), terminal_width=100)
        lines += [
            f"{'#' * min(len(path) + 1, 4)} {' '.join(path)}",
            "",
            "```text",
            command.get_help(context),
            "```",
            "",
        ]
    return "\n".join(lines)


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            if not inner.hidden:
                yield from commands(inner, (*path, name))


def http_page(document: Mapping[str, Any]) -> str:
    lines = ["# HTTP API", "", document["info"].get("description", ""), ""]
    lines += ["A running server shows the same, with a form to try each route, at `/api/docs`.", ""]
    schemas = document.get("components", {}).get("schemas", {})
    by_tag: dict[str, list[str]] = {}
    for path, routes in document["paths"].items():
        for method in METHODS:
            if method in routes:
                tag = (routes[method].get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).extend(_route(method, path, routes[method], schemas))
    for tag, section in by_tag.items():
        lines += [f"## {tag[0].upper()}{tag[1:]}", "", *section]
    return "\n".join(lines)


def _route(method: str, path: str, route: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    summary = route.get("summary", "").rstrip(".")
    description = route.get("description", "").strip()
    yield from (f"### `{method.upper()} {path}`", "", f"{summary}.", "")
    if description.rstrip(".") != summary and description:
        yield from (description.removeprefix(f"{summary}.").strip(), "")
    if route.get("parameters"):
        yield from table(("Parameter", "In", "Meaning"), map(_parameter, route["parameters"]))
        yield ""
    body = _properties(route.get("requestBody", {}), schemas)
    if body:
        yield from (f"Body: {', '.join(f'`{name}`' for name in body)}.", "")
    refusals = [
        (status, answer["description"]) for status, answer in route["responses"].items() if status >= "4"
    ]
    if refusals:
        yield from table(("Refused with", "When"), refusals)
        yield ""


def _properties(body: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[str]:
    """The names of the keys that the body of a request may have."""
    for content in body.get("content", {}).values():
        schema = content.get("schema", {})
        for option in (schema, *schema.get("anyOf", [])):
            resolved = schemas.get(option.get("$ref", "").rpartition("/")[2], option)
            if "properties" in resolved:
                return list(resolved["properties"])
    return []


def _parameter(given: Mapping[str, Any]) -> tuple[str, str, str]:
    schema = given.get("schema", {})
    details = [given.get("description", "")]
    if given.get("required") and given["in"] != "path":
        details.append("Required.")
    if schema.get("default") not in (None, "", []):
        details.append(f"Default `{schema['default']}`.")
    return f"`{given['name']}`", given["in"], " ".join(filter(None, details))


def table(heads: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
