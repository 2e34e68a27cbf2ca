"""What one way of a two-way flow has to know of the other, and what links remember of both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from bridge import registry
from bridge.engine.kinds import frozen, kinds_of, same_value
from bridge.engine.model import Decision, FlowSpec, LinkState, Pair, Rule, Verdict
from bridge.engine.plan import agreed_of
from bridge.engine.transforms import rule_as_text
from bridge.engine.two_way import Turn, alike, echo, loops, moved, partner_field, said
from bridge.hub.models import Change, Conflict, Connection, Exclusion, InboxEvent, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs.context import recipe_of, sides, spec
from bridge.jobs.records import parsed, touch
from connectors.contract import Recipe, Record, freeze

State = Change.State
MEMORY = timedelta(days=7)  # how far back a loop is looked for
NOTHING: Mapping[str, Any] = {}
ON_ITS_WAY = (State.SENDING, State.UNKNOWN)


def other(toward: str) -> str:
    """Return the other side."""
    return "left" if toward == "right" else "right"


def is_two_way(pinned: Mapping[str, Any], entity: str) -> bool:
    """Tell whether a flow of a run goes both ways."""
    return bool(pinned["flows"].get(entity, {}).get("direction") == "both")


def both_ways(run: Run, recipe: Recipe, entity: str, toward: str) -> FlowSpec:
    """Return one way of a two-way flow that knows the other one."""
    declared = recipe.flow(entity)
    found = {}
    for way, connection in (("left", run.integration.left), ("right", run.integration.right)):
        assert connection  # noqa: S101 - a run is only begun with both
        target = registry.connector(connection.vendor).resource(getattr(declared, way)[0])
        found[way] = spec(recipe, run.pinned, entity, way, target)
    return replace(found[toward], back=found[other(toward)])


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around some records: which of their twins a person keeps out, whether a write was lost."""

    excluded: frozenset[int]
    expected: bool


