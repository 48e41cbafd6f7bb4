"""``apportion quickstart``: a server with a team and data to try things on."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apportion.settings import PREFIX, Settings, load_settings
from apportion.version import __version__
from apportion.vocabulary import MembershipRole, Task

from .local import home_option
from .output import RefusedError, examples, notice
from .serve import listening_options, run

if TYPE_CHECKING:
    from fastapi import FastAPI

    from apportion.demo import Person
    from apportion.ports.store import Store, Transaction

__all__ = ["quickstart"]


@click.command(
    epilog=examples("apportion quickstart", "apportion quickstart --no-browser --port 8000 --home /tmp/trial")
)
@listening_options
@click.option(
    "--browser/--no-browser",
    default=None,
    help="Open a browser when the server is up; by default where there is a screen and someone at it.",
)
@home_option
def quickstart(host: str | None, port: int | None, browser: bool | None, home: Path | None) -> None:
    """Start a server with a demo team and two datasets of real text.

    What is there already stays as it is, so starting it again goes on where you stopped. The passwords and
    keys are printed in the documentation: this is for trying things on your own machine.

    \b
    The environment variables of 1.x's quickstart count:
    ADMIN_USERNAME, ADMIN_PASSWORD, ADMIN_API_KEY: the administrator's.
    ANNOTATOR_PASSWORD: that of all annotators; with ANNOTATOR_USERNAME (and ANNOTATOR_API_KEY), of one more.
    LOAD_DATASETS: full, single (the one that is assigned) or none.
    """
    quiet = None if f"{PREFIX}LOG_LEVEL" in os.environ else "warning"  # a line a request would bury the rest
    loaded = load_settings(host=host, port=port, home=home, log_level=quiet)
    for each in loaded.notices:
        notice(each)

    def announce(_: FastAPI, url: str) -> None:
        _announce(loaded.settings, url)
        if browser or (browser is None and _is_interactive()):
            webbrowser.open(url)

    settings = loaded.settings
    if not settings.allowed_hosts:  # any site could lead its own name here, and knows the demo's passwords
        settings = replace(settings, allowed_hosts=("localhost",))
    run(settings, prepare=_prepare, announce=announce)


def _is_interactive() -> bool:
    screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return screen and sys.stdout.isatty() and not os.environ.get("CI")


def _announce(settings: Settings, url: str) -> None:
    from apportion.demo import ENTITIES_DATASET, SHARED_WORKSPACE, TEAM, TOPICS_DATASET

    from .quickstart_team import amount, team

    people = team()
    names = [person.username for person in people]
    secrets = {each.password for each in people} | {each.key for each in people if each.key}
    own = secrets - {TEAM[0].password}  # never printed: a log is read by others
    passwords = f"password {TEAM[0].password}" if not own else "passwords and keys as the environment says"
    own_entities = f"{ENTITIES_DATASET}, {TOPICS_DATASET}; in workspace {names[0]}\n             "
    shared = f"{TOPICS_DATASET} in {SHARED_WORKSPACE}: 300 records, assigned to {', '.join(_annotators())}"
    datasets = {"full": own_entities + shared, "single": shared, "none": "none"}[amount()]
    click.echo(
        f"\nApportion {__version__}, with a demo team and two datasets of real text\n\n"
        f"  Open       {url}\n"
        f"  Users      {', '.join(names)}; {passwords}\n"
        f"  API keys   {', '.join(person.api_key for person in people if not person.key)}\n"
        f"  Datasets   {datasets}\n"
        f"  Team       workspace {SHARED_WORKSPACE}, where all of them are\n"
        f"  Data       {settings.store_name}\n\n"
        "Ctrl+C stops the server. Whatever you do is kept for the next start.\n"
    )


def _annotators() -> list[str]:
    """Return the annotators that the demo's plan names."""
    from apportion.demo import TEAM

    return [person.username for person in TEAM[1:]]


def _prepare(app: FastAPI, store: Store) -> None:
    """Create the team and the data, where they are not there yet."""
    from apportion.demo import ENTITIES_DATASET, SHARED_WORKSPACE, TOPICS_DATASET
    from apportion.domain.datasets import DatasetAddress
    from apportion.services.datasets.access import find_unchecked

    from .quickstart_team import amount, team

    wanted = amount()
    _create_team(app, store)
    admin = team()[0].username
    places = [(SHARED_WORKSPACE, TOPICS_DATASET), (admin, ENTITIES_DATASET), (admin, TOPICS_DATASET)]
    places = places[: {"full": 3, "single": 1, "none": 0}[wanted]]
    with store.read() as tx:
        missing = [place for place in places if find_unchecked(tx, DatasetAddress(*place)) is None]
    if missing:
        asyncio.run(_load(app, missing))


