"""Protocols for what use cases need from outside. Adapters implement them; bootstrap picks the adapter."""
