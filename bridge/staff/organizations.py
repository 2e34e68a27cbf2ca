"""Organizations: the clients whose systems we keep in step."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from bridge.hub.models import Change, Connection, Integration, Membership, Organization, User, VendorApp
from bridge.staff import desk
from bridge.staff.held import put_off
from bridge.staff.scoped import ScopedAdmin
from bridge.staff.templatetags.bridge import ago, number, recipe_label, state_badge


class MembershipInline(TabularInline):
    """People of this client, and their roles."""

    model = Membership
    extra = 0
    fields = ("user", "role")  # which mails a person wants is theirs to say
    autocomplete_fields = ("user",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take only people this person sees, whatever number is posted."""
        kwargs.update(queryset=User.objects.for_user(request.user), label=_("Person"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _counted(rows: QuerySet[Any], path: str) -> Coalesce:
    counts = rows.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


@admin.register(Organization)
class OrganizationAdmin(ScopedAdmin):
    """One row a client: what runs, when it last went well, what is open."""

    list_display = ("name", "speaks", "place", "runs", "last_good", "open_items", "owner")
    list_filter = ("language", "country", ("owner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name",)
    list_select_related = ("owner",)
    list_per_page = 50
    fields = (
        "name",
        ("language", "time_zone"),
        ("country", "currency"),
        "owner",
        "note",
        "overview",
    )
    readonly_fields = ("overview",)
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """Add what the list shows, in the same query."""
        held = (
            Change.objects.filter(state__in=(Change.State.HELD, Change.State.REJECTED))
            .exclude(integration__state=Integration.State.DISCONNECTED)
            .annotate(cause=desk.CAUSE)
            .exclude(put_off(request.user))
        )
        lost = Connection.objects.filter(state=Connection.State.ATTENTION)
        good = (
            Integration.objects.filter(organization=OuterRef("pk"))
            .order_by()
            .values("organization")
            .annotate(at=Max("last_good_at"))
            .values("at")
        )
        return (
            Organization.objects.for_user(request.user)
            .order_by(*self.get_ordering(request))
            .annotate(
                integration_count=_counted(
                    Integration.objects.filter(~Q(state=Integration.State.DISCONNECTED)), "organization"
                ),
                held_count=_counted(held, "integration__organization"),
                lost_count=_counted(lost, "organization"),
                good_at=Subquery(good),
            )
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer as contact whom this person sees, and those who are it already."""
        here = Organization.objects.for_user(request.user).values("owner")
        seen = User.objects.for_user(request.user).values("pk")
        kwargs["queryset"] = User.objects.filter(Q(pk__in=here) | Q(pk__in=seen), is_staff=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """With a client all its history would go: only one that never had a connection can be deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not Connection.objects.filter(organization=obj).exists()

    @admin.display(description=_("language and time zone"), ordering="language")
    def speaks(self, row: Organization) -> SafeString:
        """The language, and the zone below it."""
        words = '<span>{} <span class="part" translate="no">{}</span></span>'
        return format_html(words, row.get_language_display(), row.time_zone)

    @admin.display(description=_("country and currency"), ordering="country")
    def place(self, row: Organization) -> str:
        """Both codes."""
        return f"{row.country} · {row.currency}"

    @admin.display(description=_("integrations"), ordering="integration_count")
    def runs(self, row: Any) -> SafeString | str:
        """How many integrations, leading to their list."""
        address = f"{reverse('admin:integrations')}?organization={row.pk}"
        return format_html('<a class="link" href="{}">{}</a>', address, number(row.integration_count))

    @admin.display(description=_("last good run"), ordering="good_at")
    def last_good(self, row: Any) -> SafeString | str:
        """When a run last ended with nothing held."""
        return ago(row.good_at) or "–"

    @admin.display(description=_("open items"), ordering="held_count")
    def open_items(self, row: Any) -> SafeString | str:
        """Held records and accounts to reconnect, leading to what is behind them."""
        total = row.held_count + row.lost_count
        if not total:
            return number(0)
        address = f"{reverse('admin:index')}?organization={row.pk}"
        return format_html('<a class="link" href="{}">{}</a>', address, number(total))

    @admin.display(description=_("systems"))
    def overview(self, row: Any) -> SafeString | str:
        """Integrations of this client with their states, the way to a new one, and the client's own pages."""
        if row.pk is None:
            return "–"
        items = [
            (reverse("admin:integration", args=[item.pk]), recipe_label(item.recipe), state_badge(item))
            for item in Integration.objects.filter(organization=row).order_by("pk")
        ]
        listed = format_html_join("", '<li><a class="link" href="{}">{}</a> {}</li>', items)
        new = f"{reverse('admin:integration_new')}?organization={row.pk}"
        ways = [
            (address, label)
            for right, address, label in (
                ("hub.add_integration", new, _("Set up an integration")),
                ("hub.see_as_organization", reverse("admin:see_as", args=[row.pk]), _("See as the client…")),
            )
            if row.asker.has_perm(right)
        ]
        buttons = format_html_join(" ", '<a class="button" href="{}">{}</a>', ways)
        return format_html('<ul class="stack">{}</ul>{}', listed, buttons)


class SecretInput(UnfoldAdminTextInputWidget):
    """A field one can write to and never read from."""

    input_type = "password"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"autocomplete": "new-password", "spellcheck": "false", **(attrs or {})})

    def format_value(self, value: Any) -> None:
        """Nothing is ever sent back to the browser."""
        return


def _last_four(secret: str) -> SafeString | str:
    return format_html("{} <span class='mono'>…{}</span>", _("stored, ends in"), secret[-4:]) if secret else _("none")


def _vendor_app_form() -> type:
    from django import forms

    from bridge import registry
    from bridge.staff.templatetags.bridge import say

    class VendorAppForm(forms.ModelForm):  # type: ignore[type-arg]
        """Secrets are written, never shown; blank leaves what is stored."""

        vendor = forms.ChoiceField(label=_("vendor"))
        new_secret = forms.CharField(
            label=_("New client secret"),
            required=False,
            strip=True,
            widget=SecretInput(),
            help_text=_("Leave blank to keep the stored one."),
        )
        new_webhook_secret = forms.CharField(
            label=_("New webhook secret"),
            required=False,
            strip=True,
            widget=SecretInput(),
            help_text=_("A new one is added in front; those before it stay valid as long as there is room."),
        )

        class Meta:
            model = VendorApp
            fields = ("vendor", "environment", "client_id")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if self.instance.pk:
                del self.fields["vendor"]
                self.fields["new_webhook_secret"].help_text = _(
                    "A new one is added in front; the newest %(count)s stay valid."
                ) % {"count": self.instance.webhook_secrets_kept}
            else:
                self.fields["vendor"].choices = [(key, say(item.label)) for key, item in registry.connectors().items()]

    return VendorAppForm


@admin.register(VendorApp)
class VendorAppAdmin(ScopedAdmin):
    """Our registrations with vendors."""

    form = _vendor_app_form()
    list_display = ("vendor_name", "environment", "client_id", "stored_secret")
    readonly_fields = ("stored_secret", "stored_webhook_secrets", "addresses")
    fields = (
        ("vendor", "environment"),
        "client_id",
        "stored_secret",
        "new_secret",
        "stored_webhook_secrets",
        "new_webhook_secret",
        "addresses",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: VendorApp | None = None) -> tuple[str, ...]:
        """Vendor and environment are bound into the seal of the secrets: they cannot change afterwards."""
        return (*self.readonly_fields, "vendor_name", "environment") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: VendorApp | None = None) -> Any:
        """Show the vendor's name instead of a choice once the app exists."""
        fields = list(super().get_fields(request, obj))
        return [("vendor_name", "environment"), *fields[1:]] if obj else fields

    def save_model(self, request: HttpRequest, obj: VendorApp, form: Any, change: bool) -> None:
        """Seal what was given."""
        if form.cleaned_data.get("new_secret"):
            obj.secret = form.cleaned_data["new_secret"]
        if form.cleaned_data.get("new_webhook_secret"):
            before = obj.webhook_secrets
            obj.webhook_secrets = [form.cleaned_data["new_webhook_secret"], *before]
            if gone := [secret for secret in before if secret not in obj.webhook_secrets]:
                said = _(
                    "There is room for %(count)s webhook secrets: the oldest, which ends in …%(last)s, is no longer "
                    "valid."
                )
                told = {"count": obj.webhook_secrets_kept, "last": gone[0][-4:]}
                self.message_user(request, said % told, messages.WARNING)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("vendor"), ordering="vendor")
    def vendor_name(self, row: VendorApp) -> str:
        """The vendor's name."""
        from bridge.staff.templatetags.bridge import vendor_label

        return vendor_label(row.vendor)

    @admin.display(description=_("client secret"))
    def stored_secret(self, row: VendorApp) -> SafeString | str:
        """Whether there is one, and its last four characters."""
        return _last_four(row.secret)

    @admin.display(description=_("webhook secrets"))
    def stored_webhook_secrets(self, row: VendorApp) -> SafeString | str:
        """Those now valid, by their last four characters."""
        return format_html_join(", ", "{}", ((_last_four(secret),) for secret in row.webhook_secrets)) or _("none")

    @admin.display(description=_("addresses to give to the vendor"))
    def addresses(self, row: VendorApp) -> SafeString | str:
        """The address people come back to after consent."""
        if not row.vendor:
            return "–"
        return SafeString(render_to_string("staff/app_addresses.html", {"app": row, "base": _base()}))


def _base() -> str:
    from django.conf import settings

    return str(settings.BRIDGE_BASE_URL)
