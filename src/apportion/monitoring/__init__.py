"""Monitors: what a model predicts in use is logged beside it, under the import path of 1.x."""

from .base import BaseMonitor, DatasetRecordsConsumer, ModelNotSupportedError
from .monitor import monitor

__all__ = ["BaseMonitor", "DatasetRecordsConsumer", "ModelNotSupportedError", "monitor"]
