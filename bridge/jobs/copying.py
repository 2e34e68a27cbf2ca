"""A whole set-up as one JSON file, to copy it to another client: settings, flows, filters, rules, values. No secrets.

Ids of one client's accounts mean nothing at another's: they travel with their names, and are found again by name where
exactly one choice of the other client fits. What is not found is a row that says so; the rest can still be taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F

from bridge import registry
from bridge.engine.filters import describe
from bridge.engine.suggest import plain
from bridge.hub.documents import encode
from bridge.hub.formats import language
from bridge.hub.models import Flow, Integration, MappingFileRow, User
from bridge.jobs import connections, filtering, integrations, values
from bridge.jobs.context import context_of, settings_of
from bridge.jobs.mapping_planning import MappingSet, Planned
from bridge.jobs.mapping_reading import Line, Table, refused
from bridge.jobs.mapping_rules import RulesSet
from bridge.jobs.mapping_values import ValuesSet
from bridge.jobs.mapping_writers import RulesWriter, ValuesWriter, Writer
from connectors.contract import Setting, SyncError, Text

FORMAT, VERSION = "bridge-setup", 1
MOST_SIZE = 5_000_000
FLOW = ("direction", "is_on", "filter", "filter_back", "start_date", "cadence_minutes", "approval", "brakes")
_KINDS: dict[str, tuple[type, ...]] = {
    "direction": (str,), "is_on": (bool,), "filter": (dict,), "filter_back": (dict,), "start_date": (str, type(None)),
    "cadence_minutes": (int,), "approval": (str,), "brakes": (dict,),
}  # fmt: skip
_PARTS: dict[str, type[MappingSet]] = {"rules": RulesSet, "values": ValuesSet}

WORDS = {
    "value": Text("Value", "Valeur"),
    "direction": Text("Direction", "Sens"),
    "is_on": Text("On", "Activé"),
    "filter": Text("Filter", "Filtre"),
    "filter_back": Text("Filter, to the left", "Filtre, vers la gauche"),
    "start_date": Text("Start date", "Date de début"),
    "cadence_minutes": Text("Every (minutes)", "Toutes les (minutes)"),
    "approval": Text("Approval", "Approbation"),
    "brakes": Text("Brakes", "Freins"),
}


def column_words(name: str, reader: str) -> str:
    """Return what people call a part of a set-up."""
    for part in _PARTS.values():
        for item in part.columns:
            if item.key == name:
                return item.title.say(reader)
    return WORDS[name].say(reader) if name in WORDS else name


# out


def exported(integration: Integration) -> dict[str, Any]:
    """Return the set-up: what a person chose, with names beside ids. Secrets are left out, and so are records."""
    chosen = settings_of(integration)
    known = {item.key: item for item in registry.recipe(integration.recipe).settings}
    return {
        "format": FORMAT,
        "version": VERSION,
        "recipe": integration.recipe,
        "settings": [
            {"key": key, "value": chosen[key],
             "name": chosen.get(f"{key}_label") or _listed(integration, item, chosen[key])}
            for key, item in known.items()
            if item.kind != "secret" and chosen.get(key)
        ],
        "flows": [
            {"entity": flow.entity, **_flow(flow), "rules": _rules(integration, flow.entity)}
            for flow in integration.flows.order_by("entity")
        ],
        "values": [
            {"kind": row.kind, "source_id": row.source_key, "source_name": row.source_label,
             "target_name": row.target_label}
            for row in _mapped(integration)
        ],
    }  # fmt: skip


def _mapped(integration: Integration) -> Any:
    rows = integration.value_maps.filter(confirmed=True).exclude(target_id="")
    return rows.order_by("kind", "source_key")


def _listed(integration: Integration, item: Setting, value: str) -> str:
    """Return the name an id has in the list it was chosen from, as last read; "" where that is not known."""
    if not item.choices_from or not item.side:
        return ""
    offered = values.offered(getattr(integration, item.side), item.choices_from)
    return next((one.label for one in offered if one.id == value), "")


def _flow(flow: Flow) -> dict[str, Any]:
    told = {name: getattr(flow, name) for name in FLOW}
    told["start_date"] = flow.start_date.isoformat() if flow.start_date else None
    return told


def _rules(integration: Integration, entity: str) -> list[dict[str, str]]:
    found = RulesSet(integration)
    names = (*found.keys[1:], *found.edits)
    return [{name: entry.get(name) for name in names} for entry in found.entries() if entry.key[0] == entity]


# in


def planned(integration: Integration, content: bytes) -> tuple[list[Planned], Table]:
    """Return what each part of a file would do here. Asks the accounts for their lists. SettingInvalid for another
    pair of systems, and for what is no set-up.
    """
    told = _opened(content)
    if told["recipe"] != integration.recipe:
        raise refused("SETUP-RECIPE", recipe=str(told["recipe"])[:60])
    plans = [*_planned_settings(integration, told["settings"]), *_planned_flows(integration, told["flows"])]
    rules = [{"flow": flow["entity"], **rule} for flow in told["flows"] for rule in flow["rules"]]
    for what, rows in (("rules", rules), ("values", told["values"])):
        plans += _planned_part(integration, what, rows)
    for number, plan in enumerate(plans, 1):
        plan.line = number
    return plans, Table([], [], {"encoding": "JSON"})


def _opened(content: bytes) -> dict[str, Any]:
    """Return a file of the right shape: every part there, of its kind, every cell text."""
    if len(content) > MOST_SIZE:
        raise refused("FILE-TOO-BIG", file="JSON", most=MOST_SIZE // 1_000_000)
    try:
        told = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused("SETUP-SHAPE", file="JSON", detail="JSON") from error
    shape = {"settings": list, "flows": list, "values": list, "recipe": str}
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        raise refused("SETUP-SHAPE", file="JSON", detail="format, version")
    for name, kind in shape.items():
        if not isinstance(told.get(name), kind):
            raise refused("SETUP-SHAPE", file="JSON", detail=name)
    for name in ("settings", "values"):
        _check_cells(told[name], name)
    for flow in told["flows"]:
        if not isinstance(flow, dict) or not isinstance(flow.get("rules"), list):
            raise refused("SETUP-SHAPE", file="JSON", detail="flows")
        _check_cells(flow["rules"], "rules")
        if not isinstance(flow.get("entity"), str) or any(
            name in flow and (not isinstance(flow[name], kinds) or isinstance(flow[name], bool) != (kinds == (bool,)))
            for name, kinds in _KINDS.items()
        ):
            raise refused("SETUP-SHAPE", file="JSON", detail="flows")
    return told


def _check_cells(rows: Sequence[Any], name: str) -> None:
    if any(
        not isinstance(row, dict) or any(not isinstance(cell, str) or len(cell) > 2000 for cell in row.values())
        for row in rows
    ):
        raise refused("SETUP-SHAPE", file="JSON", detail=name)


def _mark(value: Any) -> str:
    return blake2b(encode(value).encode(), digest_size=6).hexdigest()


def _planned_settings(integration: Integration, told: Sequence[Mapping[str, str]]) -> list[Planned]:
    """Ids are found by name in the lists of this client's accounts, in the order of the recipe: some hang on others."""
    known = {row.get("key", ""): row for row in told}
    now, plans = settings_of(integration), []
    merged = dict(now)
    lists = _Lists(integration)
    for item in registry.recipe(integration.recipe).settings:
        row = known.get(item.key)
        if row is None or item.kind == "secret":
            continue
        plan = Planned(
            0, "same", ("settings", item.key), item.label.say(language()), stamp=_mark(now.get(item.key, ""))
        )
        plans.append(plan)
        value, name = row.get("value", ""), row.get("name", "")
        if item.choices_from:
            found = lists.named(item, name, merged)
            if found is None:
                side = getattr(integration, item.side) if item.side else None
                plan.outcome, plan.code = "invalid", "SETUP-UNMATCHED"
                plan.params = {"value": name or value, "account": str(side or "–")}
                plan.cells = [plan.title]
                continue
            value, name = found
        if value == now.get(item.key, ""):
            continue
        plan.outcome = "changed" if now.get(item.key) else "new"
        plan.before = {"value": now.get(f"{item.key}_label") or now.get(item.key, "")}
        plan.after = {"value": name or value}
        merged[item.key] = value
        plan.params = {"set": value, "name": name}
    wanted = {plan.key[1]: plan.params["set"] for plan in plans if plan.outcome in ("new", "changed")}
    for key, problem in integrations.setting_problems(integration, wanted).items():
        plan = next((item for item in plans if item.key[1] == key), Planned(0, "invalid", ("settings", key), key))
        if plan not in plans:
            continue
        plan.outcome, plan.code, plan.params, plan.cells = "invalid", problem.code, dict(problem.params), [plan.title]
    return plans


