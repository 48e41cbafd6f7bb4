"""``apportion datasets export`` and ``import``: a dataset as a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from apportion.domain.individual.required_answers import RequiredAnswers
from apportion.vocabulary import Task

from .output import RefusedError, as_json, examples, notice, print_json
from .progress_bar import Progress
from .remote import Remote, server_options
from .table_files import KINDS, FilePart, kind_of, read_parts
from .whole_file import whole_file

__all__ = ["download", "export", "import_"]

_FORMAT = click.Choice(KINDS)


@click.command(
    epilog=examples(
        "apportion datasets export reviews reviews.jsonl --workspace recognai",
        "apportion datasets export reviews agreed.csv --query 'status:Validated'",
    )
)
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--format", "format_", type=_FORMAT, help="Default: as FILE says.")
@click.option("--query", help="Only records that match.")
@server_options
def export(
    name: str,
    file: Path,
    format_: str | None,
    query: str | None,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
) -> None:
    """Write a dataset to FILE: resolved values, everyone's answers, soft labels. A dash is standard output.

    FILE is there only once it is whole.
    """
    remote = Remote.of(url, api_key, workspace)
    download(remote, name, file, {"format": kind_of(file, format_), "query": query})
    if str(file) != "-":
        click.echo(f"{remote.place}.{name} is in {file}.")


def download(remote: Remote, name: str, file: Path, body: dict[str, Any]) -> None:
    """Download a dataset into a file, which gets its name once it is complete; ``body`` is what is asked for."""
    path, kind = f"/api/datasets/{quote(name, safe='')}/export", body["format"]
    total = remote.count(name, body["query"]) if kind == "jsonl" else None
    done = 0
    with whole_file(file) as target, Progress("exporting") as progress:

        def write(data: bytes) -> None:
            nonlocal done
            target.write(data)
            done += data.count(b"\n") if kind == "jsonl" else len(data)
            progress.at(done, total, "records" if kind == "jsonl" else "bytes")

        remote.download(path, {"workspace": remote.place}, body, write)


@click.command(
    "import",
    epilog=examples(
        "apportion datasets import reviews reviews.jsonl --workspace recognai",
        "apportion datasets import reviews table.csv --map text=review --map annotation=sentiment "
        "--map metadata.source=src",
        "apportion datasets import reviews table.parquet --task TextClassification --check",
    ),
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=_FORMAT, help="Default: as FILE says.")
@click.option(
    "--task",
    type=click.Choice([task.value for task in Task]),
    help="Default: the dataset's, else as the file looks.",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Which column of the file holds what: text, id, annotation, metadata.x, … Can be given several times.",
)
@click.option("--overlapping-spans", is_flag=True, help="Spans of a new dataset may overlap.")
@click.option("--character-spans", is_flag=True, help="Spans of a new dataset may be parts of tokens.")
@click.option("--check", is_flag=True, help="Only say whether the file would come in.")
@server_options
@as_json
def import_(
    name: str,
    file: Path,
    format_: str | None,
    task: str | None,
    mapping: tuple[str, ...],
    overlapping_spans: bool,
    character_spans: bool,
    check: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Bring records in from FILE: an export with everyone's answers and gold values, or any table with a mapping.

    The whole file is checked before anything is stored. A dataset that is not there is created; records of one
    that is are replaced by id.
    """
    remote = Remote.of(url, api_key, workspace)
    kind, columns = kind_of(file, format_), _mapping(mapping)
    known = remote.find(name)
    flags = {"allow_overlapping_spans": overlapping_spans, "allow_character_spans": character_spans}
    spans: dict[str, bool] = {name: on for name, on in flags.items() if on}
    seen: dict[str, int] = {}
    shape, wanted = _Shape(), None
    with Progress("checking") as progress:
        for part in read_parts(file, kind, columns.get("id")):
            shape.add(part, seen)
            task = task or (known or {}).get("task") or _task_of(part.columns | columns.keys())
            wanted = _Import(name, file, kind, task, columns, spans)
            shape.want(_send(remote, wanted, part, check=True)["wanted"])
            progress.at(shape.rows, None, "records")
    if not shape.rows:
        raise RefusedError(f"{file} has no records. Nothing was stored.")
    assert wanted is not None
    if not check:
        _store(remote, wanted, shape, new=known is None)
    found = {"dataset": name, "task": task, "records": shape.rows, "stored": not check}
    if as_json:
        print_json(found)
        return
    verb = "would come" if check else "came"
    click.echo(f"{shape.rows:,} records of {file} {verb} into {remote.place}.{name} ({task}).")


