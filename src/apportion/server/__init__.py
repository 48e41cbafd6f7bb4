"""HTTP: the app, its routes, who is calling, and how refusals are told."""
