"""The documentation of the API: the OpenAPI document, and a page that shows it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from apportion.server.deps import InAppState
from apportion.server.openapi import docs_page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
# The handlers ask the request for its app: a handler made for each app would keep it in memory, since FastAPI
# remembers what it has found out about a handler


@router.get("/api/docs/spec.json")
async def spec_json(request: Request) -> JSONResponse:
    """Return the OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs")
async def page(request: Request, state: InAppState) -> HTMLResponse:
    """Return the page with every route."""
    return HTMLResponse(docs_page(request.app.openapi(), f"{state.settings.prefix}/api/docs/spec.json"))


@router.get("/docs")
@router.get("/api")
async def to_docs(state: InAppState) -> RedirectResponse:
    """Redirect to the documentation."""
    return RedirectResponse(f"{state.settings.prefix}/api/docs", 307)
