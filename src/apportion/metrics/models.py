"""Names that 1.x notebooks import from `argilla.metrics.models`."""

from apportion.sdk.metric_functions import MetricSummary

__all__ = ["MetricSummary"]
