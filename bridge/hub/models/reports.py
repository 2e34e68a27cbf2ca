"""Reports: what was told to a client about a period, kept as it was told, and when the next ones are made."""

import hashlib
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField, encode
from bridge.hub.models.people import Membership, Organization, Owned, Scoped, User


class Report(Owned):
    """One report of one period. Once made it never changes.

    Kept are the figures with their sentences in both languages, not the files: every reader gets pages and files in the
    own language and formats from one set of figures, so that they cannot disagree. `digest` proves that they are those
    of the day the report was made.
    """

    class Kind(models.TextChoices):
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")
        ASKED = "asked", _("On demand")

    class State(models.TextChoices):
        ASKED = "asked", _("Being made")
        MADE = "made", _("Made")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    first = models.DateField(_("from"))
    last = models.DateField(_("to"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED)
    content = DocumentField(null=True)  # see `bridge.jobs.reports_data`; None until made
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the content
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(_("made"), null=True)
    starts = models.PositiveSmallIntegerField(default=0)  # counted before the work
    wake_at = models.DateTimeField(null=True)  # not before then
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-id"]
        constraints = [
            # Made once, however many beats find it due; and a second press asks for no second report.
            models.UniqueConstraint(
                fields=["organization", "kind", "first"], condition=Q(kind__in=("week", "month")), name="one_report_due"
            ),
            models.UniqueConstraint(
                fields=["organization", "first", "last"],
                condition=Q(kind="asked", state="asked"),
                name="one_report_asked",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="reports_of_client")]

    def __str__(self) -> str:
        return f"{self.organization} {self.first} – {self.last}"

    @property
    def is_made(self) -> bool:
        return self.state == self.State.MADE

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep a new report. What is kept is changed by nobody."""
        if not self._state.adding:
            raise TypeError("a report is never changed: ask for another one")
        super().save(*args, **kwargs)


def digest_of(content: Any) -> str:
    """Return what proves a report's content, in any order of its keys."""
    return hashlib.sha256(encode(_sorted(content)).encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class ReportPlan(models.Model):
    """When an organization's reports are made by themselves, and who gets them by mail. One for each organization."""

    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="report_plan", verbose_name=_("organization")
    )
    weekday = models.PositiveSmallIntegerField(
        _("weekly report on"), choices=Weekday.choices, default=Weekday.MONDAY, null=True, blank=True,
        help_text=_("It covers the seven days before. Empty: no weekly report."),
    )  # fmt: skip
    month_day = models.PositiveSmallIntegerField(
        _("monthly report on day"), default=1, null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text=_("1 to 28; it covers the calendar month before. Empty: no monthly report."),
    )  # fmt: skip
    readers = models.ManyToManyField(
        Membership, related_name="report_plans", blank=True, verbose_name=_("by mail to"),
        help_text=_("Each gets it in their own language. The reports are on the client's pages in any case."),
    )  # fmt: skip
    started_on = models.DateField(auto_now_add=True)  # nothing is made for the time before

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("report schedule")
        verbose_name_plural = _("report schedules")
        ordering = ["organization__name"]

    def __str__(self) -> str:
        return str(self.organization)
