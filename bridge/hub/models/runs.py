"""Runs, the changes they plan, and the ledger of what became of each."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField
from bridge.hub.models.connections import Connection
from bridge.hub.models.integrations import Flow, Integration, OfIntegration
from bridge.hub.models.people import User
from bridge.hub.models.records import Record


class Run(models.Model):
    """One pass. Never "done" without saying so when it holds anything."""

    class Kind(models.TextChoices):
        SYNC = "sync", _("Sync")
        UNDO = "undo", _("Undo")
        DISCONNECT = "disconnect", _("Disconnect")
        MERGE = "merge", _("Merge")
        IMPORT = "import", _("One-time import")
        MAKE = "make", _("Making what is missing")

    class Trigger(models.TextChoices):
        PERSON = "person", _("a person")
        SCHEDULE = "schedule", _("the schedule")
        WEBHOOK = "webhook", _("a vendor's notice")
        IMPORT = "import", _("an import")

    class State(models.TextChoices):
        READING = "reading", _("Reading")
        PLANNING = "planning", _("Planning")
        PLANNED = "planned", _("Waits for approval")
        APPLYING = "applying", _("Writing")
        DONE = "done", _("Done")
        HELD = "held", _("Done, some held")
        INCOMPLETE = "incomplete", _("Incomplete")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")

    OPEN = (State.READING, State.PLANNING, State.PLANNED, State.APPLYING)
    WORKING = (State.READING, State.PLANNING, State.APPLYING)

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="runs")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.SYNC)
    trigger = models.CharField(_("started by"), max_length=10, choices=Trigger.choices)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    plan_only = models.BooleanField(_("plan only"), default=False)
    only = DocumentField(default=list)  # entities; [] is all that are on
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.READING)
    reason_code = models.CharField(max_length=80, blank=True)
    reason_params = DocumentField(default=dict)
    brakes = DocumentField(default=list)
    pinned = DocumentField(default=dict)  # settings and rules as they were when the run began
    counts = DocumentField(default=dict)
    statement = DocumentField(default=list)  # completeness, one line per resource
    reconciliation = DocumentField(null=True)
    undo_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undone_by")
    stop_asked = models.BooleanField(default=False)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    starts = models.PositiveSmallIntegerField(default=0)  # slices begun without progress, counted before the work
    started_at = models.DateTimeField(auto_now_add=True)
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(state__in=("reading", "planning", "planned", "applying")),
                name="one_open_run_per_integration",
            )
        ]
        indexes = [models.Index(fields=["state", "wake_at"], name="run_due")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Dispatch(models.Model):
    """A group of changes sent in one call. With a ticket the vendor works on it and is asked again later."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="dispatches")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    resource = models.CharField(max_length=40)
    ticket = DocumentField(null=True)
    poll_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField()
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["run", "is_open"])]

    def __str__(self) -> str:
        return f"dispatch {self.pk}"