class OtherWay:
    """The other way of one flow and direction of a run."""

    def __init__(self, run: Run, entity: str, toward: str, flow: FlowSpec) -> None:
        self.run, self.entity, self.toward, self.flow = run, entity, toward, flow
        self.near, self.far = other(toward), toward
        self._runs: list[int] | None = None

    # before planning

    def state(self, link: Link) -> LinkState:
        """Return what a link remembers of both ways."""
        sent, kept = link.sent or {}, link.kept or {}
        return LinkState(
            str(link.pk), sent.get(self.far) or {}, kept.get(self.far) or {}, link.shared,
            sent.get(self.near) or {}, kept.get(self.near) or {},
        )  # fmt: skip

    def busy(self, rows: Sequence[Row]) -> set[int]:
        """Return the records whose twin has a write on its way: what is there is known when it has settled.

        They are looked at again by the next run.
        """
        links = Link.objects.filter(**{f"{self.near}_id__in": [row.pk for row in rows]})
        twins = dict(links.values_list(f"{self.far}_id", f"{self.near}_id"))
        found = Change.objects.filter(source_id__in=list(twins), state__in=ON_ITS_WAY)
        return {twins[pk] for pk in found.values_list("source_id", flat=True) if pk}

    def follow_survivors(self, rows: Sequence[Row]) -> list[Row]:
        """Let links of records that were merged away lead to the record that survived them, where it has no twin of its
        own; return the rows with those survivors added.
        """
        merged = [row for row in rows if row.merged_into]
        links = Link.objects.filter(integration=self.run.integration, shared=False)
        mine = links.filter(**{f"{self.near}_id__in": [row.pk for row in merged]}) if merged else []
        theirs = links.filter(
            Q(**{f"{self.near}_id__in": [row.pk for row in rows]}) & ~Q(**{f"{self.far}__merged_into": ""})
        )
        survivors = [found for link in mine if (found := self._lead_on(link, self.near))]
        for link in theirs:
            self._lead_on(link, self.far)
        known = {row.pk for row in rows}
        return [*rows, *(row for row in survivors if row.pk not in known)]

    def _lead_on(self, link: Link, side: str) -> Row | None:
        """Let a link lead to the survivor of its record on one side; None where it cannot."""
        gone = getattr(link, side)
        survivor = Row.objects.filter(
            connection_id=gone.connection_id, resource=gone.resource, scope=gone.scope, remote_id=gone.merged_into
        ).first()
        if survivor is None or survivor.gone or survivor.merged_into:
            return None
        taken = Link.objects.filter(integration=self.run.integration, shared=False, **{f"{side}_id": survivor.pk})
        if taken.exists():
            return None
        setattr(link, side, survivor)
        link.why = "merged"
        link.save(update_fields=[side, "why"])
        return survivor

    def around(self, links: Iterable[Link]) -> Around:
        """Return what is known around records: one query each."""
        links = list(links)
        far_ids = [getattr(link, f"{self.far}_id") for link in links]
        kept_out = Exclusion.objects.filter(integration=self.run.integration, record_id__in=far_ids)
        lost = Change.objects.filter(
            integration=self.run.integration, entity=self.entity, toward=self.near, action=Change.Action.CREATE,
            state__in=ON_ITS_WAY,
        )  # fmt: skip
        return Around(frozenset(kept_out.values_list("record_id", flat=True)), lost.exists())

    def mates(
        self, sources: Iterable[Record], twins: Mapping[tuple[str, str], tuple[list[Record], str | None]],
        column: str, key: Any, parse: Any, base: Any,
    ) -> dict[tuple[str, str], tuple[Record, ...]]:  # fmt: skip
        """Return, by record that found a twin, the other unlinked records of its own side that look the same up."""
        wanted: dict[str, list[Record]] = defaultdict(list)
        for source in sources:
            if (source.resource, source.remote_id) in twins and (value := key(source)):
                wanted[value].append(source)
        if not wanted:
            return {}
        rows = base.filter(**{f"{column}__in": list(wanted)}, gone=False, merged_into="")
        linked = Link.objects.filter(
            integration=self.run.integration, shared=False, **{f"{self.near}_id__in": rows.values("pk")}
        )
        rows = rows.exclude(pk__in=linked.values(f"{self.near}_id"))
        alike_: dict[str, list[Record]] = defaultdict(list)
        for row in rows:
            if record := parse(row):
                alike_[getattr(row, column)].append(record)
        return {
            (source.resource, source.remote_id): tuple(
                item for item in alike_[value]
                if (item.resource, item.remote_id) != (source.resource, source.remote_id)
            )
            for value, group in wanted.items() for source in group
        }  # fmt: skip

    # after planning

    def without_loops(
        self, decisions: Sequence[Decision], pairs: Sequence[Pair], ids: Mapping[Any, int]
    ) -> list[Decision]:
        """Take out of these decisions what would only keep a loop going; where nothing else is left it is held."""
        changed = [n for n, item in enumerate(decisions) if item.action == "update" and pairs[n].link]
        turns = self._turns([(ids[self._near_key(decisions[n])], pairs[n]) for n in changed]) if changed else {}
        found = list(decisions)
        for n in changed:
            pair, item = pairs[n], decisions[n]
            assert pair.target  # noqa: S101 - an update has one
            told = turns.get(ids[self._near_key(item)], [])
            if looping := loops(self.flow, item.after, told, pair.source.values, pair.target.values):
                found[n] = self._stopped(item, looping)
                touch([ids[self._near_key(item)]])
        return found

    def _near_key(self, item: Decision) -> tuple[str, str]:
        return item.source_resource, item.source_id

    def _turns(self, pairs: Sequence[tuple[int, Pair]]) -> dict[int, list[Turn]]:
        """Return the recent writes to each pair by the rules as they are now, oldest first, by the source's row id."""
        links = Link.objects.filter(
            integration=self.run.integration, **{f"{self.near}_id__in": [row_id for row_id, _ in pairs]}
        )
        owner: dict[int, int] = {}
        for near, far in links.values_list(f"{self.near}_id", f"{self.far}_id"):
            owner[near] = owner[far] = near
        version = self.run.pinned["flows"][self.entity]["rules_version"]
        rows = Change.objects.filter(
            source_id__in=list(owner), state=State.DONE, action=Change.Action.UPDATE,
            settled_at__gte=timezone.now() - MEMORY,
        ).order_by("id")  # fmt: skip
        found: dict[int, list[Turn]] = defaultdict(list)
        for source, toward, after, run, rules, integration in rows.values_list(
            "source_id", "toward", "after", "run_id", "rules_version", "integration_id"
        ):
            if integration == self.run.integration_id and rules == version:
                found[owner[source]].append(Turn(toward, after or {}, self._number(run)))
        return found

    def _number(self, run_id: int) -> int:
        """Return which run of the integration this was, counted over those of late."""
        if self._runs is None:
            since = timezone.now() - MEMORY - timedelta(days=1)
            runs = Run.objects.filter(integration=self.run.integration, kind=Run.Kind.SYNC, started_at__gte=since)
            self._runs = list(runs.order_by("id").values_list("pk", flat=True))
        return 1 + sum(pk < run_id for pk in self._runs)

    def _stopped(self, item: Decision, looping: Mapping[str, tuple[Rule, Rule]]) -> Decision:
        after = {name: value for name, value in item.after.items() if name not in looping}
        if after:
            sent = {name: value for name, value in item.sent.items() if name not in looping}
            before = {name: value for name, value in item.before.items() if name not in looping}
            return replace(item, after=after, before=before, sent=sent)
        rule, back = next(iter(looping.values()))
        params = {"fields": sorted(looping), "one": self._say(rule), "other": self._say(back)}
        return replace(item, action="hold", code="LOOP-STOPPED", params=params, after={}, before={}, sent={})

    def _say(self, rule: Rule) -> str:
        language = self.run.integration.organization.language
        recipe = registry.recipe(self.run.integration.recipe)
        labels = {side: registry.connector(getattr(recipe, side)).label.say(language) for side in ("left", "right")}
        return rule_as_text(rule, self.entity, language, labels).split(". ")[0]

    def planned_right(self, target_ids: Sequence[int]) -> set[int]:
        """Return which of these records, as sources, this very run already links on its way to the right."""
        lines = Change.objects.filter(
            run=self.run, source_id__in=list(target_ids), toward="right", state=State.PLANNED,
            action__in=(Change.Action.LINK, Change.Action.UPDATE), target__isnull=False,
        )  # fmt: skip
        return {pk for pk in lines.values_list("source_id", flat=True) if pk}


