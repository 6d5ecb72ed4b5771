"""Objects that have to leave a store: the list is written with the change that decided it, and worked off until they are gone."""

from django.db import models
from django.utils import timezone


class Erasure(models.Model):
    """`key` is one object, or with a slash at its end everything of one owner. Of an owner all is erased once more a while after
    `done_at`: a worker that was writing at that moment may have left an object behind.
    """

    store = models.CharField(max_length=12)
    key = models.CharField(max_length=200)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "key"], name="one_erasure_per_key")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
