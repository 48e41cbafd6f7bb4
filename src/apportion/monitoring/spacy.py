"""The monitor of spaCy pipelines: the entities of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apportion.sdk.records import TokenClassificationRecord

from .base import BaseMonitor, now

__all__ = ["SpacyNERMonitor"]


class SpacyNERMonitor(BaseMonitor):
    """A ``spacy.Language`` whose calls and pipes are logged as token classification records."""

    def __init__(self, model: Any, *, agent: str | None = None, **options: Any) -> None:
        meta = dict(model.meta)
        path = getattr(model, "path", None)
        name = (
            path.name
            if path is not None
            else "_".join(meta[key] for key in ("lang", "name") if isinstance(meta.get(key), str))
        )
        super().__init__(model, agent=agent or name or None, tags=meta, metadata=meta, **options)

    def __call__(self, *args: Any, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """Process a text as the pipeline does; ``metadata`` becomes that of the record."""
        doc = self._self_wrapped(*args, **kwargs)
        self._watch(lambda: self._record(doc, metadata))
        return doc

    def pipe(self, texts: Iterable[Any], *, as_tuples: bool = False, **kwargs: Any) -> Iterator[Any]:
        """Process texts as the pipeline does; with ``as_tuples``, a dictionary beside a text becomes its metadata."""
        for each in self._self_wrapped.pipe(texts, as_tuples=as_tuples, **kwargs):
            doc, context = each if as_tuples else (each, None)
            self._watch(lambda doc=doc, context=context: self._record(doc, context))  # type: ignore[misc]
            yield each

    def _record(self, doc: Any, metadata: Any) -> TokenClassificationRecord:
        return TokenClassificationRecord(
            text=doc.text,
            tokens=[token.text for token in doc],
            prediction=[(ent.label_, ent.start_char, ent.end_char) for ent in doc.ents],
            prediction_agent=self.agent,
            metadata=metadata if isinstance(metadata, Mapping) else None,
            event_timestamp=now(),
        )
