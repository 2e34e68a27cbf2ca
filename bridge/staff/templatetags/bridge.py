"""Words, money, times and states, as templates show them: `{% load bridge %}`.

States are never colour alone: a badge has an icon, a word and a colour.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_timedelta
from babel.numbers import format_percent
from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bridge import registry
from bridge.hub import formats
from bridge.hub.formats import day, money, number
from bridge.hub.formats import language as _language
from bridge.hub.formats import locale as _locale
from bridge.hub.gate import place
from bridge.hub.models import Change, Environment, Run
from bridge.jobs.delays import delay_of
from connectors.contract import ENTITY_LABELS, Text, entity_fields

register = template.Library()
register.filter(number)
register.filter(money)
register.filter(day)
register.filter(place)


# Words


@register.filter
def say(text: Any, values: Mapping[str, object] | None = None) -> str:
    """Return a text in the person's language. Takes a `Text`, its stored form {"en", "fr"}, or plain words."""
    if text is None:
        return ""
    if isinstance(text, Mapping) and {"en", "fr"} <= set(text):
        text = Text(str(text["en"]), str(text["fr"]))
    if isinstance(text, Text):
        return text.say(_language(), **_values(values))
    return str(text)


def _values(values: Mapping[str, object] | None) -> dict[str, object]:
    """Params as words: texts in the language, amounts readable, lists joined."""
    return {key: _word(item) for key, item in (values or {}).items() if key not in ("self", "language")}


def _word(item: object) -> object:
    if isinstance(item, Text | Mapping):
        return say(item)
    if isinstance(item, list | tuple):
        return ", ".join(str(_word(part)) for part in item)
    if isinstance(item, Decimal):
        return number(item)
    return item


@register.filter
def code_what(code: str, params: Mapping[str, object] | None = None) -> str:
    """Return what happened, of a catalogue code; a code without text is shown as it is."""
    entry = registry.catalogue().get(code)
    return say(entry.what, params) if entry else code


@register.filter
def code_title(code: str) -> str:
    """Return what happened, for a group of records: where each record has its own words, three dots stand."""
    return re.sub(r"\{[a-z_]+\}\.?", "…", code_what(code))


@register.filter
def code_why(code: str, params: Mapping[str, object] | None = None) -> str:
    """Return why it happened; "" for a code without text."""
    entry = registry.catalogue().get(code)
    return say(entry.why, params) if entry else ""


@register.filter
def code_cure(code: str, params: Mapping[str, object] | None = None) -> str:
    """Return what to do; "" for a code without text."""
    entry = registry.catalogue().get(code)
    return say(entry.cure, params) if entry else ""


@register.filter
def code_who(code: str) -> str:
    """Return who acts on a code, in words."""
    entry = registry.catalogue().get(code)
    words = {"staff": _("Staff"), "client": _("The client"), "support": _("Support")}
    return words.get(entry.who, entry.who) if entry else words["support"]


@register.inclusion_tag("partials/explain.html")
def explain(code: str, params: Mapping[str, object] | None = None, detail: str = "") -> dict[str, Any]:
    """Show a code: what happened, why, what to do, who does it; the vendor's own words last, marked as such."""
    entry = registry.catalogue().get(code)
    return {"code": code, "params": params or {}, "entry": entry, "detail": detail}


@register.filter
def vendor_label(key: str) -> str:
    """Return a vendor's name by its key."""
    known = registry.connectors().get(key)
    return say(known.label) if known else key


@register.filter
def recipe_label(key: str) -> str:
    """Return a recipe's name by its key."""
    known = registry.recipes().get(key)
    return say(known.label) if known else key


@register.filter
def entity_label(entity: str) -> str:
    """Return the name of a canonical entity."""
    return say(ENTITY_LABELS.get(entity, entity))


