"""The import path of `argilla.client.sdk`."""
