"""De-identification of DICOM files after PS3.15 Annex E, plain Python without Django.

Use from the platform::

    from concours.deid import Deidentifier, centre_key, parse_key
    from concours.deid.pixel_text.examine import PixelExaminer    # loads models when first used: workers only

    key = centre_key(parse_key(Path(key_file).read_text()), "Nîmes")
    engine = Deidentifier(key, keep=question_keep_list, examine=PixelExaminer())
    report = engine.deidentify_file("/quarantine/0001", "/released")
    report.outcome            # "written", "review" or "refused"; report.reason is a reason code of INTERFACES
    report.output             # path below the destination: <study>/<series>/<sop>.dcm, or review/…
    report.to_json()          # tags and actions, never a value

`deidentify_file` never raises for what a file holds. Without `examine` every kind of image that may carry writing goes to review.
One engine serves many files of one centre and one thread: a series shares what is worked out once. For whole folders, with worker
processes that may crash or hang without harm, use `tree.deidentify_tree`. `CentreKey` is the one derivation of identity: its
`pseudonym`, `shift_days` and `new_uid` serve every other route in (tables, PACS queries, the browser), and the server, a
centre's script and its browser get the same from it.
"""

from concours.deid.deidentifier import Deidentifier
from concours.deid.identity import (
    CentreKey,
    IdentityKey,
    KeyFileError,
    PreparedKey,
    centre_key,
    normalise_id,
    parse_key,
    prepared_proof,
)
from concours.deid.keep import KeepError
from concours.deid.refusal import FileRefusedError
from concours.deid.report import FileReport
from concours.deid.rules import DEFAULT, OPTIONS, ProfileError, load_profile, parse_profile

__all__ = [
    "DEFAULT",
    "OPTIONS",
    "CentreKey",
    "Deidentifier",
    "FileRefusedError",
    "FileReport",
    "IdentityKey",
    "KeepError",
    "KeyFileError",
    "PreparedKey",
    "ProfileError",
    "centre_key",
    "load_profile",
    "normalise_id",
    "parse_key",
    "parse_profile",
    "prepared_proof",
]