@register.filter
def field_label(name: str, entity: str) -> str:
    """Return the name of a canonical field of an entity; unknown ones as they are."""
    try:
        return say(entity_fields(entity)[name].label)
    except KeyError:
        return name


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """Return what a mapping holds under a key that is a variable; nothing when it holds none."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.simple_tag
def choice_facts(choice: Any) -> SafeString:
    """Return what helps to choose: how many members, which type. Unknown facts are left out."""
    words = {"members": _("members"), "member_count": _("members"), "type": _("type"), "rate": _("rate")}
    told = [(words[key], _fact(value)) for key, value in choice.facts.items() if key in words and value is not None]
    inside = format_html_join(" · ", "{}\u00a0: {}" if _language() == "fr" else "{}: {}", told)
    return format_html('<span class="part small muted">{}</span>', inside) if told else mark_safe("")


def _fact(value: object) -> object:
    return number(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


@register.filter
def choice_words(choice: Any) -> str:
    """Return a choice by name and id: names are not unique."""
    return f"{choice.label} ({choice.id})"


# Numbers and times


@register.filter
def percent(value: Any) -> str:
    """Return a share (0.05) as 5 %."""
    return "" if value is None else format_percent(value, locale=_locale())


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """Return date and time in the person's zone, with the zone said; "" for None."""
    if moment is None:
        return ""
    local = timezone.localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}">{}</time>', local, formats.instant(moment))


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago or how soon, with the exact time as the title; "" for None."""
    if moment is None:
        return ""
    text = format_timedelta(moment - timezone.now(), add_direction=True, locale=_locale())
    local = timezone.localtime(moment).isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', local, local.replace("T", " "), text)


@register.filter
def way_seconds(change: Change) -> float | None:
    """Return how many seconds a written change was on its way from the other side; None where that is not known."""
    found = delay_of(change)
    return found.total_seconds() if found is not None else None


@register.filter
def duration(seconds: float | None) -> str:
    """Return a length of time in words: 2 minutes; "" for None."""
    if seconds is None:
        return ""
    if 0 < seconds < 1:
        return _("less than a second")
    return format_timedelta(timedelta(seconds=float(seconds)), threshold=1.5, locale=_locale())


# States

# Strokes of a 16 x 16 drawing.
ICONS = {
    "check": "M3 8.5l3.2 3.2L13 4.8",
    "cross": "M4 4l8 8M12 4l-8 8",
    "alert": "M8 2.2L14.5 13.5h-13zM8 6.3v3.4M8 11.6v.2",
    "pause": "M5.5 3.5v9M10.5 3.5v9",
    "clock": "M8 2a6 6 0 100 12A6 6 0 008 2zM8 4.8V8l2.3 1.6",
    "dot": "M8 5.8a2.2 2.2 0 100 4.4 2.2 2.2 0 000-4.4z",
    "right": "M2.5 8h10.5M9 4l4 4-4 4",
    "left": "M13.5 8H3M7 4L3 8l4 4",
    "both": "M2.5 6h9.5M9.5 3.5L12 6M13.5 10H4M6.5 12.5L4 10",
    "plus": "M8 3v10M3 8h10",
    "minus": "M3 8h10",
    "pencil": "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
    "link": "M6.7 9.3l2.6-2.6M7 4.8l1.4-1.4a2.6 2.6 0 013.7 3.7L10.6 8.5M9 11.2l-1.4 1.4a2.6 2.6 0 01-3.7-3.7L5.4 7.5",
    "plug": "M6 2v3M10 2v3M4 5h8v2.5a4 4 0 01-8 0zM8 11.5V14",
    "question": "M6 6.2a2 2 0 113 1.7c-.7.4-1 .8-1 1.6M8 12v.2",
    "refresh": "M13 8a5 5 0 11-1.6-3.7M13 2.2v2.9h-2.9",
    "skip": "M4 4l5 4-5 4zM12 4v8",
    "undo": "M3 6h6.5a3.5 3.5 0 010 7H6M6 3L3 6l3 3",
    "send": "M2.5 8L13.5 3l-3 10-2.7-3.8z",
    "bin": "M3 4.5h10M6.3 4.5V3h3.4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
    "eye": "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 100 3.6 1.8 1.8 0 000-3.6z",
    "lock": "M4 7.2h8V13H4zM5.7 7.2V5.3a2.3 2.3 0 014.6 0v1.9",
    "flask": "M6.2 2.5h3.6M7 2.5v4L3.6 13h8.8L9 6.5v-4",
    "globe": "M8 2a6 6 0 100 12A6 6 0 008 2zM2.2 8h11.6M8 2c2.2 2.6 2.2 9.4 0 12M8 2c-2.2 2.6-2.2 9.4 0 12",
    "home": "M2.5 7.5L8 3l5.5 4.5M4 6.8V13h8V6.8",
    "people": "M6 7.5a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4zM2 13c.3-2.6 1.8-4 4-4s3.7 1.4 4 4"
    "M10.5 7.3a1.9 1.9 0 000-3.7M11.5 9.3c1.5.4 2.3 1.7 2.5 3.7",
    "building": "M3.5 13.5V3h6v10.5M9.5 6.5h3v7M2 13.5h12M5.5 5.5h2M5.5 8h2M5.5 10.5h2",
    "list": "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.2M2.5 8h.2M2.5 12h.2",
    "pulse": "M1.5 8.5h3l1.8-4.5 3 8 1.8-3.5h3.4",
    "book": "M3 3h4a1.5 1.5 0 011 .5A1.5 1.5 0 019 3h4v9.5H9a1.5 1.5 0 00-1 .5 1.5 1.5 0 00-1-.5H3zM8 3.5V13",
    "key": "M5.5 12.5a2.7 2.7 0 100-5.4 2.7 2.7 0 000 5.4zM7.5 8L13 2.5M10.5 5l2 2",
    "search": "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3L14 14",
    "menu": "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    "out": "M6.5 3h-4v10h4M6.5 8h7M10.5 5l3 3-3 3",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a small drawing, silent for screen readers: the word beside it says the meaning."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        ICONS.get(name, ICONS["dot"]),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    tone: str  # ok | warn | bad | info | quiet
    icon: str


LOOKS = {
    # connections and integrations
    "new": Look("quiet", "dot"),
    "connected": Look("ok", "check"),
    "attention": Look("bad", "alert"),
    "paused": Look("warn", "pause"),
    "disconnected": Look("quiet", "minus"),
    "setup": Look("info", "pencil"),
    "untested": Look("warn", "question"),
    "active": Look("ok", "check"),
    # runs
    "reading": Look("info", "refresh"),
    "planning": Look("info", "refresh"),
    "applying": Look("info", "send"),
    "incomplete": Look("warn", "alert"),
    "stopped": Look("quiet", "cross"),
    "interrupted": Look("bad", "alert"),
    # changes; "planned" and "held" are states of runs too
    "planned": Look("warn", "eye"),
    "ready": Look("info", "clock"),
    "sending": Look("info", "send"),
    "done": Look("ok", "check"),
    "rejected": Look("bad", "cross"),
    "unknown": Look("warn", "question"),
    "held": Look("warn", "pause"),
    "skipped": Look("quiet", "skip"),
    "superseded": Look("quiet", "refresh"),
    "undone": Look("quiet", "undo"),
    # actions
    "create": Look("ok", "plus"),
    "update": Look("info", "pencil"),
    "link": Look("info", "link"),
    "follow": Look("info", "people"),
    "void": Look("bad", "minus"),
    "remove": Look("bad", "bin"),
    "skip": Look("quiet", "skip"),
    # findings
    "ok": Look("ok", "check"),
    "warning": Look("warn", "alert"),
    "blocker": Look("bad", "cross"),
    # questions and webhook events
    "open": Look("warn", "question"),
    "failed": Look("bad", "cross"),
    "nobody": Look("warn", "question"),
    # environments
    "live": Look("bad", "globe"),
    "vendor_sandbox": Look("info", "flask"),
    "local_sandbox": Look("info", "flask"),
}


@register.simple_tag
def badge(text: object, tone: str = "quiet", symbol: str = "dot") -> SafeString:
    """Return a word with an icon and a colour. `tone`: ok, warn, bad, info, quiet."""
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, icon(symbol), text)


@register.simple_tag
def state_badge(thing: Any) -> SafeString:
    """Return the state of a connection, integration, run, change or event as a badge."""
    look = LOOKS.get(thing.state, Look("quiet", "dot"))
    words = run_outcome(thing) if isinstance(thing, Run) else thing.get_state_display()
    return badge(words, look.tone, look.icon)


@register.simple_tag
def action_badge(change: Change) -> SafeString:
    """Return what a change does, as a badge."""
    look = LOOKS.get(change.action, Look("quiet", "dot"))
    return badge(change.get_action_display(), look.tone, look.icon)


@register.simple_tag
def value_badge(value: str, words: object) -> SafeString:
    """Return any known state value with the words given."""
    look = LOOKS.get(value, Look("quiet", "dot"))
    return badge(words, look.tone, look.icon)


@register.simple_tag
def level_badge(level: str) -> SafeString:
    """Return the level of a finding: fine, look at it, in the way."""
    words = {"ok": _("Fine"), "warning": _("To watch"), "blocker": _("In the way")}
    return value_badge(level, words.get(level, level))


@register.simple_tag
def env_badge(environment: str) -> SafeString:
    """Return where an account lives: live, vendor sandbox, simulator. Shown wherever an account is."""
    words = dict(Environment.choices).get(environment, environment)
    return value_badge(environment, words)


@register.simple_tag
def beta_badge() -> SafeString:
    """Return the label of a recipe that is not finished."""
    return badge(_("Beta"), "info", "flask")


def run_held(run: Run) -> int:
    """Return how many records wait for a person after a run: held, refused, or of unknown outcome."""
    return int((run.counts or {}).get("waiting") or 0)


@register.filter
def run_outcome(run: Run) -> str:
    """Return a run's state in words; "done" is never said of a run that holds anything."""
    held = run_held(run)
    if run.state in (Run.State.HELD, Run.State.DONE) and held:
        return ngettext("Done with %(count)s held", "Done with %(count)s held", held) % {"count": number(held)}
    return str(run.get_state_display())


