"""The light client behind `import apportion as rg`."""
