import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("challenges", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pseudonym", models.CharField(max_length=64)),
                (
                    "challenge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="patients", to="challenges.challenge"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Exam",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("deidentified", "Deidentified"),
                            ("review", "Review"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("kept", "Kept"),
                            ("dropped", "Dropped"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="received",
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("similarity_hash", models.CharField(blank=True, max_length=64)),
                ("quarantine_key", models.CharField(blank=True, max_length=200)),
                ("bundle_key", models.CharField(blank=True, max_length=200)),
                ("bundle_sha256", models.CharField(blank=True, max_length=64)),
                ("bundle_bytes", models.BigIntegerField(default=0)),
                ("face_possible", models.BooleanField(default=False)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exams", to="challenges.centre"
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exams", to="challenges.question"
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exams",
                        to="uploads.patient",
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series_uid", models.CharField(max_length=64)),
                ("modality", models.CharField(blank=True, max_length=16)),
                ("description", models.CharField(blank=True, max_length=64)),
                ("role", models.CharField(blank=True, max_length=40)),
                ("instance_count", models.PositiveIntegerField(default=0)),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="series", to="uploads.exam"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sop_uid", models.CharField(max_length=64)),
                ("position", models.PositiveIntegerField(default=0)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="instances", to="uploads.series"
                    ),
                ),
            ],
            options={
                "ordering": ["series", "position"],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("exam", "Exam"), ("submission", "Submission"), ("partial", "Partial")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("receiving", "Receiving"),
                            ("stored", "Stored"),
                            ("received", "Received"),
                            ("refused", "Refused"),
                            ("expired", "Expired"),
                        ],
                        default="receiving",
                        max_length=12,
                    ),
                ),
                ("source_name", models.CharField(blank=True, max_length=255)),
                ("length", models.BigIntegerField(blank=True, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                ("blob_key", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("faults", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("stored_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="challenges.centre",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to="challenges.question"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="challenges.team",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.AddField(
            model_name="exam",
            name="upload",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exams",
                to="uploads.upload",
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("letter_given", models.BooleanField()),
                ("refused", models.BooleanField(default=False)),
                ("allows_after_challenge", models.BooleanField(default=True)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "exam",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="consent", to="uploads.exam"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("letter_given", True), ("refused", False), _connector="OR"),
                        name="no_refusal_without_a_letter",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField(default=1)),
                ("value", models.JSONField(blank=True, null=True)),
                ("blob_key", models.CharField(blank=True, max_length=200)),
                ("blob_name", models.CharField(blank=True, max_length=20)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("source", models.CharField(default="upload", max_length=12)),
                ("is_chosen", models.BooleanField(default=True)),
                ("sealed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="annotations", to="uploads.exam"
                    ),
                ),
            ],
            options={
                "ordering": ["field", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("exam", "field", "version"), name="one_annotation_per_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_chosen", True)),
                        fields=("exam", "field"),
                        name="one_chosen_annotation_per_field",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.UniqueConstraint(fields=("challenge", "pseudonym"), name="one_patient_per_pseudonym"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(fields=("exam", "series_uid"), name="one_series_per_uid"),
        ),
        migrations.AddConstraint(
            model_name="instance",
            constraint=models.UniqueConstraint(fields=("series", "sop_uid"), name="one_instance_per_uid"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["state", "expires_at"], name="uploads_that_expire"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["receiving", "expired"]), ("stored_at__isnull", False), _connector="OR"
                ),
                name="stored_upload_has_its_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="refused_upload_has_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="exam",
            index=models.Index(fields=["question", "state"], name="exams_by_state"),
        ),
        migrations.AddIndex(
            model_name="exam",
            index=models.Index(fields=["centre", "question", "state"], name="exams_by_centre"),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.UniqueConstraint(fields=("question", "centre", "number"), name="one_exam_per_number"),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("content_hash", ""), _negated=True),
                    models.Q(("state__in", ["refused", "withdrawn"]), _negated=True),
                ),
                fields=("question", "content_hash"),
                name="one_living_exam_per_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="refused_exam_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["accepted", "kept", "dropped"]), _negated=True),
                    models.Q(("bundle_key", ""), _negated=True),
                    _connector="OR",
                ),
                name="accepted_exam_has_its_bundle",
            ),
        ),
    ]
