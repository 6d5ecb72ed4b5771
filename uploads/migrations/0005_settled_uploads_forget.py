"""Settled uploads lose what clients said of them beyond slugs and ids; no upload keeps the raw header."""

from typing import Any

from django.db import migrations

KEPT = ("question", "kind", "centre", "phase", "idempotency_key", "concat", "used")
SETTLED = ("received", "refused", "expired")


def forget(apps: Any, schema_editor: Any) -> None:
    uploads = apps.get_model("uploads", "Upload").objects
    for upload in uploads.exclude(metadata={}).only("pk", "state", "kind", "metadata").iterator():
        settled = upload.state in SETTLED and upload.kind == "exam"
        kept = {
            key: value for key, value in upload.metadata.items() if key in KEPT or (not settled and key != "header")
        }
        if kept != upload.metadata:
            uploads.filter(pk=upload.pk).update(metadata=kept)


class Migration(migrations.Migration):
    dependencies = [("uploads", "0004_consent_as_recorded")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop, elidable=True)]
