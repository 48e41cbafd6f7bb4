"""Values and decisions: no files, network, clock, dice or framework."""