# what links remember


def settled(
    run: Run, pairs: Sequence[tuple[Any, int, Record | None]]
) -> dict[int, tuple[dict[str, Any], dict[str, Any]]]:
    """Return, by change, the (sent, kept) of the other way once these changes are done; {} for flows of one way.

    `pairs` are (change, row id of its target, what the vendor answered or None), all of one entity and way.
    """
    change = pairs[0][0]
    recipe = recipe_of(run)
    declared = recipe.flow(change.entity)
    # An import tells the flow of its entity, whichever way that goes, that what it wrote is no news.
    if (
        not (is_two_way(run.pinned, change.entity) or run.pinned.get("import"))
        or declared.inside
        or declared.compose
        or declared.posting
    ):
        return {}
    near, far = other(change.toward), change.toward
    flow = both_ways(run, recipe, change.entity, far)
    connections = dict(zip(("left", "right"), sides(run), strict=True))
    _look_again(run, near, [row_id for _, row_id, _ in pairs])
    unseen = [row_id for _, row_id, record in pairs if record is None]
    rows = Row.objects.in_bulk([item.source_id for item, _, _ in pairs] + unseen)
    found, news = {}, []
    for item, row_id, record in pairs:
        if item.action == Change.Action.FOLLOW:
            continue
        row = rows.get(row_id)
        record = record or (parsed(row, connections[far]) if row else None)
        source = rows.get(item.source_id)
        values = _as_planned(source, item.based_on, connections[near])
        if record is not None:
            edited = _edited(item, record.values)
            news += [row_id] if edited else []
            told = {name: value for name, value in {**item.sent, **item.after}.items() if name not in edited}
            if run.pinned.get("import") and item.action == Change.Action.CREATE and not adopted(item):
                found[item.pk] = said(flow, record.values, values)  # all that it says came from us
            else:
                found[item.pk] = echo(flow, told, record.values, values, adopted(item))
    if news:
        touch(news)  # an answer stored is no news by itself: reading it again finds nothing changed
    return found


