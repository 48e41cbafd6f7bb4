"""How the documentation is built. The reference pages are written first, from the code they describe."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))

import reference  # noqa: E402
from pygments.lexers.special import TextLexer  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

from apportion.version import __version__  # noqa: E402

reference.write(HERE / "_build" / "reference")

project = "Apportion"
release = version = __version__
copyright = "the Apportion authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Apportion {__version__}"
html_copy_source = False
nitpicky = True


def setup(app: Sphinx) -> None:
    """Show Mermaid diagrams as their text, which forges draw: no extension and no script from elsewhere is needed."""
    app.add_lexer("mermaid", TextLexer)
