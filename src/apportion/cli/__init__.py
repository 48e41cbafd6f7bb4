"""The command line. Importing it loads nothing that only a server needs."""