class _Shape:
    """The properties that all parts of a file share."""

    def __init__(self) -> None:
        self.rows = 0
        self.individual = False
        self._wanted = RequiredAnswers()

    def add(self, part: FilePart, seen: dict[str, int]) -> None:
        """Add a part.

        Refuse a second row of one id: the server sees one part at a time, and would let the last win.
        """
        for place, id in enumerate(part.ids):
            if id in seen:
                raise RefusedError(
                    f"Rows {seen[id]:,} and {part.first + place:,} have the same id, {id!r}. Nothing was stored."
                )
            seen[id] = part.first + place
        self.rows += part.rows
        self.individual = self.individual or part.individual

    def want(self, counts: dict[str, Any]) -> None:
        """Add the counts that the server returned for the answers of a part."""
        self._wanted += RequiredAnswers(**counts)

    @property
    def required(self) -> int:
        """The number of answers to require of a record, so that every record has the status that the file says."""
        return self._wanted.required(max(1, self._wanted.most_settled))


@dataclass(frozen=True, slots=True)
class _Import:
    """A file to import, and what the server has to know of it."""

    name: str
    file: Path
    kind: str
    task: str
    columns: dict[str, str]
    spans: dict[str, bool]


def _store(remote: Remote, wanted: _Import, shape: _Shape, *, new: bool) -> None:
    name, task = wanted.name, wanted.task
    if new and shape.individual:  # what the whole file says, not its first part
        remote.ask("POST", "/api/datasets", {"workspace": remote.place}, {"name": name, "task": task})
        policies = {"annotation": "individual", "required": shape.required}
        remote.dataset("PATCH", name, "policies", body=policies)
        if wanted.spans:
            remote.dataset("PATCH", name, f"{task}/settings", body=wanted.spans)
    done = 0
    with Progress("importing") as progress:
        for part in read_parts(wanted.file, wanted.kind, wanted.columns.get("id")):
            try:
                _send(remote, wanted, part, check=False)
            except click.ClickException:
                notice(
                    f"{done:,} of {shape.rows:,} records are stored. Those with ids can safely be sent again."
                )
                raise
            done += part.rows
            progress.at(done, shape.rows, "records")


def _send(remote: Remote, wanted: _Import, part: FilePart, *, check: bool) -> Any:
    query = {
        "workspace": remote.place,
        "task": wanted.task,
        "format": part.kind,
        "dry_run": str(check).lower(),
    }
    query |= dict.fromkeys(wanted.spans, "true")
    if wanted.columns:
        query["mapping"] = json.dumps(wanted.columns)
    last = part.first + part.rows - 1
    return remote.send(
        f"/api/datasets/{quote(wanted.name, safe='')}/import",
        query,
        part.body,
        where=f"rows {part.first:,} to {last:,} of the file, counted from 0 here",
    )


def _mapping(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in given:
        field, equals, column = each.partition("=")
        if not equals or not field or not column:
            raise click.UsageError(f"--map {each}: as in --map text=review.")
        found[field] = column
    return found


def _task_of(columns: frozenset[str] | set[str]) -> str:
    """Return the task of a file that Apportion exported, by its columns.

    Refuse others: they need ``--task``.
    """
    if "tokens" in columns:
        return Task.TOKEN_CLASSIFICATION.value
    if any(name == "inputs" or name.startswith("inputs.") for name in columns):
        return Task.TEXT_CLASSIFICATION.value
    if {"text", "provenance"} <= set(columns) or {"text", "annotation_agent", "support"} <= set(columns):
        return Task.TEXT2TEXT.value
    raise RefusedError("Which task? Give --task TextClassification, TokenClassification or Text2Text.")
