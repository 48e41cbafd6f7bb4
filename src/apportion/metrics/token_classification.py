"""Metrics of token classification."""

from apportion.sdk.metric_functions import (
    Annotations,
    ComputeFor,
    Predictions,
    entity_capitalness,
    entity_consistency,
    entity_density,
    entity_labels,
    mention_length,
    token_capitalness,
    token_frequency,
    token_length,
    tokens_length,
    top_k_mentions,
)
from apportion.sdk.metric_functions import span_f1 as f1

__all__ = [
    "Annotations",
    "ComputeFor",
    "Predictions",
    "entity_capitalness",
    "entity_consistency",
    "entity_density",
    "entity_labels",
    "f1",
    "mention_length",
    "token_capitalness",
    "token_frequency",
    "token_length",
    "tokens_length",
    "top_k_mentions",
]
