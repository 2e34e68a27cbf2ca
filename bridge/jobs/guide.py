"""The guided set-up of a recipe: its steps in order, done or to do, and making what the books still lack for it."""

import logging
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Change, Integration, Run, User
from bridge.jobs import runs, values
from bridge.jobs.context import context_of, facts_of, pin, scope_of, settings_of
from bridge.jobs.imports import runs_of
from connectors.contract import STAGES, GuideStep, SettingInvalid, SyncError, Text, ValueMapSpec, Wanted, freeze

log = logging.getLogger("bridge.jobs.guide")

MADE = "product"  # the entity of what can be made for a value map
ENDED = (Run.State.DONE, Run.State.HELD)


@dataclass(frozen=True, slots=True)
class Target:
    """A value with the target it should have: the one suggested or chosen by now, and what is wrong with its type."""

    key: str
    wanted: Wanted
    found: str
    chosen: str
    other_type: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether neither a target of that name is there nor another one was chosen."""
        return not self.found and not self.chosen


@dataclass(frozen=True, slots=True)
class Done:
    """One step as it stands. `why` says what is to do; `targets` are those of a value map, for its page."""

    spec: GuideStep
    done: bool
    why: Text | None = None
    targets: list[Target] = field(default_factory=list)

    @property
    def missing(self) -> list[Target]:
        return [item for item in self.targets if item.is_missing]


def guide(integration: Integration) -> list[Done]:
    """Return the steps of the recipe's guide, in order, as things stand; [] where it has none."""
    return [_done(integration, step) for step in registry.recipe(integration.recipe).guide]


def _done(integration: Integration, step: GuideStep) -> Done:
    if step.done == "connected":
        why = _not_connected(integration)
        return Done(step, why is None, why)
    if step.done == "present":
        found = targets(integration, values.kind_of(integration, step.of))
        gaps = [item for item in found if item.is_missing]
        return Done(step, not gaps and _is_read(integration, step.of), _named(gaps), found)
    if step.done == "listed":
        usable = any(item.usable for item in values.offered(integration.left, step.of))
        return Done(step, usable, None if usable else step.help)
    if step.done == "mapped":
        return _mapped(integration, step)
    return _imported(integration, step)


def _is_read(integration: Integration, kind: str) -> bool:
    return values.read_at(integration, kind) is not None


def _not_connected(integration: Integration) -> Text | None:
    recipe = registry.recipe(integration.recipe)
    for side in ("left", "right"):
        connection = getattr(integration, side)
        if not (connection and connection.is_usable):
            label = registry.connector(getattr(recipe, side)).label
            return Text(f"Connect {label.en}.", f"Connectez {label.fr}.")
    return first_check(integration)


def first_check(integration: Integration) -> Text | None:
    """Return what a check that comes before everything else found in the way; None when there is nothing."""
    if not (integration.left and integration.right):
        return None
    facts = {"left": facts_of(integration.left), "right": facts_of(integration.right)}
    told = settings_of(integration)
    for check in registry.recipe(integration.recipe).checks:
        if check.first and (found := check.test(facts, told)).level == "blocker":
            params = {key: str(value) for key, value in found.params.items()}
            return Text(found.text.say("en", **params), found.text.say("fr", **params))
    return None


def targets(integration: Integration, spec: ValueMapSpec) -> list[Target]:
    """Return the targets a value map wants, each with the one of that name and the one chosen, and a wrong type."""
    offered = {item.id: item for item in values.targets(integration, spec.kind) if item.usable}
    rows = {row.source_key: row for row in integration.value_maps.filter(kind=spec.kind)}
    found = []
    for key, wanted in spec.wanted.items():
        row = rows.get(key)
        chosen = row.target_id if row and row.confirmed and row.target_id in offered else ""
        by_name = values.named(wanted, offered.values()) or ""
        found.append(Target(key, wanted, by_name, chosen, wrong_type(wanted, offered.get(chosen or by_name))))
    return found


def wrong_type(wanted: Wanted, item: values.Offered | None) -> str:
    """Return the type a target has where it is not the one its value should have; "" where it is, or nobody tells."""
    told = str((item.facts or {}).get("type") or "") if item else ""
    return told if told and told.casefold() != wanted.kind.replace("_", "") else ""


