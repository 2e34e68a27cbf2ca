"""The Conflicts desk: what both systems changed, what they last agreed on, who changed it, when; a person decides."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.engine.kinds import kinds_of
from bridge.engine.two_way import alike
from bridge.hub.models import Change, Conflict, Integration, Link, Organization, Record
from bridge.jobs import conflicts as work
from bridge.staff import desk
from bridge.staff.pages import language, page, staff_view, tell_error
from bridge.staff.templatetags.bridge import vendor_label
from connectors.contract import SyncError, Text

VIEW, WRITE, RULE = "hub.view_conflict", "hub.change_conflict", "hub.change_mappingrule"
PAGE = 50
AGES = (1, 7, 30)
FILTERS = ("organization", "integration", "entity", "field", "older")
Decision = Conflict.Decision


# what is asked for


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the list; what is not valid is left out."""

    organization: int | None = None
    integration: int | None = None
    entity: str = ""
    field: str = ""
    older: int | None = None

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "Asked":
        """Read them from an address or a form."""
        number = {name: int(told[name]) for name in ("organization", "integration", "older")
                  if told.get(name, "").isdecimal() and len(told[name]) < 10}  # fmt: skip
        return cls(
            number.get("organization"), number.get("integration"), _plain(told.get("entity", ""))[:20],
            _plain(told.get("field", ""))[:120], number.get("older"),
        )  # fmt: skip

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The filters that are set, by name."""
        return [(name, str(getattr(self, name))) for name in FILTERS if getattr(self, name)]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)

    def of_these(self, rows: "QuerySet[Conflict]") -> "QuerySet[Conflict]":
        """Return the rows these filters let through."""
        columns = {
            "organization": "link__integration__organization", "integration": "link__integration",
            "entity": "link__entity", "field": "field",
        }  # fmt: skip
        rows = rows.filter(**{columns[name]: value for name, value in self.pairs if name in columns})
        return rows.filter(found_at__lt=timezone.now() - timedelta(days=self.older)) if self.older else rows


def _plain(text: str) -> str:
    """Return a filter's text, or nothing where no field can be called so."""
    return text if text.isprintable() else ""


def chosen(user: Any, asked: Asked) -> "QuerySet[Conflict]":
    """Return the open conflicts a person asked for and may see, field by field."""
    rows = asked.of_these(work.open_conflicts(user))
    return rows.order_by("link__integration_id", "link__entity", "field", "found_at", "pk")


def loaded(rows: "QuerySet[Conflict]") -> "QuerySet[Conflict]":
    """Return conflicts with all a line shows: one query for any number."""
    return rows.select_related(
        "link__integration__organization", "link__left__connection", "link__right__connection", "decided_by"
    ).defer("link__left__document", "link__right__document", "link__sent", "link__kept")  # fmt: skip


# one conflict, shown


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a value: the same on both sides, or not."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """What one system says of the field, and who changed it when, as far as anyone said."""

    side: str
    vendor: str
    record: Record
    text: str | None
    parts: tuple[Part, ...]
    changed_at: datetime | None = None
    noticed_at: datetime | None = None
    ours_at: datetime | None = None
    run: int | None = None
    read_at: datetime | None = None
    field_changed_at: datetime | None = None
    who: str = ""
    way: str = ""
    tells_nobody: bool = False  # this vendor never says who changed something
    was_asked: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One conflict as the pages show it."""

    conflict: Conflict
    label: str
    entity: str
    pair: str
    agreed: str | None
    left: Side
    right: Side
    how: str
    why_moot: desk.Explained | None = None

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right

    @property
    def name(self) -> str:
        return str(self.conflict.link.left)

    @property
    def won(self) -> str:
        """Whose value a person let stand, in words."""
        winner = self.conflict.decision
        side = next((item for item in self.sides if item.side == winner), None)
        return (
            gettext("%(vendor)s wins") % {"vendor": side.vendor} if side else str(self.conflict.get_decision_display())
        )


