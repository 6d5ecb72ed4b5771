"""What the first page shows, one file for each role of a person, and the list of challenges."""
