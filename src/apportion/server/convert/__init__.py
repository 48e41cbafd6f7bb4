"""Wire shapes from and to domain values, one module per noun."""
