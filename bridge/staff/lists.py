"""Read-only lists of records and changes in the admin, with filters that are questions."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bridge.hub import formats
from bridge.hub.models import Change, Link, Record
from bridge.staff import desk, plan
from bridge.staff.scoped import ScopedAdmin
from bridge.staff.templatetags.bridge import ago, day, money, state_badge, value_badge
from connectors.contract import ENTITY_LABELS

WAITS = (Change.State.PLANNED, Change.State.HELD, Change.State.REJECTED)


class ReadOnly(ScopedAdmin):
    """A list to look at. Rows lead to our own page of each; nothing is added, changed or deleted here."""

    list_per_page = 50
    list_display_links = None
    show_full_result_count = False
    list_max_show_all = 0
    paginator = desk.NearPaginator
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is edited by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted by hand."""
        return False


class Asked(admin.SimpleListFilter):
    """A filter that is a question with the answers yes and no."""

    condition = Q()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both answers."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the answer says."""
        if self.value() == "yes":
            return queryset.filter(self.condition)
        return queryset.exclude(self.condition) if self.value() == "no" else queryset


class IsLinked(Asked):
    """Has it a twin?"""

    title = _("Linked to the other side?")
    parameter_name = "linked"
    condition = Q(Exists(Link.objects.filter(left=OuterRef("pk")))) | Q(
        Exists(Link.objects.filter(right=OuterRef("pk")))
    )


class IsGone(Asked):
    """Is it still there?"""

    title = _("Gone at the vendor?")
    parameter_name = "gone_there"
    condition = Q(gone=True)


class IsHeld(Asked):
    """Does something of it wait?"""

    title = _("Held or not sent?")
    parameter_name = "held"
    condition = Q(
        Exists(Change.objects.filter(source=OuterRef("pk"), state__in=(Change.State.HELD, Change.State.REJECTED)))
    )


class OfVendor(admin.SimpleListFilter):
    """Whose is it?"""

    title = _("Which account?")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the accounts a person may see."""
        from bridge.hub.models import Connection

        rows = Connection.objects.for_user(request.user).select_related("organization")[:100]
        return [(str(item.pk), f"{item} · {item.organization}") for item in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what is at the chosen account."""
        value = self.value() or ""
        return queryset.filter(connection=int(value)) if value.isdigit() else queryset