def _look_again(run: Run, toward: str, row_ids: Sequence[int]) -> None:
    """What a filter of the other way kept back may pass now that we wrote to it."""
    kept_back = Change.objects.filter(source_id__in=list(row_ids), toward=toward, state=State.SKIPPED, code="FILTERED")
    found = [pk for pk, mine in kept_back.values_list("source_id", "integration_id") if mine == run.integration_id]
    if found:
        touch([pk for pk in found if pk])


def adopted(change: Any) -> bool:
    """Tell whether a record was found after its answer was lost: somebody may have edited it meanwhile."""
    return bool(change.resolution == "found and adopted" or (change.attempts > 1 and change.action == "create"))


def kept_of(change: Any, told: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a target kept of what it was told, frozen; where it was found only later, what is like it."""
    kinds = kinds_of(change.entity)
    kept = {name: frozen(values[name], kinds.get(name, "")) for name in told if name in values}
    kept |= {name: agreed_of(change.params).get(name, change.sent[name]) for name in _edited(change, values)}
    if adopted(change):
        sent = {**change.sent, **change.after}
        kept = {
            name: value if name not in sent or alike(kinds.get(name, ""), sent[name], value) else sent[name]
            for name, value in kept.items()
        }
    return kept


def _edited(change: Any, values: Mapping[str, Any]) -> frozenset[str]:
    """Return what somebody edited over there between the plan and the answer, of what was not written."""
    if change.action == Change.Action.FOLLOW:
        return frozenset()
    return moved(change.sent, change.after, agreed_of(change.params), values, change.entity)


def undone(run: Run, pairs: Sequence[tuple[Any, Record | None]]) -> None:
    """What was taken back on one side is no news for the other: remember it so."""
    for change, record in pairs:
        recipe = registry.recipe(run.integration.recipe)
        if record is None or not is_two_way(run.pinned, change.entity):
            continue
        near, far = other(change.toward), change.toward
        link = Link.objects.filter(
            integration=run.integration, shared=False, **{f"{far}_id": change.target_id}
        ).select_related(near).first()  # fmt: skip
        if link is None:
            continue
        connections = dict(zip(("left", "right"), sides(run), strict=True))
        source = parsed(getattr(link, near), connections[near])
        flow = both_ways(run, recipe, change.entity, far)
        sent, kept = echo(flow, {**change.sent, **change.after}, record.values, source.values if source else {})
        link.sent = {**link.sent, near: {**(link.sent.get(near) or {}), **sent}}
        link.kept = {**link.kept, near: {**(link.kept.get(near) or {}), **kept}}
        link.save(update_fields=["sent", "kept"])


def _as_planned(row: Row | None, based_on: str, connection: Connection) -> Mapping[str, Any]:
    """Return the values a source had when its change was planned; {} where it has moved since."""
    if row is None or not based_on or row.fingerprint != based_on.split(":", 1)[0]:
        return {}
    record = parsed(row, connection)
    return record.values if record else {}


# conflicts


def verdicts(links: Iterable[Link], toward: str) -> dict[int, dict[str, Verdict]]:
    """Return what people decided and was not carried out yet, by link and by target field of this way."""
    decided = Conflict.objects.filter(
        link_id__in=[link.pk for link in links], settled_at__isnull=True,
        decision__in=(Conflict.Decision.LEFT, Conflict.Decision.RIGHT, Conflict.Decision.VALUE),
    )  # fmt: skip
    found: dict[int, dict[str, Verdict]] = defaultdict(dict)
    for item in decided.order_by("id"):
        if name := item.field if item.toward == toward else item.twin_field:
            found[item.link_id][name] = _verdict(item, toward)
    return found


def _verdict(item: Conflict, toward: str) -> Verdict:
    near, far = (item.left, item.right) if toward == "right" else (item.right, item.left)
    if item.decision == Conflict.Decision.VALUE:
        return Verdict("value", near, far, item.value)
    return Verdict("target" if item.decision == toward else "source", near, far)


def _has_decisions(run: Run) -> bool:
    """Tell, with one look per run, whether any decision waits to be carried out: mostly none does."""
    known: bool | None = run.__dict__.get("_has_decisions")
    if known is None:
        standing = Conflict.objects.filter(link__integration=run.integration, settled_at__isnull=True)
        known = run.__dict__["_has_decisions"] = standing.exclude(decision=Conflict.Decision.OPEN).exists()
    return known


def carried_out(run: Run, done: Sequence[Any]) -> None:
    """Close decisions whose write is done; a typed value may have another write to go and is looked at again."""
    ids = [item.source_id for item in done if item.source_id and item.action == Change.Action.UPDATE]
    if not ids or not _has_decisions(run):
        return
    near = other(done[0].toward)
    decided = Conflict.objects.filter(
        link__integration=run.integration, settled_at__isnull=True, **{f"link__{near}_id__in": ids}
    ).exclude(decision=Conflict.Decision.OPEN)  # fmt: skip
    written = {item.source_id: item.sent for item in done}
    for item in decided.select_related("link"):
        name = item.field if item.toward == other(near) else item.twin_field
        if name not in written[getattr(item.link, f"{near}_id")]:
            continue
        if item.decision == Conflict.Decision.VALUE:
            touch([item.link.left_id, item.link.right_id])
        else:
            Conflict.objects.filter(pk=item.pk).update(settled_at=timezone.now())


def facts_about(row: Row, connection: Connection, field: str, link: Link, side: str) -> dict[str, Any]:
    """Return when a side changed and who did, as far as anyone said: the vendor's time, a notice, our own writes."""
    told: dict[str, Any] = {
        "changed_at": row.changed_at.isoformat() if row.changed_at else None,
        "read_at": row.read_at.isoformat() if row.read_at else None,
    }
    event = InboxEvent.objects.filter(
        connection=connection, resource=row.resource, remote_id=row.remote_id, happened_at__isnull=False
    ).order_by("-happened_at").values_list("happened_at", "kind").first()  # fmt: skip
    if event:
        told["noticed_at"], told["notice"] = event[0].isoformat(), event[1]
    ours = Change.objects.filter(target=row, state=State.DONE, toward=side).order_by("-id")[:20]
    for change in ours.values("pk", "after", "settled_at", "run_id"):
        if field in (change["after"] or {}):
            told["ours_at"], told["run"] = change["settled_at"].isoformat(), change["run_id"]
            break
    return told


def note_conflicts(
    run: Run, flow: FlowSpec, toward: str, found: Sequence[tuple[Row, Decision]], connections: Mapping[str, Connection]
) -> None:
    """Keep what both sides changed for a person to decide, with who and when; what is known stays as it was found."""
    near, far = other(toward), toward
    links = {
        getattr(link, f"{near}_id"): link
        for link in Link.objects.filter(
            integration=run.integration, shared=False, **{f"{near}_id__in": [row.pk for row, _ in found]}
        ).select_related("left", "right")
    }
    for row, item in found:
        link = links.get(row.pk)
        if link is None:
            touch([row.pk])  # just being linked: the next run finds the two apart and asks
            continue
        for name, (agreed, source, target) in item.conflicts.items():
            partner = partner_field(flow, name) if flow.back else ""
            values = {"agreed": agreed, near: source, far: target, "twin_field": partner, "toward": toward}
            known = Conflict.objects.filter(link=link, field=name, decision=Conflict.Decision.OPEN).first()
            if known and all(getattr(known, key) == value for key, value in values.items()):
                continue
            values["facts"] = {
                near: facts_about(getattr(link, near), connections[near], partner or name, link, near),
                far: facts_about(getattr(link, far), connections[far], name, link, far),
            }
            Conflict.objects.update_or_create(link=link, field=name, decision=Conflict.Decision.OPEN, defaults=values)


COMPARED = ("update", "conflict", "none")  # what is decided once fields were looked at
TWIN_IS_GONE = ("TARGET-GONE", "TARGET-MERGED")


def why_moot(pair: Pair, decision: Decision) -> tuple[str, Mapping[str, Any]] | None:
    """Return why nothing is to be decided between two linked records: one of them is gone, left out by a filter, a
    person or the recipe, or writes no more; None while both take part. What only waits does take part.
    """
    if pair.source.gone and not pair.source.merged_into:
        return "source-gone", {}
    if decision.action == "skip" or decision.code in TWIN_IS_GONE:
        return decision.code, decision.params
    return ("shared", {}) if pair.link and pair.link.shared else None


def close_conflicts(toward: str, looked_at: Mapping[int, tuple[Pair, Decision]], entity: str) -> None:
    """Close what is in conflict no more: both sides came to agree, a rule decides by now, a decision is carried out, or
    one of the two takes part no more. What comes back later is compared and asked anew.

    `looked_at` are pairs and their decisions by link id.
    """
    standing = Conflict.objects.filter(link_id__in=list(looked_at), toward=toward, settled_at__isnull=True)
    for item in standing:
        pair, decision = looked_at[item.link_id]
        now = timezone.now()
        if moot := why_moot(pair, decision):
            make_moot(Conflict.objects.filter(pk=item.pk), *moot)
        elif not pair.target or decision.action not in COMPARED:
            continue
        elif item.decision == Conflict.Decision.OPEN:
            if item.field not in decision.conflicts:
                Conflict.objects.filter(pk=item.pk).update(
                    decision=Conflict.Decision.AGREED, decided_at=now, settled_at=now
                )
        elif item.field in decision.conflicts or _is_over(item, pair, decision, entity):
            Conflict.objects.filter(pk=item.pk).update(settled_at=now)


def make_moot(rows: "QuerySet[Conflict]", code: str, params: Mapping[str, Any] = NOTHING) -> None:
    """Close conflicts for a reason; what a person decided about them stays readable, and is not carried out."""
    now, reason = timezone.now(), {"code": code, "params": freeze(dict(params)) or {}}
    rows.filter(decision=Conflict.Decision.OPEN).update(decision=Conflict.Decision.MOOT, decided_at=now)
    rows.update(settled_at=now, reason=reason)


def close_other_ways(run: Run, entity: str, ways: Sequence[str]) -> None:
    """Close what a way found that this flow does not go any more: nobody would ever look at it again. An import goes
    its one way beside the flow.
    """
    if run.pinned.get("import"):
        return
    standing = Conflict.objects.filter(
        link__integration=run.integration, link__entity=entity, settled_at__isnull=True
    ).exclude(toward__in=ways)  # fmt: skip
    if ids := list(standing.values_list("pk", flat=True)):
        make_moot(Conflict.objects.filter(pk__in=ids), "way-off")


def _is_over(item: Conflict, pair: Pair, decision: Decision, entity: str) -> bool:
    """Tell whether nothing is left to carry out: the side that gives in says something else than it did."""
    kind = kinds_of(entity).get(item.field, "")
    near, far = other(item.toward), item.toward

    def moved(side: str) -> bool:
        name, values = (item.twin_field, pair.source.values) if side == near else (item.field, _target_values(pair))
        if not name or name not in values:
            return True
        now = frozen(values[name], kind)
        return not same_value(kind, now, getattr(item, side)) or same_value(kind, now, item.value)

    if item.decision == Conflict.Decision.VALUE:
        return moved(near) and moved(far)
    loser = near if item.decision == far else far
    if loser == near and not item.twin_field:
        return item.field in decision.sent or decision.action == "none"
    return moved(loser)


def _target_values(pair: Pair) -> Mapping[str, Any]:
    return pair.target.values if pair.target else {}
