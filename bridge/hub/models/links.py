"""Links sent by mail with which a person comes in. The secret stands in the mail only; we keep its digest."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bridge.hub.models.people import User


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    """Links by what can still be done with them."""

    def open(self, now: datetime | None = None) -> "SignInLinkQuerySet":
        """Neither used, nor taken back, nor run out; of people who may come in."""
        return self.filter(
            used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now or timezone.now(), user__is_active=True
        )


class SignInLink(models.Model):
    """One link, good for one use until it runs out. `digest` is the SHA-256 of its secret, in hexadecimal."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        SIGN_IN = "sign_in", _("Sign-in link")

    user = models.ForeignKey(User, models.CASCADE, related_name="sign_in_links")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    next_path = models.CharField(max_length=500, blank=True)  # where the person wanted to go

    objects = SignInLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in link")
        verbose_name_plural = _("sign-in links")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["user", "kind", "-made_at"], name="sign_in_link_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {self.user}"

    def state(self, now: Any = None) -> str:
        """Return "used", "withdrawn", "expired", "unsent" or "waiting"."""
        if self.used_at:
            return "used"
        if self.withdrawn_at:
            return "withdrawn"
        if self.expires_at <= (now or timezone.now()):
            return "expired"
        return "waiting" if self.mailed_at else "unsent"
