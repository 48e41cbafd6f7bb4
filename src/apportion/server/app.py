"""Build the ASGI app: routes, error handlers and middleware."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, compile_path

from apportion.bootstrap import open_store
from apportion.ports.deadline import Foreground
from apportion.ports.security import Clock, Passwords, Tokens
from apportion.services.people.acting import LastActors
from apportion.services.people.first_admin import SetupCode
from apportion.services.people.sign_in import KeyAttempts, SignIn, SignInLimits, SignInParts
from apportion.settings import Settings
from apportion.version import __version__

from . import errors
from .app_state import AppState
from .attempts import AttemptsInMemory
from .audit_notes import Refusals, Scans
from .auth import address_of, refusal_of
from .fair_share import FairShare
from .fast_routes import fast_routes
from .guard_middleware import GuardMiddleware
from .housekeeping import (
    collect_garbage,
    import_for_standing_plans,
    job_loop,
    keep_files,
    keeper_loop,
    refusals_loop,
    warm_up,
)
from .job_runner import JobRunner
from .openapi import document, private_operations
from .readers import Readers
from .request_log import RequestLogMiddleware
from .routers import ROUTERS, home
from .routers import docs as docs_routes
from .security import Argon2Passwords, JwtTokens, SystemClock
from .web import FOLDER, WebApp
from .webhook_dispatcher import WebhookDispatcher
from .webhook_secrets import DerivedSecrets

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = ["build_app", "create_app"]


def build_app(settings: Settings) -> FastAPI:
    """Build the server on its own store, opened and locked so that no second server can use it."""
    return create_app(settings, open_store(settings, serving=True))


def create_app(  # noqa: PLR0913 - the parts a server is made of
    settings: Settings,
    store: Store,
    *,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
    tokens: Tokens | None = None,
    web_folder: Path = FOLDER,
) -> FastAPI:
    """Build the server as an ASGI app; its parts are in ``app.state.app_state``.

    ``web_folder`` is the folder with the built web app. The store is closed when the app shuts down.
    """
    cluster = store.cluster if store else None  # there is none where only the document of the API is wanted
    clock = clock or (SystemClock() if cluster is None else cluster.clock)
    tokens = tokens or JwtTokens(settings.signing_key(), clock)
    web = WebApp(settings, web_folder)
    state = _app_state(settings, store, clock, passwords or Argon2Passwords(), tokens, web)
    app = FastAPI(
        title="Apportion",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # clients of 1.x do not follow redirects
        strict_content_type=False,  # they send JSON without saying so; a route put on the app itself takes it, too
        lifespan=_lifespan,
    )
    app.state.app_state = state
    errors.install(app)
    app.add_middleware(GuardMiddleware, settings=settings, refusal_of=lambda scope: refusal_of(scope, state))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials="*" not in settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
    app.add_middleware(
        RequestLogMiddleware,
        stats=state.stats,
        prefix=settings.prefix,
        address=lambda scope: address_of(Request(scope), settings),
    )
    app.router.routes.extend(_routes(settings.prefix, docs=settings.docs_enabled))
    app.router.default = web.fallback(app.router.default)
    private = private_operations(ROUTERS, settings.prefix)
    app.openapi = lambda: document(app, private)  # type: ignore[method-assign]
    return app


@functools.cache
def _routes(prefix: str, *, docs: bool) -> list[BaseRoute]:
    """Return all routes under a prefix."""
    routers = (*ROUTERS, home.router, *([docs_routes.router] if docs else []))
    return [*fast_routes(prefix), *(_under(prefix, route) for router in routers for route in router.routes)]


def _under(prefix: str, route: BaseRoute) -> BaseRoute:
    """Return a router's route under a prefix, with the handler that FastAPI made when the router was defined.

    ``include_router`` has it analyse the parameters of each handler again: 0.15 s and 2.4 MB of a server.
    """
    assert isinstance(route, APIRoute)
    there = copy(route)
    there.path = prefix + route.path
    there.path_regex, there.path_format, there.param_convertors = compile_path(there.path)
    return there


def _app_state(  # noqa: PLR0913 - the parts a server is made of
    settings: Settings, store: Store, clock: Clock, passwords: Passwords, tokens: Tokens, web: WebApp
) -> AppState:
    secrets = DerivedSecrets(settings.signing_key())
    cluster = store.cluster if store else None  # there is none where only the document of the API is wanted
    attempts, seed = AttemptsInMemory() if cluster is None else cluster.attempts, None
    foreground = Foreground()
    if cluster is not None:
        seed = f"setup code\n{cluster.id}\n{settings.signing_key()}".encode()
    return AppState(
        settings=settings,
        store=store,
        clock=clock,
        passwords=passwords,
        sign_in=SignIn(
            SignInParts(store, passwords, tokens, clock, attempts), SignInLimits(settings.token_minutes)
        ),
        setup=SetupCode(attempts, clock, seed),
        attempts=attempts,
        web=web,
        readers=Readers(settings.readers),
        foreground=foreground,
        share=FairShare(foreground),
        thinkers=ThreadPoolExecutor(2, "apportion-thinker"),
        operations=ThreadPoolExecutor(32, "apportion-operation"),
        hashers=ThreadPoolExecutor(2, "apportion-hasher"),
        jobs=JobRunner(store, clock, foreground),
        scans=Scans(clock),
        refusals=Refusals(store, clock),
        webhooks=WebhookDispatcher(store, clock, secrets, settings.call_policy),
        webhook_secrets=secrets,
        keys=KeyAttempts(attempts, clock),
        actors=LastActors(),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state: AppState = app.state.app_state
    state.jobs.start()
    state.webhooks.start()
    rounds = [
        asyncio.create_task(each)
        for each in (
            keeper_loop(state),
            job_loop(state),
            refusals_loop(state),
            keep_files(state),
            collect_garbage(state),
            import_for_standing_plans(state),
            warm_up(state),
        )
    ]
    yield
    for each in rounds:
        each.cancel()
    state.closing.set()
    state.jobs.close()
    state.operations.shutdown()
    state.webhooks.close()
    state.readers.shutdown()
    state.thinkers.shutdown()
    state.hashers.shutdown()
    state.refusals.flush(all=True)
    state.store.close()
