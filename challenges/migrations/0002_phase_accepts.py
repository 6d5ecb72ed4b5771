"""What people send in a phase stands on its row; rows made before read it from their question's newest file."""

from typing import Any

import yaml
from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    revisions = apps.get_model("challenges", "QuestionRevision")
    for phase in apps.get_model("challenges", "Phase").objects.all():
        newest = revisions.objects.filter(question_id=phase.question_id).order_by("-number").first()
        phases = (yaml.safe_load(newest.source).get("phases") or {}) if newest is not None else {}
        declared = phases.get(phase.name)
        if declared is not None:
            default = "submissions" if phase.decides or phase.batch else "nothing"
            phase.accepts = declared.get("accepts", default)
            phase.save(update_fields=["accepts"])


class Migration(migrations.Migration):
    dependencies = [("challenges", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="phase",
            name="accepts",
            field=models.CharField(default="nothing", max_length=20),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
