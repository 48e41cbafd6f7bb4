"""Plain HTML pages in our style, used where the web app is not built."""

from __future__ import annotations

import base64
import hashlib
from html import escape

__all__ = ["STYLE_SOURCE", "page"]

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:0 auto;padding:2rem 1rem}
h1{margin-bottom:.2em} h2{margin-top:2em} pre,code{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow:auto;padding:.7rem;border:1px solid #8886;border-radius:.4rem}
details{border:1px solid #8886;border-radius:.4rem;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer} table{border-collapse:collapse} td,th{padding:.2rem 1rem .2rem 0;text-align:left}
td{vertical-align:top} .m{display:inline-block;min-width:4.2em;font-weight:700}
label{display:block;margin:.6rem 0} 
input{font:inherit;padding:.35rem;width:100%;max-width:24rem;display:block}
button{font:inherit;padding:.5rem 1rem}
"""

STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""Source of this style in a content security policy, which allows no other one."""


def page(title: str, body: str) -> str:
    """Return a plain page in our style; ``body`` is HTML and not escaped."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
