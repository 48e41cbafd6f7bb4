"""Use cases, one module per family, named by verb. Each decides, in order: may they, what follows, save."""
