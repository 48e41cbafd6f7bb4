"""Metrics of text classification."""

from apportion.sdk.metric_functions import f1, f1_multilabel

__all__ = ["f1", "f1_multilabel"]
