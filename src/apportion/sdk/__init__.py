"""The light client: what `import apportion as rg` is made of."""
