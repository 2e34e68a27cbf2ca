"""Mapping files: what was uploaded, what each row of it would do, and what it replaced."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bridge.hub.documents import DocumentField
from bridge.hub.models.integrations import Integration, OfIntegration
from bridge.hub.models.people import Scoped, User


class MappingFile(models.Model):
    """One uploaded file, from its dry run to its return.

    Nothing of it is live before a person confirmed it. What it replaced stands in its rows, so that one press brings
    the former set back.
    """

    class What(models.TextChoices):
        VALUES = "values", _("Values")
        RULES = "rules", _("Mapping rules")
        LINKS = "links", _("Linked records")
        ITEMS = "items", _("Linked items")
        CUSTOMERS = "customers", _("Decisions about customers")
        SETUP = "setup", _("Whole set-up")

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        ASKING = "asking", _("Waits for an answer")
        CHECKED = "checked", _("Waits for confirmation")
        APPLYING = "applying", _("Being carried out")
        DONE = "done", _("Carried out")
        RETURNING = "returning", _("Being taken back")
        RETURNED = "returned", _("Taken back")
        REFUSED = "refused", _("Refused")
        DROPPED = "dropped", _("Dropped")

    WORKING = (State.CHECKING, State.APPLYING, State.RETURNING)

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="mapping_files")
    what = models.CharField(_("what it holds"), max_length=12, choices=What.choices)
    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(max_length=6, blank=True)  # csv, xlsx, json; "" for a file of no kind we read
    content = models.BinaryField(null=True)  # None once refused, and when it is no longer needed
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the content
    size = models.PositiveIntegerField(default=0)
    encoding = models.CharField(max_length=20, blank=True)  # as a person answered; "" is found out
    reading = DocumentField(default=dict)  # how it was read: encoding, delimiter, columns; samples while asking
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.CHECKING)
    code = models.CharField(max_length=80, blank=True)  # why it was refused, or sent back to be checked again
    params = DocumentField(default=dict)
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    counts = DocumentField(default=dict)  # rows by outcome; "waiting": records that wait for what they name
    only_valid = models.BooleanField(default=False)  # False: all or nothing
    starts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)

    objects = OfIntegration.as_manager()

    class Meta:
        verbose_name = _("mapping file")
        verbose_name_plural = _("mapping files")
        ordering = ["-id"]
        default_permissions = ("view",)
        # Named as django-import-export names them, from IMPORT_EXPORT_…_PERMISSION_CODE and the model.
        permissions = [
            ("import_mappingfile", _("Can import mapping files")),
            ("export_mappingfile", _("Can export mapping files")),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="mapping_file_due")]

    def __str__(self) -> str:
        return self.name


class OfFile(Scoped):
    """Rows that hang on a mapping file."""

    path = "file__integration__organization"


class MappingFileRow(models.Model):
    """One row of a file that says something: what it would do or did, or why it cannot. Others are only counted."""

    class Outcome(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        REMOVED = "removed", _("Removed")
        INVALID = "invalid", _("Invalid")
        KEPT = "kept", _("Left as it is now")

    LIVE = (Outcome.NEW, Outcome.CHANGED, Outcome.REMOVED)

    file = models.ForeignKey(MappingFile, models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField()  # in the file, the first is 1
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    key = DocumentField(default=list)  # what names the row in its set
    title = models.CharField(max_length=300, blank=True)
    before = DocumentField(default=dict)  # what people see of it, by column
    after = DocumentField(default=dict)
    stamp = models.CharField(max_length=16, blank=True)  # of what was live at the dry run; "" for nothing
    cells = DocumentField(default=list)  # of rejected rows, as they were read
    code = models.CharField(max_length=80, blank=True)
    params = DocumentField(default=dict)
    waiting = models.PositiveIntegerField(default=0)
    kept = DocumentField(null=True)  # what was replaced; None until carried out, and for what was new
    done = models.BooleanField(default=False)

    objects = OfFile.as_manager()

    class Meta:
        verbose_name = _("row of a mapping file")
        verbose_name_plural = _("rows of mapping files")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="one_row_per_line")]
        indexes = [models.Index(fields=["file", "outcome", "line"], name="mapping_file_rows")]

    def __str__(self) -> str:
        return f"{self.line}: {self.outcome}"
