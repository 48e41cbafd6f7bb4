"""Write agreement-frozen.json: what krippendorff (GPL) and irrCAC say of the examples. Run by hand, never imported.

In an environment of its own: pip install krippendorff==0.9.0 irrCAC==0.4.4, then run this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC

HERE = Path(__file__).parent
ORACLES = json.loads((HERE / "agreement-oracles.json").read_text(encoding="utf-8"))


def observers(name: str) -> list[list[Any]]:
    """One row per observer."""
    data = ORACLES[name]["data"]
    if name == "fleiss_1971":
        return [list(row) for row in zip(*data, strict=True)]
    if name in ("cohen_1960", "artstein_poesio_1", "artstein_poesio_2"):
        cells = [(i, j) for i, row in enumerate(data) for j, often in enumerate(row) for _ in range(often)]
        return [list(row) for row in zip(*cells, strict=True)]
    return data


found: dict[str, dict[str, float]] = {}
for name in (
    "krippendorff_4x12",
    "krippendorff_binary_2x10",
    "krippendorff_2004_p227",
    "hayes_krippendorff_2007",
    "fleiss_1971",
    "cohen_1960",
    "artstein_poesio_1",
    "artstein_poesio_2",
):
    rows = np.array([[np.nan if v is None else v for v in row] for row in observers(name)], dtype=float)
    table = pd.DataFrame(rows.T)
    categories = sorted(set(rows[~np.isnan(rows)].tolist()))
    place = table.replace({value: float(number) for number, value in enumerate(categories)})
    of_name = {
        "alpha" if level == "nominal" else f"alpha_{level}": float(
            krippendorff.alpha(reliability_data=rows, level_of_measurement=level)
        )
        for level in ("nominal", "ordinal", "interval", "ratio")
    }
    of_name["fleiss"] = CAC(table, digits=10).fleiss()["est"]["coefficient_value"]
    of_name["ac1"] = CAC(table, digits=10).gwet()["est"]["coefficient_value"]
    for weights in ("linear", "quadratic"):
        of_name[f"ac2_{weights}"] = CAC(place, weights=weights, digits=10).gwet()["est"]["coefficient_value"]
    found[name] = {key: round(float(value), 6) for key, value in of_name.items()}
(HERE / "agreement-frozen.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