class Change(models.Model):
    """One planned write, and the ledger of what happened to it.

    Columns that lead one of the indexes below have none of their own: each costs time at every write.
    """

    class Action(models.TextChoices):
        CREATE = "create", _("Create")
        UPDATE = "update", _("Update")
        LINK = "link", _("Link")
        FOLLOW = "follow", _("Share")
        VOID = "void", _("Void")
        REMOVE = "remove", _("Remove")
        MERGE = "merge", _("Merge")
        SKIP = "skip", _("Leave out")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        READY = "ready", _("Ready")
        SENDING = "sending", _("Sending")
        DONE = "done", _("Sent")
        REJECTED = "rejected", _("Not sent")
        UNKNOWN = "unknown", _("Being checked")
        HELD = "held", _("Held")
        SKIPPED = "skipped", _("Left out")
        SUPERSEDED = "superseded", _("Replaced")
        UNDONE = "undone", _("Undone")

    OPEN = (State.PLANNED, State.READY, State.SENDING, State.UNKNOWN, State.HELD, State.REJECTED)
    IN_FLIGHT = (State.READY, State.SENDING, State.UNKNOWN)

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="changes", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="changes", db_index=False)
    flow = models.ForeignKey(Flow, models.SET_NULL, null=True, related_name="changes", db_index=False)
    entity = models.CharField(_("entity"), max_length=20)
    stage = models.PositiveSmallIntegerField(default=0)
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    toward = models.CharField(max_length=8, default="right")
    source = models.ForeignKey(Record, models.SET_NULL, null=True, related_name="changes_out", db_index=False)
    target = models.ForeignKey(Record, models.SET_NULL, null=True, related_name="changes_in", db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", db_index=False)  # the one written to
    resource = models.CharField(max_length=40)  # of the target
    scope = models.CharField(max_length=100, blank=True)
    remote_id = models.CharField(max_length=200, blank=True)  # of the target, once known
    title = models.CharField(_("record"), max_length=300, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    currency = models.CharField(max_length=3, blank=True)
    before = DocumentField(default=dict)
    after = DocumentField(default=dict)
    sent = DocumentField(default=dict)
    code = models.CharField(_("reason"), max_length=80, blank=True)
    params = DocumentField(default=dict)
    trace = DocumentField(default=list)
    rules_version = models.PositiveIntegerField(default=1)
    based_on = models.CharField(max_length=70, blank=True)  # fingerprints of source and target when planned
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PLANNED)
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    approved_at = models.DateTimeField(null=True)
    payload = DocumentField(null=True)
    revision = models.CharField(max_length=32, blank=True)
    key = models.CharField(max_length=50, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    dispatch = models.ForeignKey(Dispatch, models.SET_NULL, null=True, related_name="changes", db_index=False)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=40, blank=True)  # how an unknown outcome was resolved
    error_code = models.CharField(max_length=80, blank=True)
    error_params = DocumentField(default=dict)
    error_detail = models.TextField(blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    carried_by = models.ForeignKey("self", models.SET_NULL, null=True, related_name="carries", db_index=False)
    undo_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    happened_at = models.DateTimeField(null=True)  # when the source was changed, by its vendor's clock

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [
            # One open write per source record and direction: two planners cannot bill twice.
            models.UniqueConstraint(
                fields=["integration", "source", "toward"],
                condition=Q(state__in=("planned", "ready", "sending", "unknown", "held", "rejected"))
                & Q(source__isnull=False),
                name="one_open_change_per_source",
            )
        ]
        indexes = [
            models.Index(fields=["run", "state", "stage", "id"], name="change_work"),
            models.Index(fields=["integration", "state", "code"], name="change_held"),
            models.Index(fields=["source", "integration"], name="change_source"),
            # What is empty on most rows, or most of the time, is not indexed while it is: each change is written three
            # times on its way, and every index with it.
            models.Index(
                fields=["integration", "settled_at"], condition=Q(settled_at__isnull=False), name="change_settled"
            ),
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False), name="change_when"),
            models.Index(fields=["request_id"], condition=~Q(request_id=""), name="change_request"),
            models.Index(fields=["target"], condition=Q(target__isnull=False), name="change_target"),
            models.Index(fields=["dispatch"], condition=Q(dispatch__isnull=False), name="change_dispatch"),
            models.Index(fields=["carried_by"], condition=Q(carried_by__isnull=False), name="change_carried"),
            models.Index(fields=["undo_of"], condition=Q(undo_of__isnull=False), name="change_undo"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.title}"

    @property
    def reason(self) -> str:
        """The code a person is shown: what the vendor said last, else why it was planned."""
        return self.error_code or self.code


class HeldCauses(OfIntegration):
    """Who looks after what is held."""

    def put_off(self) -> "list[HeldCause]":
        """Return those put off to a day that has not come, each by its own client's date."""
        earliest = timezone.now().date() - timedelta(days=1)  # nowhere is it earlier
        rows = self.filter(until__gt=earliest).select_related("integration__organization")
        return [row for row in rows if row.is_put_off]


class HeldCause(models.Model):
    """Who of the office looks after one cause of held records in one integration, and until when it is put off.

    It stands beside the records, not on them: they come and go with runs, and what is held for the same cause tomorrow
    goes to the same person.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="held_causes")
    cause = models.CharField(_("cause"), max_length=80)
    assigned_to = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("assigned to")
    )
    until = models.DateField(_("put off until"), null=True, blank=True)

    objects = HeldCauses.as_manager()

    class Meta:
        verbose_name = _("held cause")
        verbose_name_plural = _("held causes")
        constraints = [models.UniqueConstraint(fields=["integration", "cause"], name="one_row_per_held_cause")]

    def __str__(self) -> str:
        return self.cause

    @property
    def is_put_off(self) -> bool:
        """Tell whether its day has not come yet where the client is. On the day itself it is back."""
        return self.until is not None and self.until > self.integration.organization.today


class Heartbeat(models.Model):
    """When a part of the machinery last showed a sign of life."""

    name = models.CharField(max_length=80, unique=True)
    beat_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class Instance(models.Model):
    """Which installation this database belongs to: a copy started elsewhere must not write (fault C16)."""

    name = models.CharField(max_length=80)
    key_check = models.TextField()  # a sealed word: proves that the key ring opens what is stored

    def __str__(self) -> str:
        return self.name
