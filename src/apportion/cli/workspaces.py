"""``apportion workspaces``: workspaces and their members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apportion.domain.errors import EntityNotFoundError
from apportion.vocabulary import MembershipRole

from .local import change, home_option, opened
from .output import as_json, examples, listing

if TYPE_CHECKING:
    from apportion.ports.store import Transaction

__all__ = ["workspaces"]


@click.group()
def workspaces() -> None:
    """Create workspaces, and set their members."""


@workspaces.command(epilog=examples("apportion workspaces create recognai"))
@click.argument("name")
@home_option
def create(name: str, home: Path | None) -> None:
    """Create an empty workspace; an existing one stays as it is."""
    from apportion.services.people.workspaces import add_workspace

    def do(tx: Transaction, now: int) -> bool:
        if tx.people.workspace_named(name) is not None:
            return False
        add_workspace(tx, name, now=now)
        return True

    made = change(home, do, create=True)
    click.echo(f"Workspace {name} created." if made else f"Workspace {name} exists already.")


@workspaces.command("list", epilog=examples("apportion workspaces list", "apportion workspaces list --json"))
@as_json
@home_option
def list_(as_json: bool, home: Path | None) -> None:
    """List workspaces with their members, in order of creation."""
    with opened(home) as store, store.read() as tx:
        found = [(each, tx.people.members(each.id)) for each in tx.people.workspaces()]
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "members": [
                {"username": member.username, "role": role.value}
                if as_json
                else _called(member.username, role)
                for member, role in members
            ],
        }
        for each, members in found
    ]
    listing(rows, ["name", "members"], json=as_json, none="There are no workspaces yet.")


def _called(username: str, role: MembershipRole) -> str:
    return username if role is MembershipRole.ANNOTATOR else f"{username} ({role})"


@workspaces.command(
    "add-user",
    epilog=examples(
        "apportion workspaces add-user recognai ana",
        "apportion workspaces add-user recognai rita --role reviewer",
    ),
)
@click.argument("workspace")
@click.argument("username")
@click.option(
    "--role",
    type=click.Choice([role.value for role in MembershipRole]),
    default=MembershipRole.ANNOTATOR.value,
    show_default=True,
    help="What they are there. Reviewers see everyone's answers; managers run the workspace.",
)
@home_option
def add_user(workspace: str, username: str, role: str, home: Path | None) -> None:
    """Add a user to a workspace; for a member, change their role there."""
    from apportion.services.people.workspaces import MemberChange, change_member_role, find_workspace, join

    wanted = MembershipRole(role)

    def do(tx: Transaction, now: int) -> MembershipRole | None:
        people = tx.people
        found, who = find_workspace(people, workspace), people.actor(username)
        if who is None:
            raise EntityNotFoundError(username, "User")
        before = people.membership(found.id, who.user.id)
        if before is None:
            join(tx, found, MemberChange(username, wanted, now))
        elif before is not wanted:
            change_member_role(tx, found, MemberChange(username, wanted, now))
        return before

    before = change(home, do)
    if before is None:
        click.echo(f"{username} is now {role} in {workspace}.")
    elif before is wanted:
        click.echo(f"{username} is {role} in {workspace} already.")
    else:
        click.echo(f"{username} is now {role} in {workspace}, and was {before.value}.")
