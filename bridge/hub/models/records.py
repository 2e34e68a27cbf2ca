"""Remote things as the vendors have them, and which of them are the same."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField
from bridge.hub.models.connections import Connection
from bridge.hub.models.integrations import Integration, OfIntegration
from bridge.hub.models.people import Scoped, User


class OfConnection(Scoped):
    """Rows that hang on a connection."""

    path = "connection__organization"


class Record(models.Model):
    """One remote thing as the vendor has it: the whole document, and columns for what is joined, filtered or listed.

    `touched` is the connection's reading number of the last page that changed it: planning goes by it, so that a run
    with nothing new looks at nothing.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="records", db_index=False)
    resource = models.CharField(max_length=40)
    scope = models.CharField(max_length=100, blank=True)
    remote_id = models.CharField(max_length=200)
    document = DocumentField()
    name = models.CharField(max_length=300, blank=True)
    number = models.CharField(max_length=60, blank=True)
    date = models.DateField(null=True)
    amount = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    tax = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=30, blank=True)
    email_key = models.CharField(max_length=200, blank=True)
    phone_key = models.CharField(max_length=40, blank=True)
    name_key = models.CharField(max_length=300, blank=True)
    version = models.CharField(max_length=60, blank=True)
    fingerprint = models.CharField(max_length=32)
    gone = models.BooleanField(default=False)
    merged_into = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField()
    touched = models.BigIntegerField(default=0)

    objects = OfConnection.as_manager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        constraints = [
            models.UniqueConstraint(fields=["connection", "resource", "scope", "remote_id"], name="one_row_per_record")
        ]
        indexes = [
            models.Index(fields=["connection", "resource", "scope", "touched", "id"], name="record_touched"),
            models.Index(fields=["connection", "resource", "email_key"], name="record_email"),
            models.Index(fields=["connection", "name_key"], name="record_name"),
            models.Index(fields=["number"], name="record_number"),
        ]

    def __str__(self) -> str:
        return self.name or self.number or self.remote_id


class Link(models.Model):
    """ "These two records are the same thing", with what each side said when both last agreed.

    `sent` is what we last wrote to a side, `kept` what that side kept of it, both as {"right": {field: value}, "left":
    {…}}.
    A `shared` link makes its source record a follower of another one's twin, on whichever side that is: documents may
    name it, it writes nothing.
    """

    class Maker(models.TextChoices):
        RULE = "rule", _("a rule")
        PROGRAM = "program", _("a run")
        PERSON = "person", _("a person")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="links", db_index=False)
    entity = models.CharField(max_length=20)
    left = models.ForeignKey(Record, models.CASCADE, related_name="links_left")
    right = models.ForeignKey(Record, models.CASCADE, related_name="links_right")
    sent = DocumentField(default=dict)
    kept = DocumentField(default=dict)
    shared = models.BooleanField(default=False)
    made_by = models.CharField(max_length=10, choices=Maker.choices, default=Maker.PROGRAM)
    made_by_user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    why = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    agreed_at = models.DateTimeField(null=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "left"], condition=models.Q(shared=False), name="one_link_per_left"
            ),
            models.UniqueConstraint(
                fields=["integration", "right"], condition=models.Q(shared=False), name="one_link_per_right"
            ),
            models.UniqueConstraint(fields=["integration", "left", "right"], name="one_link_per_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} = {self.right_id}"


class Candidate(models.Model):
    """Two records that may be the same, waiting for a person; "never these two" is remembered."""

    class Decision(models.TextChoices):
        OPEN = "open", _("Open")
        SAME = "same", _("The same")
        NEVER = "never", _("Never these two")
        LATER = "later", _("Later")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="candidates")
    entity = models.CharField(max_length=20)
    left = models.ForeignKey(Record, models.CASCADE, related_name="candidates_left")
    right = models.ForeignKey(Record, models.CASCADE, related_name="candidates_right")
    score = models.DecimalField(max_digits=4, decimal_places=3)
    parts = DocumentField(default=list)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("duplicate candidate")
        verbose_name_plural = _("duplicate candidates")
        constraints = [models.UniqueConstraint(fields=["integration", "left", "right"], name="one_candidate_per_pair")]

    def __str__(self) -> str:
        return f"{self.left_id} ≈ {self.right_id}"


class Conflict(models.Model):
    """One field changed on both sides."""

    class Decision(models.TextChoices):
        OPEN = "open", _("Open")
        LEFT = "left", _("Left wins")
        RIGHT = "right", _("Right wins")

    link = models.ForeignKey(Link, models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=40)
    agreed = DocumentField(null=True)
    left = DocumentField(null=True)
    right = DocumentField(null=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["link", "field"], condition=models.Q(decision="open"), name="one_open_conflict_per_field"
            )
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.link_id}"


class Exclusion(models.Model):
    """A person's standing decision that a record stays out of an integration."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="exclusions")
    record = models.ForeignKey(Record, models.CASCADE, related_name="exclusions")
    reason = models.CharField(_("reason"), max_length=300)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        constraints = [models.UniqueConstraint(fields=["integration", "record"], name="one_exclusion_per_record")]

    def __str__(self) -> str:
        return self.reason


class Question(models.Model):
    """Something only the client can answer, in both languages."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="questions")
    code = models.CharField(max_length=80)
    text = DocumentField(default=dict)
    choices = DocumentField(default=list)
    asked_of = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=300, blank=True)
    answered_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.code
