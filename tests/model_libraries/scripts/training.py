"""Train on small datasets with transformers and SetFit, and print what the models say and leave behind."""

import json
import sys
import tempfile
from pathlib import Path

import tiny

from apportion.training import ArgillaTrainer

asked = json.loads(sys.argv[1])
folder = Path(tempfile.mkdtemp())
base = tiny.saved(folder / "base")
options = {"max_steps": 2, "per_device_train_batch_size": 4, "use_cpu": True, "disable_tqdm": True}


def shown_to(record):
    return {
        "text": record.text,
        "labels": sorted(label for label, *_ in record.prediction),
        "sum": sum(score for _, score, *_ in record.prediction),
        "agent": record.prediction_agent,
    }


def transformers(name, text):
    trainer = ArgillaTrainer(name, "transformers", model=base, train_size=0.8, seed=3)
    trainer.update_config(evaluation_strategy="no", **options)
    trainer.train(str(folder / name))
    one, several = trainer.predict(text), trainer.predict([text, text])
    assert [each.prediction for each in several] == [one.prediction] * 2
    return one, sorted(each.name for each in (folder / name).iterdir())


def setfit(name, text):
    trainer = ArgillaTrainer(name, "setfit", model=tiny.sentences(folder / "sentences"), seed=3)
    trainer.update_config(num_iterations=1, num_epochs=1, batch_size=4)
    trainer.train(str(folder / f"{name}-setfit"))
    raw = trainer.predict(text, as_argilla_records=False)
    one = trainer.predict(text)
    assert dict(one.prediction) == raw
    return one, json.loads((folder / f"{name}-setfit" / "label2id.json").read_text())


texts, files = transformers(asked["texts"], "good soup")
many, _ = transformers(asked["many"], "good soup")
tokens, _ = transformers(asked["tokens"], "Ada left London.")
few, numbers = setfit(asked["texts"], "good soup")
both, _ = setfit(asked["many"], "good soup")
refused = {}
for name, framework in ((asked["tokens"], "setfit"), (asked["pairs"], "transformers")):
    try:
        ArgillaTrainer(name, framework)
    except NotImplementedError as problem:
        refused[f"{framework} {name}"] = str(problem)
try:
    ArgillaTrainer(asked["texts"], "transformers", model=base).train()
except ValueError as problem:
    refused["no folder"] = str(problem)
print(
    json.dumps(
        {
            "texts": shown_to(texts),
            "files": files,
            "many": shown_to(many) | {"multi_label": many.multi_label},
            "tokens": [
                tokens.text,
                tokens.tokens,
                all(label in ("PER", "LOC") for label, *_ in tokens.prediction),
            ],
            "few": shown_to(few),
            "numbers": numbers,
            "both": shown_to(both),
            "refused": refused,
        }
    )
)