def _named(gaps: list[Target]) -> Text | None:
    if not gaps:
        return None

    def said(language: str) -> str:
        return ", ".join(f"{item.wanted.name} ({item.wanted.kind_label.say(language)})" for item in gaps)

    return Text(f"Still to create: {said('en')}.", f"Reste à créer : {said('fr')}.")


def _mapped(integration: Integration, step: GuideStep) -> Done:
    spec = values.kind_of(integration, step.of)
    found = targets(integration, spec)
    open_ = [item for item in found if not item.chosen]
    others = values.unmapped(integration)
    others.pop(spec.kind, None)
    if not open_ and not others:
        return Done(step, True, None, found)
    count = len(open_) + sum(others.values())
    why = Text(f"Still to map: {count}.", f"Reste à associer : {count}.")
    return Done(step, False, why, found)


def _imported(integration: Integration, step: GuideStep) -> Done:
    specs = registry.recipe(integration.recipe).imports
    done = any(runs_of(integration, spec).filter(state__in=ENDED).exists() for spec in specs)
    why = None if done else Text("Optional: nothing waits for it.", "Facultatif : rien ne l’attend.")
    return Done(step, done, why)


def unfinished(integration: Integration) -> list[Done]:
    """Return the steps that automatic runs wait for."""
    return [item for item in guide(integration) if not item.done and not item.spec.optional]


def refresh(integration: Integration) -> None:
    """Read anew the lists the guide goes by. SyncError: all stays as it was."""
    recipe = registry.recipe(integration.recipe)
    for step in recipe.guide:
        if step.done in ("present", "mapped"):
            values.refresh(integration, step.of)
        elif step.done == "listed" and integration.left and integration.left.is_usable:
            values.remember(integration, integration.left, step.of)


def freshen(integration: Integration) -> None:
    """Read the lists the guide goes by where they never were; an account that does not answer keeps what is known."""
    if not (integration.left and integration.left.is_usable and integration.right and integration.right.is_usable):
        return
    keys = {step.of if step.done == "listed" else values.kind_of(integration, step.of).targets
            for step in registry.recipe(integration.recipe).guide if step.of}  # fmt: skip
    read = set(integration.left.lists.filter(key__in=keys).values_list("key", flat=True))
    if keys - read:
        try:
            refresh(integration)
        except SyncError as error:
            log.warning("guide not read integration=%s code=%s", integration.pk, error.code)


# making what is missing


def make(integration: Integration, kind: str, user: User | None) -> Run:
    """Plan the creation of the targets that a value map wants and the books lack; a person approves it like any plan.

    SettingInvalid GUIDE-NOTHING when none is missing, RUN-OPEN while a run is open.
    """
    spec = values.kind_of(integration, kind)
    values.refresh(integration, kind)
    gaps = [item for item in targets(integration, spec) if item.is_missing]
    connection = integration.left if spec.side == "left" else integration.right
    if not gaps or connection is None:
        raise SettingInvalid("GUIDE-NOTHING")
    resource = registry.connector(connection.vendor).resource(spec.targets)
    with transaction.atomic():
        run = runs.start(
            integration, "person", user, plan_only=True, kind=Run.Kind.MAKE, only=[MADE], enqueue=False,
            pinned={**pin(integration), "flows": {}},
        )  # fmt: skip
        context = context_of(integration)
        for item in gaps:
            after = freeze({"name": item.wanted.name, "kind": item.wanted.kind, "tracked": False})
            Change.objects.create(
                integration=integration, run=run, entity=MADE, stage=STAGES.index(MADE), toward=spec.side,
                action=Change.Action.CREATE, connection=connection, resource=resource.name,
                scope=scope_of(connection, resource.name, context), title=item.wanted.name, after=after, sent=after,
                code="wanted", state=Change.State.PLANNED,
            )  # fmt: skip
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.PLANNED, planned_at=timezone.now(), wake_at=None, counts=runs.counts(run),
            brakes=[{"code": "MAKE-PLAN", "params": {"count": len(gaps)}}],
        )  # fmt: skip
    run.refresh_from_db()
    return run


def made(run: Run) -> None:
    """After what was missing was made: look at the lists again, so that it can be chosen at once."""
    try:
        refresh(run.integration)
    except SyncError as error:
        log.warning("list not read integration=%s code=%s", run.integration_id, error.code)
