"""Show the gold value of a record to those who may see it once they have answered."""

from __future__ import annotations

from apportion.domain.individual.case import Case, GoldValue, Origin

__all__ = ["gold_shown_to"]


def gold_shown_to(case: Case, name: str) -> GoldValue | None:
    """Return the gold value if the annotator has answered and may see it: a decision, or a check that reveals it."""
    own = case.of(name)
    if case.gold is None or own is None or not own.answered:
        return None
    check = next(
        (
            slot.reveals_gold
            for slot in case.slots
            if slot.annotator == name and slot.reveals_gold is not None
        ),
        None,
    )
    revealed = case.gold.origin is Origin.ADJUDICATED if check is None else check
    return case.gold if revealed else None
