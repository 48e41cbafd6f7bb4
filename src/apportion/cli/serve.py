"""``apportion server``: start a server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings, SettingsError, load_settings
from apportion.version import __version__

from .local import home_option
from .output import CannotStartError, examples, notice
from .status import status

if TYPE_CHECKING:
    from fastapi import FastAPI

    from apportion.ports.store import Store

__all__ = ["address_of", "listening_options", "on_this_machine_only", "run", "server"]

log = logging.getLogger("apportion.server")
BACKLOG = 2048
SWITCH_INTERVAL = 0.001
_M_ARENA_MAX = -8
"""The parameter of ``mallopt``, of ``malloc.h``."""


def listening_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``--host`` and ``--port``."""
    for name, kind, help in (
        (
            "--port",
            click.IntRange(0, 65535),
            "Port to listen at; default APPORTION_PORT, else 6900. 0: any free one.",
        ),
        ("--host", str, "Address to listen at; default APPORTION_HOST, else 127.0.0.1. 0.0.0.0 for all."),
    ):
        command = click.option(name, type=kind, help=help)(command)
    return command


@click.group()
def server() -> None:
    """Start a server, or ask a running one how it fares."""


@server.command(
    epilog=examples(
        "apportion server start",
        "apportion server start --host 0.0.0.0 --port 80 --home /var/lib/apportion",
        "apportion server start --base-url /annotate/ --trusted-proxy 127.0.0.1",
    )
)
@listening_options
@click.option("--base-url", help="Path under which everything is served; default APPORTION_BASE_URL, else /.")
@click.option(
    "--trusted-proxy",
    multiple=True,
    help="Address or network of a proxy to believe. Can be given several times.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="Server processes that share the port, with a PostgreSQL database; default APPORTION_PROCESSES, else 1.",
)
@click.option(
    "--no-migrate",
    is_flag=True,
    help="Refuse to start on a file that needs an upgrade; on PostgreSQL wait a minute for `apportion db migrate`.",
)
@home_option
def start(
    host: str | None,
    port: int | None,
    base_url: str | None,
    trusted_proxy: tuple[str, ...],
    processes: int | None,
    no_migrate: bool,
    home: Path | None,
) -> None:
    """Start the server; Ctrl+C or SIGTERM stops it.

    Every option is a setting too, and there are more: see the page of settings in the documentation.
    """
    loaded = load_settings(
        host=host,
        port=port,
        base_url=base_url,
        trusted_proxy=trusted_proxy or None,
        processes=processes,
        home=home,
    )
    for each in loaded.notices:
        notice(each)
    run(loaded.settings, allow_upgrade=not no_migrate, announce=_announce)


def _announce(app: FastAPI, url: str) -> None:
    state = app.state.app_state
    several = state.settings.processes
    listens = "listens" if several == 1 else f"listens with {several} processes"
    click.echo(f"Apportion {__version__} {listens} on {url}, with its data in {state.settings.store_name}.")
    with state.store.read() as tx:
        nobody = not tx.people.has_admin()
    if nobody:
        click.echo(f"No one can sign in yet. Open {url} and enter this setup code: {state.setup.code}")
        click.echo("(Or stop the server and run `apportion users create --role admin`.)")


def run(
    settings: Settings,
    *,
    allow_upgrade: bool = True,
    prepare: Callable[[FastAPI, Store], None] | None = None,
    announce: Callable[[FastAPI, str], None],
) -> None:
    """Serve until a signal to stop, with as many processes as the settings say.

    ``prepare`` is called before anybody can connect, ``announce`` once they can; of several processes by the first one.
    """
    if settings.database_url:
        settings.signing_key()  # refuses where none is given, before anything else is done
    elif settings.processes > 1:
        raise CannotStartError(
            f"{settings.processes} processes can't share one file. Start one; or put the data into a PostgreSQL "
            "database (APPORTION_DATABASE_URL), for which there may be any number."
        )
    with _bound(settings) as listener:
        one = _Serving(settings, listener, allow_upgrade, prepare, announce)
        if settings.processes == 1:
            one.run()
            return
        from apportion.bootstrap import check_connections

        from .processes import run_processes

        check_connections(settings, settings.processes)
        status = run_processes(one.run_as_one_of_several, settings.processes)
    if status:
        sys.exit(status)


@dataclass(frozen=True)
class _Serving:
    """One process that serves, alone or as one of several."""

    settings: Settings
    listener: socket.socket
    allow_upgrade: bool
    prepare: Callable[[FastAPI, Store], None] | None
    announce: Callable[[FastAPI, str], None]

    def run_as_one_of_several(self, first: bool, accepts: Callable[[], None]) -> int:
        def announce(app: FastAPI, url: str) -> None:
            if first:
                self.announce(app, url)
            accepts()

        try:
            replace(self, prepare=self.prepare if first else None, announce=announce).run()
        except click.ClickException as refused:
            refused.show()
            return refused.exit_code
        except (CannotOpenError, SettingsError) as refused:
            error = CannotStartError(str(refused))
            error.show()
            return error.exit_code
        return 0

    def run(self) -> None:
        # A thread that computes (a long search, the writer) hands the interpreter over this often to the event
        # loop, where somebody waits for an answer. At Python's default of 5 ms short requests take far longer.
        sys.setswitchinterval(SWITCH_INTERVAL)
        _share_arenas()
        with _logging(self.settings), _gc_disabled():
            self._run()

    def _run(self) -> None:
        from apportion.bootstrap import open_store
        from apportion.server.app import create_app

        def upgraded(copy: Path) -> None:
            notice(f"{settings.database} was upgraded. As it was before: {copy}")

        settings, prepare = self.settings, self.prepare
        store = open_store(settings, serving=True, allow_upgrade=self.allow_upgrade, upgraded=upgraded)
        try:
            app = create_app(settings, store)
            tune_gc()
            if prepare is not None:
                prepare(app, store)
            _warn_of_known_keys(settings, store)
            _warn_of_modes(settings)
            _serve(app, settings, self.listener, self.announce)
        finally:
            store.close()


