"""One-time imports: begun by a person, one run each, no schedule; what is missing as a file where nobody may make it
by the vendor's interface.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from bridge import registry
from bridge.hub.models import Change, Integration, Run, User
from bridge.jobs import runs
from bridge.jobs.context import pin
from bridge.jobs.importing import BY_FILE, can_create
from bridge.jobs.plan import towards
from connectors.contract import OneTimeImport, RuleSpec, SettingInvalid

log = logging.getLogger("bridge.jobs.imports")

State = Change.State
MISSING = (State.PLANNED, State.HELD, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Import:
    """One import of an integration as people see it: its newest run, and how many records a file would hold."""

    spec: OneTimeImport
    toward: str
    by_file: bool
    newest: Run | None
    missing: int

    @property
    def key(self) -> str:
        return self.spec.key


def imports_of(integration: Integration) -> list[Import]:
    """Return the imports a recipe offers, each with its newest run."""
    return [_import(integration, spec) for spec in registry.recipe(integration.recipe).imports]


def _import(integration: Integration, spec: OneTimeImport) -> Import:
    newest = runs_of(integration, spec).select_related("user").first()
    missing = lines_missing(newest).count() if newest and spec.columns else 0
    toward = towards(spec.flow.directions[0])[0]
    return Import(spec, toward, not can_create(_target(integration, spec)), newest, missing)


def _target(integration: Integration, spec: OneTimeImport) -> Any:
    recipe, toward = registry.recipe(integration.recipe), towards(spec.flow.directions[0])[0]
    return registry.connector(getattr(recipe, toward)).resource(getattr(spec.flow, toward)[0])


def runs_of(integration: Integration, spec: OneTimeImport) -> QuerySet[Run]:
    """Return the runs of one import, newest first."""
    found: QuerySet[Run] = integration.runs.filter(kind=Run.Kind.IMPORT, pinned__import=spec.key).order_by("-id")
    return found


def start(integration: Integration, key: str, user: User | None, enqueue: bool = True) -> Run:
    """Begin one import: exactly one run, which waits with its plan before anything is written, and no schedule.

    KeyError when the recipe has no such import; SettingInvalid while a run is open or the set-up is not that far.
    """
    spec = registry.recipe(integration.recipe).one_time(key)
    if integration.left is None or integration.right is None:
        raise SettingInvalid("INTEGRATION-UNFINISHED", params={"integration": str(integration)})
    run = runs.start(
        integration, "person", user, kind=Run.Kind.IMPORT, only=[spec.flow.entity], enqueue=enqueue,
        pinned=pinned(integration, spec),
    )  # fmt: skip
    log.info("import begun run=%s integration=%s import=%s", run.pk, integration.pk, key)
    return run


def begin_chosen(run: Run) -> None:
    """After the first run that ended well: begin the imports a setting asked for, one after the other, each once.

    Each waits with its plan before anything is written, as when a person begins it.
    """
    integration = run.integration
    if run.pinned.get("pointed") or not integration.flows.filter(first_done_at__isnull=False).exists():
        return
    chosen = run.pinned["settings"]
    for spec in registry.recipe(integration.recipe).imports:
        wanted = spec.chosen_by and chosen.get(spec.chosen_by[0]) == spec.chosen_by[1]
        if wanted and not runs_of(integration, spec).exists():
            try:
                start(integration, spec.key, run.user)
            except SettingInvalid as error:  # another run was faster: the next one begins it
                log.info("import not begun integration=%s code=%s", integration.pk, error.code)
            return


def pinned(integration: Integration, spec: OneTimeImport) -> dict[str, Any]:
    """Return what an import goes by: its own rules, and with them those by which the flow of its entity reads what
    comes back, so that it is no news to it.
    """
    found, declared = pin(integration), spec.flow
    toward = towards(declared.directions[0])[0]
    rules = [_rule(number, rule) for number, rule in enumerate(declared.rules, 1)]
    for flow in integration.flows.filter(entity=declared.entity).prefetch_related("rules"):
        rules += [
            {"id": str(rule.pk), "source": rule.source, "target": rule.target, "transform": rule.transform,
             "argument": rule.argument, "when": rule.when, "on_conflict": rule.on_conflict, "toward": rule.toward,
             "version": flow.rules_version}
            for rule in flow.rules.all() if rule.toward != toward and flow.is_on
        ]  # fmt: skip
    kept = {
        "direction": toward, "filter": dict(declared.default_filter), "filter_back": {}, "start_date": None,
        "brakes": {}, "approval": "first", "rules_version": 1, "rules": rules,
        "planned_before": 100_000 + found["settings_version"],
    }  # fmt: skip
    return {**found, "flows": {declared.entity: kept}, "import": spec.key}


def _rule(number: int, rule: RuleSpec) -> dict[str, Any]:
    return {
        "id": f"import-{number}", "source": rule.source, "target": rule.target, "transform": rule.transform,
        "argument": rule.argument, "when": rule.when, "on_conflict": rule.on_conflict, "toward": rule.toward,
        "version": 1,
    }  # fmt: skip


# the file


def lines_missing(run: Run) -> QuerySet[Change]:
    """Return what a run would have made and did not: planned, left to the file, or refused."""
    made = Q(action=Change.Action.CREATE, state__in=MISSING) | Q(code=BY_FILE, state=State.HELD)
    found: QuerySet[Change] = run.changes.filter(made).order_by("id")
    return found


def exported(run: Run) -> Iterator[list[str]]:
    """Yield the lines of the file in the vendor's import shape: headings, then what is missing, made of the plan."""
    spec = registry.recipe(run.integration.recipe).one_time(str(run.pinned["import"]))
    yield [column.heading for column in spec.columns]
    for after in lines_missing(run).values_list("after", flat=True).iterator(chunk_size=500):
        yield [_cell(after, column.field) for column in spec.columns]


def _cell(after: Mapping[str, Any], name: str) -> str:
    value: Any = after
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
