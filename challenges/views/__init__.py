"""Pages of the frame: challenge, question, charter, invitation, team, and one's access tokens."""
