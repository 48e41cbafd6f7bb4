"""The place of `argilla.client.sdk.datasets`."""
