"""The monitor of flair's sequence taggers: the spans of sentences, with their scores."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from apportion.sdk.records import TokenClassificationRecord

from .base import BaseMonitor, now

__all__ = ["FlairNERMonitor"]


class FlairNERMonitor(BaseMonitor):
    """A ``flair.models.SequenceTagger`` whose predictions are logged as token classification records."""

    def __init__(self, model: Any, **options: Any) -> None:
        version = getattr(sys.modules.get("flair"), "__version__", None)
        super().__init__(model, tags={"flair_version": version}, **options)

    def predict(
        self, sentences: Any, *args: Any, metadata: Mapping[str, Any] | list[Any] | None = None, **kwargs: Any
    ) -> Any:
        """Tag sentences as the tagger does; ``metadata``, one or one a sentence, becomes that of the records."""
        result = self._self_wrapped.predict(sentences, *args, **kwargs)
        several = sentences if isinstance(sentences, list | tuple) else [sentences]
        for place, sentence in enumerate(several):
            its = metadata[place] if isinstance(metadata, list) and place < len(metadata) else metadata
            self._watch(lambda sentence=sentence, its=its: self._record(sentence, its))  # type: ignore[misc]
        return result

    def _record(self, sentence: Any, metadata: Any) -> TokenClassificationRecord:
        kind = getattr(self._self_wrapped, "label_type", None) or self._self_wrapped.tag_type
        tokens = [token.text for token in sentence]
        text = sentence.to_original_text()
        prediction = []
        for span in sentence.get_spans(kind):
            label = span.get_label(kind)
            prediction.append((label.value, *_place(span), label.score))
        return TokenClassificationRecord(
            text=text,
            tokens=tokens,
            prediction=prediction,
            prediction_agent=self.agent,
            metadata=metadata if isinstance(metadata, Mapping) else None,
            event_timestamp=now(),
        )


def _place(span: Any) -> tuple[int, int]:
    """Return the characters that a span covers; flair has named them in two ways."""
    if hasattr(span, "start_position"):
        return span.start_position, span.end_position
    return span.start_pos, span.end_pos