@admin.register(Record)
class RecordAdmin(ReadOnly):
    """Records as the vendors have them, without their documents."""

    list_display = ("name_link", "kind", "account", "number_there", "dated", "total", "read", "gone_there")
    list_filter = (OfVendor, IsLinked, IsHeld, IsGone)
    search_fields = ("name", "=number", "=remote_id", "=email_key")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        """Leave the documents in the database."""
        return Record.objects.for_user(request.user).select_related("connection__organization").defer("document")

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
        """The page of a record is its "Why?"."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return HttpResponseRedirect(reverse("admin:record", args=[found.pk]))

    @admin.display(description=_("record"), ordering="name")
    def name_link(self, row: Record) -> SafeString:
        """The name, leading to "Why?"."""
        return format_html('<a class="link" href="{}">{}</a>', reverse("admin:record", args=[row.pk]), row)

    @admin.display(description=_("kind"), ordering="resource")
    def kind(self, row: Record) -> str:
        """What the vendor calls it."""
        return plan.resource_label(row.connection.vendor, row.resource)

    @admin.display(description=_("account"))
    def account(self, row: Record) -> str:
        """Whose it is."""
        return f"{row.connection} · {row.connection.organization}"

    @admin.display(description=_("Number"), ordering="number")
    def number_there(self, row: Record) -> str:
        """The number people know it by."""
        return row.number

    @admin.display(description=_("Date"), ordering="date")
    def dated(self, row: Record) -> str:
        """The day it bears."""
        return day(row.date)

    @admin.display(description=_("amount"), ordering="amount")
    def total(self, row: Record) -> str:
        """The amount with its currency."""
        return money(row.amount, row.currency)

    @admin.display(description=_("read"), ordering="read_at")
    def read(self, row: Record) -> SafeString | str:
        """When it was last read."""
        return ago(row.read_at)

    @admin.display(description=_("gone"))
    def gone_there(self, row: Record) -> SafeString | str:
        """Whether the vendor said that it is gone."""
        return value_badge("remove", _("Gone")) if row.gone else ""


class OfKind(admin.SimpleListFilter):
    """What is it?"""

    title = _("kind")
    parameter_name = "entity__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the kinds of things there are, in the reader's words."""
        return [(key, label.say(formats.language())) for key, label in ENTITY_LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what is of the chosen kind."""
        return queryset.filter(entity=self.value()) if self.value() else queryset


class WaitsForPerson(Asked):
    """Must someone act?"""

    title = _("Waiting for a person?")
    parameter_name = "waits"
    condition = Q(state__in=WAITS)


class ReachedVendor(Asked):
    """Was it written?"""

    title = _("Written at the vendor?")
    parameter_name = "written"
    condition = Q(state__in=(Change.State.DONE, Change.State.UNDONE)) & ~Q(action__in=(Change.Action.LINK, "follow"))


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    """The ledger: one line a planned write, with what became of it."""

    list_display = (
        "title_link",
        "what",
        "kind",
        "client",
        "total",
        "reason_words",
        "state_word",
        "run_link",
        "settled",
    )
    list_filter = (WaitsForPerson, ReachedVendor, "action", "state", OfKind)
    search_fields = ("title", "=remote_id", "=request_id")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        """Leave payloads and traces in the database."""
        return (
            Change.objects.for_user(request.user)
            .select_related("integration__organization", "run")
            .only(
                *plan.LINE_COLUMNS,
                "settled_at",
                "integration__recipe",
                "integration__organization__name",
                "run__id",
            )
        )

    def get_urls(self) -> list[URLPattern]:
        """Only the list: a line's own page is its record's."""
        return [item for item in super().get_urls() if item.name and item.name.endswith("changelist")]

    @admin.display(description=_("record"), ordering="title")
    def title_link(self, row: Change) -> SafeString | str:
        """The record, leading to "Why?"."""
        place = row.source_id or row.target_id
        if not place:
            return row.title
        return format_html(
            '<a class="link" href="{}">{}</a>', reverse("admin:record", args=[place]), row.title or row.pk
        )

    @admin.display(description=_("action"), ordering="action")
    def what(self, row: Change) -> SafeString:
        """The action with its icon."""
        return value_badge(row.action, row.get_action_display())

    @admin.display(description=_("kind"), ordering="entity")
    def kind(self, row: Change) -> str:
        """The entity in words."""
        return desk.entity_label(row.entity)

    @admin.display(description=_("client"))
    def client(self, row: Change) -> str:
        """Whose it is."""
        return str(row.integration.organization)

    @admin.display(description=_("amount"), ordering="amount")
    def total(self, row: Change) -> str:
        """The amount with its currency."""
        return money(row.amount, row.currency)

    @admin.display(description=_("reason"))
    def reason_words(self, row: Change) -> str:
        """The reason in words."""
        told = desk.explained(row.reason, row.error_params if row.error_code else row.params, row.entity)
        return told.what if told else ""

    @admin.display(description=_("state"), ordering="state")
    def state_word(self, row: Change) -> SafeString:
        """The state as a badge."""
        return state_badge(row)

    @admin.display(description=_("run"), ordering="run")
    def run_link(self, row: Change) -> SafeString:
        """The run, as a link."""
        return format_html(
            '<a class="link" href="{}">#{}</a>', reverse("admin:run_page", args=[row.run_id]), row.run_id
        )

    @admin.display(description=_("settled"), ordering="settled_at")
    def settled(self, row: Change) -> SafeString | str:
        """When it was settled."""
        return ago(row.settled_at)


urls: list[URLPattern] = []  # the lists live under the admin's own addresses
