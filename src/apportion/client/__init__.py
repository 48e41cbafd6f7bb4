"""Imports from inside the 1.x package keep their place here: `argilla.client.x` is `apportion.client.x`."""
