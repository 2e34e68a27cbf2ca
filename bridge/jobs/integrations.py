"""Setting up an integration: recipe, connections, settings, flows, rules, readiness, going live, disconnecting."""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from bridge import registry
from bridge.engine.filters import always, check_tree, describe, failing, passes
from bridge.engine.kinds import day_in, fields_of
from bridge.engine.model import Problem, Rule
from bridge.engine.posting import prefix_taken
from bridge.engine.posting.numbers import LONGEST
from bridge.engine.transforms import check_rule, rule_as_text
from bridge.hub.models import (
    Change,
    Conflict,
    Connection,
    Flow,
    Integration,
    Link,
    MappingRule,
    Organization,
    Run,
    TermsAcceptance,
    User,
)
from bridge.hub.models import Record as Row
from bridge.jobs import books, connections, guide
from bridge.jobs import values as maps
from bridge.jobs.associated import asked_about, with_associated
from bridge.jobs.context import context_of, facts_of, scope_of, settings_of, writable
from bridge.jobs.plan import towards
from connectors.contract import (
    CUSTOM,
    FilterPreset,
    Finding,
    Recipe,
    RecipeFlow,
    Record,
    Setting,
    SettingInvalid,
    SyncError,
    Terms,
    Text,
)

Side = Literal["left", "right"]

log = logging.getLogger("bridge.jobs.integrations")


def create(organization: Organization, recipe_key: str, user: User | None) -> Integration:
    """Make an integration with the flows and default rules of its recipe."""
    recipe = registry.recipe(recipe_key)
    with transaction.atomic():
        integration = Integration.objects.create(
            organization=organization,
            recipe=recipe_key,
            shares_company=not recipe.one_to_one,
            settings={item.key: item.default for item in recipe.settings if item.default},
        )
        for declared in recipe.flows:
            _make_flow(integration, declared, user)
    return integration


def _make_flow(integration: Integration, declared: RecipeFlow, user: User | None) -> Flow:
    flow = Flow.objects.create(
        integration=integration,
        entity=declared.entity,
        direction=declared.directions[0],
        filter=dict(declared.default_filter),
        filter_back=dict(declared.default_back),
        cadence_minutes=declared.cadence_minutes,
        is_on=declared.starts_on,
    )
    for position, rule in enumerate(declared.rules):
        MappingRule.objects.create(
            flow=flow, source=rule.source, target=rule.target, transform=rule.transform,
            argument=rule.argument, when=rule.when, on_conflict=rule.on_conflict, toward=rule.toward,
            note=rule.note.say(integration.organization.language) if rule.note else "", position=position,
            created_by=user,
        )  # fmt: skip
    return flow


def attach(integration: Integration, side: str, connection: Connection) -> None:
    """Put a connected account on a side. SettingInvalid names the account that is there already (M-03)."""
    recipe = registry.recipe(integration.recipe)
    if connection.organization_id != integration.organization_id or connection.vendor != getattr(recipe, side):
        raise SettingInvalid("INTEGRATION-OTHER", params={"account": str(connection)})
    other_side = integration.right if side == "left" else integration.left
    if other_side and _mixes(other_side, connection):
        raise SettingInvalid("ENVIRONMENT-MIX", params={"one": str(other_side), "other": str(connection)})
    holder = (
        Integration.objects.filter(recipe=integration.recipe, **{side: connection})
        .exclude(pk=integration.pk)
        .exclude(state=Integration.State.DISCONNECTED)
        .select_related("left", "right")
        .first()
    )
    if holder and recipe.one_to_one and side == "left":
        raise SettingInvalid(
            "INTEGRATION-TAKEN",
            params={"account": str(connection), "other": str(holder.right or holder), "integration": holder.pk},
        )
    current = getattr(integration, side)
    if current and current.pk != connection.pk and Run.objects.filter(integration=integration).exists():
        raise SettingInvalid(
            "INTEGRATION-TAKEN",
            params={"account": str(integration.left or ""), "other": str(current), "integration": integration.pk},
        )
    setattr(integration, side, connection)
    try:
        with transaction.atomic():
            integration.save(update_fields=[side])
    except IntegrityError as error:
        raise SettingInvalid(
            "INTEGRATION-TAKEN", params={"account": str(connection), "other": str(connection)}
        ) from error


def _mixes(one: Connection, other: Connection) -> bool:
    """Simulated and real data never meet; a vendor's own sandbox may meet another vendor's."""
    local = Connection.environment.field.choices[2][0]
    return (one.environment == local) != (other.environment == local)


# settings


def setting_problems(integration: Integration, values: Mapping[str, str]) -> dict[str, Problem]:
    """Return what is wrong with settings a person gave, by key; {} for nothing."""
    merged = {**settings_of(integration), **{key: str(value).strip() for key, value in values.items()}}
    problems = {}
    for item in registry.recipe(integration.recipe).settings:
        if item.key in values and (problem := _setting_problem(item, merged)):
            problems[item.key] = problem
    return {**_prefix_problem(integration, merged), **problems, **_fixed(integration, values)}


