"""De-identification of DICOM files after PS3.15 Annex E, plain Python without Django.

Use from the platform::

    from anonymization.deid import Deidentifier, parse_key, pseudonym, date_shift_days, new_uid
    from anonymization.deid.reading import PixelReader    # loads models when first used: workers only, never web processes

    key = parse_key(Path(key_file).read_text())
    engine = Deidentifier(key, centre="Nîmes", keep=question_keep_list, examine=PixelReader())
    report = engine.deidentify_file("/quarantine/0001", "/released")
    report.outcome            # "written", "review" or "refused"; report.reason is a reason code of INTERFACES
    report.output             # path below the destination: <study>/<series>/<sop>.dcm, or review/…
    report.to_json()          # tags and actions, never a value

`deidentify_file` never raises for what a file holds. Without `examine` every kind of image that may carry writing goes to review.
One engine serves many files of one centre and one thread: a series shares what is worked out once. For whole folders, with worker
processes that may crash or hang without harm, use `tree.deidentify_tree`. `pseudonym`, `date_shift_days` and `new_uid` are
the one derivation of identity; every other route in (tables, NIfTI names, PACS queries) calls them with the same key and centre.
"""

from anonymization.deid.deidentifier import Deidentifier
from anonymization.deid.identity import KeyFileError, date_shift_days, new_uid, normalise_id, parse_key, pseudonym
from anonymization.deid.keep import KeepError
from anonymization.deid.refusal import RefusedError
from anonymization.deid.report import FileReport
from anonymization.deid.rules import DEFAULT, OPTIONS, ProfileError, load_profile, parse_profile

__all__ = [
    "DEFAULT",
    "OPTIONS",
    "Deidentifier",
    "FileReport",
    "KeepError",
    "KeyFileError",
    "ProfileError",
    "RefusedError",
    "date_shift_days",
    "load_profile",
    "new_uid",
    "normalise_id",
    "parse_key",
    "parse_profile",
    "pseudonym",
]
