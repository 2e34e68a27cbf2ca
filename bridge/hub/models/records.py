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


class OfLink(Scoped):
    """Rows that hang on a link."""

    path = "link__integration__organization"


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
    party = models.CharField(max_length=200, blank=True)  # remote id of the contact a document is for
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
            # An id or an address is also looked for in all accounts at once: what tells most comes first.
            models.UniqueConstraint(fields=["remote_id", "connection", "resource", "scope"], name="one_row_per_record")
        ]
        indexes = [
            models.Index(fields=["connection", "resource", "scope", "touched", "id"], name="record_touched"),
            models.Index(fields=["email_key", "connection", "resource"], name="record_email"),
            models.Index(fields=["connection", "name_key"], name="record_name"),
            models.Index(fields=["number"], name="record_number"),
            models.Index(fields=["amount"], condition=models.Q(amount__isnull=False), name="record_amount"),
            models.Index(fields=["connection", "party"], condition=~models.Q(party=""), name="record_party"),
        ]

    def __str__(self) -> str:
        return self.name or self.number or self.remote_id


class Alias(models.Model):
    """Another e-mail address of a record, in the form match keys have: somebody's second address is theirs too."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+", db_index=False)
    record = models.ForeignKey(Record, models.CASCADE, related_name="aliases", db_index=False)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "value"], name="one_alias_per_value"),
        ]
        indexes = [models.Index(fields=["connection", "value"], name="alias_value")]

    def __str__(self) -> str:
        return self.value


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
        MOOT = "moot", _("Settled by another decision")

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="candidates")
    entity = models.CharField(max_length=20)
    left = models.ForeignKey(Record, models.CASCADE, related_name="candidates_left")
    right = models.ForeignKey(Record, models.CASCADE, related_name="candidates_right")
    score = models.DecimalField(max_digits=4, decimal_places=3)
    parts = DocumentField(default=list)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN)
    until = models.DateField(null=True)  # "later": on this day it is asked again
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
    """One field changed on both sides: what both last agreed on, and what each side itself has now.

    `toward` is the way that found it, `field` its field over there, `twin_field` the field on the other end that is
    kept in step with it ("": only one way writes it). A decision stands until it is carried out (`settled_at`), and
    only for the values a person saw: `left` and `right` as they were then. `facts` say when each side changed, and who
    did. `reason` says why there is nothing to decide any more, as {"code", "params"}.
    """

    class Decision(models.TextChoices):
        OPEN = "open", _("Open")
        LEFT = "left", _("Left wins")
        RIGHT = "right", _("Right wins")
        VALUE = "value", _("Another value")
        AGREED = "agreed", _("Both came to agree")
        MOOT = "moot", _("Nothing to decide any more")

    link = models.ForeignKey(Link, models.CASCADE, related_name="conflicts")
    field = models.CharField(_("field"), max_length=120)
    twin_field = models.CharField(max_length=120, blank=True)
    toward = models.CharField(max_length=8, default="right")
    agreed = DocumentField(null=True)
    left = DocumentField(null=True)
    right = DocumentField(null=True)
    value = DocumentField(null=True)
    facts = DocumentField(default=dict)
    reason = DocumentField(default=dict)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)

    objects = OfLink.as_manager()

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
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
    """Something only the client can answer, in both languages. `facts` name the rows it is about, by its kind."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="questions")
    code = models.CharField(max_length=80)
    text = DocumentField(default=dict)
    facts = DocumentField(default=dict)
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


class Double(models.Model):
    """Two records of one account that may be the same thing twice; what a person decided about them is remembered.

    `left` is always the row with the smaller id, so that a pair is stored once.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="doubles")
    entity = models.CharField(max_length=20)
    left = models.ForeignKey(Record, models.CASCADE, related_name="doubles_left")
    right = models.ForeignKey(Record, models.CASCADE, related_name="doubles_right")
    score = models.DecimalField(max_digits=4, decimal_places=3)
    parts = DocumentField(default=list)
    decision = models.CharField(max_length=10, choices=Candidate.Decision.choices, default=Candidate.Decision.OPEN)
    until = models.DateField(null=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)

    objects = OfConnection.as_manager()

    class Meta:
        verbose_name = _("double inside one account")
        verbose_name_plural = _("doubles inside one account")
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="one_double_per_pair"),
            models.CheckConstraint(condition=models.Q(left__lt=models.F("right")), name="double_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} ≈ {self.right_id}"


class DoubleSearch(models.Model):
    """One search for doubles inside an account, worked off in slices: `position` is the last row looked at.

    `common` counts keys that too many records share to say anything (a reception's address); their pairs are not made.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Searching")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="double_searches")
    entity = models.CharField(max_length=20, default="contact")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    position = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    compared = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    common = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects = OfConnection.as_manager()

    class Meta:
        verbose_name = _("search for doubles")
        verbose_name_plural = _("searches for doubles")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "entity"], condition=models.Q(state="running"), name="one_search_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.state}"


class Merge(models.Model):
    """Two records of one account became one: what was moved to `keep`, and all that is needed to take it back.

    `before` holds the rows as they were (links, candidates, doubles, records) and the ids of rows that were made.
    `vendor` says how far the merge is at the vendor's, which nobody but a person begins.
    """

    class State(models.TextChoices):
        DONE = "done", _("Merged")
        UNDONE = "undone", _("Taken back")

    class Vendor(models.TextChoices):
        BY_HAND = "by_hand", _("To be done by hand")
        PLANNED = "planned", _("Waits for approval")
        SEEN = "seen", _("Seen at the vendor")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="merges")
    entity = models.CharField(max_length=20)
    keep = models.ForeignKey(Record, models.CASCADE, related_name="merges_kept")
    drop = models.ForeignKey(Record, models.CASCADE, related_name="merges_dropped")
    double = models.ForeignKey(Double, models.SET_NULL, null=True, blank=True, related_name="merges")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    vendor = models.CharField(max_length=10, choices=Vendor.choices, default=Vendor.BY_HAND)
    change = models.ForeignKey("hub.Change", models.SET_NULL, null=True, blank=True, related_name="+")
    before = DocumentField(default=dict)
    moved = DocumentField(default=dict)  # how many of what, for people
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when the vendor first told that the two are one

    objects = OfConnection.as_manager()

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.UniqueConstraint(fields=["drop"], condition=models.Q(state="done"), name="one_merge_per_dropped"),
            models.CheckConstraint(condition=~models.Q(keep=models.F("drop")), name="merged_into_another"),
        ]
        indexes = [models.Index(fields=["connection"], condition=models.Q(state="done"), name="merges_standing")]

    def __str__(self) -> str:
        return f"{self.drop_id} → {self.keep_id}"
