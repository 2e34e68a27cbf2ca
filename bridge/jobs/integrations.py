"""Setting up an integration: recipe, connections, settings, flows, rules, readiness, going live, disconnecting."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from bridge import registry
from bridge.engine.model import Problem
from bridge.engine.posting import prefix_taken
from bridge.engine.posting.numbers import LONGEST
from bridge.hub.models import Change, Connection, Integration, Organization, Run, TermsAcceptance, User
from bridge.jobs import books, connections, flowing, guide, ruling
from bridge.jobs import values as maps
from bridge.jobs.context import context_of, facts_of, settings_of
from connectors.contract import Finding, Recipe, Setting, SettingInvalid, SyncError, Terms, Text

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
            flowing.make_flow(integration, declared, user)
    return integration


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
    rules = ruling.rule_problems(integration)
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
