"""Records with rules and labels, for tests of weak labels and of what is made of them."""

from __future__ import annotations

from typing import Any

from apportion.labeling.text_classification import WeakLabels, load_rules

__all__ = [
    "ANNOTATIONS", "FUNCTIONS", "LABELS", "SEVERAL", "SEVERAL_TEXTS", "STORED", "TEXTS", "VECTORS", "call", "now",
    "weak",
]  # fmt: skip

TEXTS = (
    "free money now", "free ticket inside", "money back soon", "call me later", "meet me later", "free call now",
    "money ticket now", "nothing here", "see you later", "free free free",
)  # fmt: skip
ANNOTATIONS = ("spam", "spam", None, "ham", None, "ham", "spam", None, "other", None)
STORED = {"free": "spam", "money": "spam", "later": "ham"}
LABELS = {None: -1, "spam": 0, "ham": 1, "other": 2}
SEVERAL_TEXTS = (
    "good fast", "good slow", "bad slow", "fast", "nothing", "good bad", "slow slow", "fast bad",
)  # fmt: skip
SEVERAL: tuple[list[str] | None, ...] = (
    ["pos", "speed"],
    ["pos"],
    ["neg", "speed"],
    None,
    [],
    None,
    None,
    ["neg"],
)
VECTORS = [
    (1, 0), (0.9, 0.1), (0.2, 1), (-1, 0), (-0.9, 0.3), (0.8, 0.2), (0.3, 0.9), (0.99, 0.05), (-1, 0.1), (1, 0.02),
]  # fmt: skip


def call(record: Any) -> str | None:
    return "ham" if "call" in record.text else None


def now(record: Any) -> list[str] | None:
    return ["spam"] if "now" in record.text else None


FUNCTIONS = [call, now, lambda record: "other" if "you" in record.text else None]


def weak() -> WeakLabels:
    return WeakLabels("mail", [*load_rules("mail"), *FUNCTIONS])
