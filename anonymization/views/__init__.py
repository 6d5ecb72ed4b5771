"""Pages of reviews, series to choose, corrections and texts."""
