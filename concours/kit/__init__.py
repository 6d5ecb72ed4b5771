"""What a team needs to begin: a description of the data, a sample submission, and a baseline that it can run and change."""
