"""Answers people give: their own annotations, bulk writes, gold, who may take a slot, and what records resolve to."""
