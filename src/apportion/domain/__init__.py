"""Values and decisions: no files, network, clock, randomness or framework."""