class _Lists:
    """The lists of this client's accounts, each asked for once with the settings chosen so far."""

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._read: dict[tuple[str, str, str], list[Any]] = {}

    def named(self, item: Setting, name: str, chosen: Mapping[str, str]) -> tuple[str, str] | None:
        """Return id and name of the one choice of that name; None for none or several."""
        connection = getattr(self._integration, item.side) if item.side else None
        if connection is None or not name:
            return None
        context = context_of(self._integration, chosen)
        key = (item.side, item.choices_from, _mark(context))
        if key not in self._read:
            try:
                self._read[key] = connections.choices(connection, item.choices_from, context)
            except SyncError:
                self._read[key] = values.offered(connection, item.choices_from)
        fitting = [one for one in self._read[key] if plain(one.label) == plain(name) and one.active]
        return (fitting[0].id, fitting[0].label) if len(fitting) == 1 else None


def _planned_flows(integration: Integration, told: Sequence[Mapping[str, Any]]) -> list[Planned]:
    live = {flow.entity: flow for flow in integration.flows.all()}
    plans = []
    for row in told:
        entity = row["entity"]
        plan = Planned(0, "same", ("flows", entity), entity)
        plans.append(plan)
        flow = live.get(entity)
        if flow is None:
            plan.outcome, plan.code, plan.cells = "invalid", "ROW-KIND", [entity]
            plan.params = {"value": entity, "known": ", ".join(sorted(live))}
            continue
        flow.integration = integration
        now = _flow(flow)
        wanted = {**now, **{name: row[name] for name in FLOW if name in row}}
        plan.stamp, plan.title = _mark(now), registry.recipe(integration.recipe).flow(entity).label.say(language())
        if problem := _flow_problem(flow, wanted):
            plan.outcome, plan.code, plan.params, plan.cells = "invalid", *problem, [entity]
        elif wanted != now:
            plan.outcome = "changed"
            names = [name for name in FLOW if wanted[name] != now[name]]
            plan.before = {name: _flow_words(name, now[name], entity) for name in names}
            plan.after = {name: _flow_words(name, wanted[name], entity) for name in names}
            plan.params = {"set": {name: wanted[name] for name in names}}
    return plans


