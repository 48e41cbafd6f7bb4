"""Metrics under the names they have in ``argilla.metrics``."""

from apportion.sdk.metric_functions import (
    ComputeFor,
    MetricSummary,
    entity_capitalness,
    entity_consistency,
    entity_density,
    entity_labels,
    f1,
    f1_multilabel,
    mention_length,
    records_status,
    text_length,
    token_capitalness,
    token_frequency,
    token_length,
    tokens_length,
)
from apportion.sdk.metric_functions import span_f1 as ner_f1

__all__ = [
    "ComputeFor",
    "MetricSummary",
    "entity_capitalness",
    "entity_consistency",
    "entity_density",
    "entity_labels",
    "f1",
    "f1_multilabel",
    "mention_length",
    "ner_f1",
    "records_status",
    "text_length",
    "token_capitalness",
    "token_frequency",
    "token_length",
    "tokens_length",
]
