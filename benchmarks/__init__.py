"""Our figures beside those of other libraries: `make bench` (docs/performance.md)."""
