"""What several metrics stand on: the contract, regions, surfaces, curves, counts. No file here is a metric itself."""
