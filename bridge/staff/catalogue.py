"""What the codes mean: every code Bridge can show, with cause and cure, in the reader's language."""

import unicodedata

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.staff.pages import page
from bridge.staff.templatetags.bridge import say
from connectors.contract import Explanation


def catalogue(request: HttpRequest) -> HttpResponse:
    """List the codes; the search box looks into all words and ignores case and accents."""
    wanted = request.GET.get("q", "").strip()
    entries = [entry for entry in registry.catalogue().values() if _holds(entry, wanted)]
    return page(
        request,
        "staff/catalogue.html",
        _("What the codes mean"),
        entries=sorted(entries, key=lambda entry: entry.code),
        total=len(registry.catalogue()),
        wanted=wanted,
    )


def _holds(entry: Explanation, wanted: str) -> bool:
    words = " ".join((entry.code, say(entry.what), say(entry.why), say(entry.cure)))
    return _folded(wanted) in _folded(words)


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold()


urls: list[URLPattern] = [path("codes/", catalogue, name="catalogue")]
