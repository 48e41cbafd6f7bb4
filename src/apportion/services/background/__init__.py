"""Jobs: long work that goes on after the request that began it, and the worker that does it."""
