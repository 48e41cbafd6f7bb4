"""Conversion between wire shapes and domain values, one module per noun."""
