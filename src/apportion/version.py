"""The version of this package and of the 1.x API it speaks."""

__all__ = ["COMPATIBLE_WITH", "__version__"]

__version__ = "0.1.0"

COMPATIBLE_WITH = "1.6.0"
"""Version that ``/api/_info`` answers: 1.x clients refuse servers older than 1.4.0."""