def save_settings(integration: Integration, values: Mapping[str, str], user: User | None) -> dict[str, Problem]:
    """Store what a person gave; {} when all of it is in order, else a problem per key and nothing stored."""
    recipe = registry.recipe(integration.recipe)
    if problems := setting_problems(integration, values):
        return problems
    merged = {**settings_of(integration), **{key: str(value).strip() for key, value in values.items()}}
    known = {item.key for item in recipe.settings}
    for item in recipe.settings:
        if item.choices_from and item.key in values and (label := values.get(f"{item.key}_label")):
            merged[f"{item.key}_label"] = label
    integration.settings = {key: value for key, value in merged.items() if key.removesuffix("_label") in known}
    integration.settings_version += 1
    integration.save(update_fields=["settings", "settings_version"])
    refresh_lists(integration)
    return {}


def keep_settings(integration: Integration, values: Mapping[str, str]) -> None:
    """Keep some settings before the others are asked: what is missing is said by the steps of the set-up."""
    integration.settings = {**(integration.settings or {}), **values}
    integration.settings_version += 1
    integration.save(update_fields=["settings", "settings_version"])


def refresh_lists(integration: Integration) -> None:
    """Read the lists anew that bodies depend on (which fields an audience has) and keep them with the account.

    An account that does not answer keeps what was known.
    """
    values = settings_of(integration)
    for side, reference, setting in registry.recipe(integration.recipe).lists:
        connection = getattr(integration, side)
        owner = values.get(setting, "")
        if connection is None or not connection.is_usable or not owner:
            continue
        try:
            offered = connections.choices(connection, reference, context_of(integration))
        except SyncError as error:
            log.warning("list not read integration=%s list=%s code=%s", integration.pk, reference, error.code)
            continue
        known = dict(connection.facts.get(reference) or {})
        known[owner] = [{"id": item.id, "label": item.label, "facts": dict(item.facts)} for item in offered]
        connection.facts = {**connection.facts, reference: known}
        connection.save(update_fields=["facts"])


def _fixed(integration: Integration, values: Mapping[str, str]) -> dict[str, Problem]:
    """What records already belong to cannot change under them: an audience is left by disconnecting.

    A run under way goes by what it began with; one that ended before anything was sent has bound nothing.
    """
    sent = (Change.State.SENDING, Change.State.UNKNOWN, Change.State.DONE, Change.State.UNDONE)
    if (
        not integration.runs.filter(state__in=Run.OPEN).exists()
        and not Change.objects.filter(integration=integration, state__in=sent).exists()
    ):
        return {}
    now = settings_of(integration)
    scopes = {
        feed.scope
        for side in (integration.left, integration.right)
        if side
        for feed in registry.connector(side.vendor).feeds
        if feed.scope
    }
    return {
        key: Problem(key, "SETTING-FIXED", {"value": now.get(f"{key}_label") or now.get(key, "")})
        for key in scopes
        if key in values and now.get(key) and str(values[key]) != now[key]
    }


def lacks(integration: Integration, item: Setting) -> bool:
    """Tell whether the account a setting is about does not offer what it is for; unknown while none is connected."""
    connection: Connection | None = getattr(integration, item.side or "right")
    features = (connection.facts or {}).get("features") if connection else None
    return bool(item.feature) and features is not None and item.feature not in features


def asked(item: Setting, values: Mapping[str, str]) -> bool:
    """Tell whether a setting is asked for, given the others."""
    return item.needs is None or values.get(item.needs[0]) == item.needs[1]


PREFIX = "number_prefix"


def _prefix_problem(integration: Integration, values: Mapping[str, str]) -> dict[str, Problem]:
    """Refuse a prefix of document numbers that another integration already uses in the same books; none is one too."""
    setting = next((item for item in registry.recipe(integration.recipe).settings if item.key == PREFIX), None)
    if setting is None or integration.left is None or not asked(setting, values):
        return {}
    prefixes = {}
    for other in Integration.objects.filter(left=integration.left).select_related("right").exclude(pk=integration.pk):
        theirs = settings_of(other)
        if PREFIX in theirs and asked(setting, theirs) and other.state != Integration.State.DISCONNECTED:
            prefixes[str(other.right or other)] = theirs[PREFIX]
    prefix = values.get(PREFIX, "")
    holder = prefix_taken(prefix, prefixes)
    return {PREFIX: Problem(PREFIX, "PREFIX-TAKEN", {"other": holder, "value": prefix})} if holder else {}


def _setting_problem(item: Setting, values: Mapping[str, str]) -> Problem | None:
    value = values.get(item.key, "")
    if not asked(item, values):
        return None
    if not value:
        return Problem(item.key, "SETTING-MISSING", {}) if item.required else None
    if item.choices and value not in {key for key, _ in item.choices}:
        return Problem(item.key, "SETTING-UNKNOWN", {"value": value})
    if item.pattern and not re.fullmatch(item.pattern, value[:1000]):
        return Problem(item.key, "SETTING-SHAPE", {"example": item.example})
    return None


