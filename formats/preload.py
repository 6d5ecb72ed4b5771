"""Imports every reader, so that the fork server pays for them once and children not at all."""

from formats import check, dicom_image, dicom_seg, nrrd

__all__ = ["check", "dicom_image", "dicom_seg", "nrrd"]
