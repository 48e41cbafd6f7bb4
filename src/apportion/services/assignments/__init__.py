"""Plans and the queue: compute a plan or a change of one, apply it in steps, claim and release records."""