def missing_settings(integration: Integration) -> list[Setting]:
    """Return the settings still to be given."""
    values = settings_of(integration)
    taken = _prefix_problem(integration, values)
    settings = registry.recipe(integration.recipe).settings
    return [item for item in settings if item.key in taken or _setting_problem(item, values)]


# steps and readiness


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the set-up: done or to do, and why."""

    key: str
    label: Text
    done: bool
    why: Text | None = None
    code: str = ""


def _why(en: str, fr: str) -> Text:
    return Text(en, fr)


def steps(integration: Integration) -> list[Step]:
    """Return the steps of the set-up, in order, with what is still to do and why."""
    recipe = registry.recipe(integration.recipe)
    found = []
    for side in ("left", "right"):
        label = registry.connector(getattr(recipe, side)).label
        connection = getattr(integration, side)
        done = bool(connection and connection.is_usable)
        why = None if done else _why(f"Connect {label.en}.", f"Connectez {label.fr}.")
        if connection and connection.state == Connection.State.ATTENTION:
            why = _why(f"Reconnect {label.en}.", f"Reconnectez {label.fr}.")
        if done and side == "left" and (found_why := guide.first_check(integration)):
            done, why = False, found_why
        found.append(Step(f"connect_{side}", _why(f"Connect {label.en}", f"Connecter {label.fr}"), done, why))
    missing = missing_settings(integration)
    labels = [item.label for item in missing]
    why = None
    if missing:
        why = Text("Still to choose: " + ", ".join(item.en for item in labels) + ".",
                   "Reste à choisir : " + ", ".join(item.fr for item in labels) + ".")  # fmt: skip
    found.append(Step("settings", _why("Choose the settings", "Choisir les réglages"), not missing, why))
    rules = rule_problems(integration)
    why = _why("A rule or a filter needs mending.", "Une règle ou un filtre est à corriger.") if rules else None
    found.append(Step("flows", _why("Fields and filters", "Champs et filtres"), not rules, why))
    if recipe.value_maps:
        unmapped = maps.unmapped(integration)
        why = _still_to_map(recipe, unmapped) if unmapped else None
        found.append(Step("value_maps", _why("Map values", "Associer les valeurs"), not unmapped, why))
    first = integration.runs.filter(kind=Run.Kind.SYNC).order_by("id").first()
    done = integration.flows.filter(first_done_at__isnull=False).exists()
    why = None
    if not done:
        why = _why(
            "Make the first plan, look at it and approve it.", "Faites le premier plan, lisez-le et approuvez-le."
        )
        if first and first.state == Run.State.PLANNED:
            why = _why("The first plan waits for your approval.", "Le premier plan attend votre approbation.")
    found.append(Step("first_run", _why("First run", "Première synchronisation"), done, why))
    why = (
        None if integration.automatic else _why("Turn on automatic runs.", "Activez les synchronisations automatiques.")
    )
    found.append(Step("automatic", _why("Automatic runs", "Synchronisations automatiques"), integration.automatic, why))
    return found


def _still_to_map(recipe: Recipe, unmapped: Mapping[str, int]) -> Text:
    """Say which kinds of values still have some without a target, and how many."""
    told = [(item.label, unmapped[item.kind]) for item in recipe.value_maps if item.kind in unmapped]
    en = ", ".join(f"{label.en} ({number})" for label, number in told)
    fr = ", ".join(f"{label.fr} ({number})" for label, number in told)
    return Text(f"Values still to be mapped: {en}.", f"Valeurs qui restent à associer : {fr}.")


def unmapped_kinds(integration: Integration) -> list[str]:
    """Return the kinds of values that must be mapped before automatic sync and are not."""
    return sorted(maps.unmapped(integration))


# What comes after the first plan: records whose values are not mapped are held, the others may go.
LATER = ("value_maps", "first_run", "automatic")


def may_plan(steps: list[Step]) -> bool:
    """Tell whether everything before the first plan is done."""
    return not blocking(steps)


def blocking(steps: list[Step]) -> list[Step]:
    """Return what is to do before the first plan."""
    return [step for step in steps if not step.done and step.key not in LATER]


def readiness(integration: Integration, automatic: bool = False) -> list[Finding]:
    """Return the readiness check: one line each, green or red, with what to do.

    Values still to be mapped, and terms still to be accepted, stand in the way of automatic runs only.
    """
    recipe = registry.recipe(integration.recipe)
    level: Any = "blocker" if automatic else "warning"
    found = [
        Finding("STEP-" + step.key.upper(), "ok" if step.done else level if step.key in LATER else "blocker",
                step.why or step.label)
        for step in steps(integration)
        if step.key not in ("first_run", "automatic")
    ]  # fmt: skip
    if recipe.terms:
        found.append(_terms_finding(integration, level))
    values = settings_of(integration)
    if integration.left and integration.right:
        facts = {"left": facts_of(integration.left), "right": facts_of(integration.right)}
        found += [item.test(facts, values) for item in recipe.checks]
        found += _clash_findings(integration)
        for connection in (integration.left, integration.right):
            found += [
                Finding(item["code"], item["level"], Text(item["en"], item["fr"]), {})
                for item in connection.findings
                if item["level"] != "ok"
            ]
    return found


def _clash_findings(integration: Integration) -> list[Finding]:
    """Try the numbers of the newest sales in the books before anything is written there."""
    found = books.number_clashes(integration)
    if not found:
        return []
    first = found[0]
    params = {"count": len(found), "number": first.posted, "who": first.who or "–", "most": LONGEST}
    if first.code == "NUMBER-TOO-LONG":
        words = Text(
            "{count} of the newest sales would have a number of more than {most} characters, such as {number}: shorten "
            "the prefix.",
            "{count} des ventes récentes auraient un numéro de plus de {most} caractères, comme {number}\u00a0: "
            "raccourcissez le préfixe.",
        )
    else:
        words = Text(
            "{count} of the newest sales would have a number the books already use, such as {number} ({who}): choose a "
            "prefix.",
            "{count} des ventes récentes auraient un numéro déjà utilisé dans les livres, comme {number} "
            "({who})\u00a0: choisissez un préfixe.",
        )
    return [Finding("NUMBER-CLASHES", "warning", words, params)]


# terms


def terms_of(integration: Integration) -> Terms | None:
    """Return what must be accepted before runs begin by themselves; None where the recipe asks for nothing."""
    return registry.recipe(integration.recipe).terms


def acceptance(integration: Integration) -> TermsAcceptance | None:
    """Return the newest yes to the text as it stands now; a yes to an older text does not count."""
    terms = terms_of(integration)
    return integration.acceptances.filter(version=terms.version).first() if terms else None


def accept_terms(integration: Integration, name: str, language: str, user: User | None) -> TermsAcceptance:
    """Keep a person's yes, with name, time and version of the text. SettingInvalid without a name."""
    terms = terms_of(integration)
    if terms is None or not name.strip():
        raise SettingInvalid("SETTING-MISSING", field="name")
    return TermsAcceptance.objects.create(
        integration=integration, user=user, name=name.strip()[:200], version=terms.version, language=language[:8]
    )


