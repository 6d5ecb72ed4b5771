"""What people of an edition do on a given day, each in a process with a token of its own."""
