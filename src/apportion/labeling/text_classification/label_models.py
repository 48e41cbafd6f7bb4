"""Label models: what the votes of several rules on a record come to."""

from ._majority import MajorityVoter
from ._model import (
    LabelModel,
    LabelModelError,
    MissingAnnotationError,
    NotFittedError,
    TieBreakPolicy,
    TooFewRulesError,
)
from ._snorkel import Snorkel
from ._triplets import FlyingSquid
from ._weighted import WeightedVoter

__all__ = [
    "FlyingSquid",
    "LabelModel",
    "LabelModelError",
    "MajorityVoter",
    "MissingAnnotationError",
    "NotFittedError",
    "Snorkel",
    "TieBreakPolicy",
    "TooFewRulesError",
    "WeightedVoter",
]
