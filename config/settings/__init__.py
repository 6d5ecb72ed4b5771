"""Settings: base, embedded (the default), testing, production. All values come from the environment."""