def _terms_finding(integration: Integration, level: Any) -> Finding:
    given = acceptance(integration)
    if given is None:
        text = _why(
            "The terms of automatic sync are not accepted yet.",
            "Les conditions de la synchronisation automatique ne sont pas encore acceptées.",
        )
        return Finding("TERMS-NOT-ACCEPTED", level, text)
    text = _why("Terms accepted by {name} on {day} (text {version}).",
                "Conditions acceptées par {name} le {day} (texte {version}).")  # fmt: skip
    params = {"name": given.name, "day": given.accepted_at.date().isoformat(), "version": given.version}
    return Finding("TERMS-ACCEPTED", "ok", text, params)


def automatic_blockers(integration: Integration) -> list[Finding]:
    """Return what stands in the way of runs that begin by themselves; [] when nothing does."""
    blockers = [item for item in readiness(integration, automatic=True) if item.level == "blocker"]
    blockers += [
        Finding("GUIDE-" + item.spec.key.upper(), "blocker",
                Text(f"{item.spec.label.en}: {item.why.en if item.why else ''}",
                     f"{item.spec.label.fr} : {item.why.fr if item.why else ''}"))
        for item in guide.unfinished(integration)
    ]  # fmt: skip
    if not integration.flows.filter(first_done_at__isnull=False).exists():
        text = _why("Approve the first plan first.", "Approuvez d’abord le premier plan.")
        blockers.append(Finding("STEP-FIRST_RUN", "blocker", text))
    return blockers


def set_automatic(integration: Integration, on: bool, user: User | None) -> list[Finding]:
    """Turn automatic runs on or off; what stands in the way of turning them on is returned and they stay off."""
    if on:
        if blockers := automatic_blockers(integration):
            return blockers
        webhooks_on(integration)
    integration.automatic = on
    integration.next_run_at = timezone.now() if on else None
    integration.save(update_fields=["automatic", "next_run_at"])
    return []


def webhooks_on(integration: Integration) -> None:
    """Subscribe to a vendor's notices where it has calls for it. Without them the schedule still finds every change."""
    from bridge.jobs.account import opened

    for connection in (integration.left, integration.right):
        hooks = registry.connector(connection.vendor).webhooks if connection else None
        if connection is None or not (hooks and hooks.subscribe) or connection.webhook_id:
            continue
        address = f"{settings.BRIDGE_BASE_URL}/hooks/{connection.vendor}/{connection.path_secret}/"
        try:
            with opened(connection, context_of(integration)) as (api, _):
                connection.webhook_id, secret = hooks.subscribe(api, address)
        except SyncError as error:
            log.warning("not subscribed connection=%s code=%s", connection.pk, error.code)
            continue
        connection.webhook_secret = secret
        connection.save(update_fields=["webhook_id", "sealed_webhook_secret"])


def pause(integration: Integration, user: User | None) -> None:
    """Make no run until a person resumes."""
    integration.state = Integration.State.PAUSED
    integration.save(update_fields=["state"])


def resume(integration: Integration, user: User | None) -> None:
    """Run again."""
    if integration.state == Integration.State.PAUSED:
        done = integration.flows.filter(first_done_at__isnull=False).exists()
        integration.state = _state_after_pause(integration) if done else Integration.State.SETUP
        integration.next_run_at = timezone.now() if integration.automatic else None
        integration.save(update_fields=["state", "next_run_at"])


