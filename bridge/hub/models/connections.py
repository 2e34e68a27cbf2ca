"""Vendor apps, connections and how far each has been read."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.hub import vault
from bridge.hub.documents import DocumentField
from bridge.hub.formats import language
from bridge.hub.models.people import Owned, User


class Environment(models.TextChoices):
    """Where an account lives. Data of one never meets data of another."""

    LIVE = "live", _("Live")
    VENDOR_SANDBOX = "vendor_sandbox", _("Vendor sandbox")
    LOCAL_SANDBOX = "local_sandbox", _("Simulator")


class VendorApp(models.Model):
    """Our registration with a vendor, one per vendor and environment. Secrets are sealed and write only."""

    vendor = models.CharField(_("vendor"), max_length=40)
    environment = models.CharField(_("environment"), max_length=20, choices=Environment.choices)
    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.TextField(blank=True, editable=False)
    sealed_webhook_secrets = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("vendor app")
        verbose_name_plural = _("vendor apps")
        constraints = [models.UniqueConstraint(fields=["vendor", "environment"], name="one_app_per_environment")]

    def __str__(self) -> str:
        found = registry.connectors().get(self.vendor)
        return f"{found.label.say(language()) if found else self.vendor} ({self.get_environment_display()})"

    @property
    def place(self) -> str:
        return f"app:{self.vendor}:{self.environment}"

    @property
    def secret(self) -> str:
        """The client secret, unsealed."""
        return vault.unseal_text(self.sealed_secret, f"{self.place}:secret") if self.sealed_secret else ""

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed_secret = vault.seal_text(value, f"{self.place}:secret") if value else ""

    @property
    def webhook_secrets_kept(self) -> int:
        """How many of them are valid at once."""
        found = registry.connectors().get(self.vendor)
        return found.webhooks.secrets_kept if found and found.webhooks else 2

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets now valid for deliveries, newest first: as many at once as the vendor's connector says."""
        if not self.sealed_webhook_secrets:
            return []
        return list(vault.unseal(self.sealed_webhook_secrets, f"{self.place}:webhook"))

    @webhook_secrets.setter
    def webhook_secrets(self, values: list[str]) -> None:
        kept = list(dict.fromkeys(value for value in values if value))[: self.webhook_secrets_kept]
        self.sealed_webhook_secrets = vault.seal(kept, f"{self.place}:webhook") if kept else ""


class Connection(Owned):
    """One authorised account at a vendor."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        CONNECTED = "connected", _("Connected")
        ATTENTION = "attention", _("Reconnect needed")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")

    vendor = models.CharField(_("vendor"), max_length=40)
    environment = models.CharField(_("environment"), max_length=20, choices=Environment.choices)
    account_id = models.CharField(_("account id"), max_length=200, blank=True)
    account_name = models.CharField(_("account"), max_length=300, blank=True)
    base_url = models.URLField(_("address"), blank=True)
    facts = DocumentField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.NEW)
    reason_code = models.CharField(max_length=80, blank=True)
    reason_params = DocumentField(default=dict, blank=True)
    sealed_grant = models.TextField(blank=True, editable=False)
    grant_expires_at = models.DateTimeField(_("access until"), null=True, blank=True)
    refresh_expires_at = models.DateTimeField(_("renewable until"), null=True, blank=True)
    hard_expires_at = models.DateTimeField(_("consent ends"), null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    connected_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    findings = DocumentField(default=list, blank=True)
    path_secret = models.CharField(max_length=64, blank=True, editable=False)
    sealed_webhook_secret = models.TextField(blank=True, editable=False)
    webhook_id = models.CharField(max_length=100, blank=True)
    read_seq = models.BigIntegerField(default=0, editable=False)
    clock_skew_seconds = models.FloatField(default=0, editable=False)
    throttled_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["vendor", "account_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "environment", "account_id"],
                condition=~Q(account_id="") & ~Q(state="disconnected"),
                name="one_connection_per_account",
            )
        ]

    def __str__(self) -> str:
        return self.account_name or f"{self.vendor} {self.pk}"

    @property
    def place(self) -> str:
        return f"connection:{self.public_id}"

    @property
    def account_key(self) -> str:
        """What the vendor counts calls by."""
        return f"{self.vendor}:{self.environment}:{self.account_id or self.public_id}"

    @property
    def grant(self) -> dict[str, Any]:
        """The credential, unsealed; {} when there is none."""
        return dict(vault.unseal(self.sealed_grant, f"{self.place}:grant")) if self.sealed_grant else {}

    @grant.setter
    def grant(self, value: dict[str, Any]) -> None:
        self.sealed_grant = vault.seal(value, f"{self.place}:grant") if value else ""

    @property
    def webhook_secret(self) -> str:
        """The delivery secret of this connection's own subscription, unsealed."""
        sealed = self.sealed_webhook_secret
        return vault.unseal_text(sealed, f"{self.place}:webhook") if sealed else ""

    @webhook_secret.setter
    def webhook_secret(self, value: str) -> None:
        self.sealed_webhook_secret = vault.seal_text(value, f"{self.place}:webhook") if value else ""

    @property
    def is_usable(self) -> bool:
        return self.state == self.State.CONNECTED

    def throttled(self, now: datetime | None = None) -> bool:
        """Tell whether the vendor asked us to wait."""
        return bool(self.throttled_until and self.throttled_until > (now or timezone.now()))


