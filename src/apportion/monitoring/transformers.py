"""The monitors of transformers' text classification pipelines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import GeneratorType
from typing import Any

from apportion.sdk.records import TextClassificationRecord

from .base import BaseMonitor, now

__all__ = ["TextClassificationMonitor", "ZeroShotMonitor"]


class _PipelineMonitor(BaseMonitor):
    """A pipeline with a model whose configuration describes the dataset."""

    def __init__(self, model: Any, *, agent: str | None = None, **options: Any) -> None:
        config = model.model.config
        name = getattr(config, "name_or_path", None) or None
        version = getattr(config, "transformers_version", None)
        tags = {
            "name": name,
            "transformers_version": version,
            "model_type": getattr(config, "model_type", None),
            "task": getattr(model, "task", None),
        }
        described = agent or name or type(model.model).__name__
        super().__init__(model, agent=described, tags=tags, metadata=config.to_dict(), **options)

    def _labelled(
        self, given: Any, prediction: Iterable[Any], metadata: Any, multi_label: bool = False
    ) -> TextClassificationRecord:
        text = {"text": given} if isinstance(given, str) else {"inputs": given}
        if isinstance(given, list | tuple):
            text = {"inputs": {"text": list(given)}}
        return TextClassificationRecord(
            **text,
            prediction=prediction,
            prediction_agent=self.agent,
            multi_label=multi_label,
            metadata=metadata if isinstance(metadata, Mapping) else None,
            event_timestamp=now(),
        )


class TextClassificationMonitor(_PipelineMonitor):
    """A ``TextClassificationPipeline`` whose results are logged as text classification records."""

    def __call__(self, inputs: Any, *args: Any, metadata: Any = None, **kwargs: Any) -> Any:
        """Classify as the pipeline does; ``metadata``, one or a list, becomes that of the records."""
        if isinstance(inputs, GeneratorType) or _is_dataset(inputs):
            return self._stream(inputs, args, metadata, kwargs)
        results = self._self_wrapped(inputs, *args, **kwargs)
        if isinstance(inputs, list):
            for place, (each, result) in enumerate(zip(inputs, results, strict=False)):
                self._see(each, result, _at(metadata, place))
        else:  # one input, however its result is nested
            self._see(inputs, results, metadata)
        return results

    def _stream(self, inputs: Any, args: tuple[Any, ...], metadata: Any, kwargs: dict[str, Any]) -> Any:
        """Watch inputs that come one by one, and whose results do, too."""
        seen: deque[Any] = deque()

        def remembered() -> Iterator[Any]:
            for each in inputs:
                seen.append(each)
                yield each

        listed = _is_dataset(inputs)
        results = self._self_wrapped(inputs if listed else remembered(), *args, **kwargs)

        def watched() -> Iterator[Any]:
            for place, result in enumerate(results):
                self._see(inputs[place] if listed else seen.popleft(), result, _at(metadata, place))
                yield result

        return watched()

    def _see(self, given: Any, result: Any, metadata: Any) -> None:
        self._watch(
            lambda: self._labelled(
                given, [(each["label"], each["score"]) for each in _flat(result)], metadata
            )
        )


class ZeroShotMonitor(_PipelineMonitor):
    """A ``ZeroShotClassificationPipeline`` whose results are logged as text classification records.

    With ``multi_label``, they go to a dataset of their own, named like the other one with ``_multi`` behind it.
    """

    def __call__(
        self, sequences: Any, candidate_labels: Any, *args: Any, metadata: Any = None, **kwargs: Any
    ) -> Any:
        """Classify as the pipeline does; labels and template are in the metadata of the records."""
        results = self._self_wrapped(sequences, candidate_labels, *args, **kwargs)
        multi_label = bool(kwargs.get("multi_label", kwargs.get("multi_class", False)))
        dataset = f"{self.dataset}_multi" if multi_label else self.dataset
        asked = {
            "labels": candidate_labels,
            "hypothesis_template": kwargs.get("hypothesis_template", "@default"),
        }
        several = results if isinstance(results, list) else [results]
        for place, result in enumerate(several):
            its = _at(metadata, place)
            self._watch(
                lambda result=result, its=its: self._labelled(  # type: ignore[misc]
                    result["sequence"],
                    list(zip(result["labels"], result["scores"], strict=True)),
                    {**(its if isinstance(its, Mapping) else {}), **asked},
                    multi_label,
                ),
                dataset,
            )
        return results


def _is_dataset(inputs: Any) -> bool:
    """Return True for what a pipeline reads by index, and answers one by one."""
    known = isinstance(inputs, str | Mapping | list | tuple)
    return not known and hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__")


def _at(metadata: Any, place: int) -> Any:
    """Return the metadata of one input: that for all, or its own of a list."""
    if isinstance(metadata, list | tuple):
        return metadata[place] if place < len(metadata) else None
    return metadata


def _flat(result: Any) -> Iterator[Any]:
    """Yield the labels of one input: they come alone, in a list, or in a list of a list."""
    if isinstance(result, Mapping):
        yield result
    else:
        for each in result:
            yield from _flat(each)
