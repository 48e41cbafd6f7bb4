"""Export of a dataset as a file, and import of records from one."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

__all__ = ["AnswersWanted", "BadRow", "ExportIn", "ImportOut"]


class ExportIn(Struct, kw_only=True):
    """Format, contents and records of an export."""

    format: Literal["jsonl", "csv", "parquet"] = "jsonl"
    query: Annotated[str | None, Meta(description="Only records that match; in the search language.")] = None
    answers: Annotated[
        bool,
        Meta(description="Whether everyone's answers are there too, beside the final value of each record."),
    ] = True
    spreadsheet: Annotated[
        bool,
        Meta(
            description="CSV only: put an apostrophe before cells that a spreadsheet would take for a formula. Such a "
            "file is for looking at: read back, its texts differ from what was logged."
        ),
    ] = False


class BadRow(Struct, kw_only=True):
    """An error of a row of a file, counted from 1; ``column`` is our name of the column, if it is about one."""

    row: int
    column: str | None
    message: str


class AnswersWanted(Struct, kw_only=True):
    """Bounds on the number of answers to require: more than ``most_waiting``, at most ``least_in_conflict``."""

    most_waiting: int
    most_settled: int
    least_in_conflict: int | None


class ImportOut(Struct, kw_only=True):
    """Result of an import. ``left_out`` counts bad rows, ``errors`` names up to a hundred.

    ``wanted`` is for clients that send a file in parts, and create the dataset before they send the first one.
    """

    dataset: str
    records: int
    answers: int
    gold: int
    stored: bool
    left_out: int
    errors: list[BadRow]
    wanted: AnswersWanted
