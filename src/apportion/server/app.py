"""Build the ASGI app: routes, error handlers and middleware."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from apportion.bootstrap import open_store
from apportion.ports.deadline import Foreground
from apportion.ports.security import Clock, Passwords, Tokens
from apportion.services.people.first_admin import SetupCode
from apportion.services.people.sign_in import KeyAttempts, SignIn, SignInLimits
from apportion.settings import Settings
from apportion.version import __version__

from . import errors
from .app_state import AppState
from .audit_notes import Refusals, Scans
from .auth import address_of, refusal_of
from .fast_routes import fast_routes
from .guard_middleware import GuardMiddleware
from .housekeeping import clock_loop, keep_files, model_loop, purge_loop, unfinished, warm_up
from .job_runner import JobRunner
from .openapi import docs_page, document, private_operations
from .readers import Readers
from .request_log import RequestLogMiddleware
from .routers import ROUTERS, home
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
    clock = clock or SystemClock()
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
        strict_content_type=False,  # they send JSON without saying so
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan,
    )
    app.state.app_state = state
    errors.install(app)
    app.add_middleware(GuardMiddleware, settings=settings, stranger=lambda scope: refusal_of(scope, state))
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
        tally=state.tally,
        prefix=settings.prefix,
        address=lambda scope: address_of(Request(scope), settings),
    )
    app.router.routes.extend(fast_routes(settings.prefix))
    for router in (*ROUTERS, home.router):
        app.include_router(router, prefix=settings.prefix)
    app.router.default = web.fallback(app.router.default)
    private = private_operations(ROUTERS, settings.prefix)
    app.openapi = lambda: document(app, private)  # type: ignore[method-assign]
    if settings.docs_enabled:
        _serve_docs(app, settings)
    return app


def _app_state(  # noqa: PLR0913 - the parts a server is made of
    settings: Settings, store: Store, clock: Clock, passwords: Passwords, tokens: Tokens, web: WebApp
) -> AppState:
    secrets = DerivedSecrets(settings.signing_key())
    return AppState(
        settings=settings,
        store=store,
        clock=clock,
        passwords=passwords,
        sign_in=SignIn(store, passwords, tokens, clock, SignInLimits(settings.token_minutes)),
        setup=SetupCode(clock),
        web=web,
        readers=Readers(),
        foreground=Foreground(),
        thinkers=ThreadPoolExecutor(2, "apportion-thinker"),
        operations=ThreadPoolExecutor(32, "apportion-operation"),
        hashers=ThreadPoolExecutor(2, "apportion-hasher"),
        jobs=JobRunner(store, clock),
        scans=Scans(clock),
        refusals=Refusals(store, clock),
        webhooks=WebhookDispatcher(store, clock, secrets, settings.call_policy),
        webhook_secrets=secrets,
        keys=KeyAttempts(clock),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state: AppState = app.state.app_state
    left = unfinished(state)
    state.jobs.start()
    state.webhooks.start()
    rounds = [
        asyncio.create_task(each)
        for each in (
            purge_loop(state, left),
            clock_loop(state),
            keep_files(state),
            model_loop(state),
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


def _operation_id(route: APIRoute) -> str:
    """Return a short operation id for generated clients: the handler's module and name."""
    module = route.endpoint.__module__.rpartition(".")[2]
    return f"{module}_{route.name}"


def _serve_docs(app: FastAPI, settings: Settings) -> None:
    spec = f"{settings.prefix}/api/docs/spec.json"

    async def spec_json() -> JSONResponse:
        return JSONResponse(app.openapi())

    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi(), spec))

    routes: dict[str, Any] = {spec: spec_json, f"{settings.prefix}/api/docs": docs}
    for path, handler in routes.items():
        app.add_api_route(path, handler, include_in_schema=False)
    app.include_router(home.docs_router, prefix=settings.prefix)
