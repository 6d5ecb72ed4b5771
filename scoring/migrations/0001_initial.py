import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("batches", "0001_initial"),
        ("challenges", "0001_initial"),
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("question_revision", models.PositiveIntegerField()),
                ("seed", models.BigIntegerField(default=0)),
                ("provenance", models.JSONField(default=dict)),
                ("artefacts_key", models.CharField(blank=True, max_length=200)),
                ("cases", models.PositiveIntegerField(default=0)),
                ("done_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["submission", "-number"],
            },
        ),
        migrations.CreateModel(
            name="JuryCase",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("index", models.PositiveIntegerField()),
                ("cluster", models.PositiveIntegerField()),
                ("images_key", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="jury_cases", to="challenges.question"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JurySession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seed", models.BigIntegerField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "juror",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jury_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jury_sessions",
                        to="challenges.question",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JuryMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("criterion", models.CharField(max_length=40)),
                ("mark", models.PositiveSmallIntegerField()),
                ("marked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="marks", to="scoring.jurycase"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="marks", to="scoring.jurysession"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                (
                    "part",
                    models.CharField(
                        choices=[("all", "All"), ("public", "Public"), ("private", "Private")],
                        default="all",
                        max_length=8,
                    ),
                ),
                ("value", models.FloatField(blank=True, null=True)),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="scoring.evaluation"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("valid", "Valid"),
                            ("rejected", "Rejected"),
                            ("scored", "Scored"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("blob_key", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("idempotency_key", models.CharField(blank=True, max_length=80, null=True)),
                ("faults", models.JSONField(blank=True, default=list)),
                ("reason", models.TextField(blank=True)),
                ("description", models.TextField(blank=True)),
                ("declared", models.JSONField(blank=True, default=dict)),
                ("is_final", models.BooleanField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="submissions", to="challenges.phase"
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="submissions", to="challenges.team"
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="submission", to="uploads.upload"
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at"],
            },
        ),
        migrations.AddField(
            model_name="jurycase",
            name="submission",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="jury_cases",
                to="scoring.submission",
            ),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="evaluations", to="scoring.submission"
            ),
        ),
        migrations.CreateModel(
            name="Truth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("blob_key", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("public_manifest", models.JSONField()),
                ("cases", models.PositiveIntegerField()),
                ("reason", models.TextField(blank=True)),
                ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="truths", to="batches.batch"
                    ),
                ),
                (
                    "sealed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "-version"],
            },
        ),
        migrations.AddField(
            model_name="evaluation",
            name="truth",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="evaluations", to="scoring.truth"
            ),
        ),
        migrations.CreateModel(
            name="CaseScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=40)),
                ("value", models.FloatField(blank=True, null=True)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="case_scores", to="scoring.evaluation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("evaluation", "public_id", "name"), name="one_score_per_case")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="jurysession",
            constraint=models.UniqueConstraint(fields=("question", "juror"), name="one_jury_session_per_juror"),
        ),
        migrations.AddConstraint(
            model_name="jurymark",
            constraint=models.UniqueConstraint(fields=("session", "case", "criterion"), name="one_mark_per_criterion"),
        ),
        migrations.AddConstraint(
            model_name="jurymark",
            constraint=models.CheckConstraint(condition=models.Q(("mark__lte", 4)), name="marks_go_from_0_to_4"),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "name", "part"), name="one_score_per_name_and_part"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["phase", "team", "received_at"], name="submissions_of_a_team"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                fields=("team", "idempotency_key"), name="one_submission_per_idempotency_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_final", True)), fields=("team", "phase"), name="one_final_submission_per_phase"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="failed_submission_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "rejected"), _negated=True),
                    models.Q(("faults", []), _negated=True),
                    _connector="OR",
                ),
                name="rejected_submission_has_its_errors",
            ),
        ),
        migrations.AddConstraint(
            model_name="jurycase",
            constraint=models.UniqueConstraint(fields=("submission", "index"), name="one_jury_case_per_index"),
        ),
        migrations.AddConstraint(
            model_name="truth",
            constraint=models.UniqueConstraint(fields=("batch", "version"), name="one_truth_per_version"),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.UniqueConstraint(fields=("submission", "number"), name="one_evaluation_per_number"),
        ),
    ]
