"""All active rules of an integration as plain sentences, to be read, printed and signed."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bridge.jobs import rules_text as work
from bridge.staff.integrations import VIEW, crumb, get_integration, section
from bridge.staff.pages import language, page, staff_view


@staff_view(view=VIEW)
def rules_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rules in the reader's language, or in the one asked for: an accountant may read another."""
    integration = get_integration(request, pk)
    wanted = request.GET.get("in", "")
    words = wanted if wanted in ("en", "fr") else language()
    with translation.override(words):
        sections = work.rules_as_text(integration, words)
        response = page(
            request,
            "staff/rules_text.html",
            _("Rules as text"),
            [section(), crumb(integration)],
            integration=integration,
            sections=sections,
            words=words,
            other="en" if words == "fr" else "fr",
            as_of=timezone.now(),
        )
        return response.render()


urls: list[URLPattern] = [path("integrations/<int:pk>/rules/", rules_text, name="rules_text")]
