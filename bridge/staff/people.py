"""People who sign in: invited by staff, with a link by mail. Nobody signs up alone."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bridge.hub.models import Membership, User
from bridge.staff.pages import page, staff_view


class MembershipsOfPerson(TabularInline):
    """Which organizations this person belongs to."""

    model = Membership
    extra = 0
    autocomplete_fields = ("organization",)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person without a password: it is theirs to choose, from the invitation."""

    class Meta:
        model = User
        fields = (
            "email",
            "first_name",
            "last_name",
            "language",
            "time_zone",
            "is_active",
            "is_staff",
            "is_superuser",
            "groups",
        )

    def clean_email(self) -> str:
        """Addresses are kept in lower case; one person has one."""
        email = self.cleaned_data["email"].lower()
        others = User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("Someone with this address is already here."))
        return str(email)


@admin.register(User)
class PersonAdmin(ModelAdmin):
    """People: address, names, language, rights."""

    form = PersonForm
    list_display = ("email", "full_name", "language", "is_staff", "is_active", "last_login", "two_steps")
    list_filter = ("is_staff", "is_active", "language")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    readonly_fields = ("invitation",)
    inlines = (MembershipsOfPerson,)
    fieldsets = (
        (None, {"fields": ("email", ("first_name", "last_name"), ("language", "time_zone"), "invitation")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes to tick: there are few groups."""
        return super().formfield_for_manytomany(
            db_field, request, **{**kwargs, "widget": UnfoldAdminCheckboxSelectMultipleWidget()}
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Second factors come with the list."""
        return super().get_queryset(request).prefetch_related("authenticator_set")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only an administrator hands out rights: nobody raises their own."""
        fixed = super().get_readonly_fields(request, obj)
        return tuple(fixed) if request.user.is_superuser else (*fixed, "is_staff", "is_superuser", "groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An administrator's account is an administrator's matter."""
        allowed = super().has_change_permission(request, obj)
        return allowed and not (obj and obj.is_superuser and not request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are switched off, not deleted: their name stands behind decisions."""
        return False

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, row: User) -> str:
        """First and last name."""
        return row.get_full_name() or "–"

    @admin.display(description=_("two steps"), boolean=True)
    def two_steps(self, row: Any) -> bool:
        """Whether a second factor or passkey is set up."""
        return bool(row.authenticator_set.all())

    @admin.display(description=_("invitation"))
    def invitation(self, row: User) -> SafeString | str:
        """The way to the page that sends the link."""
        if row.pk is None:
            return gettext("Save first; then you can send the link by which this person chooses a password.")
        return format_html(
            '<a class="button" href="{}">{}</a>', reverse("admin:invite", args=[row.pk]), gettext("Send the invitation")
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person has no password until they choose one."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    """Rights handed out together, such as those of support."""

    search_fields = ("name",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only rights over what staff see; what libraries keep for themselves is left out."""
        if db_field.name == "permissions":
            rows = Permission.objects.filter(content_type__app_label__in=("hub", "auditlog"))
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            kwargs["queryset"] = rows.select_related("content_type").order_by("content_type__model", "codename")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@staff_view(view="hub.view_user", write="hub.change_user")
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then mail a link by which the person chooses a password; in the person's language."""
    person = get_object_or_404(User, pk=pk)
    back = reverse("admin:hub_user_change", args=[pk])
    if person.is_superuser and not request.user.is_superuser:
        messages.error(request, gettext("An administrator's account is an administrator's matter."))
        return redirect(back)
    if request.method == "POST":
        with override(person.language):
            form = ResetPasswordForm({"email": person.email})
            sent = form.is_valid() and form.save(request)
        if sent:
            messages.success(request, gettext("The link is on its way to %(email)s.") % {"email": person.email})
        else:
            messages.error(request, gettext("The link was not sent: the account is switched off."))
        return redirect(back)
    return page(
        request,
        "staff/invite.html",
        gettext("Send the invitation"),
        [(_("People"), reverse("admin:hub_user_changelist")), (str(person), back)],
        person=person,
        back=back,
    )


urls: list[URLPattern] = [path("people/<int:pk>/invite/", invite, name="invite")]