def shown(conflict: Conflict) -> Shown:
    """Return a conflict in words."""
    link = conflict.link
    kind = kinds_of(link.entity).get(conflict.field, "")
    told = {side: desk.shown(getattr(conflict, side), kind) for side in ("left", "right")}
    left, right = _parts(told["left"], told["right"])
    return Shown(
        conflict,
        desk.field_label(link.entity, conflict.field),
        desk.entity_label(link.entity),
        desk.pair_name(link.integration),
        desk.shown(conflict.agreed, kind),
        _side(conflict, "left", told["left"], left),
        _side(conflict, "right", told["right"], right),
        how_they_differ(kind, conflict.left, conflict.right),
        desk.explained(conflict.reason.get("code", ""), conflict.reason.get("params"), link.entity),
    )


def _side(conflict: Conflict, side: str, text: str | None, parts: tuple[Part, ...]) -> Side:
    record: Record = getattr(conflict.link, side)
    facts = (conflict.facts or {}).get(side) or {}
    times = {name: parse_datetime(facts[name]) if facts.get(name) else None
             for name in ("changed_at", "noticed_at", "ours_at", "read_at", "field_changed_at")}  # fmt: skip
    return Side(
        side, str(vendor_label(record.connection.vendor)), record, text, parts, run=facts.get("run"),
        who=_words(facts.get("who")), way=_words(facts.get("way")), tells_nobody=not _tells_who(record),
        was_asked="asked" in (conflict.facts or {}), **times,
    )  # fmt: skip


def _words(told: Mapping[str, str] | None) -> str:
    return Text(told["en"], told["fr"]).say(language()) if told else ""


def _tells_who(record: Record) -> bool:
    try:
        return registry.connector(record.connection.vendor).resource(record.resource).edits is not None
    except KeyError:
        return False


