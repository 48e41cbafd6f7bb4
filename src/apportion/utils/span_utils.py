"""Names that 1.x notebooks import from `argilla.utils.span_utils`."""

from apportion.sdk.span_utils import SpanUtils

__all__ = ["SpanUtils"]
