"""Seals over the audit's history: each binds one entry to all that were sealed before it."""

from django.db import models


class AuditSeal(models.Model):
    """The seal of one history entry. `entry` is no foreign key: the seal outlives an entry somebody takes away."""

    entry = models.BigIntegerField(unique=True)
    key = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.pk}: {self.digest[:12]}"
