import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("challenges", "0001_initial"),
        ("scoring", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Ranking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.CharField(default="all", max_length=8)),
                ("number", models.PositiveIntegerField()),
                ("snapshot", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("statistics", models.JSONField(blank=True, default=dict)),
                ("reason", models.TextField(blank=True)),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "phase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rankings", to="challenges.phase"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rankings", to="challenges.question"
                    ),
                ),
            ],
            options={
                "ordering": ["question", "phase", "part", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Placing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("place", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ranked", "Ranked"),
                            ("N.S.", "Not Submitted"),
                            ("baseline", "Baseline"),
                            ("excluded", "Excluded"),
                        ],
                        max_length=10,
                    ),
                ),
                ("total", models.FloatField(blank=True, null=True)),
                ("scores", models.JSONField(default=dict)),
                ("ranks", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True)),
                (
                    "evaluation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="placings",
                        to="scoring.evaluation",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="placings", to="challenges.team"
                    ),
                ),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="placings", to="leaderboard.ranking"
                    ),
                ),
            ],
            options={
                "ordering": ["ranking", "position"],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("centre_exams", models.JSONField(default=list)),
                ("words", models.JSONField(blank=True, default=dict)),
                ("announced_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "best_centre",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wins",
                        to="challenges.centre",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="announcement",
                        to="challenges.question",
                    ),
                ),
                ("winners", models.ManyToManyField(related_name="wins", to="challenges.team")),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="announcements",
                        to="leaderboard.ranking",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="ranking",
            constraint=models.UniqueConstraint(fields=("phase", "part", "number"), name="one_ranking_per_number"),
        ),
        migrations.AddConstraint(
            model_name="placing",
            constraint=models.UniqueConstraint(fields=("ranking", "team"), name="one_placing_per_team"),
        ),
        migrations.AddConstraint(
            model_name="placing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "ranked"), ("place__isnull", False)),
                    models.Q(models.Q(("status", "ranked"), _negated=True), ("place__isnull", True)),
                    _connector="OR",
                ),
                name="only_ranked_teams_have_a_place",
            ),
        ),
    ]
