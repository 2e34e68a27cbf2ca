"""Mails that always leave: what is to be told to whom, and the letters that carry it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField
from bridge.hub.models.people import Organization, User
from bridge.hub.models.records import Question
from bridge.hub.models.reports import Report


class Letter(models.Model):
    """One mail to one person. Its words are made when it leaves; until it has left it is tried again."""

    class Kind(models.TextChoices):
        NOTICES = "notices", _("Something needs a person")
        REPORT = "report", _("Report")
        QUESTION = "question", _("Question")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        NEEDLESS = "needless", _("No longer needed")
        GIVEN_UP = "given_up", _("Given up")

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=100, unique=True)  # what it says to whom: never two of one key
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)  # in its Message-ID: a repeat is known as one
    report = models.ForeignKey(Report, models.CASCADE, null=True, related_name="letters")
    question = models.ForeignKey(Question, models.CASCADE, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)  # counted before each
    wake_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["wake_at"], condition=Q(state="waiting"), name="letter_waits"),
            models.Index(fields=["-id"], condition=Q(state="given_up"), name="letter_given_up"),
        ]

    def __str__(self) -> str:
        return self.key


class Notice(models.Model):
    """One thing one person must be told: once per cause and day, whatever finds it, and however often."""

    class Cause(models.TextChoices):
        RECONNECT = "reconnect", _("An account must be connected again")
        RUN = "run", _("A run did not end well")
        HELD = "held", _("Records wait for somebody")

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    cause = models.CharField(max_length=10, choices=Cause.choices)
    about = models.CharField(max_length=120)  # the connection, integration or code
    day = models.DateField()  # of the person's own calendar
    params = DocumentField(default=dict)
    letter = models.ForeignKey(Letter, models.SET_NULL, null=True, related_name="notices")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization", "cause", "about", "day"], name="one_notice_per_cause_and_day"
            )
        ]
        indexes = [models.Index(fields=["user"], condition=Q(letter__isnull=True), name="notice_waits")]

    def __str__(self) -> str:
        return f"{self.cause} {self.about}"
