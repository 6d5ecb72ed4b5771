"""Settings, URL table, servers and the pipeline."""
