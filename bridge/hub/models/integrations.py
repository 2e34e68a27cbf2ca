"""Integrations, their flows, and the rules staff write."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField
from bridge.hub.models.connections import Connection
from bridge.hub.models.people import Owned, Scoped, User


class OfIntegration(Scoped):
    """Rows that hang on an integration."""

    path = "integration__organization"


class OfFlow(Scoped):
    """Rows that hang on a flow."""

    path = "flow__integration__organization"


class Integration(Owned):
    """One recipe between two connections of one organization."""

    class State(models.TextChoices):
        SETUP = "setup", _("Setting up")
        UNTESTED = "untested", _("Untested")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")

    recipe = models.CharField(_("recipe"), max_length=60)
    left = models.ForeignKey(Connection, models.PROTECT, related_name="integrations_left", null=True, blank=True)
    right = models.ForeignKey(Connection, models.PROTECT, related_name="integrations_right", null=True, blank=True)
    shares_company = models.BooleanField(default=False)  # others of its recipe may write to the same books
    settings = DocumentField(_("settings"), default=dict, blank=True)
    settings_version = models.PositiveIntegerField(default=1)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.SETUP)
    automatic = models.BooleanField(_("runs by itself"), default=False)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    maps_version = models.PositiveIntegerField(default=1)
    values_seen = DocumentField(default=dict, blank=True)  # how far records were searched for values to map
    created_at = models.DateTimeField(auto_now_add=True)

    RUNNING = (State.ACTIVE, State.UNTESTED)  # runs by itself where that is on; the second still wants a test

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        constraints = [
            # One company, one account of the other vendor (M-03), where the recipe does not say otherwise (O-13).
            models.UniqueConstraint(
                fields=["recipe", "left"],
                condition=~Q(state="disconnected") & Q(left__isnull=False, shares_company=False),
                name="one_integration_per_company",
            ),
            models.UniqueConstraint(
                fields=["recipe", "left", "right"],
                condition=~Q(state="disconnected") & Q(left__isnull=False, right__isnull=False),
                name="one_integration_per_accounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.recipe}"


class Flow(models.Model):
    """One entity kept in step inside an integration."""

    class Direction(models.TextChoices):
        RIGHT = "right", _("left to right")
        LEFT = "left", _("right to left")
        BOTH = "both", _("both ways")

    class Approval(models.TextChoices):
        FIRST = "first", _("The first run and anything unusual")
        ALWAYS = "always", _("Every run")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="flows")
    entity = models.CharField(_("entity"), max_length=20)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices, default=Direction.RIGHT)
    is_on = models.BooleanField(_("on"), default=True)
    filter = DocumentField(_("filter"), default=dict, blank=True)
    filter_back = DocumentField(_("filter, to the left"), default=dict, blank=True)  # of a two-way flow only
    start_date = models.DateField(_("start date"), null=True, blank=True)
    cadence_minutes = models.PositiveIntegerField(_("every (minutes)"), default=60)
    approval = models.CharField(_("approval"), max_length=10, choices=Approval.choices, default=Approval.FIRST)
    brakes = DocumentField(_("brakes"), default=dict, blank=True)
    rules_version = models.PositiveIntegerField(default=1)
    planned_rules_version = models.PositiveIntegerField(default=0)  # 0: never planned
    planned_through = DocumentField(default=dict)  # per resource: [touched, record id] of the last one planned
    first_done_at = models.DateTimeField(null=True)  # when the first run was carried out

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        constraints = [models.UniqueConstraint(fields=["integration", "entity"], name="one_flow_per_entity")]

    def __str__(self) -> str:
        return f"{self.integration} · {self.entity}"


class MappingRule(models.Model):
    """One field to one field."""

    class When(models.TextChoices):
        ALWAYS = "always", _("always")
        CREATE = "create", _("on create only")
        IF_EMPTY = "if_empty", _("if empty there")

    class OnConflict(models.TextChoices):
        SOURCE = "source", _("the source wins")
        TARGET = "target", _("the target keeps its own")
        ASK = "ask", _("ask a person")

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="rules")
    source = models.CharField(_("from"), max_length=120)
    target = models.CharField(_("to"), max_length=120)
    transform = models.CharField(_("transform"), max_length=40, default="copy")
    argument = models.CharField(_("argument"), max_length=300, blank=True)
    when = models.CharField(_("when"), max_length=10, choices=When.choices, default=When.ALWAYS)
    on_conflict = models.CharField(
        _("on conflict"), max_length=10, choices=OnConflict.choices, default=OnConflict.SOURCE
    )
    toward = models.CharField(max_length=8, choices=Flow.Direction.choices[:2], default="right")
    note = models.CharField(_("note"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = OfFlow.as_manager()

    class Meta:
        verbose_name = _("mapping rule")
        verbose_name_plural = _("mapping rules")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["flow", "toward", "source", "target"], name="one_rule_per_pair")]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class ValueMap(models.Model):
    """One value to one value. Only a confirmed target is used; `in_use` says whether records of late name the value.

    While a question about it is open the value waits, whatever was chosen before.
    """

    class State(models.TextChoices):
        MISSING = "missing", _("Missing")
        SUGGESTED = "suggested", _("Suggested")
        ACCEPTED = "accepted", _("Mapped")
        ASKED = "asked", _("Asked")
        GONE = "gone", _("Target inactive")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="value_maps")
    kind = models.CharField(_("kind"), max_length=40)
    source_key = models.CharField(_("source value"), max_length=300)
    source_label = models.CharField(_("source name"), max_length=300, blank=True)
    target_id = models.CharField(_("target id"), max_length=200, blank=True)
    target_label = models.CharField(_("target name"), max_length=300, blank=True)
    confirmed = models.BooleanField(_("confirmed"), default=False)  # False: suggested by a program
    target_gone = models.BooleanField(default=False)  # inactive or no longer in the list: not used until chosen anew
    facts = DocumentField(default=dict, blank=True)  # what helps to guess: the percentages of a tax
    seen_count = models.PositiveIntegerField(default=0)
    last_seen_on = models.DateField(null=True)
    in_use = models.BooleanField(default=True)
    question = models.ForeignKey("hub.Question", models.SET_NULL, null=True, blank=True, related_name="value_maps")
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("value map")
        verbose_name_plural = _("value maps")
        constraints = [
            models.UniqueConstraint(fields=["integration", "kind", "source_key"], name="one_target_per_value")
        ]

    def __str__(self) -> str:
        return f"{self.source_label or self.source_key} → {self.target_label or self.target_id}"

    @property
    def state(self) -> str:
        """Return what stands: asked, missing, target inactive, accepted or suggested."""
        if self.question_id and not self.confirmed and self.question.answered_at is None:
            return self.State.ASKED
        if not self.target_id:
            return self.State.MISSING
        if self.target_gone:
            return self.State.GONE
        return self.State.ACCEPTED if self.confirmed else self.State.SUGGESTED


class ReferenceList(models.Model):
    """A list of an account's choices as it was last read: id, name, facts; those gone since are kept and marked."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="lists")
    key = models.CharField(max_length=60)
    choices = DocumentField(default=list)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_list_per_account")]

    def __str__(self) -> str:
        return self.key


class TermsAcceptance(models.Model):
    """A person's yes to the terms of automatic sync: name, time and version of the text. Never edited."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="acceptances")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    version = models.CharField(_("version of the text"), max_length=40)
    language = models.CharField(_("language"), max_length=8)
    accepted_at = models.DateTimeField(_("accepted"), auto_now_add=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("acceptance of terms")
        verbose_name_plural = _("acceptances of terms")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}: {self.version}"
