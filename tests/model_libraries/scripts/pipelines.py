"""Monitor pipelines of transformers, and print what they returned."""

import json
import sys

import tiny
from transformers import pipeline

import apportion as rg

names = json.loads(sys.argv[1])
classifier = pipeline(
    "text-classification", model=tiny.classifier(["good", "bad"]), tokenizer=tiny.tokenizer()
)
everything = pipeline(
    "text-classification", model=classifier.model, tokenizer=classifier.tokenizer, top_k=None
)
zero_shot = pipeline(
    "zero-shot-classification",
    model=tiny.classifier(["entailment", "neutral", "contradiction"]),
    tokenizer=tiny.tokenizer(),
)
plain = [
    classifier("good soup"),
    classifier(["good", "bad soup"]),
    classifier("this text", top_k=None),
    classifier({"text": "good", "text_pair": "bad"}),
    list(classifier(each for each in ["a", "b"])),
    everything("this is about Ada"),
    everything(["awful", "fine"]),
]
one = rg.monitor(classifier, names["one"], sample_rate=1)
all_labels = rg.monitor(everything, names["one"], sample_rate=1, agent="everything")
found = [
    one("good soup", metadata={"n": 0}),
    one(["good", "bad soup"], metadata=[{"n": 1}, {"n": 2}]),
    one("this text", top_k=None, metadata={"n": 3}),
    one({"text": "good", "text_pair": "bad"}, metadata={"n": 4}),
    list(one((each for each in ["a", "b"]), metadata={"n": 5})),
    all_labels("this is about Ada", metadata={"n": 6}),
    all_labels(["awful", "fine"], metadata={"n": 7}),
]
asked = rg.monitor(zero_shot, names["zero"], sample_rate=1)
zero = [
    asked("good soup", ["a", "b"], metadata={"n": 0}),
    asked(["good", "bad"], "a, b", hypothesis_template="about {}"),
    asked("text", candidate_labels=["a", "b", "c"], multi_label=True),
]
for each in (one, all_labels, asked):
    each.shutdown()
print(
    json.dumps(
        {
            "plain": plain,
            "found": found,
            "zero": zero,
            "same_class": isinstance(one, type(classifier)),
            "tags": one.tags,
            "dropped": [one.dropped, all_labels.dropped, asked.dropped],
        }
    )
)
