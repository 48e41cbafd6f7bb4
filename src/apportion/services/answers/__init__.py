"""Answers of annotators: own annotations, bulk writes, gold, eligibility for slots, resolution of records."""
