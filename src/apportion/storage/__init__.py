"""Storage engines. Only ``bootstrap`` may import one by name."""
