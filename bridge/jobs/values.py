"""Value maps: which values the records name, what they may become, what a person decided, and what waits for it.

A value that is not mapped holds the records that need it, with a code whose params are {"map": kind, "key": value};
the others go on. A decision frees exactly those records: the next run looks at them again, and at nothing else because
of it. What was sent before keeps what it was sent with.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from bridge import registry
from bridge.engine.suggest import Guesser, Offer
from bridge.hub.models import (
    Change,
    Connection,
    Integration,
    Membership,
    Question,
    ReferenceList,
    Run,
    User,
    ValueMap,
)
from bridge.hub.models import Record as Row
from bridge.jobs import connections, queue
from bridge.jobs.context import context_of, scope_of, settings_of
from connectors.contract import Choice, SeenValue, SettingInvalid, SyncError, Text, ValueMapSpec, Wanted

log = logging.getLogger("bridge.jobs.values")

DAYS = 90
MOST = 20_000  # of the newest records are looked at
DUE_DAYS = 7
_ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\blocalhost\b|:\d{2,5}\b"
)  # of a machine, which says nothing to people
FRESH = timedelta(days=1)
WAITING = (Change.State.HELD, Change.State.REJECTED)
# A rule's own look-up says which value it missed in words of its own.
LOOKED_UP = "VALUE-NOT-MAPPED"


# what a recipe wants mapped


def kinds(integration: Integration) -> list[ValueMapSpec]:
    """Return the kinds of values to map as things are: none of a flow that is off or a setting that says otherwise."""
    recipe = registry.recipe(integration.recipe)
    on = set(integration.flows.filter(is_on=True).values_list("entity", flat=True))
    values = settings_of(integration)
    return [
        item
        for item in recipe.value_maps
        if on.intersection(item.entities) and (item.needs is None or values.get(item.needs[0]) == item.needs[1])
    ]


def kind_of(integration: Integration, kind: str) -> ValueMapSpec:
    """Return one kind of the recipe, also while nothing wants it; KeyError when it has no such kind."""
    for item in registry.recipe(integration.recipe).value_maps:
        if item.kind == kind:
            return item
    raise KeyError(kind)


def ends(integration: Integration, spec: ValueMapSpec) -> tuple[Connection | None, Connection | None]:
    """Return the account the values come from and the one their targets live at."""
    if spec.side == "left":
        return integration.right, integration.left
    return integration.left, integration.right


# which values are met


@dataclass(slots=True)
class Seen:
    """One value as records name it: in how many of them, and the last date of one."""

    key: str
    label: str = ""
    percents: tuple[Decimal, ...] = ()
    count: int = 0
    last_on: date | None = None


def seen(integration: Integration, kind: str, days: int = DAYS) -> list[Seen]:
    """Return the values the records of the last `days` name, most used first."""
    spec = kind_of(integration, kind)
    return sorted(_met(integration, [spec], days)[kind].values(), key=lambda item: (-item.count, item.key))


def _met(integration: Integration, specs: Sequence[ValueMapSpec], days: int) -> dict[str, dict[str, Seen]]:
    """Return, by kind and key, what records name; each record is read once for all kinds."""
    found: dict[str, dict[str, Seen]] = {spec.kind: {} for spec in specs}
    for side in ("left", "right"):
        wanted = [spec for spec in specs if spec.seen and spec.side != side]
        if wanted:
            for entity, values, day in _documents(integration, side, wanted, days):
                for spec in wanted:
                    if entity in spec.entities:
                        _count(found[spec.kind], spec, values, day)
    return found


def _count(found: dict[str, Seen], spec: ValueMapSpec, values: Mapping[str, Any], day: date | None) -> None:
    told = {}
    try:
        for item in spec.seen(values) if spec.seen else ():
            value = SeenValue(*item)
            told[value.key] = value
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
        log.warning("values unreadable kind=%s", spec.kind)
    for value in told.values():
        row = found.setdefault(value.key, Seen(value.key, value.label, value.percents))
        row.count += 1
        if day and (row.last_on is None or day > row.last_on):
            row.last_on, row.label = day, value.label or row.label


def _documents(
    integration: Integration, side: str, specs: Sequence[ValueMapSpec], days: int
) -> Iterator[tuple[str, Mapping[str, Any], date | None]]:
    """Yield entity, canonical values and date of the records of one side, newest first; undated ones count too."""
    connection: Connection | None = getattr(integration, side)
    if connection is None:
        return
    entities = {entity for spec in specs for entity in spec.entities}
    first = integration.organization.today - timedelta(days=days)
    for rows, resource, entity in _sources(integration, side, entities):
        recent = rows.filter(Q(date__gte=first) | Q(date__isnull=True)).only("resource", "document", "date")
        for row in recent.order_by(F("date").desc(nulls_last=True), "-id")[:MOST].iterator(chunk_size=500):
            try:
                values = resource.parse(row.document).values
            except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
                continue  # planning says so, with the record's name
            yield entity, values, row.date


def _sources(integration: Integration, side: str, entities: Iterable[str]) -> Iterator[tuple[QuerySet[Row], Any, str]]:
    """Yield the stored records of each resource of one side that a flow of these entities reads."""
    connection: Connection | None = getattr(integration, side)
    context = context_of(integration)
    for flow in registry.recipe(integration.recipe).flows:
        for name in getattr(flow, side) if connection and flow.entity in entities else ():
            resource = registry.connector(connection.vendor).resource(name)
            rows = Row.objects.filter(connection=connection, resource=name, scope=scope_of(connection, name, context))
            yield rows.filter(gone=False), resource, flow.entity


def look(integration: Integration, again: bool = False) -> None:
    """Note which values are in use, guess what they become, and mark those nobody uses any more.

    Does nothing where no record came since the last look of the day, unless `again`. May be called twice.
    """
    specs = kinds(integration)
    marks = _marks(integration, specs) if specs else {}
    if not specs or (marks == integration.values_seen and not again):
        return
    met, held = _met(integration, specs, DAYS), waiting(integration)
    with transaction.atomic():
        for spec in specs:
            _note(integration, spec, met[spec.kind], {key for kind, key in held if kind == spec.kind})
            suggest(integration, spec.kind)
        Integration.objects.filter(pk=integration.pk).update(values_seen=marks)
    integration.values_seen = marks


def _marks(integration: Integration, specs: Sequence[ValueMapSpec]) -> dict[str, Any]:
    """Return how far the records of both sides have come, with the day: counts of 90 days grow old overnight."""
    found: dict[str, Any] = {"on": integration.organization.today.isoformat(), "kinds": [spec.kind for spec in specs]}
    found["held"] = sorted(f"{kind}:{key}" for kind, key in waiting(integration))
    for side in ("left", "right"):
        entities = {entity for spec in specs if spec.seen and spec.side != side for entity in spec.entities}
        tops = [rows.aggregate(top=Max("touched"))["top"] or 0 for rows, _, _ in _sources(integration, side, entities)]
        found[side] = max(tops, default=0)
    return found


def _note(integration: Integration, spec: ValueMapSpec, met: Mapping[str, Seen], held: set[str]) -> None:
    """Write down what was met, with what the other side's own list names and what held records miss."""
    source, _ = ends(integration, spec)
    listed = {item.id: item for item in offered(source, spec.sources) if not item.gone}
    known = {row.source_key: row for row in integration.value_maps.filter(kind=spec.kind)}
    fresh = []
    for key in sorted({*met, *held, *listed, *spec.wanted}):
        one = met.get(key) or Seen(key)
        label = one.label or (listed[key].label if key in listed else "")
        if key in spec.wanted:
            label = spec.wanted[key].label.say(integration.organization.language)
        row = known.get(key)
        values = {
            "seen_count": one.count, "last_seen_on": one.last_on, "in_use": bool(one.count) or key in held,
            "source_label": label or (row.source_label if row else ""),
            "facts": {"percents": list(one.percents)} if one.percents else (row.facts if row else {}),
        }  # fmt: skip
        if row is None:
            fresh.append(ValueMap(integration=integration, kind=spec.kind, source_key=key, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            ValueMap.objects.filter(pk=row.pk).update(**values)
    ValueMap.objects.bulk_create(fresh, ignore_conflicts=True)
    unused = [
        row.pk
        for key, row in known.items()
        if key not in met and key not in held and key not in listed and key not in spec.wanted
    ]
    ValueMap.objects.filter(pk__in=unused).update(in_use=False, seen_count=0)


# what they may become


@dataclass(frozen=True, slots=True)
class Offered:
    """One choice as it was last read. `gone`: it was there once and is not now; `active` is the vendor's word."""

    id: str
    label: str
    active: bool = True
    gone: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether it may be chosen."""
        return self.active and not self.gone


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What reading a list anew brought."""

    count: int
    new: int
    gone: int


def offered(connection: Connection | None, key: str) -> list[Offered]:
    """Return a list as it was last read, those gone since marked; [] for one never read."""
    kept = ReferenceList.objects.filter(connection=connection, key=key).first() if connection and key else None
    return [Offered(**item) for item in kept.choices] if kept else []


def targets(integration: Integration, kind: str) -> list[Offered]:
    """Return what a value of this kind may become, as last read."""
    spec = kind_of(integration, kind)
    return offered(ends(integration, spec)[1], spec.targets)


def read_at(integration: Integration, kind: str) -> Any:
    """Return when the list of targets was last read; None for never."""
    spec = kind_of(integration, kind)
    kept = ReferenceList.objects.filter(connection=ends(integration, spec)[1], key=spec.targets).first()
    return kept.read_at if kept else None


def refresh(integration: Integration, kind: str) -> Refreshed:
    """Read the lists of a kind anew, remember them, mark what is gone, and guess again. SyncError: all stays as it was.

    The list of targets is asked for at its account, that of the values at the other one where the recipe names it.
    """
    told = _read_lists(integration, kind_of(integration, kind))
    look(integration, again=True)
    return told


def freshen(integration: Integration) -> None:
    """Look at what was read, with lists of today: those older than a day are read anew.

    So suggestions stand beside a first plan, and posting goes by the codes there are. A list that cannot be read now
    stays as it was.
    """
    stale = [spec for spec in kinds(integration) if _is_stale(integration, spec)]
    for spec in stale:
        if not _is_stale(integration, spec):
            continue  # another kind chooses from the same lists
        try:
            _read_lists(integration, spec)
        except SyncError as error:
            log.warning("list not read integration=%s kind=%s code=%s", integration.pk, spec.kind, error.code)
    look(integration, again=bool(stale))


def _is_stale(integration: Integration, spec: ValueMapSpec) -> bool:
    source, target = ends(integration, spec)
    since = timezone.now() - FRESH
    wanted = [(target, spec.targets), *([(source, spec.sources)] if spec.sources else [])]
    return not all(
        ReferenceList.objects.filter(connection=connection, key=key, read_at__gt=since).exists()
        for connection, key in wanted
    )


def _read_lists(integration: Integration, spec: ValueMapSpec) -> Refreshed:
    source, target = ends(integration, spec)
    if target is None or not target.is_usable:
        raise SettingInvalid("MAP-NOT-CONNECTED", params={"account": str(target or "")})
    told = remember(integration, target, spec.targets)
    if spec.sources and source is not None and source.is_usable:
        remember(integration, source, spec.sources)
    _mark_gone(integration, spec)
    return told


def remember(integration: Integration, connection: Connection, key: str) -> Refreshed:
    """Read a list of an account anew and keep it, what is gone marked. SyncError: it stays as it was."""
    fresh = connections.choices(connection, key, context_of(integration))
    before = {item.id: item for item in offered(connection, key)}
    gone = [replace(item, gone=True) for one, item in before.items() if one not in {choice.id for choice in fresh}]
    rows = [_kept(item) for item in fresh] + [_kept(item) for item in gone]
    ReferenceList.objects.update_or_create(
        connection=connection, key=key, defaults={"choices": rows, "read_at": timezone.now()}
    )
    new = sum(item.id not in before or before[item.id].gone for item in fresh) if before else 0
    return Refreshed(len(fresh), new, sum(not before[item.id].gone for item in gone))


def _kept(item: Choice | Offered) -> dict[str, Any]:
    gone = item.gone if isinstance(item, Offered) else False
    facts = {name: value for name, value in item.facts.items() if value is not None}
    return {"id": item.id, "label": item.label, "active": item.active, "gone": gone, "facts": facts}


def _mark_gone(integration: Integration, spec: ValueMapSpec) -> None:
    """A target that left the list, or was made inactive there, is not used until a person has chosen again."""
    usable = {item.id: item.label for item in targets(integration, spec.kind) if item.usable}
    for row in integration.value_maps.filter(kind=spec.kind).exclude(target_id=""):
        gone = row.target_id not in usable
        label = usable.get(row.target_id, row.target_label)
        if (gone, label) != (row.target_gone, row.target_label):
            ValueMap.objects.filter(pk=row.pk).update(target_gone=gone, target_label=label)
            if not gone and row.target_gone and row.confirmed:
                _changed(integration, [row])


def suggest(integration: Integration, kind: str) -> int:
    """Guess a target for each value without one, where exactly one fits; returns how many. Nothing uses a guess."""
    spec = kind_of(integration, kind)
    usable = [item for item in targets(integration, kind) if item.usable]
    rows = list(integration.value_maps.filter(kind=kind, target_id=""))
    if not usable or not rows:
        return 0
    guesser = Guesser([Offer(item.id, item.label, percents_of(item.facts)) for item in usable])
    labels = {item.id: item.label for item in usable}
    found = 0
    for row in rows:
        percents = [Decimal(str(item)) for item in (row.facts or {}).get("percents") or ()]
        if wanted := spec.wanted.get(row.source_key):
            target = named(wanted, usable)
        else:
            target = guesser.suggest(row.source_key, row.source_label, percents, spec.suggest)
        if target is not None:
            ValueMap.objects.filter(pk=row.pk, target_id="").update(
                target_id=target, target_label=labels[target], confirmed=False, target_gone=False
            )
            found += 1
    return found


def named(wanted: Wanted, usable: Iterable[Offered]) -> str | None:
    """Return the one target that has a name a value should have; None where none or several have. A category before
    the name does not count.
    """
    names = {name.casefold() for name in (wanted.name, *wanted.others)}
    found = [item.id for item in usable if item.label.rpartition(":")[2].strip().casefold() in names]
    return found[0] if len(found) == 1 else None


def percents_of(facts: Mapping[str, Any]) -> tuple[Decimal, ...]:
    """Return the percentages a choice tells: "percents", "rates" (numbers, pairs or mappings), "percent" or "rate"."""
    found = facts.get("percents") or facts.get("rates")
    if found is None:
        found = [facts[name] for name in ("percent", "rate") if facts.get(name) is not None]
    return tuple(rate for rate in (_percent(item) for item in found) if rate is not None)


def _percent(item: Any) -> Decimal | None:
    if isinstance(item, Mapping):
        item = item.get("percent", item.get("rate"))
    elif isinstance(item, list | tuple):
        item = item[-1] if item else None
    try:
        return None if item is None else Decimal(str(item))
    except InvalidOperation:
        return None


# deciding


def set_target(row: ValueMap, target_id: str, user: User | None) -> bool:
    """Say what a value becomes; True when that is news. SettingInvalid where the target is not to be had.

    An open question about it is closed with this answer.
    """
    choice = next((item for item in targets(row.integration, row.kind) if item.id == target_id), None)
    if choice is None or not choice.usable:
        code = "MAP-TARGET-UNKNOWN" if choice is None else "MAP-TARGET-GONE"
        raise SettingInvalid(code, params={"target": choice.label if choice else target_id, "value": _name(row)})
    if row.target_id == target_id and row.confirmed and not row.target_gone:
        return False
    with transaction.atomic():
        _decide(row, choice.id, choice.label, True, user)
        _close(row.question, choice.id, user)
        _changed(row.integration, [row])
    return True


def accept(row: ValueMap, user: User | None) -> bool:
    """Take the suggestion of one value; True when there was one."""
    return row.state == ValueMap.State.SUGGESTED and set_target(row, row.target_id, user)


def accept_all(integration: Integration, kind: str, user: User | None, ids: Iterable[int] | None = None) -> int:
    """Take all suggestions of a kind, or those of some rows; returns how many. One that is gone stays a suggestion."""
    rows = integration.value_maps.filter(kind=kind, confirmed=False, target_gone=False).exclude(target_id="")
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    usable = {item.id: item for item in targets(integration, kind) if item.usable}
    taken = [
        row for row in rows.select_related("question")
        if row.state == ValueMap.State.SUGGESTED and row.target_id in usable
    ]  # fmt: skip
    with transaction.atomic():
        for row in taken:
            _decide(row, row.target_id, usable[row.target_id].label, True, user)
        _changed(integration, taken)
    return len(taken)


def clear(row: ValueMap, user: User | None) -> bool:
    """Take a decision back: records that need the value wait again. What was sent stays as it is."""
    if not row.target_id:
        return False
    with transaction.atomic():
        _decide(row, "", "", False, user)
        _changed(row.integration, [row])
    return True


def _decide(row: ValueMap, target: str, label: str, confirmed: bool, user: User | None) -> None:
    row.target_id, row.target_label, row.confirmed, row.target_gone = target, label, confirmed, False
    row.decided_by, row.decided_at = user, timezone.now()
    row.save(
        update_fields=[
            "target_id",
            "target_label",
            "confirmed",
            "target_gone",
            "decided_by",
            "decided_at",
            "changed_at",
        ]
    )


def _changed(integration: Integration, rows: Sequence[ValueMap]) -> None:
    """Make a new version of the maps, and let exactly what waits for these values be looked at by the next run."""
    if not rows:
        return
    Integration.objects.filter(pk=integration.pk).update(maps_version=F("maps_version") + 1)
    now = timezone.now()
    freed = held(integration, rows[0].kind, [row.source_key for row in rows]).update(retry_at=now)
    if freed:
        Integration.objects.filter(pk=integration.pk, automatic=True, state__in=Integration.RUNNING).update(
            next_run_at=now
        )
    log.info("maps changed integration=%s kind=%s rows=%s freed=%s", integration.pk, rows[0].kind, len(rows), freed)


def _name(row: ValueMap) -> str:
    return row.source_label or row.source_key


# what waits


def waiting(integration: Integration) -> dict[tuple[str, str], int]:
    """Return how many records wait for each (kind, value)."""
    rows = Change.objects.filter(integration=integration, state__in=WAITING).order_by()
    found: dict[tuple[str, str], int] = {}
    for kind_name, key_name, some in (
        ("map", "key", rows.exclude(code=LOOKED_UP).filter(params__has_key="map")),
        ("kind", "value", rows.filter(code=LOOKED_UP)),
    ):
        counted = some.values(
            map_kind=KeyTextTransform(kind_name, "params"), map_key=KeyTextTransform(key_name, "params")
        ).annotate(n=Count("id"))
        for row in counted:
            pair = (str(row["map_kind"] or ""), str(row["map_key"] or ""))
            found[pair] = found.get(pair, 0) + row["n"]
    return found


def held(integration: Integration, kind: str, keys: Iterable[str] | None = None) -> QuerySet[Change]:
    """Return the changes that wait for values of a kind (None: for any of it)."""
    by_code, looked_up = Q(params__map=kind) & ~Q(code=LOOKED_UP), Q(code=LOOKED_UP, params__kind=kind)
    if keys is not None:
        wanted = list(keys)
        by_code &= Q(params__key__in=wanted)
        looked_up &= Q(params__value__in=wanted)
    return Change.objects.filter(by_code | looked_up, integration=integration, state__in=WAITING)


def replan(integration: Integration, user: User | None, kind: str | None = None) -> Run:
    """Begin a run that looks again at what waits for a value mapped by now. SettingInvalid when there is none such."""
    from bridge.jobs import runs

    ids = list(mapped_and_waiting(integration, kind))
    if not ids:
        raise SettingInvalid("MAP-NOTHING-WAITS", params={"integration": str(integration)})
    return runs.retry(integration, user, changes=ids)


def mapped_and_waiting(integration: Integration, kind: str | None = None) -> list[int]:
    """Return the ids of changes that wait although their value has a target by now."""
    rows = integration.value_maps.filter(confirmed=True, target_gone=False).exclude(target_id="")
    keys: dict[str, list[str]] = {}
    for row in rows.filter(kind=kind) if kind else rows:
        keys.setdefault(row.kind, []).append(row.source_key)
    return [pk for name, some in keys.items() for pk in held(integration, name, some).values_list("pk", flat=True)]


def unmapped(integration: Integration) -> dict[str, int]:
    """Return, for each kind automatic sync waits for, how many values in use have no target; kinds without are left
    out.
    """
    wanted = {item.kind for item in kinds(integration) if item.required}
    if not wanted:
        return {}
    rows = integration.value_maps.filter(kind__in=wanted, in_use=True)
    rows = rows.filter(Q(confirmed=False) | Q(target_gone=True) | Q(target_id=""))
    return dict(rows.order_by().values_list("kind").annotate(n=Count("id")))


# asking


def accountants(integration: Integration) -> list[User]:
    """Return the people of the client who may be asked: accountants first, then managers, then the others."""
    order = {Membership.Role.ACCOUNTANT: 0, Membership.Role.MANAGER: 1}
    members = Membership.objects.filter(organization=integration.organization, user__is_active=True)
    found = sorted(members.select_related("user"), key=lambda item: (order.get(item.role, 2), item.user.email))
    return [item.user for item in found]


def ask_accountant(row: ValueMap, user: User | None, to: User | None = None, due_on: date | None = None) -> Question:
    """Ask the client what a value becomes; until the answer the value has no target and its records wait.

    Asked again while it is open, the same question comes back. SettingInvalid where there is nothing to choose from.
    """
    if row.state == ValueMap.State.ASKED and row.question is not None:
        return row.question
    choices = [item for item in targets(row.integration, row.kind) if item.usable]
    if not choices:
        raise SettingInvalid("MAP-NO-CHOICES", params={"value": _name(row)})
    with transaction.atomic():
        question = Question.objects.create(
            integration=row.integration, code=f"map:{row.kind}"[:80], text=question_text(row),
            choices=[{"value": item.id, "en": item.label, "fr": item.label} for item in choices],
            asked_of=to, asked_by=user, due_on=due_on or row.integration.organization.today + timedelta(days=DUE_DAYS),
        )  # fmt: skip
        row.question, row.confirmed = question, False
        row.save(update_fields=["question", "confirmed", "changed_at"])
        Integration.objects.filter(pk=row.integration_id).update(maps_version=F("maps_version") + 1)
        queue.ring("question", question.pk)
    return question


def question_text(row: ValueMap) -> dict[str, str]:
    """Return the question in both languages: what is asked, where the value is met, how many records wait."""
    spec = kind_of(row.integration, row.kind)
    source, target = ends(row.integration, spec)
    words = Text(
        "{kind}: what is “{value}” of {source} recorded as in {target}?",
        "{kind} : sous quoi inscrit-on « {value} » de {source} dans {target} ?",
    )
    return {
        name: words.say(name, value=_name(row), kind=spec.label.say(name), source=_told(source, name),
                        target=_told(target, name))
        for name in ("en", "fr")
    }  # fmt: skip


def _told(connection: Connection | None, language: str) -> str:
    """Return an account as a client knows it: by its own name; by its system's where that is a machine's address."""
    if connection is None:
        return ""
    name, known = connection.account_name, registry.connectors().get(connection.vendor)
    if name and not _ADDRESS.search(name):
        return name
    return known.label.say(language) if known else connection.vendor


def answer(question: Question, value: str, user: User | None) -> None:
    """Take the client's answer and map every value that was asked about. SettingInvalid for what was not offered."""
    if question.answered_at is not None:
        raise SettingInvalid("MAP-ANSWERED", params={"answer": question.answer})
    if value not in {item["value"] for item in question.choices}:
        raise SettingInvalid("MAP-TARGET-UNKNOWN", params={"target": value, "value": ""})
    with transaction.atomic():
        for row in question.value_maps.select_related("integration"):
            row.question = question
            set_target(row, value, user)
        _close(question, value, user)


def _close(question: Question | None, value: str, user: User | None) -> None:
    if question is not None and question.answered_at is None:
        question.answer, question.answered_by, question.answered_at = value, user, timezone.now()
        question.save(update_fields=["answer", "answered_by", "answered_at"])


# looking back


@dataclass(frozen=True, slots=True)
class Past:
    """One change of a value's target: who, when, from what to what (names; "" is none)."""

    at: Any
    who: str
    was: str
    was_id: str
    becomes: str
    becomes_id: str
    confirmed: bool


def history(row: ValueMap) -> list[Past]:
    """Return what was decided about a value, newest first."""
    entries = list(LogEntry.objects.get_for_object(row).select_related("actor").order_by("timestamp", "id"))
    found: list[Past] = []
    now = {"target_id": "", "target_label": "", "confirmed": "False"}
    for entry in entries:
        told = {name: pair[1] for name, pair in (entry.changes or {}).items() if name in now}
        if not told:
            continue
        old, now = now, {**now, **{name: "" if value in (None, "None") else str(value) for name, value in told.items()}}
        found.append(
            Past(
                entry.timestamp, str(entry.actor) if entry.actor else "", old["target_label"], old["target_id"],
                now["target_label"], now["target_id"], now["confirmed"] == "True",
            )
        )  # fmt: skip
    return found[::-1]
