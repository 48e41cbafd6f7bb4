"""Write gamma-frozen.json: what pygamma-agreement says of made-up texts. Run by hand, never imported.

In an environment of its own: pip install pygamma-agreement==0.5.9, then run this file; it takes some minutes. Its
numbers are of single precision. Its continuum reaches from the first span to the last, so each text has a span at both
ends. Chance is made by the paper's shifts (the shuffle sampler), gamma is the mean over four seeds of 60 samples each.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from pyannote.core import Segment
from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum, ShuffleContinuumSampler

HERE = Path(__file__).parent
chance = random.Random(20)


def text(people: int, spans: int, extent: int) -> list[list[tuple[int, int, str]]]:
    """Everybody's spans: the true ones, most of them moved a little, some renamed, left out or made up."""
    true = []
    for _ in range(spans):
        start = chance.randrange(extent - 20)
        true.append((start, start + chance.randrange(3, 20), chance.choice("xyz")))
    found = []
    for _ in range(people):
        mine = {(0, 5, "x"), (extent - 6, extent, "y")}
        for start, end, label in true:
            if chance.random() < 0.85:
                by = chance.choice((0, 0, 1, -1)) if start else 0
                mine.add((start + by, end + by, label if chance.random() < 0.8 else chance.choice("xyz")))
        if chance.random() < 0.5:
            start = chance.randrange(extent - 10)
            mine.add((start, start + 8, chance.choice("xyz")))
        found.append(sorted(mine))
    return found


texts = []
for people, spans, extent in ((2, 4, 120), (2, 12, 300), (3, 3, 80), (3, 7, 200), (4, 3, 120)):
    answers = text(people, spans, extent)
    continuum = Continuum()
    for who, mine in enumerate(answers):
        continuum.add_annotator(str(who))
        for start, end, label in mine:
            continuum.add(str(who), Segment(start, end), label)
    apart = CombinedCategoricalDissimilarity(alpha=1, beta=1, delta_empty=1)
    disorder = float(continuum.get_best_alignment(apart).disorder)
    gammas = []
    for seed in range(4):
        np.random.seed(seed)
        gammas.append(
            float(continuum.compute_gamma(apart, n_samples=60, sampler=ShuffleContinuumSampler()).gamma)
        )
    texts.append(
        {
            "extent": extent,
            "answers": answers,
            "disorder": round(disorder, 6),
            "gamma": round(float(np.mean(gammas)), 4),
        }
    )
(HERE / "gamma-frozen.json").write_text(
    "[\n" + ",\n".join(json.dumps(each) for each in texts) + "\n]\n", encoding="utf-8"
)
