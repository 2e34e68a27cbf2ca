"""The history of settings and decisions in words: names for numbers, labels for keys, sentences for filters."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditlog.models import LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, Field, ForeignKey, Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.engine.filters import describe
from bridge.engine.kinds import label_of
from bridge.engine.transforms import REGISTRY
from bridge.hub.models import (
    Candidate,
    Conflict,
    Flow,
    HeldCause,
    Integration,
    Link,
    MappingRule,
    Question,
    Record,
    ValueMap,
)
from bridge.staff import desk
from bridge.staff.pages import language
from bridge.staff.templatetags.bridge import entity_label, recipe_label, say, vendor_label
from connectors.contract import Setting

_LONGEST = 300
# Fields that have no name of their own in the tables.
_NAMES = {
    "account_id": _("Account’s number"),
    "account_name": _("Account’s name"),
    "answer": _("Answer"),
    "approval": _("Approval"),
    "argument": _("Argument"),
    "asked_of": _("Asked of"),
    "brakes": _("Limits"),
    "code": _("Code"),
    "confirmed": _("Confirmed"),
    "created_by": _("Made by"),
    "decision": _("Decision"),
    "deleted_at": _("Deleted"),
    "direction": _("Direction"),
    "drop": _("Dropped"),
    "entity": _("Kind of record"),
    "environment": _("Environment"),
    "field": _("Field"),
    "filter": _("Filter"),
    "filter_back": _("Filter of the other way"),
    "flow": _("What moves"),
    "integration": _("Integration"),
    "is_active": _("May sign in"),
    "is_staff": _("Staff"),
    "is_superuser": _("Administrator"),
    "seen_as_client": _("Seen as the client"),
    "sees_all": _("Sees every organization"),
    "staff_role": _("Role in the office"),
    "keep": _("Kept"),
    "kind": _("Kind"),
    "language": _("Language"),
    "left": _("Left side"),
    "link": _("Link"),
    "name": _("Name"),
    "note": _("Note"),
    "on_conflict": _("When both sides changed"),
    "organization": _("Client"),
    "organizations": _("Looks after"),
    "reason": _("Reason"),
    "recipe": _("Pair"),
    "record": _("Record"),
    "right": _("Right side"),
    "role": _("Role"),
    "settings": _("Settings"),
    "settings_version": _("Version of the settings"),
    "shares_company": _("Several pairs may use this account"),
    "start_date": _("First day"),
    "state": _("State"),
    "until": _("Until"),
    "target_id": _("Number at the target"),
    "terms": _("Terms"),
    "text_version": _("Version of the text"),
    "toward": _("Direction"),
    "transform": _("How"),
    "user": _("Person"),
    "vendor": _("System"),
    "when": _("When"),
}
# Numbers and marks of ours that say nothing to a person who was there.
_LEFT_OUT = frozenset({"created_at", "made_at", "accepted_at", "public_id", "position"})
_LIMITS = {
    "updates_share": _("share of updates"),
    "updates_min": _("updates that never stop a run"),
    "removals_share": _("share of removals"),
    "removals_min": _("removals that never stop a run"),
}


class Words:
    """The words of some entries; what they name is looked up once for all of them."""

    def __init__(self, entries: Sequence[LogEntry]) -> None:
        self.models = {entry.pk: entry.content_type.model_class() for entry in entries}
        self.owners = self._owners(entries)
        self.names = self._names_of(entries)

    def _owners(self, entries: Iterable[LogEntry]) -> dict[tuple[type[Model], int], Any]:
        """Return the rows whose settings, fields and values are told, by model and number."""
        wanted: dict[type[Model], set[int]] = {model: set() for model in _WITH}
        for entry in entries:
            model = self.models[entry.pk]
            if model in wanted and entry.object_id:
                wanted[model].add(entry.object_id)
        found: dict[tuple[type[Model], int], Any] = {}
        for model, ids in wanted.items():
            rows = _rows(model, _WITH[model]).filter(pk__in=ids) if ids else ()
            found.update({(model, row.pk): row for row in rows})
        return found

    def _names_of(self, entries: Iterable[LogEntry]) -> dict[tuple[type[Model], str], str]:
        """Return what the numbers in foreign keys stand for."""
        wanted: dict[type[Model], set[str]] = {}
        for entry in entries:
            for name, told in (entry.changes or {}).items():
                found = _field(self.models[entry.pk], name)
                if isinstance(found, ForeignKey) and isinstance(told, list | tuple):
                    ids = {str(item) for item in told if str(item).isdigit()}
                    wanted.setdefault(found.related_model, set()).update(ids)
        names: dict[tuple[type[Model], str], str] = {}
        for model, ids in wanted.items():
            rows = _rows(model, _NAMED_WITH.get(model, ()))
            names.update({(model, str(row.pk)): _name(row) for row in rows.filter(pk__in=ids)})
        return names

    # one entry

    def what(self, entry: LogEntry) -> str:
        """Return what an entry is about, by name where it can still be found."""
        model, told = self.models[entry.pk], entry.changes or {}
        owner = self.owners.get((model, entry.object_id)) if model else None
        if isinstance(owner, MappingRule):
            entity = owner.flow.entity
            ends = [label_of(entity, name, language()) for name in (owner.source, owner.target)]
            return f"{entity_label(entity)}: {' → '.join(name for name in ends if name)}"
        if isinstance(owner, Flow):
            return entity_label(owner.entity)
        if isinstance(owner, Conflict):
            return f"{label_of(owner.link.entity, owner.field, language())} – {owner.link.left}"
        if isinstance(owner, Integration):
            return _name(owner)
        if isinstance(owner, Question):
            return str(owner.text.get(language()) or owner.code)
        if isinstance(owner, HeldCause):
            return f"{desk.short_code_words(owner.cause)} – {_name(owner.integration)}"
        if model is Candidate:
            ends = [self.names.get((Record, str(told[side][1])), "") for side in ("left", "right") if side in told]
            return " ≈ ".join(ends) if len(ends) == 2 and all(ends) else entry.object_repr
        return str(entry.object_repr)

    def fields(self, entry: LogEntry) -> list[desk.FieldChange]:
        """Return what changed, field by field; settings by their own names."""
        model = self.models[entry.pk]
        owner = self.owners.get((model, entry.object_id)) if model else None
        found: list[desk.FieldChange] = []
        for name, told in (entry.changes or {}).items():
            if name in _LEFT_OUT or not is_own(model, name) or (model is Question and name == "code"):
                continue
            if name == "settings" and isinstance(owner, Integration):
                found += _settings(owner, told)
                continue
            was, becomes = (self._said(model, owner, name, _at(told, place)) for place in (0, 1))
            if was != becomes:
                found.append(desk.FieldChange(name, field_name(model, name), was, becomes))
        return found

    def _said(self, model: type[Model] | None, owner: Any, name: str, value: str | None) -> str | None:
        if value is None:
            return None
        known = _field(model, name)
        if isinstance(known, ForeignKey):
            return self.names.get((known.related_model, value)) or f"#{value}"
        if isinstance(known, BooleanField):
            return {"True": gettext("yes"), "False": gettext("no")}.get(value, value)
        if known is not None and known.flatchoices:
            return str(dict(known.flatchoices).get(value, value))
        special = _SPECIAL.get(name)
        told = special(owner, value) if special else value
        return told if told is None or len(told) <= _LONGEST else told[:_LONGEST] + "…"


# What is told with its row, and what of other tables that needs.
_WITH: dict[type[Model], tuple[str, ...]] = {
    Integration: ("organization",),
    Flow: (),
    MappingRule: ("flow",),
    ValueMap: ("integration",),
    Conflict: ("link", "link__left", "link__right"),
    HeldCause: ("integration__organization",),
    Question: (),
}

# What of other tables the name of a row needs.
_NAMED_WITH: dict[type[Model], tuple[str, ...]] = {
    Integration: ("organization",),
    Flow: ("integration__organization",),
    Link: ("left", "right"),
}


def _rows(model: type[Model], more: Sequence[str]) -> Any:
    """Return the rows of a kind with what they name, without the documents of records."""
    rows = model._default_manager.select_related(*more) if more else model._default_manager.all()
    ends = [f"{name}__" for name in more if name.endswith(("left", "right"))] + ([""] if model is Record else [])
    return rows.defer(*(f"{end}document" for end in ends)) if ends else rows


def _name(row: Any) -> str:
    if isinstance(row, Integration):
        return f"{row.organization} · {recipe_label(row.recipe)}"
    if isinstance(row, Flow):
        return f"{_name(row.integration)} · {entity_label(row.entity)}"
    return f"{row.left} = {row.right}" if isinstance(row, Link) else str(row)


def _entity(owner: Any) -> str:
    if isinstance(owner, Conflict):
        return owner.link.entity
    if isinstance(owner, MappingRule):
        return owner.flow.entity
    return owner.entity if isinstance(owner, Flow) else ""


def _filter_words(owner: Any, value: str) -> str | None:
    tree = _json(value)
    if not isinstance(tree, Mapping):
        return value
    try:
        return describe(tree, _entity(owner), language()) if tree else None
    except (KeyError, ValueError, TypeError):
        return value  # a filter of an earlier shape


def _limits(owner: Any, value: str) -> str | None:
    told = _json(value)
    if not isinstance(told, Mapping):
        return value
    return ", ".join(f"{_LIMITS.get(name, name)} {item}" for name, item in told.items()) or None


def _kind(owner: Any, value: str) -> str:
    if isinstance(owner, ValueMap):
        kinds = registry.recipes().get(owner.integration.recipe)
        return next((say(item.label) for item in (kinds.value_maps if kinds else ()) if item.kind == value), value)
    return value


def _transform(owner: Any, value: str) -> str:
    return say(REGISTRY[value].label) if value in REGISTRY else value


def _answer(owner: Any, value: str) -> str:
    if not isinstance(owner, Question):
        return value
    return next((str(item.get(language())) for item in owner.choices if str(item.get("value")) == value), value)


def _field_of_rule(owner: Any, value: str) -> str:
    return label_of(_entity(owner), value, language())


_SPECIAL = {
    "filter": _filter_words,
    "filter_back": _filter_words,
    "brakes": _limits,
    "kind": _kind,
    "transform": _transform,
    "answer": _answer,
    "cause": lambda owner, value: desk.short_code_words(value),
    "field": _field_of_rule,
    "source": _field_of_rule,
    "target": _field_of_rule,
    "entity": lambda owner, value: entity_label(value),
    "recipe": lambda owner, value: recipe_label(value),
    "vendor": lambda owner, value: vendor_label(value),
}


def _settings(owner: Integration, told: Any) -> list[desk.FieldChange]:
    """Return the settings that changed by their labels, with what was chosen as people read it; no secret is told."""
    was, becomes = (_json(_at(told, place)) for place in (0, 1))
    before: Mapping[str, Any] = was if isinstance(was, Mapping) else {}
    after: Mapping[str, Any] = becomes if isinstance(becomes, Mapping) else {}
    recipe = registry.recipes().get(owner.recipe)
    known = {item.key: item for item in (recipe.settings if recipe else ())}
    found = []
    for key in dict.fromkeys([*known, *before, *after]):
        if before.get(key) == after.get(key) or (key.endswith("_label") and key.removesuffix("_label") in known):
            continue
        item = known.get(key)
        label = say(item.label) if item else key
        found.append(desk.FieldChange(key, label, _chosen(item, key, before), _chosen(item, key, after)))
    return [item for item in found if item.was != item.becomes or item.was == _HIDDEN]


_HIDDEN = "•••"


def _chosen(item: Setting | None, key: str, values: Mapping[str, Any]) -> str | None:
    value = values.get(key)
    if value in (None, ""):
        return None
    if item is None:
        return str(value)
    if item.kind == "secret":
        return _HIDDEN
    if item.kind == "flag":
        return gettext("yes") if value == "yes" else gettext("no")
    named = values.get(f"{key}_label")
    if named:
        return f"{named} ({value})"
    return next((say(text) for one, text in item.choices if one == value), str(value))


# fields


def _field(model: type[Model] | None, name: str) -> Any:
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None


def is_own(model: type[Model] | None, name: str) -> bool:
    """Leave out the row's number and other tables' rows that point to it; names of former fields stay."""
    if model is None:
        return True
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return True
    return bool(found.concrete) and not getattr(found, "primary_key", False)


def field_name(model: type[Model] | None, name: str) -> str:
    """Return what people call a field: its own name in the table, else ours."""
    found = _field(model, name)
    if found is not None and getattr(found, "_verbose_name", None):
        return str(found.verbose_name)
    return str(_NAMES.get(name, name))


def _at(told: Any, place: int) -> str | None:
    if not isinstance(told, list | tuple) or len(told) <= place:
        return desk.shown(told) if place else None
    text = str(told[place])
    return None if text in ("None", "", "{}", "[]") else text


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
