"""Share text records out among annotators and bring one clean dataset back."""

from .version import __version__

__all__ = ["__version__"]
