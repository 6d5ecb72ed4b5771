"""Cleans files that are not DICOM: NIfTI, NRRD, PNG and reports. What is not needed to read the image goes; names are
replaced.
"""

from concours.deid.other_files.clean import Cleaned, clean_file, clean_name
from concours.deid.other_files.nifti import clean_nifti
from concours.deid.other_files.nrrd import clean_nrrd
from concours.deid.other_files.png import clean_png
from concours.deid.other_files.report import clean_report

__all__ = ["Cleaned", "clean_file", "clean_name", "clean_nifti", "clean_nrrd", "clean_png", "clean_report"]
