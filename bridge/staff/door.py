"""Pages at the door: the start page and the language switch."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from bridge.hub.models import Membership

YEAR = 365 * 24 * 3600


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Staff go to their desk; people of a client see which organizations they belong to and what comes."""
    if request.user.is_staff:
        return redirect("admin:index")
    mine = Membership.objects.filter(user=request.user).select_related("organization").order_by("organization__name")
    return render(request, "start.html", {"organizations": mine})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the person (and in a cookie for the pages before sign-in) and stay on the page."""
    wanted = request.POST.get("language", "")
    place = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(place, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(place if safe else "/")
    if wanted in dict(settings.LANGUAGES):
        if request.user.is_authenticated and request.user.language != wanted:
            request.user.language = wanted
            request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, max_age=YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response
