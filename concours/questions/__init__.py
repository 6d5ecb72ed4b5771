"""The question file: its schema, the catalogue that ships with it, and importers of other platforms' formats."""
