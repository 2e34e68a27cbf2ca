"""Looking at a client's pages as the client sees them: nothing can be changed, it is noted, and it ends by itself."""

import time

from auditlog.models import LogEntry
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from bridge.hub import rights
from bridge.hub.models import Organization
from bridge.staff import desk
from bridge.staff.pages import staff_view

RIGHT = "hub.see_as_organization"


def _noted(request: HttpRequest, organization: Organization, was: str, becomes: str) -> None:
    LogEntry.objects.log_create(
        organization,
        force_log=True,
        action=LogEntry.Action.ACCESS,
        actor=request.user,
        changes={"seen_as_client": [was, becomes]},
    )


@staff_view(view=RIGHT, write=RIGHT)
def see_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then open the client's pages for this session, for half an hour."""
    organization = get_object_or_404(Organization.objects.for_user(request.user), pk=pk)
    if desk.confirmed(request):
        until = int(time.time()) + rights.SEEING_SECONDS
        request.session[rights.SEEING_AS] = {"organization": organization.pk, "until": until}
        _noted(request, organization, "", timezone.now().isoformat(timespec="seconds"))
        return redirect("portal:home", organization.pk)
    told = {"client": organization.name}
    question = desk.Question(
        title=gettext("See the pages of %(client)s as the client") % told,
        sentence=gettext("You open the client’s own pages and see what they see."),
        effects=[
            gettext("Nothing can be changed from there, whatever your role."),
            gettext("The audit notes that you looked, and when."),
            gettext("It ends by itself after %(n)d minutes, or when you go back.") % {"n": rights.SEEING_SECONDS // 60},
        ],
        button=gettext("Open the client’s pages"),
        back=reverse("admin:hub_organization_change", args=[pk]),
    )
    return desk.ask(request, question)


@require_POST
def see_as_end(request: HttpRequest) -> HttpResponse:
    """Go back to the desk; whoever was not looking goes to the front page."""
    seen = request.session.pop(rights.SEEING_AS, None)
    if not seen or not request.user.is_authenticated:
        return redirect("start")
    organization = Organization.objects.for_user(request.user).filter(pk=seen["organization"]).first()
    if organization is None:
        return redirect("start")
    _noted(request, organization, timezone.now().isoformat(timespec="seconds"), "")
    messages.info(request, gettext("You no longer see the pages of %(client)s.") % {"client": organization.name})
    return redirect("admin:hub_organization_change", organization.pk)


urls: list[URLPattern] = [path("organizations/<int:pk>/see/", see_as, name="see_as")]
