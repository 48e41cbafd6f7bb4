"""``apportion status``: ask a running server how it fares."""

from __future__ import annotations

from typing import Any

import click

from .output import RefusedError, as_json, examples, print_json
from .remote import Remote, api_key, server_url

__all__ = ["status"]


@click.command(
    epilog=examples(
        "apportion status",
        "apportion server status",
        "apportion status --url https://team.example.org --json",
        "APPORTION_API_KEY=… apportion status     # an administrator's key: all figures",
    )
)
@click.option("--url", help="Address of the server; default APPORTION_API_URL, else http://localhost:6900.")
@as_json
def status(url: str | None, as_json: bool) -> None:
    """Ask a running server how it fares: exit code 0 when it is ready, 1 when not, 4 when there is no answer.

    With the key of an administrator in APPORTION_API_KEY it tells more: its writer, its file and disk, what it
    holds, how many requests failed.
    """
    remote = Remote.at(server_url(url))
    found = remote.ask("GET", "/api/_info")
    if not isinstance(found, dict) or "apportion" not in found:
        raise RefusedError(f"{remote.url} answers, but is no Apportion server.")
    health = remote.ask("GET", "/api/health/ready", accepted=(503,))
    figures = _figures(remote.url)
    report = {"url": remote.url, **found, **health, **({} if figures is None else {"server": figures})}
    if as_json:
        print_json(report)
    else:
        _print_report(report)
    if health["status"] != "ok":
        raise click.exceptions.Exit(1)


def _figures(url: str) -> dict[str, Any] | None:
    """Return the figures for administrators; None without the key of one."""
    key = api_key()
    if key is None:
        return None
    try:
        found: dict[str, Any] = Remote.at(url, key).ask("GET", "/api/server")
    except RefusedError:
        return None
    return found


def _print_report(report: dict[str, Any]) -> None:
    click.echo(f"{report['url']}: Apportion {report['apportion']}, status {report['status']}.")
    for name, state in report["checks"].items():
        if state != "ok":
            click.echo(f"  {name}: {state}")
    found = report.get("server")
    if found is None:
        return
    writer, storage, holds, asked = found["writer"], found["storage"], found["holds"], found["requests"]
    days, rest = divmod(found["uptime_seconds"], 86_400)
    memory = found["memory_bytes"]
    rows = {
        "Memory": "unknown" if memory is None else _mib(memory),
        "Up since": f"{found['started_at']} ({days} d {rest // 3600} h {rest % 3600 // 60} min)",
        "Requests": f"{asked['answered']:,} answered, {asked['failed']:,} failed, {asked['running']} running",
        "Streams": f"{asked['streams']} browsers listen",
        "Sign-ins": f"{asked['refused_sign_ins']:,} refused",
        "Writer": f"{writer['waiting']} in line, at this one for {writer['busy_seconds']:.1f} s",
        "Database": f"{_mib(storage['database'])}, log {_mib(storage['log'])}, tables {storage['tables']}",
        "Disk": f"{_mib(storage['free'])} free",
        "Holds": f"{holds['users']:,} users, {holds['workspaces']:,} workspaces, {holds['datasets']:,} datasets, "
        f"{holds['records']:,} records, {holds['annotations']:,} annotations",
        "Work": f"{holds['leases']:,} records taken from queues, {holds['jobs']} jobs",
        "Sessions": f"{holds['sessions']:,}",
    }
    for name, value in rows.items():
        click.echo(f"  {name:<10} {value}")


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
