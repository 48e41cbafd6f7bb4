"""``apportion users``: the users who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apportion.domain.errors import EntityNotFoundError
from apportion.domain.people import Actor, check_password
from apportion.settings import PREFIX
from apportion.vocabulary import MembershipRole, Role

from .local import OPERATOR, change, home_option, opened
from .output import RefusedError, as_json, examples, listing, print_json
from .users_of_1x import read_users

if TYPE_CHECKING:
    from apportion.ports.people import People
    from apportion.ports.store import Transaction

__all__ = ["users"]

SHORTEST_KEY = 16
ROLE = click.Choice([role.value for role in Role])


_given_here = click.option(
    "--password",
    envvar=f"{PREFIX}NEW_PASSWORD",
    help="Between 8 and 100 characters; asked for when not given. Here others may see it in the list of processes: "
    f"type it, set {PREFIX}NEW_PASSWORD, or use --password-stdin.",
)
_piped_in = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def password_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for a password; ``--password-stdin`` keeps it out of the list of processes."""
    return _given_here(_piped_in(command))


def given_password(password: str | None, stdin: bool, username: str) -> str:
    """Return the password given, typed or piped in; refuse one that is too short, too long or too common."""
    if stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return check_password(str(password), "password", username=username)


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
@password_options
@click.option(
    "--api-key",
    envvar=f"{PREFIX}NEW_API_KEY",
    help=f"At least {SHORTEST_KEY} characters; one is made up when none is given. "
    f"Better in {PREFIX}NEW_API_KEY than here.",
)
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
    password: str | None,
    password_stdin: bool,
    api_key: str | None,
    workspaces: tuple[str, ...],
    no_workspace: bool,
    home: Path | None,
) -> None:
    """Create a user.

    They also get a workspace of their own name, where they can work alone. A username or API key that is in
    use already is reported and changes nothing (exit code 0), so that scripts can run twice.
    """
    from apportion.server.security import Argon2Passwords
    from apportion.services.people.import_users import with_personal
    from apportion.services.people.users import NewUser, add_user, new_key

    password = given_password(password, password_stdin, username)
    if api_key is not None and len(api_key) < SHORTEST_KEY:
        raise RefusedError(
            f"api key: it must have at least {SHORTEST_KEY} characters, or it could be guessed. Nothing was created; "
            "without --api-key a good one is made up."
        )
    new = NewUser(username, first_name, last_name, Role(role), Argon2Passwords().hash(password))
    key = api_key or new_key()
    joining = list(workspaces) if no_workspace else with_personal(username, workspaces)

    def do(tx: Transaction, now: int) -> str | None:
        taken = _taken_names(tx.people, username, key)
        if taken is None:
            add_user(tx, new, key=key, now=now)
            _join(tx, username, joining, now)
        return taken

    taken = change(home, do, create=True)
    if taken is not None:
        click.echo(taken)
        return
    where = f", in {', '.join(joining)}" if joining else ", in no workspace"
    click.echo(f"User {username} created: {role}{where}.")
    if api_key is None:
        click.echo(f"API key, shown only now: {key}")


def _taken_names(people: People, username: str, key: str) -> str | None:
    """Return why this user cannot be created: the name or key is taken. None if both are free."""
    from apportion.services.people.sign_in import hash_key

    known = people.user_by_name(username)
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


def _join(tx: Transaction, username: str, workspaces: list[str], now: int) -> None:
    from apportion.services.people.workspaces import MemberChange, ensure_workspace, join

    for name in dict.fromkeys(workspaces):
        join(tx, ensure_workspace(tx, name, now=now), MemberChange(username, MembershipRole.ANNOTATOR, now))


@users.command("list", epilog=examples("apportion users list", "apportion users list --json"))
@click.option("--all", "everybody", is_flag=True, help="Show deactivated users too.")
@as_json
@home_option
def list_(everybody: bool, as_json: bool, home: Path | None) -> None:
    """List users in order of creation."""
    with opened(home) as store, store.read() as tx:
        rows = [_row(each) for each in tx.people.users(inactive=everybody)]
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
    from apportion.services.people.users import UserChanges, change_user

    def do(tx: Transaction, now: int) -> None:
        user = _existing(tx.people, username).user
        change_user(tx, OPERATOR, user.id, UserChanges(role=Role(role)), now=now)

    change(home, do)
    click.echo(f"{username} is now {role}.")


@users.command(
    "reset-key", epilog=examples("apportion users reset-key ana", "apportion users reset-key ana --json")
)
@click.argument("username")
@as_json
@home_option
def reset_key(username: str, as_json: bool, home: Path | None) -> None:
    """Give a user a new API key; the old one stops working at once."""
    from apportion.services.people.users import reset_key

    def do(tx: Transaction, now: int) -> str:
        return reset_key(tx, OPERATOR, _existing(tx.people, username).user.id, now=now)[1]

    key = change(home, do)
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
    "set-password",
    epilog=examples(
        "apportion users set-password ana      # asks for it",
        "apportion users set-password ana --password-stdin < password.txt",
    ),
)
@click.argument("username")
@password_options
@home_option
def set_password(username: str, password: str | None, password_stdin: bool, home: Path | None) -> None:
    """Give a user a new password; every session of theirs ends."""
    from apportion.server.security import Argon2Passwords
    from apportion.services.people.users import UserChanges, change_user

    hashed = Argon2Passwords().hash(given_password(password, password_stdin, username))

    def do(tx: Transaction, now: int) -> None:
        user = _existing(tx.people, username).user
        change_user(tx, OPERATOR, user.id, UserChanges(password_hash=hashed), now=now)

    change(home, do)
    click.echo(f"{username} has a new password, and has to sign in with it.")


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
    from apportion.services.people.import_users import ImportedUser, import_users

    entries, spaces = read_users(file)

    def do(tx: Transaction, now: int) -> list[ImportedUser]:
        found = list(import_users(tx, entries, now=now, workspaces=spaces))
        if dry_run:
            raise _OnlyLookedError(found)
        return found

    try:
        made = change(home, do, create=True)
    except _OnlyLookedError as looked:
        made = looked.found
    rows = [{**_row(each.actor), "outcome": each.outcome} for each in made]
    listing(rows, ["username", "name", "role", "workspaces", "outcome"], json=as_json, none="")
    if dry_run and not as_json:
        click.echo("Nothing was stored.")


class _OnlyLookedError(Exception):
    """Raised to end a transaction that should keep nothing."""

    def __init__(self, found: list[Any]) -> None:
        super().__init__()
        self.found = found
