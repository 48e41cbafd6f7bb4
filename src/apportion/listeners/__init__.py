"""Listeners: a function that runs when a dataset changes as it waits for, under the import path of 1.x."""

from .listener import Metrics, RGDatasetListener, RGListenerContext, Search, listener

__all__ = ["Metrics", "RGDatasetListener", "RGListenerContext", "Search", "listener"]
