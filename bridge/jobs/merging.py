"""Merging two records of one account inside the hub: what hangs on the dropped one moves, and all can be taken back.

A person says which record is kept. Its links and open questions come to the survivor; the ledger of writes is never
rewritten: the survivor's page shows what was done with both. The dropped record keeps a shared link, so that documents
that still name it find their way. At the vendor nothing happens by itself: where it merges by call a planned change
waits for approval, elsewhere a person follows steps, and the hub notices when the vendor tells.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from bridge import registry
from bridge.hub.models import Candidate, Change, Conflict, Double, Exclusion, Integration, Link, Merge, Run, User
from bridge.hub.models import Record as Row
from bridge.jobs import runs
from bridge.jobs.duplicates import WAITING, Decision, suspect
from bridge.jobs.duplicates import keep as write_down
from bridge.jobs.records import parsed, touch
from connectors.contract import STAGES, Resource, SettingInvalid

_SENDING = (Change.State.SENDING, Change.State.UNKNOWN)
_NOT_SENT = (Change.State.PLANNED, Change.State.READY, Change.State.HELD, Change.State.REJECTED)
_DECIDED = ("left_id", "right_id", "decision", "until", "decided_by_id", "decided_at")


@dataclass(frozen=True, slots=True)
class Effects:
    """What merging would move, for people: nothing is merged without this being shown.

    `links` come to the survivor as its own, `shared` only so that documents find their way. `lacking` are canonical
    fields the dropped record tells and the survivor does not: the hub copies none of them.
    """

    links: int
    shared: int
    questions: int
    history: int
    documents: int
    planned: int
    exclusions: int
    by_call: bool
    lacking: Sequence[str] = ()


def resource_of(row: Row) -> Resource:
    """Return what a record is one of."""
    return registry.connector(row.connection.vendor).resource(row.resource)


def can_ask_vendor(row: Row) -> bool:
    """Tell whether the vendor merges this kind of record by a call."""
    return resource_of(row).merge is not None


def effects(keep: Row, drop: Row) -> Effects:
    """Return what merging `drop` into `keep` would move. Writes nothing."""
    links = list(Link.objects.filter(Q(left=drop) | Q(right=drop)))
    taken = set(
        Link.objects.filter(Q(left=keep) | Q(right=keep), shared=False).values_list("integration_id", flat=True)
    )
    own = sum(1 for link in links if not link.shared and link.integration_id not in taken)
    touched = Change.objects.filter(Q(source=drop) | Q(target=drop))
    return Effects(
        links=own,
        shared=len(links) - own,
        questions=_questions(Candidate, drop).count()
        + _questions(Double, drop).exclude(left__in=(keep, drop), right__in=(keep, drop)).count(),
        history=touched.exclude(state__in=_NOT_SENT).count(),
        documents=Row.objects.filter(connection=drop.connection_id, party=drop.remote_id).count(),
        planned=touched.filter(state__in=_NOT_SENT).count(),
        exclusions=Exclusion.objects.filter(record=drop).count(),
        by_call=can_ask_vendor(drop),
        lacking=_lacking(keep, drop),
    )


def _questions(model: type[Candidate] | type[Double], row: Row) -> Any:
    return model.objects.filter(Q(left=row) | Q(right=row), decision__in=(*WAITING, Decision.NEVER))


def _lacking(keep: Row, drop: Row) -> list[str]:
    ours, theirs = parsed(keep), parsed(drop)
    if ours is None or theirs is None:
        return []
    return [name for name, value in theirs.values.items() if value and not ours.values.get(name)]


def survivor(left: Row, right: Row) -> Row:
    """Return the one to suggest as survivor: not gone, linked, named by more documents, then the older one."""
    rows = (left, right)
    linked = set(
        Link.objects.filter(Q(left__in=rows) | Q(right__in=rows), shared=False).values_list("left_id", "right_id")
    )
    ends = {pk for pair in linked for pk in pair}
    papers = {
        row.pk: Row.objects.filter(connection=row.connection_id, party=row.remote_id, gone=False).count()
        for row in rows
    }
    return min(rows, key=lambda row: (row.gone, row.pk not in ends, -papers[row.pk], row.pk))


# merging


def merge(keep: Row, drop: Row, user: User | None) -> Merge:
    """Let `drop` be the same thing as `keep` from now on, inside the hub. SettingInvalid where that cannot be.

    One commit: either all of it moved, or nothing.
    """
    if keep.pk == drop.pk:
        raise SettingInvalid("MERGE-SELF", params={"name": str(keep)})
    with transaction.atomic():
        rows = {row.pk: row for row in Row.objects.select_for_update().filter(pk__in=(keep.pk, drop.pk)).order_by("pk")}
        if len(rows) < 2:
            raise SettingInvalid("DUPLICATE-GONE", params={"name": str(drop)})
        keep, drop = rows[keep.pk], rows[drop.pk]
        _allowed(keep, drop)
        entity = resource_of(keep).entity
        double = _double_of(keep, drop)
        mover = Mover(keep, drop, entity, user)
        mover.move()
        made = _stored(mover, double, user)
        touch(sorted(mover.touched))
    return made


def _stored(mover: "Mover", double: Double | None, user: User | None) -> Merge:
    keep, drop = mover.keep, mover.drop
    if double:
        mover.kept.save_rows("doubles", [double], _DECIDED)
        write_down(double, Decision.SAME, user)
    told = {"vendor": Merge.Vendor.SEEN, "seen_at": timezone.now()} if mover.is_known_there else {}
    try:
        with transaction.atomic():
            return Merge.objects.create(
                connection_id=keep.connection_id, entity=mover.entity, keep=keep, drop=drop, double=double, user=user,
                before=mover.kept.as_json(), moved=mover.moved, **told,
            )  # fmt: skip
    except IntegrityError as error:
        raise SettingInvalid("MERGE-ALREADY", params={"name": str(drop)}) from error


def _allowed(keep: Row, drop: Row) -> None:
    if (keep.connection_id, keep.resource, keep.scope) != (drop.connection_id, drop.resource, drop.scope):
        raise SettingInvalid("MERGE-ACROSS", params={"keep": str(keep), "drop": str(drop)})
    for row in (keep, drop):
        # What the vendor merged by itself may be merged the same way here: its links are still to be moved.
        if row.merged_into and not (row is drop and row.merged_into == keep.remote_id):
            raise SettingInvalid("MERGE-ALREADY", params={"name": str(row)})
    if keep.gone:
        raise SettingInvalid("DUPLICATE-GONE", params={"name": str(keep)})
    _not_busy(keep, drop)


def _not_busy(keep: Row, drop: Row) -> None:
    ends = (keep.pk, drop.pk)
    if Change.objects.filter(Q(source__in=ends) | Q(target__in=ends), state__in=_SENDING).exists():
        raise SettingInvalid("DUPLICATE-BUSY", params={"left": str(keep), "right": str(drop)})


def _double_of(keep: Row, drop: Row) -> Double | None:
    one, other = sorted((keep.pk, drop.pk))
    double = Double.objects.filter(left=one, right=other).first()
    if double and double.decision == Decision.NEVER:
        raise SettingInvalid("MERGE-NEVER", params={"who": str(double.decided_by or "–")})
    return double


@dataclass(slots=True)
class Before:
    """Rows as they were, by table, and what was made: all that is needed to take a merge back."""

    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)

    def save_rows(self, table: str, rows: Iterable[models.Model], columns: Sequence[str]) -> None:
        """Remember these columns; the first state of a row counts."""
        kept = self.rows.setdefault(table, {})
        for row in rows:
            kept.setdefault(row.pk, {name: getattr(row, name) for name in columns})

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "rows": {table: [{"pk": pk, **row} for pk, row in rows.items()] for table, rows in self.rows.items()},
            "made": self.made,
        }


def columns_of(model: type[models.Model]) -> tuple[str, ...]:
    """Return the names of a table's columns as attributes, without the key."""
    return tuple(item.attname for item in model._meta.concrete_fields if not item.primary_key)


