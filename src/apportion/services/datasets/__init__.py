"""Datasets: find one with a check of rights, create, settings, guidelines, trash."""
