"""Faults on the production stack: `make faults SECONDS=60 SEED=1`. What it promises and how: docs/reliability.md."""