class SignInState(models.Model):
    """One trip to a vendor's consent page: one use, ten minutes, bound to person, session and connection."""

    state = models.CharField(max_length=64, unique=True)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=64)
    next_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class Cursor(models.Model):
    """How far a feed of an account has been read; saved in the same commit as its page."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="cursors")
    feed = models.CharField(max_length=40)
    scope = models.CharField(max_length=100, blank=True)
    value = DocumentField(null=True)
    version = models.PositiveIntegerField(default=0)  # a reader that was overtaken sees it and stops
    statement = DocumentField(default=dict)  # per resource: expected, seen, complete, at
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "feed", "scope"], name="one_cursor_per_feed")]

    def __str__(self) -> str:
        return f"{self.feed} of {self.connection_id}"


class Budget(models.Model):
    """Calls spent in one time window of one account's limit, shared by all workers of this database."""

    key = models.CharField(max_length=200, unique=True)  # account, bucket and window length
    window = models.BigIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.key


class Slot(models.Model):
    """One of the calls an account allows at the same time, held by a process until a deadline."""

    key = models.CharField(max_length=200)
    number = models.PositiveSmallIntegerField()
    holder = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "number"], name="one_holder_per_slot")]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class VendorCall(models.Model):
    """One call made, without query, headers or body: what it was, how it ended, how long it took."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="calls")
    run = models.ForeignKey("hub.Run", models.CASCADE, null=True, related_name="calls")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(default=0)
    request_id = models.CharField(max_length=100, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["connection", "started_at"]), models.Index(fields=["run", "started_at"])]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class InboxEvent(models.Model):
    """One line of a webhook delivery: a hint to look again, kept until it was acted on."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        DONE = "done", _("Done")
        UNKNOWN = "unknown", _("Of a kind we do not know")
        NOBODY = "nobody", _("Of an account we do not know")
        FAILED = "failed", _("Failed")

    vendor = models.CharField(max_length=40)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="events")
    unique_id = models.CharField(max_length=120)
    resource = models.CharField(max_length=40, blank=True)
    remote_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=40, blank=True)
    merged_from = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    attempts = models.PositiveSmallIntegerField(default=0)
    replayed_count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        constraints = [models.UniqueConstraint(fields=["vendor", "unique_id"], name="one_row_per_event")]
        indexes = [models.Index(fields=["state", "received_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.resource} {self.remote_id}"


class Intake(models.Model):
    """Deliveries counted per vendor and day: accepted, refused, doubled. Shows a feed that fell silent or is
    attacked.
    """

    vendor = models.CharField(max_length=40)
    day = models.DateField()
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vendor", "day"], name="one_intake_per_day")]

    def __str__(self) -> str:
        return f"{self.vendor} {self.day}"
