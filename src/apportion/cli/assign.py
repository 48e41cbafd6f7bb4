"""``apportion assign``: share a dataset out among annotators."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from .output import RefusedError, as_json, examples, print_json
from .remote import Remote, server_options

__all__ = ["assign", "users_of"]


@click.command(
    epilog=examples(
        "apportion assign reviews --workspace recognai --preview",
        "apportion assign reviews --users ana,ben,cy --overlap 2 --share 0.2 --blind --seed 7",
        "apportion assign reviews --users ana=2,ben      # ana gets twice as many",
        "apportion assign reviews --overlap all --where 'metadata.source:survey'",
        "apportion assign reviews --adopt user           # the records name their people already",
        "apportion assign reviews --rules rules.json --preview --json",
    )
)
@click.argument("dataset")
@click.option(
    "--users", multiple=True, help="Who, with commas between; default everyone who annotates there."
)
@click.option(
    "--overlap", default="1", show_default=True, help="How many people answer a record: a number, or all."
)
@click.option(
    "--share", type=float, help="Share of the records that the overlap is for; the rest gets one person."
)
@click.option("--stratify", help="Metadata key: take the share from the records of each of its values.")
@click.option("--anchors", type=int, help="So many records go to everyone.")
@click.option("--blind", is_flag=True, help="No one sees what others answer.")
@click.option("--seed", type=int, help="The same seed gives the same plan; one is drawn if none is given.")
@click.option("--where", help="Only records that match, in the search language.")
@click.option(
    "--adopt", metavar="KEY", help="The records name their people themselves, under this metadata key."
)
@click.option("--order", help="shuffled, as_logged, metadata.KEY or -metadata.KEY; default shuffled.")
@click.option(
    "--mode", type=click.Choice(["push", "pull"]), help="Name people now, or leave slots to who is free."
)
@click.option("--due", help="Date by which it is to be done.")
@click.option("--lease", type=int, help="Minutes for which someone holds a record; default 30.")
@click.option(
    "--skip",
    type=click.Choice(["next_person", "back_to_me", "drop"]),
    help="What becomes of a skipped record; default as the dataset has it.",
)
@click.option(
    "--visibility",
    type=click.Choice(["dataset", "assigned"]),
    help="Whether annotators see all records or theirs; default theirs if blind.",
)
@click.option(
    "--adaptive", type=int, metavar="MOST", help="One more person where answers differ, up to so many."
)
@click.option("--until", type=float, help="With --adaptive: until a label is that probable.")
@click.option("--checks", type=float, help="Share of everyone's records that have a gold value already.")
@click.option(
    "--feedback", is_flag=True, help="With --checks: show people the right answer after they answer."
)
@click.option("--standing", is_flag=True, help="Records that are logged later join by themselves.")
@click.option("--mirror", metavar="KEY", help="Show the assignee under this metadata key.")
@click.option("--mirror-overwrite", is_flag=True, help="Even if the key has values.")
@click.option(
    "--rules",
    type=click.File(encoding="utf-8"),
    help="JSON file with a list of rules; - is standard input.",
)
@click.option("--digest", help="Of the preview that is to be made; refused if the data has moved since.")
@click.option("--preview", is_flag=True, help="Only look: nothing is written.")
@server_options
@as_json
def assign(
    dataset: str,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    rules: TextIO | None,
    preview: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Share a dataset out among annotators.

    Every record goes to one person, and to everyone the same number of them, unless options say otherwise.
    Look first with --preview: who would get how many, what two people would have in common, what can't be
    assigned and why. With the seed and the digest of the preview, exactly that plan is made or none.
    """
    rule = _rule(options)
    if rules is not None and rule:
        raise click.UsageError(
            f"--rules has all there is to say; leave out what is in rules: {', '.join(rule)}."
        )
    body: dict[str, Any] = {"rules": [rule] if rules is None else _read(rules)}
    for name in ("seed", "visibility", "mirror", "digest"):
        if options[name] is not None:
            body[name] = options[name]
    for name in ("blind", "standing", "mirror_overwrite"):
        if options[name]:
            body[name] = True
    body |= _asking(options)
    remote = Remote.of(url, api_key, workspace)
    found = remote.dataset("POST", dataset, "assignments" + (":preview" if preview else ""), body=body)
    if as_json:
        print_json(found)
        return
    from apportion.sdk.plans import Plan

    click.echo(repr(Plan(dataset, remote.place, found)))
    if preview:
        click.echo(
            f"\nTo make exactly this: the same command with --seed {found['seed']} --digest {found['digest']}"
        )


def _rule(options: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that the options describe, in the names of the wire."""
    rule: dict[str, Any] = {}
    if options["users"]:
        rule["users"] = users_of(options["users"])
    if options["adopt"]:
        if rule:
            raise click.UsageError("Either --users or --adopt.")
        rule["users"] = {"metadata": options["adopt"]}
    overlap: Any = _overlap(options["overlap"])
    if options["share"] is not None or options["stratify"]:
        if not isinstance(overlap, int) or overlap < 2:
            raise click.UsageError("--share needs an --overlap of 2 or more for that share of the records.")
        given = {"annotators": overlap, "share": options["share"], "stratify": options["stratify"]}
        overlap = {name: value for name, value in given.items() if value is not None}
    if overlap != 1:
        rule["overlap"] = overlap
    for name in ("anchors", "where", "order", "mode", "due", "lease", "skip"):
        if options[name] is not None:
            rule[name] = options[name]
    return rule


def _asking(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options for more people where answers differ, and for checks with known records."""
    found: dict[str, Any] = {}
    for name, beside, key in (("adaptive", "until", "max"), ("checks", "feedback", "share")):
        if options[name] is not None:
            found[name] = {key: options[name], **({beside: options[beside]} if options[beside] else {})}
        elif options[beside]:
            raise click.UsageError(f"--{beside} needs --{name}.")
    return found


def users_of(given: tuple[str, ...]) -> list[Any]:
    """Return the people that ``--users`` names; ``ana=2`` is one of weight 2."""
    found: list[Any] = []
    for word in (word.strip() for part in given for word in part.split(",")):
        name, equals, weight = word.partition("=")
        if not name:
            continue
        try:
            found.append({"user": name, "weight": float(weight)} if equals else name)
        except ValueError as wrong:
            raise click.BadParameter(f"{word}: behind = stands a weight, as in ana=2.") from wrong
    if not found:
        raise click.BadParameter("no one is named.")
    return found


def _overlap(given: str) -> int | str:
    if given == "all":
        return given
    if not given.isdecimal():
        raise click.BadParameter(f"--overlap is a number of people or all, not {given}.")
    return int(given)


def _read(rules: TextIO) -> list[Any]:
    try:
        found = json.load(rules)
    except ValueError as wrong:
        raise RefusedError(f"{rules.name} is no JSON: {wrong}.") from wrong
    if isinstance(found, dict):
        found = found.get("rules", [found])
    if not isinstance(found, list):
        raise RefusedError(f"{rules.name} holds no list of rules.")
    return found
