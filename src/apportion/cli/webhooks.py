"""``apportion webhooks``: addresses that a running server sends events to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from .output import as_json, examples, listing, print_json
from .remote import Remote, server_options

__all__ = ["webhooks"]

_PATH = "/api/webhooks"
_COLUMNS = ["id", "url", "events", "dataset", "state", "waiting"]

everywhere_option = click.option(
    "--everywhere", is_flag=True, help="Those of the whole server, for administrators."
)


@click.group()
def webhooks() -> None:
    """Have the server send events to other programs."""


@webhooks.command(
    "list",
    epilog=examples("apportion webhooks list --workspace recognai", "apportion webhooks list --everywhere"),
)
@everywhere_option
@server_options
@as_json
def list_(
    everywhere: bool, url: str | None, api_key: str | None, workspace: str | None, as_json: bool
) -> None:
    """List webhooks, oldest first."""
    remote = Remote.of(url, api_key, workspace)
    found = remote.ask("GET", _PATH, _query(remote, everywhere))["webhooks"]
    rows = found if as_json else [_row(each) for each in found]
    listing(rows, _COLUMNS, json=as_json, none="There are no webhooks.")


@webhooks.command(
    epilog=examples(
        "apportion webhooks create https://example.org/hook --workspace recognai",
        "apportion webhooks create https://example.org/hook --event submitted --event adjudicated --dataset reviews",
    )
)
@click.argument("address")
@click.option("--event", "events", multiple=True, help="Code of an event; may be given again. Default all.")
@click.option("--dataset", help="Only of this dataset.")
@click.option("--description", default="", help="What it is for.")
@everywhere_option
@server_options
@as_json
def create(
    address: str,
    events: tuple[str, ...],
    dataset: str | None,
    description: str,
    everywhere: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Send events to ADDRESS from now on. Prints the secret, which is never shown again."""
    remote = Remote.of(url, api_key, workspace)
    query = _query(remote, everywhere)
    body = {
        "url": address,
        "events": list(events) or ["*"],
        "dataset": dataset,
        "description": description,
        "scope": query.pop("scope"),
    }
    made = remote.ask("POST", _PATH, query, body)
    if as_json:
        print_json(made)
        return
    click.echo(f"Webhook {made['id']} created. Its secret, shown this once:\n{made['secret']}")


@webhooks.command(
    epilog=examples(
        "apportion webhooks change ID --disable", "apportion webhooks change ID --enable --skip-missed"
    )
)
@click.argument("id")
@click.option("--address", help="Another URL.")
@click.option("--event", "events", multiple=True, help="Code of an event; may be given again.")
@click.option("--enable/--disable", "enabled", default=None, help="Send again, or nothing any more.")
@click.option("--skip-missed", is_flag=True, help="Never send what waits.")
@server_options
def change(
    id: str,
    address: str | None,
    events: tuple[str, ...],
    enabled: bool | None,
    skip_missed: bool,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
) -> None:
    """Change a webhook, disable it, or enable it again."""
    given: dict[str, Any] = {"url": address, "events": list(events) or None, "enabled": enabled}
    body = {name: value for name, value in given.items() if value is not None}
    if not body and not skip_missed:
        raise click.UsageError("What is to be different? See --help.")
    found = Remote.of(url, api_key, workspace).ask(
        "PATCH", _path(id), None, {**body, "skip_missed": skip_missed}
    )
    click.echo(f"Webhook {id} is {_state(found)}; {found['waiting']} deliveries wait.")


@webhooks.command("rotate-secret", epilog=examples("apportion webhooks rotate-secret ID"))
@click.argument("id")
@server_options
def rotate_secret(id: str, url: str | None, api_key: str | None, workspace: str | None) -> None:
    """Replace the secret of a webhook, and print it this once."""
    made = Remote.of(url, api_key, workspace).ask("POST", _path(id) + ":rotate_secret")
    click.echo(made["secret"])


@webhooks.command(epilog=examples("apportion webhooks delete ID"))
@click.argument("id")
@server_options
def delete(id: str, url: str | None, api_key: str | None, workspace: str | None) -> None:
    """Delete a webhook with its deliveries; what waits is never sent."""
    Remote.of(url, api_key, workspace).ask("DELETE", _path(id))
    click.echo(f"Webhook {id} deleted.")


@webhooks.command(epilog=examples("apportion webhooks ping ID"))
@click.argument("id")
@server_options
def ping(id: str, url: str | None, api_key: str | None, workspace: str | None) -> None:
    """Try a webhook out: send it the event `ping`, once."""
    made = Remote.of(url, api_key, workspace).ask("POST", _path(id) + ":ping")
    click.echo(f"Ping {made['id']} is on its way. What comes of it: apportion webhooks deliveries {id}")


@webhooks.command(epilog=examples("apportion webhooks deliveries ID --state failed"))
@click.argument("id")
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "failed", "skipped"]),
    help="Only those; default all.",
)
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="How many at most.")
@server_options
@as_json
def deliveries(
    id: str,
    state: str | None,
    limit: int,
    url: str | None,
    api_key: str | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """List what a webhook sent or will send, newest first."""
    query = {"limit": limit, **({} if state is None else {"state": state})}
    found = Remote.of(url, api_key, workspace).ask("GET", _path(id) + "/deliveries", query)["deliveries"]
    rows = found if as_json else [{**each, "answer": each["problem"] or each["status"]} for each in found]
    columns = ["id", "event", "state", "attempts", "answer", "changed_at", "next_try"]
    listing(rows, columns, json=as_json, none="Nothing was sent.")


@webhooks.command("send-again", epilog=examples("apportion webhooks send-again ID DELIVERY"))
@click.argument("id")
@click.argument("delivery")
@server_options
def send_again(id: str, delivery: str, url: str | None, api_key: str | None, workspace: str | None) -> None:
    """Send a delivery once more, under the same id, before those that wait."""
    route = f"{_path(id)}/deliveries/{quote(delivery, safe='')}:send_again"
    Remote.of(url, api_key, workspace).ask("POST", route)
    click.echo(f"Delivery {delivery} is on its way.")


def _path(id: str) -> str:
    return f"{_PATH}/{quote(id, safe='')}"


def _query(remote: Remote, everywhere: bool) -> dict[str, str]:
    return {"scope": "server"} if everywhere else {"scope": "workspace", "workspace": remote.place}


def _state(webhook: dict[str, Any]) -> str:
    if not webhook["enabled"]:
        return f"disabled: {webhook['disabled_why']}" if webhook["disabled_why"] else "disabled"
    return f"failing since {webhook['failing_since']}" if webhook["failing_since"] else "enabled"


def _row(webhook: dict[str, Any]) -> dict[str, Any]:
    return {**webhook, "state": _state(webhook)}
