"""Run the code that the web app shows for training, with models made here in the place of large ones."""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import evaluate
import tiny
from sklearn.metrics import accuracy_score


class Accuracy:
    """The measure of that name, which the library would fetch over the network."""

    def compute(self, predictions, references, **_):
        return {"accuracy": accuracy_score(references, predictions)}


evaluate.load = lambda name, **_: {"accuracy": Accuracy()}[name]
asked = json.loads(sys.argv[1])
folder = Path(tempfile.mkdtemp())
SMALL = {
    "microsoft/deberta-v3-base": tiny.saved(folder / "base"),
    "google/flan-t5-small": tiny.pairs(folder / "pairs"),
    "sentence-transformers/all-MiniLM-L6-v2": tiny.sentences(folder / "sentences"),
}
found = {}
for name, code in asked.items():
    for large, small in SMALL.items():
        code = code.replace(large, small)
    (folder / name).mkdir()
    os.chdir(folder / name)
    with contextlib.redirect_stdout(sys.stderr):
        exec(compile(code, name, "exec"), {})
    found[name] = sorted(each.name for each in Path("model").iterdir())
print(json.dumps(found))
