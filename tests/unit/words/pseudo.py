"""A language nobody speaks: every translated text stands in brackets, so that what is outside them was never marked."""

import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

from auditlog.models import LogEntry
from django.apps import apps
from django.utils import translation

from connectors.contract import Text

OPEN, CLOSE = "⟦", "⟧"
SPOKEN = ("title", "aria-label", "placeholder", "alt")
UNSEEN = ("script", "style", "template", "noscript", "textarea", "svg", "kbd")
ICONS = "material-symbols-outlined"  # a font whose letters are pictures
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

# What our own formats write of dates, times, lengths of time and money: the language is that of the reader already.
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_WHEN = re.compile(
    rf"(?:\d{{1,2}} )?{_MONTH}(?: \d{{1,2}},)?(?: \d{{4}})?(?:, \d\d:\d\d)?(?: (?:[A-Z]{{3,4}}|UTC))?\b"
    r"|\b(?:in )?\d+ (?:second|minute|hour|day|week|month|year|sec|min|hr|wk|mth|yr)s?\.?(?: ago)?\b"
    r"|\b\d+\s?(?:h|min|s|ms|KB|kB|MB|bytes)\b"
    r"|\b(?:CA|US)?\$|\b[A-Z]{3}\b(?=\s?[\d$-])|(?<=\d)\s?[A-Z]{3}\b"
)
# Names of ours, of forms of files, of countries and currencies, addresses, codes of the catalogue and dotted names: the same in every language.
_NAMES = re.compile(
    r"\b(?:Bridge|PDF|CSV|Excel|JSON)\b|\S+@\S+|https?://\S+|/[\w/{}.-]+|\b[A-Z]{2,}(?:-[A-Z0-9]+)+\b|\b[A-Z]{2,3}\b|\b\w+[._]\w[\w.]*\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def bracketed(monkeypatch: Any) -> None:
    """Put every translated text of this test in brackets, whatever way it comes: code, templates, connectors."""
    real = translation._trans

    def around(function: Callable[..., str]) -> Callable[..., str]:
        def said(*told: Any, **more: Any) -> str:
            words = str(function(*told, **more))
            return f"{OPEN}{words}{CLOSE}" if words.strip() and told[0] != "" else words

        return said

    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        monkeypatch.setattr(real, name, around(getattr(real, name)))
    monkeypatch.setattr(Text, "say", around_method(Text.say))


def around_method(function: Callable[..., str]) -> Callable[..., str]:
    """Do the same to a method."""

    def said(own: Any, *told: Any, **more: Any) -> str:
        words = function(own, *told, **more)
        return f"{OPEN}{words}{CLOSE}" if words.strip() else words

    return said


class Page(HTMLParser):
    """The texts of a page that stand outside every bracket, with the element each is in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.outside: list[tuple[str, str]] = []
        self._above: list[tuple[str, bool]] = []
        self._depth = 0
        self.feed(html)
        self.close()

    @property
    def _is_data(self) -> bool:
        return any(other for _tag, other in self._above)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        other = (
            told.get("translate") == "no"
            or (tag != "html" and "lang" in told)
            or tag in UNSEEN
            or ICONS in told.get("class", "")
        )
        if not (other or self._is_data):
            spoken = [told[name] for name in SPOKEN if name in told]
            if tag in ("input", "button") and told.get("type") in ("submit", "button", "reset"):
                spoken.append(told.get("value", "") if tag == "input" else "")
            for text in spoken:
                self.outside += [(tag, part) for part, _depth in _outside(text, 0)]
        if tag not in VOID:
            self._above.append((tag, other))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _other in self._above):
            while self._above.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        found = list(_outside(data, self._depth))
        self._depth = max(0, self._depth + data.count(OPEN) - data.count(CLOSE))
        if not self._is_data:
            place = self._above[-1][0] if self._above else ""
            self.outside += [(place, part) for part, _depth in found]


def _outside(text: str, depth: int) -> Iterator[tuple[str, int]]:
    for part in re.split(f"([{OPEN}{CLOSE}])", text):
        if part == OPEN:
            depth += 1
        elif part == CLOSE:
            depth = max(0, depth - 1)
        elif depth == 0 and part.strip():
            yield part.strip(), depth


DATA_FIELDS = {
    "name", "title", "email", "first_name", "last_name", "account_name", "number", "remote_id", "source_key",
    "text", "choices", "reason", "account_id", "unique_id", "note", "data", "method", "path", "client_id", "after",
    "time_zone",
}  # fmt: skip


def ledger() -> list[str]:
    """Return what the audit trail holds: old and new values as they stand in the tables."""
    told = LogEntry.objects.values_list("object_repr", "changes")
    return sorted({text for row in told for text in _strings(list(row)) if text}, key=len, reverse=True)


def data() -> list[str]:
    """Return what the rows of this test say themselves, the longest first."""
    found: set[str] = set()
    for model in apps.get_app_config("hub").get_models():
        names = [field.attname for field in model._meta.concrete_fields if field.name in DATA_FIELDS]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                found |= set(_strings(value))
    return sorted((text for text in found if _WORD.search(text)), key=len, reverse=True)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (line.strip() for line in value.splitlines())
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def unmarked(html: str, known: Iterable[str]) -> list[str]:
    """Return the words of a page that nobody marked for translation and no row holds."""
    known, found = list(known), []
    for tag, text in Page(html).outside:
        rest = text
        for words in known:
            if words in rest:
                rest = rest.replace(words, " ")
        rest = _NAMES.sub(" ", _WHEN.sub(" ", rest))
        if _WORD.search(rest):
            found.append(f"<{tag}> {text[:120]}")
    return list(dict.fromkeys(found))