class Mover:
    """Moves what hangs on one record to another one of the same account, and remembers how it was."""

    def __init__(self, keep: Row, drop: Row, entity: str, user: User | None) -> None:
        self.keep, self.drop, self.entity, self.user = keep, drop, entity, user
        self.kept = Before()
        self.touched = {keep.pk, drop.pk}
        self.moved = {"links": 0, "shared": 0, "questions": 0, "planned": 0}
        self.is_known_there = bool(drop.gone or drop.merged_into)

    def move(self) -> None:
        """Move links, questions and what is planned; the dropped record points at its survivor."""
        self._links()
        self._candidates()
        self._doubles()
        self._planned()
        self.kept.save_rows("records", [self.drop], ("merged_into",))
        Row.objects.filter(pk=self.drop.pk).update(merged_into=self.keep.remote_id)

    # links

    def _links(self) -> None:
        ends = (self.keep.pk, self.drop.pk)
        rows = Link.objects.select_for_update().filter(Q(left__in=ends) | Q(right__in=ends), entity=self.entity)
        by_place: dict[tuple[int, str], list[Link]] = {}
        for link in rows.order_by("pk"):
            near = "left" if link.left_id in ends else "right"
            by_place.setdefault((link.integration_id, near), []).append(link)
        for (_, near), links in by_place.items():
            self._links_of(near, "right" if near == "left" else "left", links)

    def _links_of(self, near: str, far: str, links: list[Link]) -> None:
        """Move the links of one integration. What was linked to the dropped one alone becomes the survivor's own; of
        two twins the survivor keeps its own, and the other one shares it.
        """
        self.touched |= {getattr(link, f"{far}_id") for link in links}
        ours = [link for link in links if getattr(link, f"{near}_id") == self.keep.pk]
        theirs = [link for link in links if getattr(link, f"{near}_id") == self.drop.pk]
        own = next((link for link in ours if not link.shared), None)
        dropped = next((link for link in theirs if not link.shared), None)
        for link in theirs:
            if link.shared:
                self._shared(link, near, far, ours, dropped)
        if dropped and own:
            self._two_twins(dropped, own, near, far, ours)
        elif dropped:
            self._take_over(dropped, near, far, ours)
        elif own and not theirs:
            self._share(own, near, self.drop)

    def _take_over(self, link: Link, near: str, far: str, ours: list[Link]) -> None:
        """The survivor gets the link. What both last agreed on was said of another record: it is forgotten."""
        self._clear_way(link, far, ours)
        self._point(link, near, shared=False, sent={}, kept={}, agreed_at=None)
        self._share(link, near, self.drop)
        self.moved["links"] += 1

    def _two_twins(self, link: Link, own: Link, near: str, far: str, ours: list[Link]) -> None:
        """Both had a twin: the dropped one's twin shares the survivor, and the two twins may be doubles themselves."""
        self._clear_way(link, far, ours)
        self._point(link, near, shared=True)
        self._share(own, near, self.drop)
        self.moved["shared"] += 1
        twins = sorted((getattr(own, f"{far}_id"), getattr(link, f"{far}_id")))
        is_known = Double.objects.filter(left=twins[0], right=twins[1]).exists()
        double = suspect(getattr(own, far), getattr(link, far), self.entity)
        if double and not is_known:
            self.kept.made.setdefault("doubles", []).append(double.pk)

    def _shared(self, link: Link, near: str, far: str, ours: list[Link], dropped: Link | None) -> None:
        """A shared link: either the other record follows the dropped one, or the dropped one follows another."""
        other = getattr(link, f"{far}_id")
        follows = (
            Link.objects.filter(integration=link.integration_id, shared=False, **{far: other})
            .exclude(**{near: self.drop.pk})
            .exists()
        )
        if follows:
            if not ours and dropped is None:
                self._share(link, near, self.keep)
            return
        self._clear_way(link, far, ours)
        self._point(link, near, shared=True)
        self.moved["shared"] += 1

    def _clear_way(self, link: Link, far: str, ours: list[Link]) -> None:
        """Drop a shared link of the survivor to the very same record: one link per pair."""
        for other in list(ours):
            if other.shared and getattr(other, f"{far}_id") == getattr(link, f"{far}_id"):
                self.kept.save_rows("links", [other], columns_of(Link))
                self.kept.save_rows("conflicts", other.conflicts.all(), columns_of(Conflict))
                other.delete()
                ours.remove(other)

    def _point(self, link: Link, near: str, **values: Any) -> None:
        self.kept.save_rows("links", [link], columns_of(Link))
        setattr(link, f"{near}_id", self.keep.pk)
        for name, value in values.items():
            setattr(link, name, value)
        link.save()

    def _share(self, of: Link, near: str, row: Row) -> None:
        """Give a record a share in the twin of a link: documents that name it find their way, it writes nothing."""
        far = "right" if near == "left" else "left"
        ends = {f"{near}_id": row.pk, f"{far}_id": getattr(of, f"{far}_id")}
        made, fresh = Link.objects.get_or_create(
            integration_id=of.integration_id, **ends,
            defaults={"entity": of.entity, "shared": True, "made_by": Link.Maker.PERSON, "made_by_user": self.user,
                      "why": "merged"},
        )  # fmt: skip
        if fresh:
            self.kept.made.setdefault("links", []).append(made.pk)

    # questions

    def _candidates(self) -> None:
        for row in _questions(Candidate, self.drop):
            near = "left" if row.left_id == self.drop.pk else "right"
            far = "right" if near == "left" else "left"
            pair = {near: self.keep.pk, far: getattr(row, f"{far}_id")}
            known = Candidate.objects.filter(integration=row.integration_id, **pair).first()
            linked = Link.objects.filter(integration=row.integration_id, **pair).exists()
            self._take_question(row, known, linked, {f"{near}_id": self.keep.pk})

    def _doubles(self) -> None:
        both = {self.keep.pk, self.drop.pk}
        for row in _questions(Double, self.drop):
            other = row.right_id if row.left_id == self.drop.pk else row.left_id
            if other in both:
                continue
            one, two = sorted((self.keep.pk, other))
            known = Double.objects.filter(left=one, right=two).first()
            self._take_question(row, known, False, {"left_id": one, "right_id": two})

    def _take_question(self, row: Any, known: Any, linked: bool, ends: dict[str, int]) -> None:
        """Ask it of the survivor; "never" goes with it, unless the survivor is linked to that very record."""
        table = "candidates" if isinstance(row, Candidate) else "doubles"
        if known is None and not linked:
            self.kept.save_rows(table, [row], _DECIDED)
            for name, value in ends.items():
                setattr(row, name, value)
            row.save(update_fields=["left", "right"])
        elif known is not None and known.decision in WAITING and row.decision == Decision.NEVER and not linked:
            self.kept.save_rows(table, [known], _DECIDED)
            write_down(known, Decision.NEVER, row.decided_by)
        else:
            return
        self.moved["questions"] += 1

    # what is planned

    def _planned(self) -> None:
        ends = (self.keep.pk, self.drop.pk)
        lines = Change.objects.filter(Q(source__in=ends) | Q(target__in=ends), state__in=_NOT_SENT)
        self.touched |= {pk for pk in lines.values_list("source_id", flat=True) if pk}
        self.moved["planned"] = lines.update(state=Change.State.SUPERSEDED, settled_at=timezone.now())


