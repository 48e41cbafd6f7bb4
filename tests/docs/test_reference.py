"""The reference pages, written from the code, leave nothing out."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from apportion.settings import PREFIX, Settings

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import reference


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return reference.openapi()


def test_every_setting_is_on_the_page_with_its_help() -> None:
    page = reference.settings_page()

    for field in fields(Settings):
        assert f"`{PREFIX}{field.name.upper()}`" in page
        assert field.metadata["help"] in page


def test_every_command_is_on_the_page_and_says_what_it_does() -> None:
    page = reference.cli_page(reference.command_line())

    for path, command in reference.commands(reference.command_line(), ("apportion",)):
        assert f"# {' '.join(path)}\n" in page
        assert command.help, path


def test_every_option_and_argument_is_explained() -> None:
    for path, command in reference.commands(reference.command_line(), ("apportion",)):
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (path, option.name)


def test_every_route_is_on_the_page_with_a_summary(document: dict[str, Any]) -> None:
    page = reference.http_page(document)

    for path, routes in document["paths"].items():
        for method in set(routes) & set(reference.METHODS):
            assert f"### `{method.upper()} {path}`" in page
            assert routes[method].get("summary"), (method, path)
