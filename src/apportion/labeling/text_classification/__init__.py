"""Weak supervision of text classification: rules, weak labels, label models, and a search for label errors.

Needs the extra ``apportion[labeling]``; nothing of it is imported before it is used.
"""

from ._figures import rules_summary
from .label_errors import find_label_errors
from .label_models import FlyingSquid, MajorityVoter, Snorkel, WeightedVoter
from .rule import Rule, add_rules, delete_rules, load_rules, update_rules
from .weak_labels import WeakLabels, WeakMultiLabels

__all__ = [
    "FlyingSquid",
    "MajorityVoter",
    "Rule",
    "Snorkel",
    "WeakLabels",
    "WeakMultiLabels",
    "WeightedVoter",
    "add_rules",
    "delete_rules",
    "find_label_errors",
    "load_rules",
    "rules_summary",
    "update_rules",
]
