"""HTTP layer: the app, its routes, authentication, and error responses."""
