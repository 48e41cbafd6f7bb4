"""Weak supervision: labels from rules instead of from people."""

from . import text_classification

__all__ = ["text_classification"]
