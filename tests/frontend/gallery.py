"""What the gallery page (templates/pages/design.html) shows: one example of everything, from fixed numbers."""

import datetime as dt
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone

from core.looks import LOOKS

PARIS = dt.timezone(dt.timedelta(hours=2))


class ReleaseForm(forms.Form):
    name = forms.CharField(max_length=40, help_text="Teams see this name.")
    batch_set = forms.ChoiceField(label="Set", choices=[("training", "Training"), ("test", "Test")])
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    deliver = forms.ChoiceField(
        label="Format", choices=[("dicom", "DICOM"), ("nifti", "NIfTI")], widget=forms.RadioSelect
    )
    tell = forms.BooleanField(
        label="Send the teams an e-mail", required=False, help_text="They are told within a minute."
    )


def context() -> dict[str, Any]:
    day = dt.datetime(2019, 9, 11, 9, 0, tzinfo=PARIS)
    exam = {"at": day, "slices": 1}
    return {
        "navigation": [
            {"label": "Challenges", "url": "#flow", "active": True},
            {"label": "My exams", "url": "#tables", "active": False},
            {"label": "Board", "url": "#board", "active": False},
        ],
        "tabs": [
            {"label": word, "url": "#flow", "active": word == "Exams"}
            for word in ("Overview", "Exams", "Readings", "Sets", "Submissions", "Board")
        ],
        "closes": timezone.now() + dt.timedelta(hours=1, minutes=12),
        "stages": [
            {"name": "Receive", "count": 1557, "tone": "good"},
            {"name": "De-identify", "count": 1551, "note": "2 running", "tone": "info"},
            {"name": "Control quality", "count": 1515, "note": "3 to review", "tone": "warn"},
            {"name": "Grade", "count": 1498},
            {"name": "Split", "count": 0},
            {"name": "Release", "count": 0},
            {"name": "Submit", "count": 0},
            {"name": "Score", "count": 0, "note": "1 failed", "tone": "bad"},
            {"name": "Rank", "count": 0},
            {"name": "Announce", "count": 0},
        ],
        "tiles": [
            {"label": "Received", "value": "1 557", "icon": "inbox"},
            {"label": "Accepted", "value": "1 515", "icon": "check-circle", "note": "97 %", "tone": "good"},
            {"label": "Needs review", "value": "3", "icon": "eye", "tone": "warn", "url": "#tables"},
            {"label": "Refused", "value": "39", "icon": "x-octagon", "tone": "bad", "url": "#tables"},
            {"label": "Centres", "value": "10", "icon": "hospital", "note": "9 have signed"},
        ],
        "states": list(LOOKS),
        "reasons": [
            {
                "message": "Slice thickness is 10 mm; this question takes 1.25 to 7 mm.",
                "where": "series 3",
                "todo": "Send another reconstruction.",
            },
            {"message": "The mask is on another grid: 256 x 256, the image is 512 x 512.", "where": "mask.nii.gz"},
        ],
        "exams": [
            {**exam, "name": "exam-0001", "state": "accepted"},
            {**exam, "name": "exam-0002", "state": "deidentifying"},
            {**exam, "name": "exam-0003", "state": "review", "reason": "Text in the pixels of 1 slice"},
            {
                **exam,
                "name": "exam-0004",
                "state": "refused",
                "reason": "Slice thickness is 10 mm; 1.25 to 7 mm is taken",
            },
        ],
        "page": Paginator(range(95), 25).page(2),
        "winners": [
            {"place": 1, "team": "Owkin", "score": "4", "note": "Dice 0.9721"},
            {"place": 2, "team": "Milvue", "score": "6", "note": "Dice 0.9687"},
            {"place": 3, "team": "GAMC", "score": "7", "note": "Dice 0.9650"},
        ],
        "board": [
            {
                "place": 1,
                "team": "Owkin",
                "dice": 0.9721,
                "low": 0.962,
                "high": 0.98,
                "mse": 12.1,
                "total": 4,
                "status": "winner",
            },
            {
                "place": 2,
                "team": "Milvue",
                "dice": 0.9687,
                "low": 0.955,
                "high": 0.978,
                "mse": 13.4,
                "total": 6,
                "status": "ranked",
                "mine": True,
            },
            {
                "place": 3,
                "team": "GAMC",
                "dice": 0.965,
                "low": 0.94,
                "high": 0.975,
                "mse": 13.9,
                "total": 7,
                "status": "ranked",
            },
            {
                "place": None,
                "team": "Threshold",
                "dice": 0.84,
                "low": 0.81,
                "high": 0.87,
                "mse": 90.0,
                "total": None,
                "status": "baseline",
            },
            {"place": None, "team": "LEVIATAN", "dice": None, "mse": None, "total": None, "status": "N.S."},
        ],
        "moments": [
            {"at": day, "title": "Batch 1", "state": "done"},
            {"at": day + dt.timedelta(days=30), "title": "Batch 2", "state": "done", "note": "512 exams"},
            {
                "at": day + dt.timedelta(days=32),
                "until": day + dt.timedelta(days=32, hours=1),
                "title": "Evaluation",
                "state": "now",
            },
            {"at": day + dt.timedelta(days=33), "title": "Winners", "state": "next", "icon": "trophy"},
        ],
        "form": ReleaseForm({"name": "", "batch_set": "test", "deliver": "dicom"}),
        "tones": ["neutral", "info", "good", "warn", "bad", "gold", "accent"],
        "keys": [
            {"key": "A B C D", "does": "Grade"},
            {"key": "N", "does": "Next exam"},
            {"key": "?", "does": "This sheet"},
        ],
    }
