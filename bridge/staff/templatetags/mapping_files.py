"""Words about mapping files."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bridge.hub.formats import number
from bridge.hub.models import MappingFile, MappingFileRow
from bridge.staff import desk
from bridge.staff.templatetags.bridge import badge

register = template.Library()

ENCODINGS = {
    "cp1252": _("Windows (Western Europe)"),
    "mac_roman": _("Macintosh"),
    "cp850": _("DOS"),
    "iso8859_15": _("Latin 9"),
}


@register.simple_tag
def file_badge(file: MappingFile) -> SafeString:
    """Return the state of a file as word and colour."""
    from bridge.staff.mapping_files import LOOKS

    look = LOOKS[MappingFile.State(file.state)]
    return badge(look.word, look.tone, look.icon)


@register.filter
def file_counts(file: MappingFile) -> str:
    """Return what the rows of a file do, in words: 3 new, 1 changed, 2 invalid."""
    counts = file.counts or {}
    told = {
        "new": ngettext("%(n)s new", "%(n)s new", counts.get("new", 0)),
        "changed": ngettext("%(n)s changed", "%(n)s changed", counts.get("changed", 0)),
        "removed": ngettext("%(n)s removed", "%(n)s removed", counts.get("removed", 0)),
        "invalid": ngettext("%(n)s invalid", "%(n)s invalid", counts.get("invalid", 0)),
        "kept": ngettext("%(n)s left as it is now", "%(n)s left as they are now", counts.get("kept", 0)),
    }
    found = [words % {"n": number(counts[key])} for key, words in told.items() if counts.get(key)]
    return ", ".join(found) or (gettext("nothing to change") if counts else "–")


@register.filter
def encoding_words(name: str) -> str:
    """Return what people call an encoding."""
    return str(ENCODINGS.get(name, name))


@register.simple_tag
def explain_file(file: MappingFile) -> desk.Explained | None:
    """Return why a file is where it is."""
    return desk.explained(file.code, file.params)


@register.filter
def row_reason(row: MappingFileRow) -> str:
    """Return why a row was not taken."""
    from bridge.staff.mapping_files import reason_of

    return reason_of(row)
