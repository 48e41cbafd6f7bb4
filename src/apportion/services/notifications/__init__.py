"""Webhooks: their settings, and the deliveries of events to them."""
