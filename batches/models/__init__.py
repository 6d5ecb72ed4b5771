"""Splits, batches, their items and download receipts."""

from batches.models.batch import Batch, BatchItem, Download
from batches.models.split import Split, SplitItem

__all__ = ["Batch", "BatchItem", "Download", "Split", "SplitItem"]