# taking back


def unmerge(merge_: Merge, user: User | None) -> None:
    """Take a merge back: both records and their links are as they were. SettingInvalid says what stands in the way.

    What was written meanwhile stays written: it is listed on the merge's page.
    """
    with transaction.atomic():
        rows = Merge.objects.filter(pk=merge_.pk, state=Merge.State.DONE)
        now = timezone.now()
        if not rows.update(undone_at=now):
            raise SettingInvalid("MERGE-UNDONE", params={"drop": str(merge_.drop)})
        if is_done_there(merge_):
            raise SettingInvalid("MERGE-THERE", params={"drop": str(merge_.drop), "keep": str(merge_.keep)})
        _last_of_its_kind(merge_)
        _not_busy(merge_.keep, merge_.drop)
        _withdraw(merge_)
        before = merge_.before
        saved = before.get("rows", {})
        Link.objects.filter(pk__in=before.get("made", {}).get("links", [])).delete()
        Double.objects.filter(
            pk__in=before.get("made", {}).get("doubles", []), decision=Decision.OPEN, decided_by=None
        ).delete()
        _no_rivals(saved.get("links", []))
        touched = {merge_.keep_id, merge_.drop_id}
        for name, model in (("links", Link), ("conflicts", Conflict), ("candidates", Candidate), ("doubles", Double),
                            ("records", Row)):  # fmt: skip
            _restore(model, saved.get(name, []))
        for row in saved.get("links", []):
            touched |= {row["left_id"], row["right_id"]}
        lines = Change.objects.filter(Q(source__in=touched) | Q(target__in=touched), state__in=_NOT_SENT)
        lines.filter(action__in=("create", "update", "link", "follow")).update(
            state=Change.State.SUPERSEDED, settled_at=now
        )
        merge_.state, merge_.undone_by, merge_.undone_at = Merge.State.UNDONE, user, now
        merge_.save(update_fields=["state", "undone_by", "undone_at"])
        touch(sorted(touched))