def _state_after_pause(integration: Integration) -> str:
    """Return active, or untested where a test is still to pass."""
    wants_test = registry.recipe(integration.recipe).trial is not None
    if wants_test and not integration.runs.filter(pinned__trial__passed=True).exists():
        return Integration.State.UNTESTED
    return Integration.State.ACTIVE


# flows


def delete_flow(flow: Flow, user: User | None) -> None:
    """Delete the sync of one entity: settings, rules and filters go, what waited is closed and open conflicts with it;
    links, records and the ledger stay (H-19). SettingInvalid while a run is open, or where the recipe cannot do
    without it.
    """
    integration = flow.integration
    declared = registry.recipe(integration.recipe).flow(flow.entity)
    if not declared.optional:
        raise SettingInvalid("FLOW-NEEDED")
    waiting = (Change.State.PLANNED, Change.State.READY, Change.State.HELD, Change.State.REJECTED)
    with transaction.atomic():
        Integration.objects.select_for_update().get(pk=integration.pk)
        if integration.runs.filter(state__in=Run.OPEN).exists():
            raise SettingInvalid("RUN-OPEN", params={"integration": str(integration)})
        Change.objects.filter(integration=integration, entity=flow.entity, state__in=waiting).update(
            state=Change.State.SUPERSEDED, code="flow-deleted", settled_at=timezone.now()
        )
        Conflict.objects.filter(
            link__integration=integration, link__entity=flow.entity, decision=Conflict.Decision.OPEN
        ).delete()
        flow.delete()
    log.info("flow deleted integration=%s entity=%s user=%s", integration.pk, flow.entity, user and user.pk)


def set_up_flow(integration: Integration, entity: str, user: User | None) -> Flow:
    """Make a deleted flow from the recipe again, off until a person turns it on where it can be off; KeyError when the
    recipe has none. Its first run waits for a person like any first run, and finds the links that are still there.
    """
    declared = registry.recipe(integration.recipe).flow(entity)
    with transaction.atomic():
        Integration.objects.select_for_update().get(pk=integration.pk)
        if flow := integration.flows.filter(entity=entity).first():
            return flow
        flow = _make_flow(integration, declared, user)
        if declared.optional:
            flow.is_on = False
            flow.save(update_fields=["is_on"])
    return flow


def apply_preset(flow: Flow, preset: FilterPreset, user: User | None) -> list[Problem]:
    """Store all that a preset sets: filters, direction, and today as start date where it says so; [] when stored.

    A preset that names no direction leaves direction and the filter of the way back as they are; one that is not from
    today leaves the start date.
    """
    flow.direction = preset.direction or flow.direction
    problems = check_filter(flow, preset.tree)
    if preset.direction and flow.direction == "both":
        problems += check_filter(flow, preset.back, back=True)
    if problems:
        flow.refresh_from_db()
        return problems
    flow.filter = dict(preset.tree)
    if preset.direction:
        flow.filter_back = dict(preset.back)
    if preset.from_today:
        flow.start_date = flow.integration.organization.today
    with transaction.atomic():
        flow.save(update_fields=["direction", "filter", "filter_back", "start_date"])
        _new_version(flow)
    return []


def is_applied(flow: Flow, preset: FilterPreset) -> bool:
    """Tell whether a flow stands as a preset would set it, whatever the day it was applied."""
    whole = not preset.direction or (
        flow.direction == preset.direction
        and (flow.direction != "both" or (flow.filter_back or {}) == dict(preset.back))
    )
    dated = not preset.from_today or flow.start_date is not None
    return whole and dated and (flow.filter or {}) == dict(preset.tree)


# rules


def resources(flow: Flow, toward: str = "right") -> tuple[Any, Any]:
    """Return the first source and target resource of a flow."""
    recipe = registry.recipe(flow.integration.recipe)
    declared = recipe.flow(flow.entity)
    if declared.inside:
        vendor, names = getattr(recipe, declared.inside), getattr(declared, declared.inside)
        resource = registry.connector(vendor).resource(names[0])
        return resource, resource
    left = registry.connector(recipe.left).resource(declared.left[0])
    right = registry.connector(recipe.right).resource(declared.right[0])
    return (left, right) if toward == "right" else (right, left)


def rule_problems(integration: Integration) -> list[tuple[Flow, Problem]]:
    """Return what is wrong with the rules and filters of the flows that are on."""
    found: list[tuple[Flow, Problem]] = []
    for flow in integration.flows.filter(is_on=True).prefetch_related("rules"):
        flow.integration = integration
        found += [(flow, problem) for problem in check_filter(flow, flow.filter or {})]
        if flow.direction == "both":
            found += [(flow, problem) for problem in check_filter(flow, flow.filter_back or {}, back=True)]
        for rule in flow.rules.all():
            found += [(flow, problem) for problem in _check_rule(flow, _engine_rule(rule))]
    return found


