"""Pages outside of the API: first administrator, plain pages if the web app is not built."""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError as Invalid

from apportion.domain.errors import Refusal
from apportion.server.auth import set_cookie
from apportion.server.deps import AppState, InAppState
from apportion.server.errors import v1_errors
from apportion.server.plain_page import page
from apportion.server.wire_routes import read_body
from apportion.wire.people import Setup

from .setup import make_first_admin

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_FIELDS = (
    ("code", "Setup code", "text"),
    ("first_name", "Your first name", "text"),
    ("username", "Username: lower case letters, digits, - and _", "text"),
    ("password", "Password, 8 characters or more", "password"),
)


@router.get("/")
async def home(state: InAppState) -> Response:
    """Return the web app, which asks for the first administrator if there is none; without it a plain page."""
    if state.web.is_built:
        return state.web.page()
    if not await state.read(lambda tx: tx.people.has_admin()):
        return _form(state)
    body = (
        "<p>This server shares text records out among annotators.</p>"
        "<p>From a notebook:</p><pre>import apportion as rg\n\n"
        "rg.init(api_url=&quot;…&quot;, api_key=&quot;…&quot;)</pre>"
    )
    return HTMLResponse(_page(body + _links(state)))


@router.get("/datasets/{space}/{name}")
async def dataset_page(state: InAppState, space: str, name: str) -> Response:
    """Return the page notebooks link to after logging: the web app, or how to use the dataset without it."""
    if state.web.is_built:
        return state.web.page()
    load = f"rg.load({name!r}, workspace={space!r})"
    body = (
        f"<p>Dataset <b>{escape(name)}</b> of workspace <b>{escape(space)}</b> would open here, but "
        "this server was installed without its web app. In a notebook:</p>"
        f"<pre>import apportion as rg\n\n{escape(load)}</pre>"
    )
    return HTMLResponse(_page(body + _links(state)))


@router.post("/")
async def first_admin(
    request: Request,
    state: InAppState,
    code: Annotated[str, Form()] = "",
    first_name: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Create the first administrator from the form."""
    given = {"code": code, "first_name": first_name, "username": username, "password": password}
    try:
        made, key, token = await make_first_admin(state, read_body(Setup, given))
    except Invalid as wrong:
        problems = [f"{each['loc'][-1]}: {each['msg']}" for each in v1_errors(wrong.errors())]
        return _form(state, problems, given, 422)
    except Refusal as refusal:
        return _form(state, [str(refusal)], given, 403)
    body = (
        f"<p>Welcome, {escape(made.user.full_name)}. You are the administrator of this server, "
        f"in the workspace <code>{escape(made.username)}</code>.</p>"
        "<p>Your API key is shown only now. Keep it:</p>"
        f"<pre>{escape(key)}</pre>"
    )
    if state.web.is_built:
        body += f'<p><a href="{escape(state.settings.base_url)}datasets">Go on to the datasets</a></p>'
    response = HTMLResponse(_page(body + _links(state)), headers={"Cache-Control": "no-store"})
    set_cookie(request, response, token, state.settings)
    return response


def _form(
    state: AppState, problems: list[str] | None = None, given: dict[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    """Return the form for the first administrator; passwords are never sent back."""
    known = {**(given or {}), "password": ""}
    alerts = "".join(f'<p role="alert"><strong>{escape(each)}</strong></p>' for each in problems or ())
    inputs = "".join(
        f'<label>{label}<input name="{name}" type="{kind}" value="{escape(known.get(name, ""))}" required>'
        "</label>"
        for name, label, kind in _FIELDS
    )
    body = (
        "<p>No one can sign in yet. Create the first administrator; the setup code is printed in the terminal where "
        f'the server was started.</p>{alerts}<form method="post" action="{escape(state.settings.base_url)}">'
        f"{inputs}<button>Create administrator</button></form>"
    )
    return HTMLResponse(_page(body), status)


def _page(body: str) -> str:
    return page("Apportion", f"<h1>Apportion</h1>{body}")


def _links(state: AppState) -> str:
    if not state.settings.docs_enabled:
        return ""
    return f'<p><a href="{escape(state.settings.prefix)}/api/docs">The HTTP API</a></p>'