def _warn_of_modes(settings: Settings) -> None:
    """Warn of files others on this machine may read or write: they hold password hashes and sign sessions."""
    files = [(settings.home, 0o022, "700"), (settings.home / "secret", 0o077, "600")]
    if not settings.database_url:
        files.append((settings.database, 0o077, "600"))
    for path, unwanted, mode in files:
        with contextlib.suppress(OSError):
            found = stat.S_IMODE(path.stat().st_mode)
            if os.name == "posix" and found & unwanted:
                log.warning(
                    "%s has mode %04o: others on this machine can get at it. Run `chmod %s %s`.",
                    path, found, mode, path,
                )  # fmt: skip


@contextlib.contextmanager
def _logging(settings: Settings) -> Iterator[None]:
    """Log to standard error as the settings say, until the server has stopped."""
    from apportion.server.logs import start_logging, stop_logging

    handler = start_logging(settings.log_level, settings.log_format)
    try:
        yield
    finally:
        stop_logging(handler)


def _share_arenas() -> None:
    """Have all threads allocate from two arenas, where the C library is glibc.

    By default each thread gets one of its own, and what it has freed of millions of numbers is of no use to others.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return
    import ctypes  # not needed anywhere else

    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


@contextlib.contextmanager
def _gc_disabled() -> Iterator[None]:
    """Disable garbage collection at start: nearly all objects stay, and it took a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def tune_gc() -> None:
    """Raise the thresholds of garbage collection: records come and go by the ten thousand and hardly ever in cycles.
    At the defaults Python looks for cycles every thirty records, which made up a fifth of the cost of logging.

    Nobody's request gets on during a collection, a microsecond for each object. So the young are collected in small
    steps, and the old, which may be a million, only while nobody is at work (``housekeeping``)."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 1_000_000)
    gc.enable()


def _bound(settings: Settings) -> socket.socket:
    """Bind the address first, so that a taken port is reported before anything else is done."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as unknown:
        raise CannotStartError(f"There is no address {settings.host} here: {unknown}.") from unknown
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    except OSError as taken:
        listener.close()
        raise CannotStartError(
            f"Can't listen at {settings.host}, port {settings.port}: {taken.strerror}. "
            "Choose another with --port or APPORTION_PORT."
        ) from taken
    return listener


def _serve(
    app: FastAPI, settings: Settings, listener: socket.socket, announce: Callable[[FastAPI, str], None]
) -> None:
    import uvicorn

    from apportion.server.connection_limits import (
        ACCEPTED_AT_ONCE,
        Connections,
        connections_within,
        quiet_about_files,
        raise_file_limit,
    )
    from apportion.server.timeouts import TimeoutProtocol

    state = app.state.app_state

    class Counted(TimeoutProtocol):
        counted_in = Connections(connections_within(raise_file_limit()), settings.max_connections)
        proxies = settings.trusted_proxy

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            quiet_about_files(asyncio.get_running_loop())
            await super().startup(sockets)
            listener.listen(BACKLOG)  # so many may wait; few are taken at once, so that each can be counted
            announce(app, address_of(settings, listener.getsockname()[1]))
            sys.stdout.flush()
            log.info("started", extra={"fields": {"version": __version__, "database": settings.store_name}})

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            state.stopping.set()  # streams end now, so that only real work is waited for
            log.info("stopping", extra={"fields": {"running": state.stats.running}})
            await super().shutdown(sockets)

    serving = Server(
        uvicorn.Config(
            app,
            http=Counted,
            ws="none",
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # the app itself decides which proxies it trusts
            backlog=ACCEPTED_AT_ONCE,
            timeout_graceful_shutdown=settings.stop_seconds,
            timeout_keep_alive=75,  # notebooks pause; a closed connection under their next request looks like a fault
        )
    )

    def stop(*_: object) -> None:
        serving.should_exit = True

    # uvicorn takes these signals while it serves, and raises them again when it is done: a stop that was
    # asked for is no failure, so then they find this.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    serving.run(sockets=[listener])


def address_of(settings: Settings, port: int) -> str:
    """Return the address to type into a browser on this machine."""
    host = settings.host
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1", ""):  # noqa: S104
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.prefix}"


def on_this_machine_only(host: str) -> bool:
    """Return True if only programs of this machine can connect."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _warn_of_known_keys(settings: Settings, store: Store) -> None:
    """Warn of keys of the demo and of 1.x's defaults on a public address: they are printed in documentation."""
    from apportion.demo.team import TEAM
    from apportion.services.people.sign_in import hash_key

    if on_this_machine_only(settings.host):
        return
    with store.read() as tx:
        known = [
            key for key in (*(p.api_key for p in TEAM), "argilla.apikey") if tx.people.by_key(hash_key(key))
        ]
    if known:
        notice(
            click.style(
                f"WARNING: other machines can reach this server at {settings.host}, and anybody who has read the "
                f"documentation knows these API keys of it: {', '.join(known)}.\n"
                "Change them (apportion users reset-key NAME) and the passwords, or listen at 127.0.0.1 only.",
                fg="red",
                bold=True,
            )
        )


server.add_command(status)