def newer(merge_: Merge) -> Merge | None:
    """Return a later merge that touches one of the two records and still stands: it has to be taken back first."""
    ends = (merge_.keep_id, merge_.drop_id)
    return (
        Merge.objects.filter(Q(keep__in=ends) | Q(drop__in=ends), state=Merge.State.DONE, pk__gt=merge_.pk)
        .select_related("keep", "drop")
        .order_by("-pk")
        .first()
    )


def is_done_there(merge_: Merge) -> bool:
    """Tell whether the vendor merged the two because we asked it to: nothing can take that back."""
    return Change.objects.filter(pk=merge_.change_id, state=Change.State.DONE).exists() if merge_.change_id else False


def is_planned_there(merge_: Merge) -> bool:
    """Tell whether a merge at the vendor is on its way, from its plan to its outcome."""
    open_ = (Change.State.PLANNED, *Change.IN_FLIGHT)
    return Change.objects.filter(pk=merge_.change_id, state__in=open_).exists() if merge_.change_id else False


def _last_of_its_kind(merge_: Merge) -> None:
    later = newer(merge_)
    if later:
        raise SettingInvalid("MERGE-NEWER", params={"drop": str(later.drop), "keep": str(later.keep)})


def _no_rivals(links: Sequence[dict[str, Any]]) -> None:
    """Raise where one of the links to restore is another record's by now."""
    mine = {row["pk"] for row in links}
    for row in links:
        if row["shared"]:
            continue
        taken = (
            Link.objects.filter(
                Q(left=row["left_id"]) | Q(right=row["right_id"]), integration=row["integration_id"], shared=False
            )
            .exclude(pk__in=mine)
            .select_related("left", "right")
            .first()
        )
        if taken:
            raise SettingInvalid("UNMERGE-TAKEN", params={"left": str(taken.left), "right": str(taken.right)})


