"""Agreement, progress, team overview, metrics, audit log; with comments and labeling rules."""
