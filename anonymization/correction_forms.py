"""The form of a correction: the field's own input, or a file, and the reason."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from anonymization.correct import LONGEST_REASON
from concours.questions.schema import FieldSpec
from uploads.sending_words import value_input

MASKS = ".nii,.nii.gz,.nrrd,.png,.npy,.dcm"
TABLES = ".csv,.xlsx"


class CorrectionForm(forms.Form):
    """One field of one exam; its inputs are called `value` or `file`, and `reason`."""

    def __init__(self, field: FieldSpec, *, teams_read: bool) -> None:
        super().__init__(auto_id=f"correct-{field.name}-%s", use_required_attribute=False)
        self.fields["field"] = forms.CharField(widget=forms.HiddenInput, initial=field.name)
        if field.type in ("mask", "table"):
            accept = MASKS if field.type == "mask" else TABLES
            label = _("New mask") if field.type == "mask" else _("New table")
            self.fields["file"] = forms.FileField(label=label, widget=forms.FileInput(attrs={"accept": accept}))
        else:
            self.fields["value"] = value_input(field, needed=True)
            if field.type == "text":
                self.fields["value"].widget = forms.Textarea(attrs={"rows": 4})
        public_note = _("Recorded for good; teams can read it. Name nobody, and do not give the value away.")
        kept_note = _("Recorded for good. Name nobody.")
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=LONGEST_REASON, help_text=public_note if teams_read else kept_note
        )
