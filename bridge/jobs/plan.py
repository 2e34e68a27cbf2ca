"""Planning: what changed since it was last looked at goes through the pure planner; its decisions become changes."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from bridge import registry
from bridge.engine.brakes import Counts, Limits, brakes, wipe
from bridge.engine.model import Decision, FlowSpec, LinkState, Pair
from bridge.engine.plan import plan as plan_pairs
from bridge.hub import bulk
from bridge.hub.models import Candidate, Change, Conflict, Connection, Exclusion, Flow, Link, Run
from bridge.hub.models import Record as Row
from bridge.jobs.associated import asked_about, with_associated
from bridge.jobs.books import Poster
from bridge.jobs.changers import ask_who
from bridge.jobs.composing import Composer, refs_in
from bridge.jobs.context import composed, flows_in_order, recipe_of, scope_of, sides, spec
from bridge.jobs.importing import Importing, flow_of, stays_out
from bridge.jobs.lease import Lease
from bridge.jobs.read import emptied
from bridge.jobs.records import on_their_way, touch
from bridge.jobs.twins import FOUND_BY, Twins
from bridge.jobs.two_way import (
    Around,
    OtherWay,
    both_ways,
    close_conflicts,
    close_other_ways,
    is_two_way,
    note_conflicts,
    verdicts,
)
from connectors.contract import STAGES, Associated, RecipeFlow, Record, Ref, Resource, freeze

log = logging.getLogger("bridge.jobs.plan")

CHUNK = 500
CLOCKS_DIFFER = timedelta(minutes=1)  # between our own machines
NEEDED = (
    "resource", "remote_id", "document", "gone", "merged_into", "fingerprint", "touched", "name", "number", "amount",
    "currency", "changed_at",
)  # fmt: skip
DOCUMENTS = ("sale", "payment", "refund")  # what adds up to money; a product's price does not
WRITES = ("create", "update", "link", "follow", "void", "remove")
COLUMNS = (
    "integration", "run", "flow", "entity", "stage", "action", "toward", "source", "target", "connection", "resource",
    "scope", "remote_id", "title", "amount", "currency", "before", "after", "sent", "code", "params", "trace",
    "rules_version", "based_on", "state", "payload", "revision", "key", "attempts", "resolution", "error_code",
    "error_params", "error_detail", "request_id", "created_at", "happened_at",
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
        flow = flow_of(run, entity)
        ways = towards(run.pinned["flows"][entity]["direction"])
        for toward in ways:
            desk = Desk(run, flow, toward)
            for rows in desk.chunks():
                with transaction.atomic():
                    bulk.may_be_lost()
                    lease.check()
                    desk.plan(rows)
                # Nothing to look at is no progress: a slice too short for more would be followed by the same for ever.
                if rows and not lease.goes_on():
                    return False
            with transaction.atomic():
                lease.check()
                desk.finish()
            flow.planned_through = desk.through
        close_other_ways(run, entity, ways)
    ask_who(run, lease)
    return True


def towards(direction: str) -> tuple[str, ...]:
    """Return the sides a flow of this direction writes to, one after the other."""
    return ("right", "left") if direction == "both" else (direction,)


class Desk:
    """One flow of one run being planned, in one direction."""

    def __init__(self, run: Run, flow: Flow, toward: str = "right") -> None:
        self.run, self.flow, self.toward = run, flow, toward
        self.recipe = recipe_of(run)
        self.declared: RecipeFlow = self.recipe.flow(flow.entity)
        left, right = sides(run)
        self.source_side, self.target_side = ("left", "right") if toward == "right" else ("right", "left")
        self.source, self.target = (left, right) if toward == "right" else (right, left)
        self.resources = getattr(self.declared, self.source_side)
        self.target_resources = getattr(self.declared, self.target_side)
        if self.declared.inside:
            self.source = self.target = left if self.declared.inside == "left" else right
            self.resources = self.target_resources = getattr(self.declared, self.declared.inside)
        self.context = run.pinned["context"]
        self.target_resource: Resource = registry.connector(self.target.vendor).resource(self.target_resources[0])
        self.target_scope = scope_of(self.target, self.target_resource.name, self.context)
        self.spec: FlowSpec = spec(self.recipe, run.pinned, flow.entity, toward, self.target_resource)
        self.poster: Poster | Composer | None = None
        if self.declared.compose:
            self.poster = Composer(run, self.declared, self.source, self.target, self.source_side, self.record)
        elif self.declared.posting:
            self.poster = Poster(
                run, self.recipe, self.declared, self.source, self.target, self.source_side, self.record,
                self._changes_of,
            )  # fmt: skip
        if self.poster:
            self.spec = composed(self.spec, self.poster)
        self.back: OtherWay | None = None
        if is_two_way(run.pinned, flow.entity) and not (self.poster or self.declared.inside):
            self.spec = both_ways(run, self.recipe, flow.entity, toward)
            self.back = OtherWay(run, flow.entity, toward, self.spec)
        self.associated = asked_about(self.declared, self.source_side, self.spec.filter)
        self.back_associated = (
            asked_about(self.declared, self.target_side, self.spec.back.filter) if self.spec.back else []
        )
        self.rules_version = run.pinned["flows"][flow.entity]["rules_version"]
        self.versions = self.rules_version * 100_000 + run.pinned["settings_version"]
        if flow.planned_rules_version != self.versions:
            # Once for both ways: what the first has planned is not forgotten when the second begins.
            flow.planned_through, flow.planned_rules_version = {}, self.versions
        self.through: dict[str, list[int]] = dict(flow.planned_through)
        self.stage = STAGES.index(flow.entity)
        self._orphans: bool | None = None  # not asked yet
        self.importing = Importing.of(run, self.recipe, self.target_resource)
        self.twins = Twins(
            run.integration, self.declared, self.source_side, self.target_side, self.target, self.target_resources,
            self.target_resource, self.target_scope, self.spec.match_on, self.context, self.record,
        )  # fmt: skip

    # which records

    def chunks(self) -> Iterator[list[Row]]:
        """Yield the source records to look at: held ones once, then what was touched since."""
        yield from self._held()
        for resource in self.resources:
            scope = scope_of(self.source, resource, self.context)
            base = Row.objects.filter(connection=self.source, resource=resource, scope=scope)
            top = base.aggregate(top=Max("touched"))["top"] or 0
            # Both sides may call a resource the same; each way has come its own far.
            mark = f"back {resource}" if self.back and self.toward == "left" else resource
            while True:
                touched, last = self.through.get(mark, [0, 0])
                if touched > top:
                    break
                after = base.filter(Q(touched=touched, id__gt=last) | Q(touched__gt=touched))
                rows = list(after.only(*NEEDED).order_by("touched", "id")[:CHUNK])
                if not rows:
                    break
                self.through[mark] = [rows[-1].touched, rows[-1].pk]
                yield rows
        for item in self.associated:
            yield from self._named_by(item.resource)
        if self.declared.inside:
            for item in self.declared.associated:
                if item.side != self.declared.inside:
                    yield from self._told_across(item)
        if self.declared.compose:
            for name in self.declared.looks_up:
                yield from self._waiting_for(name)
        if not self.declared.inside:
            yield from self._moved_targets()

    def _moved(
        self, connection: Connection, resource: str, mark: str, *columns: str
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield (id, touched, *columns) of the records of a resource touched since this flow last looked at them under
        `mark`; nothing the first time, when all sources have just been looked at.
        """
        scope = scope_of(connection, resource, self.context)
        base = Row.objects.filter(connection=connection, resource=resource, scope=scope)
        top = base.aggregate(top=Max("touched"))["top"] or 0
        if mark not in self.through:
            self.through[mark] = [top, 2**62]
            return
        while True:
            touched, last = self.through[mark]
            if touched > top:
                return
            after = base.filter(Q(touched=touched, id__gt=last) | Q(touched__gt=touched))
            rows = list(after.order_by("touched", "id").values_list("id", "touched", *columns)[:CHUNK])
            if not rows:
                return
            self.through[mark] = [rows[-1][1], rows[-1][0]]
            yield rows

    def _named_by(self, resource: str) -> Iterator[list[Row]]:
        """Sources that a filter asks about through documents which changed: an invoice came, a payment was made."""
        for rows in self._moved(self.source, resource, f"named by {resource}", "party"):
            named = {party for _, _, party in rows if party}
            found = Row.objects.filter(connection=self.source, resource__in=self.resources, remote_id__in=named)
            yield list(found.only(*NEEDED).order_by("id"))
        yield []

    def _told_across(self, item: Associated) -> Iterator[list[Row]]:
        """Sources whose twins at the other side are named by documents there which changed: a customer's invoice."""
        left, right = sides(self.run)
        near, there = ("right", left) if item.side == "left" else ("left", right)
        for rows in self._moved(there, item.resource, f"across {item.resource}", "party"):
            links = Link.objects.filter(
                integration=self.run.integration, entity="contact",
                **{f"{item.side}__remote_id__in": {party for _, _, party in rows if party}},
            )  # fmt: skip
            ids = set(links.values_list(f"{near}__remote_id", flat=True))
            found = Row.objects.filter(connection=self.source, resource__in=self.resources, party__in=ids)
            yield list(found.only(*NEEDED).order_by("id"))
        yield []

    def _waiting_for(self, resource: str) -> Iterator[list[Row]]:
        """Sources made from records over there that changed: documents of the same people; inside one side, what
        names these records.
        """
        entity = registry.connector(self.target.vendor).resource(resource).entity
        moved = self._moved(self.target, resource, f"looked up {resource}", "remote_id", "document")
        for rows in chain(moved, self._written(resource)):
            refs = [Ref(entity, resource, row[2]) for row in rows]
            if self.declared.inside:
                ids = {item.remote_id for ref in refs for item in self.poster.naming(self.resources[0], ref)}  # type: ignore[union-attr]
                found = Row.objects.filter(connection=self.source, resource__in=self.resources, remote_id__in=ids)
            else:
                for row in rows:
                    refs += self._refs_in(resource, row[3])
                found = self._of_the_same_party(refs)
            yield list(found.only(*NEEDED).order_by("id"))
        yield []

    def _written(self, resource: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield (id, touched, remote_id, document) of the records this integration wrote over there since this flow
        last looked: our own writes touch nothing, being no news to the other side.
        """
        mark, now = f"written {resource}", int(timezone.now().timestamp())
        since, self.through[mark] = self.through.get(mark), [now, 0]
        if since is None:
            return
        done = Change.objects.filter(
            integration=self.run.integration, connection=self.target, resource=resource, state=Change.State.DONE,
            settled_at__gte=datetime.fromtimestamp(since[0], UTC) - CLOCKS_DIFFER,
        )  # fmt: skip
        ids = sorted(set(done.values_list("remote_id", flat=True)))
        base = Row.objects.filter(
            connection=self.target, resource=resource, scope=scope_of(self.target, resource, self.context)
        )
        for start in range(0, len(ids), CHUNK):
            rows = base.filter(remote_id__in=ids[start : start + CHUNK])
            yield list(rows.order_by("id").values_list("id", "touched", "remote_id", "document"))

    def _refs_in(self, resource: str, document: Any) -> list[Ref]:
        try:
            return refs_in(registry.connector(self.target.vendor).resource(resource).parse(document).values)
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError):
            return []

    def _of_the_same_party(self, refs: Iterable[Ref]) -> Any:
        """Sources for whom a document is that one of these stands for: a payment is for whom its invoice is for."""
        keys_ = {(ref.resource, ref.remote_id) for ref in refs}
        named = Row.objects.filter(
            connection=self.target, resource__in={key[0] for key in keys_}, remote_id__in={key[1] for key in keys_}
        )
        near, far = self.source_side, self.target_side
        links = Link.objects.filter(integration=self.run.integration, **{f"{far}_id__in": named.values("pk")})
        parties = set(links.exclude(**{f"{near}__party": ""}).values_list(f"{near}__party", flat=True))
        return Row.objects.filter(connection=self.source, resource__in=self.resources, party__in=parties)

    def _moved_targets(self) -> Iterator[list[Row]]:
        """Sources whose twin changed over there: consent given or taken back, a record archived or edited."""
        for resource in self.target_resources:
            for rows in self._moved(self.target, resource, f"{self.target_side}:{resource}", "email_key"):
                yield self._sources_of(rows)
        yield []

    def _sources_of(self, targets: Sequence[tuple[Any, ...]]) -> list[Row]:
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
        if self.back:
            rows = self.back.follow_survivors(rows)
        earlier, busy = self._earlier([row.pk for row in rows])
        if self.back and (waiting := busy | self.back.busy(rows)):
            busy = waiting
            touch([row.pk for row in rows if row.pk in busy])
        rows = [row for row in rows if row.pk not in busy]
        pairs, by_key = self.pairs(rows)
        decisions = list(plan_pairs(pairs, self.spec))
        decisions = self.importing.marked(decisions) if self.importing else self._without_imported(decisions, pairs)
        if self.back:
            decisions = self.back.without_loops(decisions, pairs, {key: row.pk for key, row in by_key.items()})
        self._store(decisions, by_key, earlier)
        if self._has_conflicts:
            linked = {int(pair.link.id): (pair, item) for pair, item in zip(pairs, decisions, strict=True) if pair.link}
            close_conflicts(self.toward, linked, self.flow.entity)
        self._keep_place()

    def _keep_place(self) -> None:
        """Store how far planning has come; an import, which has no flow of its own, keeps that with its run."""
        if self.importing:
            self.run.pinned = {**self.run.pinned, "through": self.through}
            Run.objects.filter(pk=self.run.pk).update(pinned=self.run.pinned)
        else:
            rows = Flow.objects.filter(pk=self.flow.pk)
            rows.update(planned_through=self.through, planned_rules_version=self.versions)

    def _without_imported(self, decisions: Sequence[Decision], pairs: Sequence[Pair]) -> list[Decision]:
        """Leave alone what a one-time import made, where the recipe says that it does not come back."""
        links = stays_out(self.run, self.flow.entity, (pair.link.id for pair in pairs if pair.link))
        return [
            replace(item, action="skip", code="IMPORTED-STAYS", before={}, after={}, sent={}, conflicts={})
            if pair.link and pair.link.id in links else item
            for item, pair in zip(decisions, pairs, strict=True)
        ]  # fmt: skip

    @cached_property
    def _has_conflicts(self) -> bool:
        """Whether any conflict of this integration stands: mostly none does, and nothing is to be looked up."""
        return Conflict.objects.filter(link__integration=self.run.integration, settled_at__isnull=True).exists()

    def pairs(self, rows: Sequence[Row]) -> tuple[list[Pair], dict[tuple[str, str], Row]]:
        """Return the pairs of these records, and the rows by (resource, remote id)."""
        near, far = (self.source_side, self.target_side)
        ids = [row.pk for row in rows]
        links: dict[int, Link] = {}
        for link in Link.objects.filter(**{f"{near}_id__in": ids}).prefetch_related(far):
            # One that others share has its own link, and theirs: its own counts.
            if link.integration_id == self.run.integration_id and not (
                link.shared and getattr(link, f"{near}_id") in links
            ):
                links[getattr(link, f"{near}_id")] = link
        sources = {row.pk: self.record(row, self.source) for row in rows}
        if self.poster:
            sources = {pk: record and self.poster.seen_as(record) for pk, record in sources.items()}
            self.poster.prepare([record for record in sources.values() if record])
        for item in self.associated:
            sources = with_associated(self.source, sources, item, self.record)
        targets = {pk: self.record(getattr(link, far), self.target) for pk, link in links.items()}
        twins = self.twins.find([sources[row.pk] for row in rows if row.pk not in links and sources[row.pk]])
        never = self._never(ids)
        excluded = dict(
            Exclusion.objects.filter(integration=self.run.integration, record_id__in=ids).values_list(
                "record_id", "reason"
            )
        )
        chosen = self.target_resource.chosen_id or self.declared.inside
        decided = verdicts(links.values(), self.toward) if self._has_conflicts else {}
        around: Around | None = None
        mates: Mapping[tuple[str, str], tuple[Record, ...]] = {}
        if self.back:
            around = self.back.around(links.values())
            mates = self._mates([record for pk, record in sources.items() if pk not in links and record], twins)
            for item in self.back_associated:
                targets = with_associated(self.target, targets, item, self.record)
                twins = self._twins_with_associated(twins, item)
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
                    target=targets[row.pk] if link else None,
                    twins=tuple(found),
                    rival=rival,
                    same=found[0].remote_id if chosen and found else None,
                    never=never.get(row.pk, frozenset()),
                    excluded_by_person=excluded.get(row.pk, ""),
                    verdicts=decided.get(link.pk, {}) if link else {},
                    mates=mates.get((row.resource, row.remote_id), ()),
                    back_excluded=bool(around and link and getattr(link, f"{far}_id") in around.excluded),
                    expected=bool(around and around.expected and link is None),
                )
            )
        return pairs, by_key

    def _mates(
        self, sources: Sequence[Record], twins: Mapping[tuple[str, str], tuple[list[Record], str | None]]
    ) -> Mapping[tuple[str, str], tuple[Record, ...]]:
        """Return who else on this side may be the same as the twins found."""
        assert self.back  # noqa: S101 - only asked of two-way flows
        if not self.spec.match_on or self.target_resource.chosen_id:
            return {}
        column = FOUND_BY.get(self.spec.match_on[0], "email_key")
        scope = scope_of(self.source, self.resources[0], self.context)
        base = Row.objects.filter(connection=self.source, resource__in=self.resources, scope=scope)
        return self.back.mates(sources, twins, column, self.twins.key, lambda row: self.record(row, self.source), base)

    def _twins_with_associated(
        self, twins: Mapping[tuple[str, str], tuple[list[Record], str | None]], item: Associated
    ) -> dict[tuple[str, str], tuple[list[Record], str | None]]:
        """Return the twins with what the records that name them tell: the other way's filter may ask."""
        found = {}
        for key, (records, rival) in twins.items():
            told = with_associated(self.target, dict(enumerate(records)), item, self.record)
            found[key] = ([record for record in told.values() if record], rival)
        return found

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
        if self.back:
            return self.back.state(link)
        side = self.target_side
        return LinkState(str(link.pk), link.sent.get(side) or {}, link.kept.get(side) or {}, link.shared)

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
        linked_already = self._linked_on_the_other_way(rows, targets)
        superseded: list[int] = []
        freed: list[Row] = []
        fresh: list[tuple[Any, ...]] = []
        now = timezone.now()
        for row, item in rows:
            last = earlier.get(row.pk)
            if row.pk in linked_already:
                continue
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
            # A parent may have been waiting itself, or not have been read yet when its children came.
            if item.action in WRITES and (last.state != Change.State.DONE if last else self._children_wait()):
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

    def _linked_on_the_other_way(
        self, rows: Sequence[tuple[Row, Decision]], targets: Mapping[Any, Row]
    ) -> frozenset[int]:
        """Return the records this way would only link, and that this very run links on its way to the right."""
        if not self.back or self.toward == "right":
            return frozenset()
        links = {
            target.pk: row.pk for row, item in rows if item.action == "link"
            and (target := targets.get((item.target_resource, item.target_id)))
        }  # fmt: skip
        return frozenset(links[pk] for pk in self.back.planned_right(list(links))) if links else frozenset()

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
            self.rules_version, based_on, state, None, "", "", 0, "", "", {}, "", "", now, row.changed_at,
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
        if found:
            connections = {self.source_side: self.source, self.target_side: self.target}
            note_conflicts(self.run, self.spec, self.toward, found, connections)

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
        for row_id in on_their_way(self.run, list(ids)):
            self._waiting[ids[row_id]] = (Change.State.PLANNED, "")
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

    def _children_wait(self) -> bool:
        """Tell whether anything of an earlier run waits for a record it names: asked once, most have nothing."""
        if self._orphans is None:
            waiting = Change.objects.filter(
                integration=self.run.integration, state__in=(Change.State.HELD, Change.State.SKIPPED),
                code__startswith="PARENT-",
            )  # fmt: skip
            self._orphans = waiting.exclude(run=self.run).exists()
        return self._orphans

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
        # A deposit was written before its sale was there: now it can be applied.
        early = Change.objects.filter(
            integration=self.run.integration, state=Change.State.DONE, source__isnull=False,
            params__warnings__0__code="DEPOSIT-UNAPPLIED", params__warnings__0__params__parent_key__in=keys_,
        )  # fmt: skip
        early = early if self.flow.entity == "sale" else early.none()
        if ids := [*waiting.values_list("source_id", flat=True), *early.values_list("source_id", flat=True)]:
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
        self._keep_place()

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
    if run.kind == Run.Kind.IMPORT:
        reasons.append({"code": "IMPORT-PLAN", "params": {}})
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
