"""Imports every reader, so that the fork server pays for them once and children not at all."""

from concours.formats import check, dicom_check, dicom_image, dicom_seg, nrrd, png

__all__ = ["check", "dicom_check", "dicom_image", "dicom_seg", "nrrd", "png"]