def _engine_rule(rule: MappingRule) -> Rule:
    return Rule(
        id=str(rule.pk or ""), source=rule.source, target=rule.target, transform=rule.transform,
        argument=rule.argument, when=rule.when, on_conflict=rule.on_conflict, toward=rule.toward,
    )  # fmt: skip


def _check_rule(flow: Flow, rule: Rule) -> list[Problem]:
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    source, target = resources(flow, rule.toward)
    problems = list(check_rule(rule, flow.entity, flow.entity, writable(target, declared.rules)))
    if rule.source.startswith(CUSTOM) and source.custom is None:
        problems.append(Problem("source", "RULE-UNKNOWN-FIELD", {"field": rule.source}))
    longest = MappingRule._meta.get_field("source").max_length or 0
    for name in ("source", "target"):
        if len(getattr(rule, name)) > longest:
            problems.append(Problem(name, "RULE-LONG-FIELD", {"field": getattr(rule, name), "most": longest}))
    return problems


def problems_of_rule(flow: Flow, rule: MappingRule) -> list[Problem]:
    """Return what is wrong with a rule of a flow, saved or not."""
    if rule.toward not in possible_ways(flow):
        return [Problem("toward", "RULE-BAD-CHOICE", {"value": rule.toward})]
    return _check_rule(flow, _engine_rule(rule))


def save_rule(flow: Flow, values: Mapping[str, Any], user: User | None) -> list[Problem]:
    """Add or change one rule; [] when stored, else what is wrong with it. A change makes a new version of the rules."""
    rule = flow.rules.filter(pk=values["id"]).first() if values.get("id") else MappingRule(flow=flow, created_by=user)
    if rule is None:
        return [Problem("id", "RULE-UNKNOWN", {})]
    for name in ("source", "target", "transform", "argument", "when", "on_conflict", "note", "toward"):
        if name in values:
            setattr(rule, name, str(values[name]).strip())
    if problems := problems_of_rule(flow, rule):
        return problems
    if rule.pk is None:
        rule.position = flow.rules.count()
    try:
        with transaction.atomic():
            rule.save()
            _new_version(flow)
    except IntegrityError:
        return [Problem("target", "RULE-TWICE", {"field": rule.target})]
    return []


def delete_rule(rule: MappingRule, user: User | None) -> None:
    """Take a rule away; what it wrote stays."""
    with transaction.atomic():
        flow = rule.flow
        rule.delete()
        _new_version(flow)


def _new_version(flow: Flow) -> None:
    flow.rules_version += 1
    flow.save(update_fields=["rules_version"])


# filters


def possible_ways(flow: Flow) -> tuple[str, ...]:
    """Return the sides that the recipe lets this flow write to, in one direction or another."""
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    return tuple(side for side in ("right", "left") if any(side in towards(item) for item in declared.directions))


def toward_of(flow: Flow, back: bool = False) -> str:
    """Return the side that what passes the filter goes to; `back`: the second filter of a two-way flow."""
    return "left" if back else towards(flow.direction)[0]


def source_side(flow: Flow, back: bool = False) -> Side:
    """Return the side whose records a filter looks at."""
    inside = registry.recipe(flow.integration.recipe).flow(flow.entity).inside
    return inside or ("left" if toward_of(flow, back) == "right" else "right")


def told_beside(flow: Flow, back: bool = False) -> frozenset[str]:
    """Return the names of the associated records this filter may ask about."""
    declared, side = registry.recipe(flow.integration.recipe).flow(flow.entity), source_side(flow, back)
    return frozenset(item.name for item in declared.associated if item.side == side)


def check_filter(flow: Flow, tree: Mapping[str, Any], back: bool = False) -> list[Problem]:
    """Return what is wrong with a filter, for the side whose records it looks at."""
    if not tree:
        return []
    problems = list(check_tree(tree, flow.entity))
    if problems:
        return problems
    known, beside = fields_of(flow.entity), told_beside(flow, back)
    source = resources(flow, toward_of(flow, back))[0]
    for path, condition in conditions_of(tree):
        name = str(condition["field"])
        whole = name.partition(".")[0]
        elsewhere = whole in known and known[whole].kind == "records" and whole not in beside
        if elsewhere or (name.startswith(CUSTOM) and source.custom is None):
            problems.append(Problem(path, "FILTER-UNKNOWN-FIELD", {"field": condition["field"]}))
    return problems


def save_filter(flow: Flow, tree: Mapping[str, Any], user: User | None, back: bool = False) -> list[Problem]:
    """Store a filter, `back`: of what comes to the left in a two-way flow; [] when stored, else what is wrong."""
    problems = check_filter(flow, tree, back)
    if problems:
        return problems
    name = "filter_back" if back else "filter"
    with transaction.atomic():
        setattr(flow, name, dict(tree))
        flow.save(update_fields=[name])
        _new_version(flow)
    return []


SHOWN = 3  # records shown as examples of each outcome
MOST_VALUES = 30  # values offered for a field