def _parts(left: str | None, right: str | None) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both texts cut where they differ."""
    one, other = left or "", right or ""
    if not one or not other:
        return ((Part(one, True),) if one else (), (Part(other, True),) if other else ())
    here: list[Part] = []
    there: list[Part] = []
    for what, a, b, c, d in SequenceMatcher(None, one[:300], other[:300], autojunk=False).get_opcodes():
        if b > a:
            here.append(Part(one[a:b], what != "equal"))
        if d > c:
            there.append(Part(other[c:d], what != "equal"))
    return tuple(here), tuple(there)


def how_they_differ(kind: str, left: Any, right: Any) -> str:
    """Return in words how two values differ, where that helps to decide."""
    if left is None or right is None:
        return gettext("empty on one side")
    if alike(kind, left, right):
        return gettext("only spelled otherwise: case, spaces or punctuation")
    return gettext("different")


@dataclass(slots=True)
class Group:
    """The conflicts of one field of one pair that stand on this page, and how many there are in all."""

    pair: str
    entity: str
    label: str
    count: int
    first: Shown
    lines: list[Shown] = field(default_factory=list)


def grouped(lines: Iterable[Shown], counted: Mapping[tuple[int, str, str], int]) -> list[Group]:
    """Group lines by pair and field, as they come."""
    found: dict[tuple[int, str, str], Group] = {}
    for line in lines:
        link = line.conflict.link
        key = (link.integration_id, link.entity, line.conflict.field)
        group = found.setdefault(key, Group(line.pair, line.entity, line.label, counted.get(key, 0), line))
        group.lines.append(line)
    return list(found.values())


# the list


@staff_view(view=VIEW)
def conflicts(request: HttpRequest) -> HttpResponse:
    """List what waits, grouped by field, with filters and the ways to decide about one or many."""
    asked = Asked.of(request.GET)
    rows = chosen(request.user, asked)
    found = desk.listing(request, loaded(rows), PAGE)
    lines = [shown(item) for item in found.page.object_list]
    counts = rows.order_by().values_list("link__integration", "link__entity", "field").annotate(n=Count("pk"))
    return page(
        request,
        "staff/conflicts.html",
        gettext("Conflicts"),
        asked=asked,
        listing=found,
        groups=grouped(lines, {tuple(key): n for *key, n in counts}),  # type: ignore[misc]
        filters=_filters(request, asked),
        decided=_decided(request),
        sides=_sides(lines),
        next=f"{reverse('admin:conflicts')}{'?' + asked.query if asked.query else ''}",
    )


def _sides(lines: Sequence[Shown]) -> tuple[str, str]:
    """Return what the two sides are called in column heads: the vendors, where all lines have the same two."""
    names = {(line.left.vendor, line.right.vendor) for line in lines}
    return names.pop() if len(names) == 1 else (gettext("Left system"), gettext("Right system"))


def _decided(request: HttpRequest) -> list[Shown]:
    """Return the last decisions that wait to be carried out, which can still be taken back."""
    rows = Conflict.objects.for_user(request.user).filter(decision__in=work.WINNERS, settled_at__isnull=True)
    return [shown(item) for item in loaded(rows.order_by("-decided_at"))[:10]]


def _filters(request: HttpRequest, asked: Asked) -> list[tuple[str, str, list[desk.Option]]]:
    def option(value: object, label: object, now: object) -> desk.Option:
        return desk.Option(str(value), str(label), None, str(value) == str(now or ""))

    rows = work.open_conflicts(request.user).order_by()
    pairs = Integration.objects.for_user(request.user).filter(pk__in=rows.values("link__integration"))
    clients = Organization.objects.for_user(request.user).filter(pk__in=pairs.values("organization"))
    fields = sorted(set(rows.values_list("link__entity", "field")))
    labels = {name: desk.field_label(entity, name) for entity, name in fields}
    return [
        ("organization", gettext("Client"), [option(item.pk, item, asked.organization) for item in clients[:200]]),
        ("integration", gettext("Integration"), [
            option(item.pk, desk.pair_name(item), asked.integration)
            for item in pairs.select_related("organization")[:200]
        ]),
        ("entity", gettext("Kind of record"), [
            option(name, desk.entity_label(name), asked.entity) for name in sorted({entity for entity, _ in fields})
        ]),
        ("field", gettext("Field"), [option(name, label, asked.field) for name, label in sorted(labels.items())]),
        ("older", gettext("Found"), [
            option(n, ngettext("more than %(n)d day ago", "more than %(n)d days ago", n) % {"n": n}, asked.older)
            for n in AGES
        ]),
    ]  # fmt: skip


@require_POST
@staff_view(view=VIEW, write=WRITE)
def conflicts_bulk(request: HttpRequest) -> HttpResponse:
    """Decide about many: the ticked ones or all of the list, after saying how many."""
    asked = Asked.of(request.POST)
    winner = request.POST.get("do", "")
    back = f"{reverse('admin:conflicts')}{'?' + asked.query if asked.query else ''}"
    rows = chosen(request.user, asked)
    if not request.POST.get("all"):
        picked = [int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) < 19]
        rows = rows.filter(pk__in=picked)
    count = rows.order_by().count()
    if winner not in (Decision.LEFT, Decision.RIGHT) or not count:
        messages.warning(request, gettext("Nothing was chosen. Tick conflicts first, or choose all of the list."))
        return redirect(back)
    if not desk.confirmed(request):
        return desk.ask(request, _bulk_question(rows, winner, count, back))
    if count != int(request.POST.get("count") or count):
        messages.warning(request, gettext("The list changed meanwhile; nothing was decided. Look at it again."))
        return redirect(back)
    _tell(request, lambda: work.decide(rows.select_related("link__integration"), winner, request.user))
    return redirect(back)


def _bulk_question(rows: "QuerySet[Conflict]", winner: str, count: int, back: str) -> desk.Question:
    counted = rows.order_by().values_list("link__entity", "field", f"link__{winner}__connection__vendor")
    told = counted.annotate(n=Count("pk")).order_by("-n", "field")
    vendors = sorted({str(vendor_label(vendor)) for _, _, vendor, _ in told})
    names = ", ".join(vendors)
    effects = [
        gettext("%(field)s of %(entity)s: %(n)s, %(vendor)s wins")
        % {"field": desk.field_label(entity, name), "entity": desk.entity_label(entity).lower(), "n": n,
           "vendor": vendor_label(vendor)}
        for entity, name, vendor, n in told
    ]  # fmt: skip
    now = min(count, work.AT_ONCE)
    title = ngettext("Let %(vendor)s win in %(n)d conflict?", "Let %(vendor)s win in %(n)d conflicts?", now)
    return desk.Question(
        title=title % {"n": now, "vendor": names},
        sentence=gettext(
            "Only these fields are written, each to the side that gives in. What its people typed there is replaced."
        ),
        button=ngettext("Decide %(n)d conflict", "Decide %(n)d conflicts", now) % {"n": now},
        back=back,
        effects=effects,
    )


# one conflict


def _conflict(request: HttpRequest, pk: int) -> Conflict:
    """Return one conflict this person may see, else 404."""
    found = loaded(Conflict.objects.for_user(request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@staff_view(view=VIEW)
def conflict_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one conflict: three values side by side, who and when, what was decided before, and the ways to decide."""
    conflict = _conflict(request, pk)
    earlier = Conflict.objects.for_user(request.user).filter(link=conflict.link_id, field=conflict.field)
    asked = Asked.of(request.GET)
    ids = list(chosen(request.user, asked).values_list("pk", flat=True)[:2000])
    at = ids.index(pk) if pk in ids else -1
    kind = kinds_of(conflict.link.entity).get(conflict.field, "")
    query = f"?{asked.query}" if asked.query else ""

    def address(place: int) -> str:
        return reverse("admin:conflict", args=[ids[place]]) + query if 0 <= place < len(ids) else ""

    return page(
        request,
        "staff/conflict.html",
        gettext("%(field)s of %(name)s")
        % {"field": desk.field_label(conflict.link.entity, conflict.field), "name": conflict.link.left},
        [(gettext("Conflicts"), reverse("admin:conflicts") + query)],
        line=shown(conflict),
        earlier=[shown(item) for item in loaded(earlier.exclude(pk=pk).order_by("-pk"))[:10]],
        can_type=kind in work.TYPED,
        is_open=conflict.decision == Decision.OPEN,
        can_take_back=conflict.decision in work.WINNERS and conflict.settled_at is None,
        before=address(at - 1) if at > 0 else "",
        after=address(at + 1) if at >= 0 else "",
        query=query,
        place=at + 1,
        total=len(ids),
    )


