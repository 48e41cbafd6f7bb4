"""``apportion users``: who may sign in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apportion.domain.errors import EntityNotFoundError
from apportion.domain.people import Actor, check_password
from apportion.vocabulary import MembershipRole, Role

from .house import OPERATOR, change, home_option, opened
from .say import Refused, as_json, examples, listing, print_json
from .users_of_1x import read_users

if TYPE_CHECKING:
    from apportion.ports.people import People

__all__ = ["users"]

SHORTEST_KEY = 8
ROLE = click.Choice([role.value for role in Role])


@click.group()
def users() -> None:
    """Create users, and change what they may do."""


@users.command(
    epilog=examples(
        "apportion users create --username ana --first-name Ana --role annotator --workspace recognai",
        "apportion users create          # asks for what is missing",
    )
)
@click.option("--username", prompt=True, help="Lower case letters, digits, - and _.")
@click.option("--first-name", prompt=True, help="First name.")
@click.option("--last-name", help="Last name.")
@click.option(
    "--role",
    type=ROLE,
    prompt=True,
    default=Role.ANNOTATOR.value,
    show_default=True,
    help="What they may do.",
)
@click.option(
    "--password",
    prompt=True,
    confirmation_prompt=True,
    hide_input=True,
    help="Between 8 and 100 characters; better typed than given here, where others may see it.",
)
@click.option("--api-key", help="At least 8 characters; one is made up when none is given.")
@click.option(
    "--workspace",
    "workspaces",
    multiple=True,
    help="Workspace to join, created if there is none. Can be given several times.",
)
@click.option("--no-workspace", is_flag=True, help="Do not create a workspace of their own name.")
@home_option
def create(
    username: str,
    first_name: str,
    last_name: str | None,
    role: str,
    password: str,
    api_key: str | None,
    workspaces: tuple[str, ...],
    no_workspace: bool,
    home: Path | None,
) -> None:
    """Create a user.

    They also get a workspace of their own name, where they can work alone. A username or API key that is in
    use already is told and changes nothing (exit code 0), so that scripts can run twice.
    """
    from apportion.server.security import Argon2Passwords
    from apportion.services.import_users import with_personal
    from apportion.services.manage_users import NewUser, add_user, new_key

    check_password(password, "password")
    if api_key is not None and len(api_key) < SHORTEST_KEY:
        raise Refused(f"api key: it must have at least {SHORTEST_KEY} characters")
    new = NewUser(username, first_name, last_name, Role(role), Argon2Passwords().hash(password))
    key = api_key or new_key()
    joining = list(workspaces) if no_workspace else with_personal(username, workspaces)

    def work(people: People, now: int) -> str | None:
        taken = _taken(people, username, key)
        if taken is None:
            add_user(people, new, key=key, now=now)
            _join(people, username, joining, now)
        return taken

    taken = change(home, work, create=True)
    if taken is not None:
        click.echo(taken)
        return
    where = f", in {', '.join(joining)}" if joining else ", in no workspace"
    click.echo(f"User {username} created: {role}{where}.")
    if api_key is None:
        click.echo(f"API key, shown only now: {key}")


def _taken(people: People, username: str, key: str) -> str | None:
    """Why this user cannot be created, when somebody has that name or key."""
    from apportion.services.sign_in import hash_key

    known = people.named(username)
    if known is not None and known.active:
        return f"User {username} exists already. Nothing was created."
    if known is not None:
        return (
            f"User {username} was deactivated and made {people.annotation_count(username)} annotations. Nothing "
            "was created; choose another name, or restore them through the API."
        )
    owner = people.by_key(hash_key(key))
    if owner is not None:
        return f"The API key of user {username} is {owner.username}'s already. Nothing was created."
    return None


def _join(people: People, username: str, workspaces: list[str], now: int) -> None:
    from apportion.services.manage_workspaces import ensure_workspace, join

    for name in dict.fromkeys(workspaces):
        join(people, ensure_workspace(people, name, now=now), username, MembershipRole.ANNOTATOR, now=now)


@users.command("list", epilog=examples("apportion users list", "apportion users list --json"))
@click.option("--all", "everybody", is_flag=True, help="Show deactivated users too.")
@as_json
@home_option
def list_(everybody: bool, as_json: bool, home: Path | None) -> None:
    """List users in order of creation."""
    with opened(home) as store, store.read() as work:
        rows = [_row(each) for each in work.people.users(inactive=everybody)]
    columns = ["username", "name", "role", "workspaces", *(["active"] if everybody else [])]
    listing(rows, columns, json=as_json, none="There are no users yet: apportion users create")


def _row(actor: Actor) -> dict[str, Any]:
    user = actor.user
    return {
        "id": user.id,
        "username": user.username,
        "name": user.full_name,
        "role": user.role.value,
        "workspaces": list(actor.workspaces),
        "active": user.active,
    }


@users.command("set-role", epilog=examples("apportion users set-role ana admin"))
@click.argument("username")
@click.argument("role", type=ROLE)
@home_option
def set_role(username: str, role: str, home: Path | None) -> None:
    """Make a user an administrator or an annotator."""
    from apportion.services.manage_users import Changes, change_user

    def work(people: People, now: int) -> None:
        user = _existing(people, username).user
        change_user(people, OPERATOR, user.id, Changes(role=Role(role)), now=now)

    change(home, work)
    click.echo(f"{username} is now {role}.")


@users.command(
    "reset-key", epilog=examples("apportion users reset-key ana", "apportion users reset-key ana --json")
)
@click.argument("username")
@as_json
@home_option
def reset_key(username: str, as_json: bool, home: Path | None) -> None:
    """Give a user a new API key; the old one stops working at once."""
    from apportion.services.manage_users import reset_key

    def work(people: People, now: int) -> str:
        return reset_key(people, OPERATOR, _existing(people, username).user.id, now=now)[1]

    key = change(home, work)
    if as_json:
        print_json({"username": username, "api_key": key})
    else:
        click.echo(f"New API key of {username}, shown only now: {key}")


def _existing(people: People, username: str) -> Actor:
    actor = people.actor(username)
    if actor is None:
        raise EntityNotFoundError(username, "User")
    return actor


@users.command(
    "import-1x",
    epilog=examples(
        "apportion users import-1x .users.yml",
        "apportion users import-1x ~/.argilla/argilla.db --dry-run",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say who would come, and what stands in the way.")
@as_json
@home_option
def import_1x(file: Path, dry_run: bool, as_json: bool, home: Path | None) -> None:
    """Take over the users of a 1.x server from its database FILE (argilla.db), or its users file before 1.5.

    Names, roles, workspaces, API keys and passwords stay as they are; of the keys only digests are kept. In a users
    file those without `workspaces` are administrators, all others annotators. Either the whole file comes in or
    nothing does; who is here already stays as they are.
    """
    from apportion.services.import_users import ImportedUser, import_users

    entries, spaces = read_users(file)

    def work(people: People, now: int) -> list[ImportedUser]:
        found = list(import_users(people, entries, now=now, workspaces=spaces))
        if dry_run:
            raise _OnlyLookedError(found)
        return found

    try:
        made = change(home, work, create=True)
    except _OnlyLookedError as looked:
        made = looked.found
    rows = [{**_row(each.actor), "outcome": each.outcome} for each in made]
    listing(rows, ["username", "name", "role", "workspaces", "outcome"], json=as_json, none="")
    if dry_run and not as_json:
        click.echo("Nothing was stored.")


class _OnlyLookedError(Exception):
    """Ends a transaction that should keep nothing."""

    def __init__(self, found: list[Any]) -> None:
        super().__init__()
        self.found = found
