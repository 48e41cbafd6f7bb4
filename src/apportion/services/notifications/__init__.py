"""Webhooks: who is told of events, and the deliveries on their way."""