@require_POST
@staff_view(view=VIEW, write=WRITE)
def conflict_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide about one field, or take the decision back."""
    conflict = _conflict(request, pk)
    do = request.POST.get("do", "")
    here = reverse("admin:conflict", args=[pk])
    if do == "back":
        try:
            work.take_back(conflict, request.user)
        except SyncError as error:
            tell_error(request, error)
        else:
            messages.success(request, gettext("Taken back: it waits for a decision again."))
        return redirect(desk.next_url(request, here))
    value = request.POST.get("value", "")
    done = _tell(request, lambda: work.decide([conflict], do, request.user, value))
    if not done:
        return redirect(here)
    return redirect(desk.next_url(request, reverse("admin:conflicts")))


@require_POST
@staff_view(view=VIEW, write=RULE)
def conflict_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it a rule: one side owns this field from now on, after saying what changes."""
    conflict = _conflict(request, pk)
    winner = request.POST.get("winner", "")
    here = reverse("admin:conflict", args=[pk])
    try:
        change = work.as_rule(conflict, winner)
    except SyncError as error:
        tell_error(request, error)
        return redirect(here)
    line = shown(conflict)
    vendor = line.left.vendor if winner == Decision.LEFT else line.right.vendor
    if not desk.confirmed(request):
        return desk.ask(request, _rule_question(line, change, vendor, here))
    _tell(request, lambda: work.make_rule(conflict, winner, request.user))
    return redirect(desk.next_url(request, reverse("admin:conflicts")))


