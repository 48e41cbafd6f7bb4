"""The only import of numpy in the domain: assigning a million records needs columns."""

from typing import Any, TypeAlias

import numpy as np  # noqa: TID251
from numpy.typing import NDArray  # noqa: TID251

__all__ = ["Column", "NDArray", "new_runs", "np"]

Column: TypeAlias = NDArray[Any]
"""An array. (Which whole numbers it holds adds more noise than safety here.)"""


def new_runs(values: Column) -> Column:
    """Return the place of every entry within its run of equal ones.

    >>> new_runs(np.array([5, 5, 7, 5])).tolist()
    [0, 1, 0, 0]
    """
    places = np.arange(len(values))
    starts = np.ones(len(values), dtype=np.bool_)
    starts[1:] = values[1:] != values[:-1]
    return np.asarray(places - np.maximum.accumulate(np.where(starts, places, 0)))
