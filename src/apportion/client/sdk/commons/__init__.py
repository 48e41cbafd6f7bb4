"""The place of `argilla.client.sdk.commons`."""
