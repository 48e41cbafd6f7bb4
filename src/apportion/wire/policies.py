"""The policies and the guidelines of a dataset."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ["GuidelinesIn", "GuidelinesOut", "PoliciesOut"]


class PoliciesOut(Struct, kw_only=True):
    """Policies of a dataset: annotation mode, visibility, and the way answers become one value."""

    annotation: Literal["shared", "individual"]
    blind: bool
    visibility: Literal["dataset", "assigned"]
    resolution: Literal["latest", "majority", "unanimous", "dawid_skene", "one_coin", "adjudicated"]
    required: int
    annotators_may: list[str]
    skip: Literal["next_person", "back_to_me", "drop"]


class GuidelinesIn(Struct, kw_only=True):
    """New guidelines, as Markdown."""

    text: str
    version: (
        Annotated[int, Meta(ge=0, description="The version this builds on; 0 where there was none.")] | None
    ) = None


class GuidelinesOut(Struct, kw_only=True):
    """The guidelines for annotators; version 0 if none were written yet."""

    version: int
    text: str
    author: str | None
    at: str | None
