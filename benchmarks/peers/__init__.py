"""The same day's work with Apportion, doccano and Label Studio, in one run on one machine."""

from .scenario import measure

__all__ = ["measure"]
