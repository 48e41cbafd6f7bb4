"""Metrics of all tasks."""

from apportion.sdk.metric_functions import keywords, records_status, text_length

__all__ = ["keywords", "records_status", "text_length"]
