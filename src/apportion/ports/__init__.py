"""What use cases need from outside, as protocols. Engines fulfil them; bootstrap picks the engine."""
