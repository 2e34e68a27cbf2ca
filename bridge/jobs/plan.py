"""Planning: what changed since it was last looked at goes through the pure planner; its decisions become changes."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from bridge import registry
from bridge.engine.brakes import Counts, Limits, brakes, wipe
from bridge.engine.match import keys
from bridge.engine.model import Decision, FlowSpec, LinkState, Pair
from bridge.engine.plan import plan as plan_pairs
from bridge.hub import bulk
from bridge.hub.models import Candidate, Change, Conflict, Connection, Exclusion, Flow, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs.books import Poster
from bridge.jobs.context import composed, flows_in_order, scope_of, sides, spec
from bridge.jobs.lease import Lease
from bridge.jobs.read import emptied
from bridge.jobs.records import touch
from connectors.contract import STAGES, RecipeFlow, Record, Ref, Resource, freeze

log = logging.getLogger("bridge.jobs.plan")

CHUNK = 500
NEEDED = (
    "resource", "remote_id", "document", "gone", "merged_into", "fingerprint", "touched", "name", "number", "amount",
    "currency",
)  # fmt: skip
DOCUMENTS = ("sale", "payment", "refund")  # what adds up to money; a product's price does not
WRITES = ("create", "update", "link", "follow", "void", "remove")
FOUND_BY = {("email",): "email_key", ("number",): "number", ("sku",): "number", ("name",): "name"}
COLUMNS = (
    "integration", "run", "flow", "entity", "stage", "action", "toward", "source", "target", "connection", "resource",
    "scope", "remote_id", "title", "amount", "currency", "before", "after", "sent", "code", "params", "trace",
    "rules_version", "based_on", "state", "payload", "revision", "key", "attempts", "resolution", "error_code",
    "error_params", "error_detail", "request_id", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was last decided about a record, and what became of it."""

    pk: int
    state: str
    code: str
    params: Mapping[str, Any]


def plan(run: Run, lease: Lease) -> bool:
    """Plan every flow of the run; True when done, False when the slice is over (it goes on where it stopped)."""
    for entity in flows_in_order(run.pinned, run.only):
        flow = run.integration.flows.get(entity=entity)
        for toward in towards(run.pinned["flows"][entity]["direction"]):
            desk = Desk(run, flow, toward)
            for rows in desk.chunks():
                with transaction.atomic():
                    bulk.may_be_lost()
                    lease.check()
                    desk.plan(rows)
                if not lease.goes_on():
                    return False
            with transaction.atomic():
                lease.check()
                desk.finish()
            flow.planned_through = desk.through
    return True


def towards(direction: str) -> tuple[str, ...]:
    """Return the sides a flow of this direction writes to, one after the other."""
    return ("right", "left") if direction == "both" else (direction,)