# Differences and charts


@register.inclusion_tag("partials/pair.html", takes_context=True)
def pair(context: template.Context, integration: Any) -> dict[str, Any]:
    """Show both accounts of an integration, with names, ids and environments, and which way things go between them."""
    ways = {flow.direction for flow in integration.flows.all() if flow.is_on}
    return {
        "integration": integration,
        "recipe": registry.recipes().get(integration.recipe),
        "way": ways.pop() if len(ways) == 1 else "both",
        "perms": context.get("perms"),
    }


@register.filter
def sides(integration: Any) -> tuple[Any, Any]:
    """Return both connections of an integration, left first; None for one that is missing."""
    return integration.left, integration.right


@register.filter
def shown(value: Any) -> SafeString | str:
    """Return a frozen value of a change, readable: addresses and lines on several lines, nothing as a dash."""
    if value is None or value == "":
        return mark_safe('<span class="nothing">–</span>')  # noqa: S308  constant
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        if "ref" in value:
            return f"{entity_label(str(value['ref']))} {value.get('id', '')}"
        return format_html_join("", '<span class="part">{} </span>', ((item,) for item in value.values() if item))
    if isinstance(value, list | tuple):
        return format_html_join("", '<span class="part">{}</span>', ((shown(item),) for item in value))
    return str(value)


@register.inclusion_tag("partials/diff.html")
def diff(before: Any, after: Any) -> dict[str, Any]:
    """Show one field, was and becomes, in words as well as in colour."""
    return {"before": before, "after": after, "same": before == after}


@register.inclusion_tag("partials/bars.html")
def bars(chart: Any) -> dict[str, Any]:
    """Draw a `bridge.staff.charts.Chart`: picture, summary and table."""
    return {"chart": chart}
