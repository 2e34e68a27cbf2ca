"""People who sign in: invited, with a link by mail that can be sent again or taken back. Nobody signs up alone."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bridge.hub.models import Membership, Organization, SignInLink, User
from bridge.jobs import links
from bridge.staff.pages import page, staff_view, tell_error
from bridge.staff.scoped import ScopedAdmin
from connectors.contract import SyncError

HARMLESS = {"first_name", "last_name", "language", "time_zone"}  # changes after which sessions live on


class MembershipsOfPerson(TabularInline):
    """Which organizations this person belongs to."""

    model = Membership
    extra = 0
    fields = ("organization", "role")  # which mails a person wants is theirs to say
    autocomplete_fields = ("organization",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only of clients this person of the office looks after."""
        return Membership.objects.for_user(request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take only clients this person sees, whatever number is posted."""
        kwargs.update(queryset=Organization.objects.for_user(request.user), label=_("Client"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


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
            "staff_role",
            "sees_all",
            "organizations",
            "is_superuser",
        )

    def clean_email(self) -> str:
        """Addresses are kept in lower case; one person has one."""
        email = self.cleaned_data["email"].lower()
        others = User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("Someone with this address is already here."))
        return str(email)


# What somebody of the office is given: only an owner who sees every client hands it out.
GRANTED = ("is_staff", "staff_role", "sees_all", "organizations")


@admin.register(User)
class PersonAdmin(ScopedAdmin):
    """People: address, names, language, rights."""

    form = PersonForm
    list_display = ("email", "full_name", "language", "staff_role", "is_active", "last_login", "invited", "two_steps")
    list_filter = ("is_staff", "staff_role", "is_active", "language")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    readonly_fields = ("invitation",)
    inlines = (MembershipsOfPerson,)
    fieldsets = (
        (None, {"fields": ("email", ("first_name", "last_name"), ("language", "time_zone"), "invitation")}),
        (_("Rights"), {"fields": ("is_active", *GRANTED, "is_superuser")}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Boxes to tick."""
        return super().formfield_for_manytomany(
            db_field, request, **{**kwargs, "widget": UnfoldAdminCheckboxSelectMultipleWidget()}
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only people of the clients this person looks after; second factors come with the list."""
        invitations = SignInLink.objects.filter(kind=SignInLink.Kind.INVITATION)
        return User.objects.for_user(request.user).prefetch_related(
            "authenticator_set", Prefetch("sign_in_links", invitations, to_attr="invitations")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Owners hand out roles, not their own; only an administrator makes administrators."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fixed
        grants = request.user.has_perm("hub.grant_user") and request.user.sees_all and obj != request.user
        return (*fixed, "is_superuser") if grants else (*fixed, *GRANTED, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An administrator's account is an administrator's matter; and whoever sees all that a person sees changes it:
        with the address goes the account.
        """
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None or request.user.is_superuser:
            return bool(allowed)
        if obj.is_superuser:
            return False
        if request.user.sees_all or obj == request.user:
            return True
        return (
            not obj.is_staff
            and not obj.memberships.exclude(organization__in=Organization.objects.for_user(request.user)).exists()
        )

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
    def invited(self, row: Any) -> str:
        """What became of the latest invitation; nothing for people who came in without one."""
        if row.invitations:
            return render_to_string("partials/invitation.html", {"link": row.invitations[0]}).strip()
        return "–" if row.last_login else gettext("not sent yet")

    @admin.display(description=_("invitation"))
    def invitation(self, row: Any) -> SafeString | str:
        """The way to the page that sends the link."""
        if row.pk is None:
            return gettext("Save first; then you can send the link by which this person comes in.")
        if not row.asker.has_perm("hub.change_user"):
            return "–"
        words = (
            gettext("Send a link for a new password") if row.last_login else gettext("Invitation: send or take back")
        )
        return format_html('<a class="button" href="{}">{}</a>', reverse("admin:invite", args=[row.pk]), words)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person has no password until they choose one."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whose rights or organizations were changed signs in anew."""
        super().save_related(request, form, formsets, change)
        touched = any(field not in HARMLESS for field in form.changed_data)
        if change and (touched or any(one.has_changed() for one in formsets)):
            form.instance.end_sessions()


@staff_view(view="hub.view_user", write="hub.change_user")
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then mail a link: to come in for the first time, or to choose a new password; in the person's language."""
    person = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    back = reverse("admin:hub_user_change", args=[pk])
    if not _mine(request, person):
        return redirect(back)
    if request.method == "POST":
        _send(request, person)
        return redirect(back)
    return page(
        request,
        "staff/invite.html",
        gettext("Send the invitation") if person.last_login is None else gettext("Send a link for a new password"),
        [(_("People"), reverse("admin:hub_user_changelist")), (str(person), back)],
        person=person,
        back=back,
        link=links.invitations([person]).get(person.pk),
        days=links.INVITED_FOR.days,
    )


def _send(request: HttpRequest, person: User) -> None:
    told = {"email": person.email}
    if person.last_login is None:
        try:
            sent = links.invite(person, request.user)
        except SyncError as error:
            tell_error(request, error)
            return
    else:
        form = ResetPasswordForm({"email": person.email})
        sent = bool(person.is_active and form.is_valid() and form.save(request))
    if sent:
        messages.success(request, gettext("The link is on its way to %(email)s.") % told)
    else:
        messages.error(
            request, gettext("No link went to %(email)s: the account is switched off, or no mail leaves.") % told
        )


@staff_view(view="hub.view_user", write="hub.change_user")
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back: the link opens nothing, and the account nobody has used is switched off."""
    person = get_object_or_404(User.objects.for_user(request.user), pk=pk)
    if request.method == "POST" and _mine(request, person):
        try:
            links.withdraw(person, request.user)
        except SyncError as error:
            tell_error(request, error)
        else:
            messages.success(request, gettext("The invitation of %(email)s is taken back.") % {"email": person.email})
    return redirect("admin:hub_user_change", pk)


def _mine(request: HttpRequest, person: User) -> bool:
    if person.is_superuser and not request.user.is_superuser:
        messages.error(request, gettext("An administrator's account is an administrator's matter."))
        return False
    return True


urls: list[URLPattern] = [
    path("people/<int:pk>/invite/", invite, name="invite"),
    path("people/<int:pk>/invite/withdraw/", invitation_withdraw, name="invitation_withdraw"),
]