class Desk:
    """One flow of one run being planned, in one direction."""

    def __init__(self, run: Run, flow: Flow, toward: str = "right") -> None:
        self.run, self.flow, self.toward = run, flow, toward
        self.recipe = registry.recipe(run.integration.recipe)
        self.declared: RecipeFlow = self.recipe.flow(flow.entity)
        left, right = sides(run)
        self.source_side, self.target_side = ("left", "right") if toward == "right" else ("right", "left")
        self.source, self.target = (left, right) if toward == "right" else (right, left)
        self.resources = getattr(self.declared, self.source_side)
        self.target_resources = getattr(self.declared, self.target_side)
        self.context = run.pinned["context"]
        self.target_resource: Resource = registry.connector(self.target.vendor).resource(self.target_resources[0])
        self.target_scope = scope_of(self.target, self.target_resource.name, self.context)
        self.spec: FlowSpec = spec(self.recipe, run.pinned, flow.entity, toward, self.target_resource)
        self.poster: Poster | None = None
        if self.declared.posting:
            self.poster = Poster(
                run, self.recipe, self.declared, self.source, self.target, self.source_side, self.record,
                self._changes_of,
            )  # fmt: skip
            self.spec = composed(self.spec, self.poster)
        self.rules_version = run.pinned["flows"][flow.entity]["rules_version"]
        self.versions = self.rules_version * 100_000 + run.pinned["settings_version"]
        if flow.planned_rules_version != self.versions:
            flow.planned_through = {}
        self.through: dict[str, list[int]] = dict(flow.planned_through)
        self.stage = STAGES.index(flow.entity)

    # which records

    def chunks(self) -> Iterator[list[Row]]:
        """Yield the source records to look at: held ones once, then what was touched since."""
        yield from self._held()
        for resource in self.resources:
            scope = scope_of(self.source, resource, self.context)
            base = Row.objects.filter(connection=self.source, resource=resource, scope=scope)
            top = base.aggregate(top=Max("touched"))["top"] or 0
            while True:
                touched, last = self.through.get(resource, [0, 0])
                if touched > top:
                    break
                after = base.filter(Q(touched=touched, id__gt=last) | Q(touched__gt=touched))
                rows = list(after.only(*NEEDED).order_by("touched", "id")[:CHUNK])
                if not rows:
                    break
                self.through[resource] = [rows[-1].touched, rows[-1].pk]
                yield rows
        yield from self._moved_targets()

    def _moved_targets(self) -> Iterator[list[Row]]:
        """Sources whose twin changed over there: consent given or taken back, a record archived or edited."""
        for resource in self.target_resources:
            name = f"{self.target_side}:{resource}"
            base = Row.objects.filter(connection=self.target, resource=resource, scope=self.target_scope)
            top = base.aggregate(top=Max("touched"))["top"] or 0
            if name not in self.through:
                self.through[name] = [top, 2**62]  # a first planning has just looked at all sources
                yield []
                continue
            while True:
                touched, last = self.through[name]
                if touched > top:
                    break
                after = base.filter(Q(touched=touched, id__gt=last) | Q(touched__gt=touched))
                rows = list(after.order_by("touched", "id").values_list("id", "touched", "email_key")[:CHUNK])
                if not rows:
                    break
                self.through[name] = [rows[-1][1], rows[-1][0]]
                yield self._sources_of(rows)

    def _sources_of(self, targets: Sequence[tuple[int, int, str]]) -> list[Row]:
        ids, emails = [row[0] for row in targets], {row[2] for row in targets if row[2]}
        near, far = self.source_side, self.target_side
        linked = Link.objects.filter(integration=self.run.integration, **{f"{far}_id__in": ids})
        found = Q(pk__in=linked.values(f"{near}_id"))
        if self.spec.match_on == ("email",) and emails:
            found |= Q(connection=self.source, resource__in=self.resources, email_key__in=emails)
        return list(Row.objects.filter(found).only(*NEEDED).order_by("id"))

    def _held(self) -> Iterator[list[Row]]:
        """Records that waited: their cause may be gone. Refused ones only after a person asked to try again.

        Those that wait for a parent are touched when it goes, see `_free_children`.
        """
        now = timezone.now()
        waiting = Change.objects.filter(
            Q(state=Change.State.HELD) & ~Q(code__startswith="PARENT-")
            | Q(state__in=(Change.State.HELD, Change.State.REJECTED), retry_at__lte=now),
            integration=self.run.integration,
            entity=self.flow.entity,
            toward=self.toward,
            source__isnull=False,
        ).exclude(run=self.run)
        ids = list(waiting.order_by("source_id").values_list("source_id", flat=True))
        for start in range(0, len(ids), CHUNK):
            yield list(Row.objects.filter(pk__in=ids[start : start + CHUNK]).only(*NEEDED).order_by("id"))

    # pairs

    def plan(self, rows: Sequence[Row]) -> None:
        """Decide about these records and store what was decided, with how far planning has come."""
        earlier, busy = self._earlier([row.pk for row in rows])
        rows = [row for row in rows if row.pk not in busy]
        pairs, by_key = self.pairs(rows)
        decisions = list(plan_pairs(pairs, self.spec))
        self._store(decisions, by_key, earlier)
        Flow.objects.filter(pk=self.flow.pk).update(planned_through=self.through, planned_rules_version=self.versions)

    def pairs(self, rows: Sequence[Row]) -> tuple[list[Pair], dict[tuple[str, str], Row]]:
        """Return the pairs of these records, and the rows by (resource, remote id)."""
        near, far = (self.source_side, self.target_side)
        ids = [row.pk for row in rows]
        links = {
            getattr(link, f"{near}_id"): link
            for link in Link.objects.filter(**{f"{near}_id__in": ids}).select_related(far)
            if link.integration_id == self.run.integration_id
        }
        sources = {row.pk: self.record(row, self.source) for row in rows}
        if self.poster:
            sources = {pk: record and self.poster.seen_as(record) for pk, record in sources.items()}
            self.poster.prepare([record for record in sources.values() if record])
        twins = self._twins([sources[row.pk] for row in rows if row.pk not in links and sources[row.pk]])
        never = self._never(ids)
        excluded = dict(
            Exclusion.objects.filter(integration=self.run.integration, record_id__in=ids).values_list(
                "record_id", "reason"
            )
        )
        chosen = self.target_resource.chosen_id
        pairs, by_key = [], {}
        for row in rows:
            source = sources[row.pk]
            if source is None:
                continue
            by_key[row.resource, row.remote_id] = row
            link = links.get(row.pk)
            found, rival = ((), None) if link else twins.get((row.resource, row.remote_id), ((), None))
            pairs.append(
                Pair(
                    source=source,
                    link=self._state(link) if link else None,
                    target=self.record(getattr(link, far), self.target) if link else None,
                    twins=tuple(found),
                    rival=rival,
                    same=found[0].remote_id if chosen and found else None,
                    never=never.get(row.pk, frozenset()),
                    excluded_by_person=excluded.get(row.pk, ""),
                )
            )
        return pairs, by_key

    def record(self, row: Row, connection: Connection) -> Record | None:
        """Return a stored document in canonical form; None where it can no longer be read."""
        resource = registry.connector(connection.vendor).resource(row.resource)
        try:
            record = resource.parse(row.document)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
            log.warning("record unreadable id=%s resource=%s", row.pk, row.resource)
            return None
        if row.gone != record.gone or row.merged_into:
            record = replace(record, gone=row.gone, merged_into=row.merged_into or None)
        return record

    def _state(self, link: Link) -> LinkState:
        side = self.target_side
        return LinkState(str(link.pk), link.sent.get(side) or {}, link.kept.get(side) or {}, link.shared)

    def _twins(self, sources: Iterable[Record | None]) -> dict[tuple[str, str], tuple[list[Record], str | None]]:
        """Return, for records without a link, what may be the same over there, and who already has it."""
        wanted: dict[str, list[Record]] = defaultdict(list)
        chosen: dict[str, list[Record]] = defaultdict(list)
        for source in sources:
            if source is None:
                continue
            if self.target_resource.chosen_id:
                chosen[self.target_resource.chosen_id(self._named(source), self.context)].append(source)
            elif self.spec.match_on and (key := self._key(source)):
                wanted[key].append(source)
        base = Row.objects.filter(connection=self.target, resource__in=self.target_resources, scope=self.target_scope)
        result: dict[tuple[str, str], tuple[list[Record], str | None]] = {}
        for column, groups in ((FOUND_BY.get(self.spec.match_on[:1], "email_key"), wanted), ("remote_id", chosen)):
            if not groups:
                continue
            rows = list(base.filter(**{f"{column}__in": list(groups)}))
            rivals = self._rivals(rows)
            for row in rows:
                twin = self.record(row, self.target)
                if twin is None:
                    continue
                for source in groups[getattr(row, column)]:
                    known, rival = result.get((source.resource, source.remote_id), ([], None))
                    known.append(twin)
                    result[source.resource, source.remote_id] = (known, rivals.get(row.pk, rival))
        return result

    def _key(self, source: Record) -> str:
        """Return what a record's twin is looked up by, in the form its column holds."""
        first = self.spec.match_on[0]
        if first == "email":
            return keys(self.flow.entity, source.values).email_key
        return str(source.values.get(first) or "")

    def _named(self, source: Record) -> Mapping[str, Any]:
        return {**source.values, "source": Ref(self.flow.entity, source.resource, source.remote_id)}

    def _rivals(self, rows: Sequence[Row]) -> dict[int, str]:
        far, near = self.target_side, self.source_side
        links = Link.objects.filter(
            integration=self.run.integration, shared=False, **{f"{far}_id__in": [row.pk for row in rows]}
        )
        return dict(links.values_list(f"{far}_id", f"{near}__remote_id"))

    def _never(self, ids: Sequence[int]) -> dict[int, frozenset[str]]:
        near, far = self.source_side, self.target_side
        found: dict[int, set[str]] = defaultdict(set)
        decided = Candidate.objects.filter(
            integration=self.run.integration, decision=Candidate.Decision.NEVER, **{f"{near}_id__in": ids}
        )
        for row_id, remote_id in decided.values_list(f"{near}_id", f"{far}__remote_id"):
            found[row_id].add(remote_id)
        return {row_id: frozenset(names) for row_id, names in found.items()}

    # decisions into rows

    def _store(
        self, decisions: Sequence[Decision], by_key: Mapping[tuple[str, str], Row], earlier: Mapping[int, "Earlier"]
    ) -> None:
        rows = [(by_key[item.source_resource, item.source_id], item) for item in decisions]
        rows = [(row, self._with_parents(row, self._why_missing(item))) for row, item in self._parents_known(rows)]
        targets = self._target_rows([item for _, item in rows])
        superseded: list[int] = []
        freed: list[Row] = []
        fresh: list[tuple[Any, ...]] = []
        now = timezone.now()
        for row, item in rows:
            last = earlier.get(row.pk)
            if item.action == "none":
                if last and last.state in Change.OPEN:
                    superseded.append(last.pk)
                if item.sent:
                    self._refresh_link(row, item, targets)
                continue
            if self._said_before(last, item, row):
                continue
            if last and last.state in Change.OPEN:
                superseded.append(last.pk)
            if last and item.action in WRITES and last.state != Change.State.DONE:
                freed.append(row)
            if item.action == "create" and last and last.state in (Change.State.DONE, Change.State.UNDONE):
                # Made once before and gone since: a new write with a key of its own, not a repeat of the old one.
                item = replace(item, params={**item.params, "after": last.pk})
            fresh.append(self._columns(row, item, targets.get((item.target_resource, item.target_id)), now))
        Change.objects.filter(pk__in=superseded).update(state=Change.State.SUPERSEDED, settled_at=now)
        bulk.insert(Change, COLUMNS, fresh)
        self._free_children(freed)
        self._note_candidates([(row, item) for row, item in rows if item.action == "candidate"], targets)
        self._note_conflicts([(row, item) for row, item in rows if item.conflicts])

    def _earlier(self, ids: Sequence[int]) -> tuple[dict[int, "Earlier"], set[int]]:
        """Return the newest change of each record in this integration, and the records with a write on its way: they
        wait for its outcome, and settling looks at them again.
        """
        rows = self._changes_of(ids, "pk", "state", "code", "params")
        busy = {row[0] for row in rows if row[3] in (Change.State.SENDING, Change.State.UNKNOWN)}
        return {row[0]: Earlier(*row[2:]) for row in rows if row[1] == self.toward}, busy

    def _changes_of(self, ids: Sequence[int], *columns: str) -> list[tuple[Any, ...]]:
        """Return (source, toward, *columns) of these records' changes, oldest first.

        By source alone: asked for the integration as well, a database without statistics reads all changes of it.
        """
        rows = Change.objects.filter(source_id__in=ids).order_by("id")
        mine = self.run.integration_id
        return [
            row[1:] for row in rows.values_list("integration_id", "source_id", "toward", *columns) if row[0] == mine
        ]

    def _said_before(self, last: "Earlier | None", item: Decision, row: Row) -> bool:
        if last is None or item.action not in ("skip", "hold", "candidate", "conflict"):
            return False
        state = Change.State.SKIPPED if item.action == "skip" else Change.State.HELD
        # A record that misses another value by now waits for that one.
        same = all(last.params.get(name) == item.params.get(name) for name in ("map", "key", "value"))
        return last.state == state and last.code == item.code and same

    def _columns(self, row: Row, item: Decision, target: Row | None, now: Any) -> tuple[Any, ...]:
        state = {"skip": Change.State.SKIPPED}.get(item.action, Change.State.HELD)
        if item.action in WRITES:
            state = Change.State.PLANNED
        action = item.action if item.action in WRITES else Change.Action.SKIP
        remote_id = item.target_id or ""
        if item.action == "create" and self.target_resource.chosen_id:
            named = {**item.after, "source": Ref(self.flow.entity, row.resource, row.remote_id)}
            remote_id = self.target_resource.chosen_id(named, self.context)
        based_on = f"{row.fingerprint}:{target.fingerprint if target else ''}"
        return (
            self.run.integration_id, self.run.pk, self.flow.pk, self.flow.entity, self.stage, action, self.toward,
            row.pk, target.pk if target else None, self.target.pk, item.target_resource or self._made_in(item),
            self.target_scope, remote_id, str(row)[:300],
            row.amount if self.flow.entity in DOCUMENTS else None, row.currency, dict(item.before),
            dict(item.after), dict(item.sent), item.code, freeze(dict(item.params)) or {}, list(item.trace),
            self.rules_version, based_on, state, None, "", "", 0, "", "", {}, "", "", now,
        )  # fmt: skip

    def _made_in(self, item: Decision) -> str:
        """Return the resource a new record goes to: the one that keeps its kind of document, else the first."""
        kind = item.after.get("document")
        if kind:
            connector = registry.connector(self.target.vendor)
            for name in self.target_resources:
                if connector.resource(name).document == kind:
                    return name
        return self.target_resource.name

    def _target_rows(self, decisions: Sequence[Decision]) -> dict[tuple[str | None, str | None], Row]:
        ids = {item.target_id for item in decisions if item.target_id}
        rows = Row.objects.filter(
            connection=self.target, resource__in=self.target_resources, scope=self.target_scope, remote_id__in=ids
        ).only("resource", "remote_id", "fingerprint")
        return {(row.resource, row.remote_id): row for row in rows} if ids else {}

    def _refresh_link(self, row: Row, item: Decision, targets: Mapping[Any, Row]) -> None:
        """Both sides agree on something the link did not know: remember it, so that it is no news."""
        link = (
            Link.objects.filter(integration=self.run.integration, **{f"{self.source_side}_id": row.pk})
            .select_related(self.target_side)
            .first()
        )
        if link is None:
            return
        target = self.record(getattr(link, self.target_side), self.target)
        if target is not None:
            agree(link, self.target_side, item.sent, target)
            link.save(update_fields=["sent", "kept", "agreed_at"])

    def _note_candidates(self, found: Sequence[tuple[Row, Decision]], targets: Mapping[Any, Row]) -> None:
        for row, item in found:
            for remote_id in item.params.get("targets") or [item.target_id]:  # type: ignore[union-attr,attr-defined]
                twin = Row.objects.filter(
                    connection=self.target, resource__in=self.target_resources, scope=self.target_scope,
                    remote_id=remote_id,
                ).first()  # fmt: skip
                if twin:
                    left, right = (row, twin) if self.toward == "right" else (twin, row)
                    Candidate.objects.get_or_create(
                        integration=self.run.integration, left=left, right=right,
                        defaults={"entity": self.flow.entity, "score": Decimal(str(item.params.get("score") or 0)),
                                  "parts": freeze(item.params.get("parts") or []) or []},
                    )  # fmt: skip

    def _note_conflicts(self, found: Sequence[tuple[Row, Decision]]) -> None:
        for row, item in found:
            link = Link.objects.filter(
                integration=self.run.integration, **{f"{self.source_side}_id": row.pk}
            ).first()  # fmt: skip
            if link is None:
                continue  # just being linked: the next plan finds the two apart and asks
            for name, (agreed, want, have) in item.conflicts.items():
                left, right = (want, have) if self.toward == "right" else (have, want)
                Conflict.objects.update_or_create(
                    link=link, field=name, decision=Conflict.Decision.OPEN,
                    defaults={"agreed": agreed, "left": left, "right": right},
                )  # fmt: skip

    # parents

    def _parents_known(self, rows: list[tuple[Row, Decision]]) -> list[tuple[Row, Decision]]:
        """Find the state of the records these ones name (a sale's customer), with two queries for all of them."""
        wanted: set[tuple[str, str]] = set()
        for _, item in rows:
            if item.action in ("create", "update"):
                wanted |= {(ref["resource"], ref["id"]) for ref in refs_of(item.after)}
        self._linked, self._waiting, self._names = set(), {}, {}
        if not wanted:
            return rows
        named = Row.objects.filter(
            connection=self.source,
            resource__in={resource for resource, _ in wanted},
            remote_id__in={remote_id for _, remote_id in wanted},
        ).values_list("pk", "resource", "remote_id", "name", "number")
        ids = {}
        for pk, resource, remote_id, name, number in named:
            ids[pk] = (resource, remote_id)
            self._names[resource, remote_id] = name or number or remote_id
        side = f"{self.source_side}_id"
        links = Link.objects.filter(**{f"{side}__in": list(ids)}).values_list(side, "integration_id")
        self._linked = {ids[row_id] for row_id, integration in links if integration == self.run.integration_id}
        for row_id, _, state, code, error in self._changes_of(list(ids), "state", "code", "error_code"):
            self._waiting[ids[row_id]] = (state, error or code)
        return rows

    def _why_missing(self, item: Decision) -> Decision:
        """Say what became of the parent that a document could not be posted without."""
        if not self.poster or item.code != "PARENT-MISSING":
            return item
        key = tuple(str(item.params.get("parent_key", "")).split(":", 1))
        name, state, code = self.poster.states.get(key, ("", "", ""))  # type: ignore[call-overload]
        params = {**item.params, "parent": name or item.params.get("parent", ""), "cause": code}
        if state == Change.State.SKIPPED:
            return replace(item, action="skip", code="PARENT-LEFT-OUT", params=params)
        return replace(item, code="PARENT-HELD" if code else "PARENT-MISSING", params=params)

    def _with_parents(self, row: Row, item: Decision) -> Decision:
        """Hold a record whose parent does not go; the others go on."""
        if item.action not in ("create", "update"):
            return item
        for ref in refs_of(item.after):
            key = (ref["resource"], ref["id"])
            if key in self._linked:
                continue
            state, code = self._waiting.get(key, ("", ""))
            if state in (Change.State.PLANNED, *Change.IN_FLIGHT):
                continue
            params = {
                "parent": self._names.get(key, ref["id"]),
                "entity": ref["ref"],
                "cause": code,
                "parent_key": f"{ref['resource']}:{ref['id']}",
            }
            if state == Change.State.SKIPPED:
                return replace(item, action="skip", code="PARENT-LEFT-OUT", params=params, before={})
            return replace(
                item, action="hold", code="PARENT-HELD" if code else "PARENT-MISSING", params=params, before={}
            )
        return item

    def _free_children(self, parents: Sequence[Row]) -> None:
        """What waited for these records is looked at again, in this very run: children are planned after parents."""
        keys_ = [f"{row.resource}:{row.remote_id}" for row in parents]
        if not keys_:
            return
        waiting = Change.objects.filter(
            integration=self.run.integration,
            state__in=(Change.State.HELD, Change.State.SKIPPED),
            code__startswith="PARENT-",
            params__parent_key__in=keys_,
            source__isnull=False,
        )
        if ids := list(waiting.values_list("source_id", flat=True)):
            touch(ids)

    # the end

    def finish(self) -> None:
        """Note the brakes of this flow."""
        self._spare_stock()
        changes = self.run.changes.filter(entity=self.flow.entity, state=Change.State.PLANNED)
        linked = Link.objects.filter(integration=self.run.integration, entity=self.flow.entity).count()
        found = brakes(
            Counts(
                linked=linked,
                creates=changes.filter(action="create").count(),
                updates=changes.filter(action="update").count(),
                removals=changes.filter(action__in=("remove", "void")).count(),
                amount_max=changes.aggregate(most=Max("amount"))["most"],
                read=1,
                read_before=0,
                first_run=self.flow.first_done_at is None,
                rules_changed=self.flow.first_done_at is not None
                and self.run.pinned["flows"][self.flow.entity]["planned_before"] not in (0, self.versions),
            ),
            limits_of(self.run.pinned["flows"][self.flow.entity]["brakes"]),
        )
        told = [{"entity": self.flow.entity, "code": item.code, "params": freeze(dict(item.params)) or {}}
                for item in found]  # fmt: skip
        others = [item for item in self.run.brakes if item.get("entity") != self.flow.entity]
        self.run.brakes = [*others, *told]
        Run.objects.filter(pk=self.run.pk).update(brakes=self.run.brakes)
        Flow.objects.filter(pk=self.flow.pk).update(planned_rules_version=self.versions, planned_through=self.through)

    def _spare_stock(self) -> None:
        """Hold every quantity of this plan where it would empty the other side: nobody may have counted yet here."""
        if self.declared.posting != "stock_level":
            return
        planned = self.run.changes.filter(entity=self.flow.entity, toward=self.toward, state=Change.State.PLANNED)
        falls = [
            (Decimal(str(before.get("quantity") or 0)), Decimal(str(after.get("quantity") or 0)))
            for before, after in planned.values_list("before", "after")
            if "quantity" in after
        ]
        found = wipe(falls, limits_of(self.run.pinned["flows"][self.flow.entity]["brakes"]))
        if found:
            planned.update(
                state=Change.State.HELD, code=found.code, params=freeze(dict(found.params)), settled_at=timezone.now()
            )


