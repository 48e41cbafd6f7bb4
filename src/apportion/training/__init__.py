"""Training on the annotations of a dataset, under the import path of 1.x."""

from .trainer import ArgillaTrainer

__all__ = ["ArgillaTrainer"]