@dataclass(frozen=True, slots=True)
class FilterCount:
    """How many stored records a filter lets through, with a few of each, and what can be said of it without any.

    `early` ones would pass, but are dated before the flow's start. `samples_out` come with the conditions that keep
    them out; `seen` are the values of choice fields, by field.
    """

    inside: int
    outside: int
    early: int = 0
    samples_in: list[Row] = field(default_factory=list)
    samples_out: list[tuple[Row, tuple[Mapping[str, Any], ...]]] = field(default_factory=list)
    always: str | None = None
    sentence: Text | None = None
    seen: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many were looked at."""
        return self.inside + self.outside + self.early


def count_filter(flow: Flow, tree: Mapping[str, Any], back: bool = False, most: int = 20_000) -> FilterCount:
    """Count what a filter would let through among the records read from the side it looks at.

    Of each resource at most `most` are looked at, those read first.
    """
    outside = inside = early = 0
    samples_in: list[Row] = []
    samples_out: list[tuple[Row, tuple[Mapping[str, Any], ...]]] = []
    values_seen, is_early = Seen(flow, back), _early(flow, back)
    zone = flow.integration.organization.time_zone
    for row, record in source_records(flow, tree, back, most=most):
        values_seen.note(record.values)
        if passes(tree, record.values, zone):
            if is_early(row, record):
                early += 1
                continue
            inside += 1
            if len(samples_in) < SHOWN:
                samples_in.append(row)
        else:
            outside += 1
            if len(samples_out) < SHOWN:
                samples_out.append((row, failing(tree, record.values, zone)))
    said = always(tree, flow.entity) if tree else "everything"
    sentence = Text(describe(tree, flow.entity, "en"), describe(tree, flow.entity, "fr")) if tree else None
    return FilterCount(inside, outside, early, samples_in, samples_out, said, sentence, values_seen.by_field())


def _early(flow: Flow, back: bool) -> Callable[[Row, Record], bool]:
    """Return what tells whether a record is dated before the flow's start; linked ones go on whatever their date."""
    start, zone = flow.start_date, flow.integration.organization.time_zone
    if start is None:
        return lambda row, record: False
    links = Link.objects.filter(integration=flow.integration, entity=flow.entity)
    linked = set(links.values_list(f"{source_side(flow, back)}_id", flat=True))

    def is_early(row: Row, record: Record) -> bool:
        dated = day_in(record.values.get("date"), zone)
        return dated is not None and dated < start and row.pk not in linked

    return is_early


def source_records(
    flow: Flow, tree: Mapping[str, Any], back: bool = False, chosen: Q | None = None, most: int = 20_000
) -> Iterator[tuple[Row, Record]]:
    """Yield the records a filter looks at as it sees them: with what the associated records it asks about tell.

    Those that are gone, merged or unreadable are left out.
    """
    side = source_side(flow, back)
    connection = getattr(flow.integration, side)
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    if connection is None:
        return
    asked_of, context = asked_about(declared, side, tree), context_of(flow.integration)
    for name in getattr(declared, side):
        rows = Row.objects.filter(
            connection=connection, resource=name, scope=scope_of(connection, name, context), gone=False, merged_into=""
        )
        rows = rows.filter(chosen) if chosen is not None else rows
        ordered = rows.order_by("id")[:most].iterator(chunk_size=500)
        while batch := list(islice(ordered, 500)):
            records: dict[int, Record | None] = {row.pk: parsed(row, connection) for row in batch}
            for item in asked_of:
                records = with_associated(connection, records, item, parsed)
            yield from ((row, record) for row in batch if (record := records[row.pk]) is not None)


def fields_told(flow: Flow, back: bool = False, most: int = 200) -> frozenset[str]:
    """Return the fields that records of the side a filter looks at tell, as far as `most` of each kind show; those of
    associated records with them ("sales.source"). Empty where nothing was read yet.
    """
    side = source_side(flow, back)
    connection = getattr(flow.integration, side)
    declared = registry.recipe(flow.integration.recipe).flow(flow.entity)
    if connection is None:
        return frozenset()
    found: set[str] = set()
    places = [("", name) for name in getattr(declared, side)]
    places += [(f"{item.name}.", item.resource) for item in declared.associated if item.side == side]
    for prefix, resource in places:
        rows = Row.objects.filter(connection=connection, resource=resource, gone=False).order_by("-id")
        for row in rows.only("resource", "document")[:most]:
            record = parsed(row, connection)
            found |= {prefix + name for name in (record.values if record else ())}
    return frozenset(found)


def parsed(row: Row, connection: Connection) -> Record | None:
    """Return a stored document in canonical form; None where it can no longer be read."""
    try:
        return registry.connector(connection.vendor).resource(row.resource).parse(row.document)
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
        return None


