"""Help: the topics each recipe brings, and how the desk works. The same address whatever the language."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.staff.pages import page
from bridge.staff.templatetags.bridge import recipe_label, say


def help_home(request: HttpRequest) -> HttpResponse:
    """List the topics, by recipe."""
    return page(request, "staff/help.html", _("Help"), recipes=list(registry.recipes().values()))


def help_topic(request: HttpRequest, recipe: str, topic: str) -> HttpResponse:
    """Show one topic."""
    known = registry.recipes().get(recipe)
    found = next((item for item in known.help if item.key == topic), None) if known else None
    if known is None or found is None:
        raise Http404
    return page(
        request,
        "staff/help_topic.html",
        say(found.title),
        [(_("Help"), reverse("admin:help")), (recipe_label(recipe), f"{reverse('admin:help')}#{recipe}")],
        topic=found,
        paragraphs=[part for part in say(found.body).split("\n\n") if part.strip()],
        links=[(say(label), address) for label, address in found.links],
    )


urls: list[URLPattern] = [
    path("help/", help_home, name="help"),
    path("help/<slug:recipe>/<slug:topic>/", help_topic, name="help_topic"),
]
