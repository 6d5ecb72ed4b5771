"""Splits, batches, their items and download receipts."""

from batches.models.batch import Batch, BatchItem, DeletionRequest, Download
from batches.models.split import Split, SplitItem

__all__ = ["Batch", "BatchItem", "DeletionRequest", "Download", "Split", "SplitItem"]
