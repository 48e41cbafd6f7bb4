"""Import paths of the 1.x package: `argilla.client.x` is `apportion.client.x`."""
