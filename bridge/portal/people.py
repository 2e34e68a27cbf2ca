"""People and access: who of the client can see these pages, and letting people in or sending them away."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge.hub import voice
from bridge.hub.models import Membership
from bridge.jobs import activity, links, members
from bridge.portal.frame import Visit, page, portal_view
from connectors.contract import SyncError

ROLES = {
    Membership.Role.VIEWER: _("Sees everything, changes nothing."),
    Membership.Role.ACCOUNTANT: _("Also answers questions, comments and connects accounts."),
    Membership.Role.MANAGER: _("Also invites people and withdraws access."),
}


class InviteForm(forms.Form):
    """Whom to let in, and as what."""

    email = forms.EmailField(max_length=200)
    name = forms.CharField(max_length=200, required=False)
    role = forms.ChoiceField(choices=Membership.Role.choices)
    language = forms.ChoiceField(choices=[("en", "English"), ("fr", "Français")])


@portal_view(post="people")
def people(visit: Visit) -> HttpResponse:
    """Show who can see these pages and when they last did; managers invite more."""
    problems: dict[str, list[str]] = {}
    if visit.request.method == "POST":
        form = InviteForm(visit.request.POST)
        problems = {name: [str(one) for one in said] for name, said in form.errors.items()}
        if not problems:
            try:
                return _invite(visit, form.cleaned_data)
            except SyncError as error:
                problems["email"] = [voice.refused(error)]
    given = visit.request.POST
    chosen = {
        "email": given.get("email", ""),
        "name": given.get("name", ""),
        "role": given.get("role", Membership.Role.VIEWER),
        "language": given.get("language", visit.organization.language),
    }
    rows = list(activity.seen_by(visit.user, visit.organization))
    invited = links.invitations([row.user for row in rows if row.user.last_login is None])
    return page(
        visit,
        "people",
        gettext("People and access"),
        members=[row for row in rows if row.user.last_login is not None],
        invited=[(row, invited.get(row.user_id)) for row in rows if row.user.last_login is None],
        contact=visit.organization.owner,
        roles=[(value, label, ROLES[Membership.Role(value)]) for value, label in Membership.Role.choices],
        chosen=chosen,
        problems=problems,
        languages=InviteForm.base_fields["language"].choices,  # type: ignore[attr-defined]
    )


def _invite(visit: Visit, given: dict[str, str]) -> HttpResponse:
    with visit.acts():
        person = members.invite(
            visit.organization, given["email"], given["role"], visit.user, given["language"], given["name"]
        )
    _tell(visit, person.email, members.send(visit.organization, person, visit.user))
    return redirect(visit.url("people"))


def _tell(visit: Visit, email: str, sent: bool) -> None:
    if sent:
        messages.success(
            visit.request, gettext("A mail with a link to come in is on its way to %(email)s.") % {"email": email}
        )
    else:
        messages.warning(
            visit.request,
            gettext("%(email)s may come in, but the mail did not leave. Send the invitation again in a while.")
            % {"email": email},
        )


@portal_view(post="people")
def member_again(visit: Visit, pk: int) -> HttpResponse:
    """Send an invitation once more; the link sent before ends."""
    member = visit.one(Membership, pk=pk)
    if visit.request.method == "POST":
        try:
            _tell(visit, member.user.email, members.again(member, visit.user))
        except SyncError as error:
            messages.error(visit.request, voice.refused(error))
    return redirect(visit.url("people"))


@portal_view(post="people")
def member_remove(visit: Visit, pk: int) -> HttpResponse:
    """Ask, then send a person away."""
    member = visit.one(Membership, pk=pk)
    if visit.request.method == "POST" and visit.request.POST.get("confirmed") == "yes":
        try:
            with visit.acts():
                members.remove(member, visit.user)
        except SyncError as error:
            messages.error(visit.request, voice.refused(error))
            return redirect(visit.url("people"))
        told = {"person": str(member.user)}
        messages.success(visit.request, gettext("%(person)s no longer sees these pages.") % told)
        return redirect("portal:start") if member.user_id == visit.user.pk else redirect(visit.url("people"))
    return page(
        visit,
        "people",
        gettext("Remove %(person)s?") % {"person": str(member.user)},
        template="member_remove",
        member=member,
    )