def _flow_problem(flow: Flow, wanted: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    if wanted["direction"] not in declared.directions:
        return "RULE-BAD-CHOICE", {"value": wanted["direction"]}
    if wanted["approval"] not in Flow.Approval.values:
        return "RULE-BAD-CHOICE", {"value": wanted["approval"]}
    if not 1 <= wanted["cadence_minutes"] <= 100_000:
        return "ROW-NUMBER", {"column": "cadence_minutes", "value": wanted["cadence_minutes"]}
    if not declared.optional and not wanted["is_on"]:
        return "FLOW-NEEDED", {}
    if wanted["start_date"]:
        try:
            date.fromisoformat(wanted["start_date"])
        except ValueError:
            return "ROW-DAY", {"value": wanted["start_date"]}
    flow.direction = wanted["direction"]
    for name, back in (("filter", False), ("filter_back", True)):
        if back and wanted["direction"] != "both":
            continue
        if problems := filtering.check_filter(flow, wanted[name] or {}, back):
            return problems[0].code, dict(problems[0].params)
    return None


def _flow_words(name: str, value: Any, entity: str) -> str:
    if name in ("filter", "filter_back"):
        return describe(value, entity, language()) if value else "–"
    return "–" if value in (None, {}, "") else encode(value).strip('"')


def _planned_part(integration: Integration, what: str, rows: Sequence[Mapping[str, str]]) -> list[Planned]:
    """Have the rows judged as a file of that set: names find ids there too."""
    found = _PARTS[what](integration, language())
    names = [item.key for item in found.columns if not item.told and any(item.key in row for row in rows)]
    if what == "values":
        names.append("source_name")
    lines = [Line(number, [str(row.get(name, "")) for name in names]) for number, row in enumerate(rows, 1)]
    if not lines:
        return []
    plans = found.plan(Table(names, lines, {}, is_loose=False))
    return [replace(plan, key=(what, *plan.key)) for plan in plans]


# carrying out


def writer(integration: Integration, user: User | None) -> "SetupWriter":
    """Return what carries a set-up out."""
    return SetupWriter(integration, RulesSet(integration), user)


class SetupWriter(Writer):
    """All parts of a set-up in one transaction, each as its own page would store it."""

    def __init__(self, integration: Integration, found: MappingSet, user: User | None) -> None:
        super().__init__(integration, found, user)
        self._parts: dict[str, Writer] = {
            "rules": RulesWriter(integration, RulesSet(integration), user),
            "values": ValuesWriter(integration, ValuesSet(integration), user),
        }

    def lock(self) -> None:
        """Hold flows and values."""
        for part in self._parts.values():
            part.lock()
        self.integration.refresh_from_db(fields=["settings", "settings_version"])

    def stamps(self) -> dict[tuple[str, ...], str]:
        """Return the marks of all parts."""
        now = settings_of(self.integration)
        found = {
            ("settings", item.key): _mark(now.get(item.key, ""))
            for item in registry.recipe(self.integration.recipe).settings
        }
        found |= {("flows", flow.entity): _mark(_flow(flow)) for flow in self.integration.flows.all()}
        for what, part in self._parts.items():
            found |= {(what, *key): stamp for key, stamp in part.stamps().items()}
        return found

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Settings first: rules and values are read with them."""
        kept: dict[int, Any] = {}
        chosen = dict(self.integration.settings or {})
        for plan in plans:
            if plan.key[0] == "settings":
                kept[plan.line] = {"value": chosen.get(plan.key[1]), "label": chosen.get(f"{plan.key[1]}_label")}
                self._choose(chosen, plan.key[1], plan.params["set"], plan.params.get("name"))
            elif plan.key[0] == "flows":
                kept[plan.line] = self._flow(plan.key[1], plan.params["set"])
        self._store(chosen)
        for what, part in self._parts.items():
            mine = [replace(plan, key=plan.key[1:]) for plan in plans if plan.key[0] == what]
            kept |= part.write(mine)
        return kept

    def _choose(self, chosen: dict[str, Any], key: str, value: str | None, label: str | None) -> None:
        for name, told in ((key, value), (f"{key}_label", label)):
            if told:
                chosen[name] = told
            else:
                chosen.pop(name, None)

    def _store(self, chosen: dict[str, Any]) -> None:
        if chosen == (self.integration.settings or {}):
            return
        self.integration.settings = chosen
        self.integration.settings_version += 1
        self.integration.save(update_fields=["settings", "settings_version"])
        # Lists that bodies depend on are asked for at the vendor: once nothing is open any more.
        transaction.on_commit(lambda: integrations.refresh_lists(self.integration))

    def _flow(self, entity: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        flow = self.integration.flows.get(entity=entity)
        before = _flow(flow)
        for name, value in wanted.items():
            setattr(flow, name, date.fromisoformat(value) if name == "start_date" and value else value)
        flow.save(update_fields=list(wanted))
        Flow.objects.filter(pk=flow.pk).update(rules_version=F("rules_version") + 1)
        return {name: before[name] for name in wanted}

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Bring all parts back."""
        chosen, left = dict(self.integration.settings or {}), []
        for row in rows:
            if row.key[0] == "settings":
                self._choose(chosen, row.key[1], row.kept["value"], row.kept["label"])
            elif row.key[0] == "flows":
                self._flow(row.key[1], row.kept)
        self._store(chosen)
        for what, part in self._parts.items():
            mine = [row for row in rows if row.key[0] == what]
            for row in mine:
                row.key = row.key[1:]
            left += part.back(mine)
        return left