def _create_team(app: FastAPI, store: Store) -> None:
    from apportion.services.people.sign_in import hash_key

    from .quickstart_team import team

    state = app.state.app_state
    wanted = team()
    admin = wanted[0]
    with store.read() as tx:
        people = tx.people
        somebody = people.users(inactive=True)
        owner = people.by_key(hash_key(admin.api_key))
        missing = [person for person in wanted if people.user_by_name(person.username) is None]
    if somebody and (owner is None or owner.username != admin.username):
        raise RefusedError(
            f"{state.settings.store_name} belongs to a team of its own, and the demo's well-known passwords would "
            "open it to anybody. Start it with `apportion server start`, or choose another folder with --home."
        )
    if missing:
        hashes = {person.username: state.passwords.hash(person.password) for person in missing}
        now = state.clock.now()
        store.write(lambda tx: _add(tx, missing, hashes, now)).result()


def _add(tx: Transaction, missing: Sequence[Person], hashes: dict[str, str], now: int) -> None:
    from apportion.services.people.users import NewUser, add_user
    from apportion.services.people.workspaces import MemberChange, ensure_workspace, join

    times = count(now)  # a later one each, since users and workspaces are listed in this order
    for person in missing:
        new = NewUser(person.username, person.first_name, None, person.role, hashes[person.username])
        add_user(tx, new, key=person.api_key, now=next(times))
        for name in person.workspaces:
            workspace = ensure_workspace(tx, name, now=next(times))
            join(tx, workspace, MemberChange(person.username, MembershipRole.ANNOTATOR, next(times)))


async def _load(app: FastAPI, places: Sequence[tuple[str, str]]) -> None:
    """Log demo datasets the way a notebook does: over HTTP, only without a network."""
    import httpx

    from apportion import demo

    from .quickstart_team import team

    settings: Settings = app.state.app_state.settings
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"http://localhost{settings.prefix}/api/datasets/",
        headers={"X-Argilla-Api-Key": team()[0].api_key},
        timeout=None,  # noqa: S113  nothing but this process to wait for
    ) as client:
        for workspace, name in places:
            client.headers["X-Argilla-Workspace"] = workspace
            if workspace == demo.SHARED_WORKSPACE:
                records = demo.shared_topics_records()
                await _log(client, f"{name}/{Task.TEXT_CLASSIFICATION}:bulk", records, settings.max_records)
                await _send(client, "PUT", f"{name}/guidelines", {"text": demo.GUIDELINES})
                await _send(client, "POST", f"{name}/assignments", demo.PLAN)
                await _begin(client, name)
                continue
            topics = name == demo.TOPICS_DATASET
            task = Task.TEXT_CLASSIFICATION if topics else Task.TOKEN_CLASSIFICATION
            records = demo.topics_records() if topics else demo.entities_records()
            await _log(client, f"{name}/{task}:bulk", records, settings.max_records)


async def _log(client: Any, path: str, records: list[dict[str, Any]], at_once: int) -> None:
    """Log as one request where the size allows: then the dataset is there whole, or not at all."""
    for start in range(0, len(records), at_once):
        await _send(client, "POST", path, {"records": records[start : start + at_once]})


async def _begin(client: Any, name: str) -> None:
    """Answer a first part of everybody's records, in one order, so that both answer what two people share."""
    from apportion import demo

    for person in demo.TEAM[1:]:
        as_person = {"X-Argilla-Api-Key": person.api_key}
        body = {"query": {"query_text": "assigned_to:me"}, "sort": [{"id": "id"}]}
        path = f"{name}/{Task.TEXT_CLASSIFICATION}:search?limit={demo.BEGUN}"
        found = await _send(client, "POST", path, body, headers=as_person)
        for record in found["records"]:
            path = f"{name}/records/{record['id']}/annotations/me"
            await _send(client, "PUT", path, demo.answer(person.username, record), headers=as_person)


async def _send(client: Any, method: str, path: str, body: dict[str, Any], **more: Any) -> Any:
    answer = await client.request(method, path, json=body, **more)
    if answer.status_code != 200:
        raise RefusedError(
            f"The demo data couldn't be loaded: {path} answers {answer.status_code} {answer.text}"
        )
    return answer.json()