def _restore(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Put rows back as they were: those that are still there are written over, the others made again.

    Shared links last: one that had to make way comes back once the way is free.
    """
    there = set(model._default_manager.filter(pk__in=[row["pk"] for row in rows]).values_list("pk", flat=True))
    for row in sorted(rows, key=lambda item: item["pk"] not in there):
        values = {name: _typed(model, name, value) for name, value in row.items() if name != "pk"}
        if row["pk"] in there:
            model._default_manager.filter(pk=row["pk"]).update(**values)
        elif len(values) == len(columns_of(model)):  # kept whole: it was taken away by the merge itself
            made = model(pk=row["pk"], **values)
            made.save(force_insert=True)
            model._default_manager.filter(pk=row["pk"]).update(**values)  # "made at" too is what it was


def _typed(model: type[models.Model], name: str, value: Any) -> Any:
    """Return a stored value as its column has it: moments and days are text in JSON."""
    column = next(item for item in model._meta.concrete_fields if item.attname == name)
    if isinstance(value, str) and isinstance(column, models.DateTimeField):
        return parse_datetime(value)
    if isinstance(value, str) and isinstance(column, models.DateField):
        return parse_date(value)
    return value


def written_since(merge_: Merge) -> Any:
    """Return what was sent for either record, or to their twins, since they were merged."""
    ends = (merge_.keep_id, merge_.drop_id)
    return (
        Change.objects.filter(
            Q(source__in=ends) | Q(target__in=ends), state=Change.State.DONE, settled_at__gte=merge_.made_at
        )
        .exclude(action=Change.Action.MERGE)
        .select_related("run", "integration")
        .order_by("-id")
    )


# at the vendor


def prepare(merge_: Merge, user: User | None) -> Run:
    """Plan the merge at the vendor: one line that waits for approval. SettingInvalid where it has no such call."""
    resource = resource_of(merge_.keep)
    if resource.merge is None:
        raise SettingInvalid("MERGE-BY-HAND", params={"drop": str(merge_.drop)})
    integration = _integration_of(merge_)
    if integration is None:
        raise SettingInvalid("MERGE-NO-INTEGRATION", params={"account": str(merge_.connection)})
    with transaction.atomic():
        standing = Merge.objects.filter(pk=merge_.pk, state=Merge.State.DONE).exclude(vendor=Merge.Vendor.SEEN)
        if not standing.update(vendor=Merge.Vendor.PLANNED) or is_planned_there(merge_):
            raise SettingInvalid("MERGE-PLANNED", params={"drop": str(merge_.drop)})
        run = runs.start(integration, "person", user, plan_only=True, kind=Run.Kind.MERGE, enqueue=False)
        change = _planned_merge(run, merge_)
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.PLANNED, planned_at=timezone.now(), wake_at=None, counts=runs.counts(run),
            brakes=[{"code": "MERGE-PLAN", "params": {"drop": str(merge_.drop), "keep": str(merge_.keep)}}],
        )  # fmt: skip
        merge_.change, merge_.vendor = change, Merge.Vendor.PLANNED
        merge_.save(update_fields=["change", "vendor"])
    run.refresh_from_db()
    return run


def _planned_merge(run: Run, merge_: Merge) -> Change:
    keep, drop = merge_.keep, merge_.drop
    return Change.objects.create(
        integration=run.integration, run=run, flow=run.integration.flows.filter(entity=merge_.entity).first(),
        entity=merge_.entity, stage=STAGES.index(merge_.entity), action=Change.Action.MERGE, target=keep,
        connection_id=merge_.connection_id, resource=keep.resource, scope=keep.scope, remote_id=keep.remote_id,
        title=str(keep)[:300], before={"name": str(drop)}, after={"name": str(keep)},
        params={"drop": drop.remote_id}, code="merge", based_on=f":{keep.fingerprint}",
    )  # fmt: skip


def _integration_of(merge_: Merge) -> Integration | None:
    here = Q(left=merge_.connection_id) | Q(right=merge_.connection_id)
    return Integration.objects.filter(here).exclude(state=Integration.State.DISCONNECTED).order_by("pk").first()


def _withdraw(merge_: Merge) -> None:
    """Take a merge at the vendor that was not sent yet out of its plan."""
    if merge_.change_id is None:
        return
    Change.objects.filter(pk=merge_.change_id, state__in=_NOT_SENT).update(
        state=Change.State.SUPERSEDED, settled_at=timezone.now()
    )
