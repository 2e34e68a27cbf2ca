"""What the pages about runs and records share: showing values, paging, filters, confirmations, sheets."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal
from django.core.paginator import Page, Paginator
from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.engine.catalogue import REASONS
from bridge.hub.formats import instant
from bridge.hub.models import Integration
from bridge.hub.sheets import safe_cell, sheet
from bridge.staff import choices
from bridge.staff.pages import language, page
from connectors.contract import CUSTOM, ENTITY_LABELS, Text, entity_fields

__all__ = ["safe_cell", "sheet"]  # what pages take from here besides

PAGE_LENGTH = 100
MANY = 10_000
_SHORT = 300
_MARK = re.compile(r"\{\w+\}")

# The code a person is shown: what the vendor said last, else why the change was planned.
CAUSE = Coalesce(NullIf(F("error_code"), Value("")), F("code"))

_ADDRESS_PARTS = {
    "line1": _("street"),
    "line2": _("second line"),
    "city": _("city"),
    "region": _("province or state"),
    "postcode": _("postal code"),
    "country": _("country"),
}


# Confirmations


@dataclass(frozen=True, slots=True)
class Question:
    """A page that asks before acting. `effects` are sentences; `ask_reason` wants a sentence back."""

    title: str
    sentence: str
    button: str
    back: str
    effects: Sequence[str] = ()
    ask_reason: bool = False
    grave: bool = False


def confirmed(request: HttpRequest) -> bool:
    """Tell whether the person has seen the confirmation page and pressed its button."""
    return request.POST.get("confirmed") == "yes"


def ask(request: HttpRequest, question: Question, missing: str = "") -> HttpResponse:
    """Return the confirmation page; everything posted travels along. `missing` says what the last answer lacked."""
    posted = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed", "reason")
        for value in values
    ]
    return page(
        request,
        "staff/run_confirm.html",
        question.title,
        question=question,
        posted=posted,
        reason=request.POST.get("reason", ""),
        missing=missing,
    )


def next_url(request: HttpRequest, default: str) -> str:
    """Return where the person came from, if that is a page of ours."""
    wanted = request.POST.get("next", "")
    return wanted if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else default


# Values of records, in words


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a planned write: what it was and what it becomes, as text; None where there is no value."""

    name: str
    label: str
    was: str | None
    becomes: str | None


def field_changes(entity: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[FieldChange]:
    """Return the fields that differ, in the order of the entity's own. An address is told part by part."""
    before, after = before or {}, after or {}
    names = [*after, *(name for name in before if name not in after)]
    order = {name: at for at, name in enumerate(entity_fields(entity))} if entity in ENTITY_LABELS else {}
    names.sort(key=lambda name: order.get(name, len(order)))
    found = []
    for name in names:
        found += _one_field(entity, name, before.get(name), after.get(name))
    return found


def _one_field(entity: str, name: str, was: Any, becomes: Any) -> Iterator[FieldChange]:
    label = field_label(entity, name)
    kind = _kind(entity, name)
    if kind == "address" and isinstance(was, Mapping) and isinstance(becomes, Mapping):
        for part, word in _ADDRESS_PARTS.items():
            if was.get(part) != becomes.get(part):
                yield FieldChange(f"{name}.{part}", f"{label} ({word})", shown(was.get(part)), shown(becomes.get(part)))
        return
    yield FieldChange(name, label, shown(was, kind), shown(becomes, kind))


def _kind(entity: str, name: str) -> str:
    if entity not in ENTITY_LABELS:
        return ""
    found = entity_fields(entity).get(name)
    return found.kind if found else ""


def field_label(entity: str, name: str) -> str:
    """Return what people call a field; its own name when the entity has no such field."""
    whole, _dot, part = name.partition(".")
    found = entity_fields(entity).get(whole) if entity in ENTITY_LABELS else None
    if found is None:
        return name.removeprefix(CUSTOM)
    words = found.label.say(language())
    return f"{words} ({_ADDRESS_PARTS[part]})" if part in _ADDRESS_PARTS else words


def entity_label(entity: str) -> str:
    """Return what people call an entity."""
    return ENTITY_LABELS[entity].say(language()) if entity in ENTITY_LABELS else entity


def shown(value: Any, kind: str = "") -> str | None:
    """Return a frozen canonical value as words; None for an empty one."""
    if value is None or value == "" or value == [] or value == {}:
        return None
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if kind == "lines" and isinstance(value, list):
        return _lines(value)
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) or "" for item in value)
    if isinstance(value, Mapping):
        if "ref" in value:
            return f"{entity_label(str(value['ref']))} {value.get('id', '')}"
        if kind == "address":
            return ", ".join(str(value[part]) for part in _ADDRESS_PARTS if value.get(part))
        return ", ".join(f"{name}: {shown(item)}" for name, item in value.items() if shown(item))
    if kind in ("money", "number"):
        return _number(value, places=kind == "money")
    if kind == "choice":
        return str(choices.WORDS.get(str(value), value))
    if kind == "instant" and (moment := parse_datetime(str(value))) and timezone.is_aware(moment):
        return instant(moment)
    text = str(value)
    return text if len(text) <= _SHORT else text[:_SHORT] + "…"


def _number(value: Any, places: bool) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return format_decimal(number, format="#,##0.00###" if places else "#,##0.#####", locale=_babel())


def _babel() -> str:
    return "fr_CA" if language().startswith("fr") else "en_CA"


