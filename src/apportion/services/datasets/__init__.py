"""Datasets: finding one with the right to use it, creating, settings, guidelines, trash."""
