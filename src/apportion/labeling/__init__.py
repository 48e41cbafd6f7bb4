"""Weak supervision: labels from rules instead of from people."""