def _lines(lines: Sequence[Any]) -> str:
    told = []
    for line in lines:
        if isinstance(line, Mapping):
            words = str(line.get("name") or line.get("kind") or "")
            if line.get("quantity") is not None:
                words += f" × {_number(line['quantity'], places=False)}"
            if line.get("amount") is not None:
                words += f" = {_number(line['amount'], places=True)}"
            told.append(words.strip())
        else:
            told.append(str(line))
    head = ngettext("%(n)d line", "%(n)d lines", len(told)) % {"n": len(told)}
    text = "; ".join(told)
    short = text if len(text) <= _SHORT else text[:_SHORT] + "…"
    return gettext("%(count)s: %(lines)s") % {"count": head, "lines": short}


def pair_name(integration: Integration) -> str:
    """Return an integration in words: the client and the recipe."""
    recipe = registry.recipes().get(integration.recipe)
    label = recipe.label.say(language()) if recipe else integration.recipe
    return f"{integration.organization} · {label}"


# Lists


class NearPaginator(Paginator):
    """Counts no further than ten thousand rows: on a big table an exact number costs more than it tells."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or MANY + 1 for "more than that"."""
        rows = self.object_list
        return rows.order_by()[: MANY + 1].count() if isinstance(rows, QuerySet) else len(rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list."""

    page: Page

    @property
    def total(self) -> int:
        return self.page.paginator.count

    @property
    def total_words(self) -> str:
        """Return the number of rows in words a person may trust."""
        if self.total > MANY:
            return gettext("more than %(n)s") % {"n": format_decimal(MANY, locale=_babel())}
        return format_decimal(self.total, locale=_babel())


def listing(request: HttpRequest, rows: Any, length: int = PAGE_LENGTH) -> Listing:
    """Return the page a person asked for; a page that is not there becomes the nearest one."""
    return Listing(NearPaginator(rows, length).get_page(request.GET.get("page")))


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    count: int | None = None
    chosen: bool = False


def options(counted: Mapping[str, int | None], chosen: str, label: Mapping[str, Any] | Any) -> list[Option]:
    """Return the choices of a filter, most first. `label` is a mapping or a function from value to words."""
    say = label if callable(label) else lambda value: str(label.get(value, value))
    found = [Option(value, say(value), number, value == chosen) for value, number in counted.items() if value]
    return sorted(found, key=lambda item: (-(item.count or 0), item.label))


@dataclass(frozen=True, slots=True)
class Explained:
    """A code in words: what happened, why, what to do, who does it. Unexplained codes stand for themselves."""

    code: str
    what: str
    why: str = ""
    cure: str = ""
    who: str = ""
    can_retry: bool = True


_WHO = {"staff": _("staff"), "client": _("the client"), "support": _("support")}


# Why a line was planned, where no catalogue entry is needed: nothing has to be done about it.
_PLAIN_REASONS = {
    "moved": _("Its record changed after it was planned, so it was planned anew"),
    "undo": _("Takes back what an earlier run wrote"),
    "disconnect": _("Removed because the integration is disconnected"),
    "at-end": _("Written once everything else had settled"),
    "person": _("A person said that the two are the same"),
    "merged": _("Its record was merged into another one"),
    "merge": _("A person merged the two"),
    "relinked": _("A person linked the record to another one"),
    "way-off": _("Records do not go this way any more"),
}


def explained(code: str, params: Mapping[str, Any] | None = None, entity: str = "") -> Explained | None:
    """Return the words of a code; None for no code. With the entity it is about, fields are named as people do."""
    if not code:
        return None
    entry = registry.catalogue().get(code)
    if entry is None:
        plain = REASONS.get(code)
        return Explained(code, _say(plain, params or {}, entity) if plain else str(_PLAIN_REASONS.get(code, code)))
    say = [_say(text, params or {}, entity) for text in (entry.what, entry.why, entry.cure)]
    return Explained(code, *say, who=str(_WHO.get(entry.who, entry.who)), can_retry=entry.can_retry)


def _say(text: Text, params: Mapping[str, Any], entity: str) -> str:
    """Return a sentence with its marks filled; a mark nothing fills becomes an ellipsis."""
    told = {name: _told(name, value, entity) for name, value in params.items() if name not in ("self", "language")}
    missing = {mark[1:-1]: "…" for mark in _MARK.findall(text.say(language())) if mark[1:-1] not in told}
    return text.say(language(), **told, **missing).replace("….", "…")


# What is a name, whatever it looks like.
_NAMES = frozenset(("number", "key", "sku", "who", "line", "name", "parent", "order", "id", "ids", "version"))
_AMOUNT = re.compile(r"-?\d+\.\d+")


def _told(name: str, value: Any, entity: str) -> str:
    """Return what fills a mark: amounts the way the reader writes them, fields by their labels."""
    if entity and name in ("field", "fields"):
        names = value if isinstance(value, list | tuple) else [value]
        return ", ".join(field_label(entity, str(item)) for item in names)
    if isinstance(value, str) and name not in _NAMES and _AMOUNT.fullmatch(value):
        return _number(value, places=True)
    return shown(value) or ""


def short_code_words(code: str) -> str:
    """Return the words of a code for a list, where no record fills its marks: a mark becomes an ellipsis."""
    found = explained(code)
    return found.what if found else gettext("no reason given")


def pick(query: QueryDict, name: str, allowed: Iterable[str]) -> str:
    """Return a filter's value if it is one of those allowed, else ""."""
    value = query.get(name, "")
    return value if value in set(allowed) else ""


def seconds_between(start: datetime | None, end: datetime | None) -> int | None:
    """Return whole seconds from start to end (now when it has not ended); None before it began."""
    if start is None:
        return None
    return max(0, int(((end or timezone.now()) - start).total_seconds()))
