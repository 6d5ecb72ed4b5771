"""One file a role. Each client is a process of its own that knows an address, a token and what its person wants."""
