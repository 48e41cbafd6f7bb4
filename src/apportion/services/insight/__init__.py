"""Read-only views: agreement, progress, team overview, metrics; comments and labeling rules beside them."""
