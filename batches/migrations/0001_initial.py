import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("challenges", "0001_initial"),
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.SlugField(max_length=40)),
                ("set_name", models.CharField(max_length=40)),
                ("is_evaluation", models.BooleanField(default=False)),
                (
                    "face",
                    models.CharField(choices=[("keep", "Keep"), ("blank", "Blank")], default="keep", max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("built", "Built"), ("revoked", "Revoked")],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("released_at", models.DateTimeField()),
                ("seed", models.CharField(blank=True, max_length=64)),
                ("manifest", models.JSONField(blank=True, default=dict)),
                ("manifest_sha256", models.CharField(blank=True, max_length=64)),
                ("archive_key", models.CharField(blank=True, max_length=200)),
                ("archive_sha256", models.CharField(blank=True, max_length=64)),
                ("archive_bytes", models.BigIntegerField(default=0)),
                ("built_at", models.DateTimeField(blank=True, null=True)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="batches", to="challenges.question"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "ordering": ["released_at", "name"],
            },
        ),
        migrations.CreateModel(
            name="Download",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("address", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="downloads", to="batches.batch"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="downloads",
                        to="challenges.team",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
            },
        ),
        migrations.CreateModel(
            name="Split",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("frozen", "Frozen"), ("replaced", "Replaced")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("seed", models.BigIntegerField()),
                ("rule", models.JSONField()),
                ("balance", models.JSONField(default=dict)),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="splits", to="challenges.question"
                    ),
                ),
            ],
            options={
                "ordering": ["question", "-number"],
            },
        ),
        migrations.AddField(
            model_name="batch",
            name="split",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="batches.split",
            ),
        ),
        migrations.CreateModel(
            name="SplitItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("set_name", models.CharField(max_length=40)),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="split_items", to="uploads.exam"
                    ),
                ),
                (
                    "split",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="batches.split"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BatchItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=40)),
                ("patient_group", models.CharField(blank=True, max_length=40)),
                ("position", models.PositiveIntegerField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="batches.batch"
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="batch_items", to="uploads.exam"
                    ),
                ),
            ],
            options={
                "ordering": ["batch", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "exam"), name="one_item_per_exam"),
                    models.UniqueConstraint(fields=("batch", "public_id"), name="one_item_per_public_id"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="split",
            constraint=models.UniqueConstraint(fields=("question", "number"), name="one_split_per_number"),
        ),
        migrations.AddConstraint(
            model_name="split",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "replaced"), _negated=True),
                fields=("question",),
                name="one_split_in_force_per_question",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("question", "name"), name="one_batch_per_name"),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "built"), _negated=True),
                    models.Q(("archive_key", ""), _negated=True),
                    _connector="OR",
                ),
                name="built_batch_has_an_archive",
            ),
        ),
        migrations.AddIndex(
            model_name="splititem",
            index=models.Index(fields=["split", "set_name"], name="exams_of_a_set"),
        ),
        migrations.AddConstraint(
            model_name="splititem",
            constraint=models.UniqueConstraint(fields=("split", "exam"), name="one_set_per_exam"),
        ),
    ]
