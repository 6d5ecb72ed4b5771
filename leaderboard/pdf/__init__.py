"""PDF files of an edition. Same content, same bytes: no time of making stands in them."""
