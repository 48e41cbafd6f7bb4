"""Jobs: long tasks that go on after the request that began them, and the worker that runs them."""