def limits_of(chosen: Mapping[str, Any]) -> Limits:
    """Return the engine's limits, with a person's own where they are set (numbers as text)."""
    known = {key: value for key, value in chosen.items() if key in Limits.__dataclass_fields__}
    for key in ("removals_share", "updates_share", "amount_max", "falls_share", "units_share"):
        if known.get(key) is not None and key in known:
            known[key] = Decimal(str(known[key]))
    return Limits(**known)


def refs_of(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records frozen values name at their top level: those the write cannot do without."""
    return [value for value in values.values() if type(value) is dict and "ref" in value]


def agree(link: Link, side: str, sent: Mapping[str, Any], target: Record) -> None:
    """Write into a link what was said to a side and what that side kept of it."""
    from bridge.engine.kinds import frozen, kinds_of

    kinds = kinds_of(link.entity)
    kept = {name: frozen(target.values[name], kinds.get(name, "")) for name in sent if name in target.values}
    link.sent = {**link.sent, side: {**(link.sent.get(side) or {}), **sent}}
    link.kept = {**link.kept, side: {**(link.kept.get(side) or {}), **kept}}
    link.agreed_at = timezone.now()


def needs_approval(run: Run) -> list[dict[str, Any]]:
    """Return every reason why this plan waits for a person, each once; [] means that it may go ahead."""
    reasons = _once([*run.brakes])
    for entity, flow in run.pinned["flows"].items():
        waiting = run.changes.filter(entity=entity, state=Change.State.PLANNED)
        if flow["approval"] == Flow.Approval.ALWAYS and waiting.exists():
            reasons.append({"entity": entity, "code": "APPROVAL-ALWAYS", "params": {}})
    reasons += [{"code": "BRAKE-EMPTY-READING", "params": item} for item in emptied(run)]
    if run.plan_only and not reasons:
        reasons.append({"code": "PLAN-ONLY", "params": {}})
    return reasons


def _once(brakes_: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say "first run" once for all flows, with all their writes; the other brakes speak of one flow each."""
    first = [item for item in brakes_ if item["code"] == "BRAKE-FIRST-RUN"]
    others = [item for item in brakes_ if item["code"] != "BRAKE-FIRST-RUN"]
    if not first:
        return others
    writes = sum(int(item["params"].get("writes", 0)) for item in first)
    return [{"code": "BRAKE-FIRST-RUN", "params": {"writes": writes}}, *others]