def _rule_question(line: Shown, change: work.AsRule, vendor: str, back: str) -> desk.Question:
    waiting = ngettext(
        "%(n)d open conflict of this field is decided so now.",
        "%(n)d open conflicts of this field are decided so now.",
        change.waiting,
    ) % {"n": change.waiting}  # fmt: skip
    return desk.Question(
        title=gettext("Always let %(vendor)s win for %(field)s?") % {"vendor": vendor, "field": line.label},
        sentence=gettext("In %(pair)s, when both sides change this field, nobody is asked any more.")
        % {"pair": line.pair},
        button=gettext("Make it a rule"),
        back=back,
        effects=[
            waiting,
            ngettext(
                "%(n)d mapping rule changes, as a new version with your name.",
                "%(n)d mapping rules change, as a new version with your name.",
                len(change.rules),
            )
            % {"n": len(change.rules)},
            gettext("Because the rules change, the next run plans everything anew and waits for approval."),
            gettext("It can be changed back under “Fields”."),
        ],
    )


def _tell(request: HttpRequest, act: Any) -> bool:
    """Do it, and say what came of it; False where it was refused."""
    try:
        told: work.Decided = act()
    except SyncError as error:
        tell_error(request, error)
        return False
    words = ngettext("%(n)d conflict decided.", "%(n)d conflicts decided.", told.count) % {"n": told.count}
    if told.runs:
        words += " " + gettext("A run carries it out now.")
    if told.waits:
        words += " " + gettext("The next run carries it out.")
    messages.success(request, words)
    return True


@dataclass(frozen=True, slots=True)
class Dispute:
    """An open conflict, as pages about its records and lines name it."""

    pk: int
    label: str


def disputes_of(changes: Iterable[Change]) -> dict[int, list[Dispute]]:
    """Return what is to be decided before these lines go on, by line; no query where none waits for a decision."""
    waiting_ = [item for item in changes if item.code == "CONFLICT" and item.state == Change.State.HELD]
    ids = {item.source_id for item in waiting_ if item.source_id}
    found: dict[tuple[int, int], list[Dispute]] = {}
    for conflict in _open_of(ids):
        link = conflict.link
        told = Dispute(conflict.pk, desk.field_label(link.entity, conflict.field))
        for record_id in (link.left_id, link.right_id):
            found.setdefault((link.integration_id, record_id), []).append(told)
    keys = {item.pk: (item.integration_id, item.source_id or 0) for item in waiting_}
    return {pk: found[key] for pk, key in keys.items() if key in found}


def disputes_between(links: Iterable[Link]) -> dict[int, list[Dispute]]:
    """Return what is to be decided between the records of these links, by link."""
    found: dict[int, list[Dispute]] = {}
    rows = Conflict.objects.filter(link__in=[link.pk for link in links], decision=Decision.OPEN)
    for item in rows.select_related("link").only("field", "link__entity").order_by("pk"):
        told = Dispute(item.pk, desk.field_label(item.link.entity, item.field))
        found.setdefault(item.link_id, []).append(told)
    return found


def _open_of(record_ids: Collection[int]) -> Iterable[Conflict]:
    if not record_ids:
        return ()
    rows = Conflict.objects.filter(
        Q(link__left__in=record_ids) | Q(link__right__in=record_ids), decision=Decision.OPEN
    )  # fmt: skip
    columns = ("field", "link__entity", "link__integration_id", "link__left_id", "link__right_id")
    return rows.select_related("link").only(*columns).order_by("pk")


def waiting(rows: "QuerySet[Conflict]") -> tuple[int, datetime | None]:
    """Return how many conflicts wait and since when."""
    told = rows.order_by().aggregate(count=Count("pk"), since=Min("found_at"))
    return told["count"], told["since"]


urls = [
    path("conflicts/", conflicts, name="conflicts"),
    path("conflicts/bulk/", conflicts_bulk, name="conflicts_bulk"),
    path("conflicts/<int:pk>/", conflict_page, name="conflict"),
    path("conflicts/<int:pk>/decide/", conflict_decide, name="conflict_decide"),
    path("conflicts/<int:pk>/rule/", conflict_rule, name="conflict_rule"),
]
