"""Users, workspaces, sign-in."""
