"""PDF from a template: tagged for screen readers (PDF/UA-1), with language and title; same words, same bytes.

The drawing is done by WeasyPrint, which needs Pango from the system. Without it everything but PDF works.
"""

import ctypes
import io
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.template.loader import render_to_string
from django.utils.translation import gettext

from bridge.hub.formats import locale
from bridge.hub.look import static_file, variables

# They tell every step they take.
for _name in ("weasyprint", "fontTools"):
    logging.getLogger(_name).setLevel(logging.WARNING)

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"  # as Debian and Ubuntu name them
# What WeasyPrint opens, under the names it tries: Debian's, a plain soname, macOS's.
_LIBRARIES = (
    ("libpango-1.0.so.0", "libpango-1.0-0", "libpango-1.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0-0", "libpangoft2-1.0.dylib"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset-0", "libharfbuzz-subset.0.dylib"),
)
_FONT = "unfold/fonts/inter/Inter-{weight}.woff2"
_WEIGHTS = {"Regular": 400, "SemiBold": 600}


class PdfUnavailable(Exception):
    """This machine cannot draw PDF; the message says what to install."""


def _opens(names: tuple[str, ...]) -> bool:
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


@cache
def available() -> bool:
    """Tell whether PDF can be drawn here."""
    return all(_opens(names) for names in _LIBRARIES)


def missing_words() -> str:
    """Return what to do where PDF cannot be drawn, for staff."""
    return gettext("To make PDF, install these packages and start Bridge again: %(packages)s.") % {"packages": PACKAGES}


@register()
def pdf_can_be_drawn(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """PDF needs libraries of the system."""
    if available():
        return []
    return [
        Warning(
            "PDF cannot be made on this machine: Pango is missing. All else works.",
            hint=f"apt-get install {PACKAGES}",
            id="bridge.W005",
        )
    ]


def _faces() -> str:
    return "".join(
        f"@font-face {{ font-family: Inter; font-weight: {weight}; src: url('static:{_FONT.format(weight=name)}'); }}"
        for name, weight in _WEIGHTS.items()
    )


def read(url: str) -> tuple[bytes, str]:
    """Return a static file of ours and its type. Nothing else is ever read: no address, no file a text might name."""
    if not url.startswith("static:"):
        raise ValueError("only static files are used in a PDF")
    return _font(url.removeprefix("static:")), "font/ttf"


@cache
def _font(name: str) -> bytes:
    """Return a font unpacked: that takes half a second, and each drawing would do it anew."""
    from fontTools.ttLib import TTFont

    kept = io.BytesIO()
    with TTFont(static_file(name)) as font:
        font.flavor = None
        font.save(kept)
    return kept.getvalue()


@cache
def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFiles(URLFetcher):  # type: ignore[misc]
        """Hands over static files; anything else ends the drawing."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            content, kind = read(url)
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    return OwnFiles(fail_on_errors=True)


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """Return a template as PDF, in the language now spoken. PdfUnavailable where the libraries are missing.

    The template is a whole page with `lang` and `<title>`; its style sheet is `reports/paper.css`.
    """
    if not available():
        raise PdfUnavailable(missing_words())
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    words = render_to_string(template, {**context, "lang": locale().replace("_", "-")})
    fonts = FontConfiguration()
    looks = [variables() + _faces(), static_file("reports/paper.css").read_text(encoding="utf-8")]
    sheets = [CSS(string=look, font_config=fonts, url_fetcher=_fetcher()) for look in looks]
    page = HTML(string=words, base_url="static:", url_fetcher=_fetcher())
    return bytes(page.write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1"))