class Seen:
    """The values records tell of choice fields, their own and those of associated records, and what presets name."""

    def __init__(self, flow: Flow, back: bool) -> None:
        beside = told_beside(flow, back)
        self._own, self._beside = [], dict[str, list[str]]()
        for name, item in fields_of(flow.entity).items():
            whole, dot, inner = name.partition(".")
            if item.kind == "choice" and not dot:
                self._own.append(name)
            elif item.kind == "choice" and whole in beside:
                self._beside.setdefault(whole, []).append(inner)
        self._found: dict[str, set[str]] = defaultdict(set)
        for preset in registry.recipe(flow.integration.recipe).flow(flow.entity).presets:
            for _, condition in (*conditions_of(preset.tree), *conditions_of(preset.back)):
                known = fields_of(flow.entity).get(condition["field"])
                value = condition.get("value")
                if known and known.kind == "choice" and value:
                    self._found[condition["field"]] |= set(value if isinstance(value, list) else [value])

    def note(self, values: Mapping[str, Any]) -> None:
        """Remember what one record tells."""
        for name in self._own:
            self._note(name, values.get(name))
        for whole, names in self._beside.items():
            for item in values.get(whole) or ():
                for name in names:
                    self._note(f"{whole}.{name}", item.get(name))

    def _note(self, name: str, value: Any) -> None:
        if isinstance(value, str) and value and len(self._found[name]) < MOST_VALUES:
            self._found[name].add(value)

    def by_field(self) -> dict[str, list[str]]:
        """Return the values of each field that has any, in order."""
        return {name: sorted(found) for name, found in self._found.items() if found}


def conditions_of(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each condition of a well-formed filter with its path ("all.0")."""
    if "field" in tree:
        yield path, tree
    for kind in ("all", "any"):
        for place, item in enumerate(tree.get(kind, ())):
            yield from conditions_of(item, f"{path}.{kind}.{place}".lstrip("."))
    if "not" in tree:
        yield from conditions_of(tree["not"], f"{path}.not".lstrip("."))


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its sentences."""

    title: str
    sentences: list[str]


def rules_as_text(integration: Integration, language: str) -> list[Section]:
    """Return all active rules as plain sentences, with author and date, to be read and signed."""
    recipe = registry.recipe(integration.recipe)
    left, right = (registry.connector(key).label.say(language) for key in (recipe.left, recipe.right))
    found = []
    values = settings_of(integration)
    chosen = []
    for item in recipe.settings:
        if asked(item, values) and values.get(item.key):
            value = values.get(f"{item.key}_label") or {key: text.say(language) for key, text in item.choices}.get(
                values[item.key], values[item.key]
            )
            chosen.append(f"{item.label.say(language)}{' : ' if language.startswith('fr') else ': '}{value}")
    if chosen:
        found.append(Section(Text("Settings", "Réglages").say(language), chosen))
    for flow in integration.flows.filter(is_on=True).prefetch_related("rules__created_by"):
        declared = recipe.flow(flow.entity)
        sentences = []
        if declared.sentence:
            sentences.append(declared.sentence.say(language))
        if flow.direction == "both" and (flow.filter or flow.filter_back):
            for to, tree in ((right, flow.filter), (left, flow.filter_back)):
                way = Text("To {to}: {words}", "Vers {to} : {words}")
                sentences.append(way.say(language, to=to, words=describe(tree or {}, flow.entity, language)))
        elif flow.filter:
            sentences.append(describe(flow.filter, flow.entity, language))
        labels = {"source": left, "target": right, "left": left, "right": right}
        for rule in flow.rules.all():
            who = Text(" ({who}, {day})", " ({who}, {day})").say(
                language, who=rule.created_by or "–", day=rule.changed_at.date().isoformat()
            )
            sentences.append(rule_as_text(_engine_rule(rule), flow.entity, language, labels) + who)
        found.append(Section(declared.label.say(language), sentences))
    return found


# disconnecting


def disconnect_effects(integration: Integration, language: str) -> list[str]:
    """Return what disconnecting does, one sentence each."""
    return [text.say(language) for text in registry.recipe(integration.recipe).disconnect.effects]


def disconnect(integration: Integration, user: User | None) -> Run:
    """Begin to disconnect: what the recipe removes is removed by a run; then nothing flows any more."""
    from bridge.jobs import runs

    integration.automatic = False
    integration.next_run_at = None
    integration.save(update_fields=["automatic", "next_run_at"])
    return runs.disconnect(integration, user)


def disconnected(integration: Integration) -> None:
    """After the removals: close the integration and forget the grant of the side nothing else stands on."""
    integration.refresh_from_db()
    right = integration.right
    integration.state = Integration.State.DISCONNECTED
    integration.save(update_fields=["state"])
    waiting = (Change.State.PLANNED, Change.State.READY, Change.State.HELD, Change.State.REJECTED)
    Change.objects.filter(integration=integration, state__in=waiting).update(
        state=Change.State.SUPERSEDED, code="disconnect", settled_at=timezone.now()
    )
    if right is not None and not connections.in_use(right).exists():
        webhook_off(right, integration)
        connections.forget(right, None)


def webhook_off(connection: Connection, integration: Integration) -> None:
    """Take our subscription away at the vendor, where there is one."""
    from bridge.jobs.account import opened

    hooks = registry.connector(connection.vendor).webhooks
    if not (hooks and hooks.unsubscribe and connection.webhook_id):
        return
    try:
        with opened(connection, context_of(integration)) as (api, _):
            hooks.unsubscribe(api, connection.webhook_id)
    except SyncError as error:
        log.warning("unsubscribe failed connection=%s code=%s", connection.pk, error.code)
