"""Two records side by side: what they say and where they differ, what the score is made of, what hangs on each."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, Sum, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge.engine.match import Part, match_value
from bridge.hub.models import Candidate, Change, Double, Integration, Link, Merge, Record
from bridge.jobs import duplicates, records
from bridge.jobs.merged import absorbed
from bridge.staff import desk, plan
from bridge.staff.runs import vendor_url
from connectors.contract import entity_fields, freeze

Pair = Candidate | Double
NEWEST = 5
BAR = 100  # the widest bar, in units of its drawing

ALWAYS = ("name", "email", "phone")  # shown even where neither side tells: what is missing is news too
_HIDDEN = frozenset({"sales", "payments"})
NOTES: Mapping[str, Any] = {
    "equal": _("the same"),
    "accent": _("the same but for accents"),
    "typo": _("a typing error apart"),
    "sound": _("sounds the same"),
    "nickname": _("a nickname of the other"),
    "initial": _("the initial of the other"),
    "part": _("in part the same"),
    "close": _("nearly the same"),
    "swapped": _("in another order"),
    "one side": _("only on one side"),
    "differs": _("different"),
}
_PART_NAMES: Mapping[str, Any] = {
    "name": _("Name"),
    "family": _("Last name"),
    "building": _("Building"),
    "flat": _("Apartment"),
    "postcode": _("Postal code"),
    "city": _("City"),
    "region": _("Province or state"),
    "country": _("Country"),
    "address": _("Street"),
    "generation": _("Generation (Jr, Sr)"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: `mark` is "del" for what only the left has, "ins" for what only the right has."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of both records. `state`: same, written (the same, written otherwise), differs, left, right (only that
    side tells a value), none, untold (one side has no such field at all).
    """

    name: str
    label: str
    left: Sequence[Piece]
    right: Sequence[Piece]
    state: str

    @property
    def words(self) -> str:
        return str(STATES[self.state])

    @property
    def is_off(self) -> bool:
        """Whether a person should look at it: they differ, or one that has such a field lacks the value."""
        return self.state not in ("same", "written", "untold")


STATES: Mapping[str, Any] = {
    "same": _("the same"),
    "written": _("the same, written differently"),
    "differs": _("different"),
    "left": _("missing on the right"),
    "right": _("missing on the left"),
    "none": _("missing on both sides"),
    "untold": _("kept on one side only"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the score: `width` of `BAR`, to the left where it counts against."""

    label: str
    note: str
    weight: Decimal
    width: int

    @property
    def counts_against(self) -> bool:
        return self.weight < 0

    @property
    def x(self) -> int:
        return BAR - self.width if self.counts_against else BAR


@dataclass(frozen=True, slots=True)
class Papers:
    """Documents of one kind and currency that name a record."""

    kind: str
    currency: str
    count: int
    total: Decimal | None


@dataclass(slots=True)
class Side:
    """One of the two, with what hangs on it."""

    record: Record
    open_url: str = ""
    is_books: bool = False
    links: list[tuple[Link, Record]] = field(default_factory=list)
    papers: list[Papers] = field(default_factory=list)
    newest: list[Record] = field(default_factory=list)
    merged: int = 0
    waiting: int = 0
    excluded: str = ""

    @property
    def paper_count(self) -> int:
        return sum(item.count for item in self.papers)


@dataclass(frozen=True, slots=True)
class View:
    """A pair, ready to be shown."""

    pair: Pair
    kind: str
    left: Side
    right: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return (self.left, self.right)

    @property
    def waiting(self) -> int:
        return self.left.waiting + self.right.waiting

    @property
    def zone(self) -> str:
        return zone_of(self.pair.score)

    @property
    def zone_tone(self) -> str:
        return TONES[self.zone]

    @property
    def zone_words(self) -> str:
        return str(ZONES[self.zone][0])


ZONES: Mapping[str, tuple[Any, Decimal, Decimal]] = {
    "high": (_("Very likely"), Decimal("0.9"), Decimal("1.001")),
    "middle": (_("Likely"), Decimal("0.7"), Decimal("0.9")),
    "low": (_("Possible"), Decimal("0"), Decimal("0.7")),
}


TONES: Mapping[str, str] = {"high": "ok", "middle": "info", "low": "quiet"}


def zone_of(score: Decimal) -> str:
    """Return how likely a pair of this score is, as a key of ZONES."""
    return next((name for name, (_words, low, high) in ZONES.items() if low <= score < high), "low")


# what the two say


def fields(entity: str, left: Record, right: Record) -> list[Compared]:
    """Return every field that one of the two tells, in the order of the entity's own; addresses part by part."""
    one, other = (_values(row) for row in (left, right))
    found: list[Compared] = []
    for name, item in entity_fields(entity).items():
        if name in _HIDDEN or (name not in one and name not in other and name not in ALWAYS):
            continue
        ours, theirs = one.get(name), other.get(name)
        if item.kind == "address":
            found += _address(name, ours, theirs)
            continue
        if ours is None and theirs is None and name not in ALWAYS:
            continue
        same = match_value(name, one) == match_value(name, other) != ""
        line = _compared(entity, name, *(desk.shown(freeze(value), item.kind) for value in (ours, theirs)), same)
        is_told = (name in one and name in other) or name in ALWAYS
        found.append(line if is_told else replace(line, state="untold"))
    return found


def _values(row: Record) -> Mapping[str, Any]:
    """Return what a record tells; a system that keeps no name for show has the one made of its parts."""
    record = records.parsed(row)
    if record is None:
        return {}
    parts = [str(record.values[part]) for part in ("given_name", "family_name") if record.values.get(part)]
    return {"name": " ".join(parts) or None, **record.values}


def _address(name: str, ours: Any, theirs: Any) -> list[Compared]:
    one, other = ours or {}, theirs or {}
    parts = [part for part in ("line1", "line2", "city", "region", "postcode", "country")
             if one.get(part) or other.get(part)]  # fmt: skip
    return [_compared("contact", f"{name}.{part}", one.get(part) or None, other.get(part) or None) for part in parts]


def _compared(entity: str, name: str, left: str | None, right: str | None, same: bool = False) -> Compared:
    state = "none"
    if left and right:
        state = "same" if left == right else "written" if same or _plain(left) == _plain(right) else "differs"
    elif left or right:
        state = "left" if left else "right"
    ours, theirs = (
        marked(left or "", right or "") if state == "differs" else ([Piece(left or "")], [Piece(right or "")])
    )
    return Compared(name, desk.field_label(entity, name), ours, theirs, state)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def marked(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces, with the words that only one of them has marked."""
    ours, theirs = (re.findall(r"\w+|\W", text[:400]) for text in (left, right))
    found = SequenceMatcher(
        None, [word.casefold() for word in ours], [word.casefold() for word in theirs], autojunk=False
    )
    one, other = [], []
    for kind, a, b, c, d in found.get_opcodes():
        if a < b:
            one.append(Piece("".join(ours[a:b]), "" if kind == "equal" else "del"))
        if c < d:
            other.append(Piece("".join(theirs[c:d]), "" if kind == "equal" else "ins"))
    return one, other


def bars(pair: Pair, now: tuple[tuple[Part, ...], Decimal] | None) -> list[Bar]:
    """Return the parts of the score as they are now, or as they were found where a record cannot be read."""
    parts = duplicates.stored_parts(now[0]) if now else pair.parts
    weights = [abs(Decimal(str(part["weight"]))) for part in parts]
    most = max(weights, default=Decimal(0)) or Decimal(1)
    return [
        Bar(_part_label(str(part["name"])), _part_note(part),
            Decimal(str(part["weight"])), max(1, int(BAR * weight / most)) if weight else 0)
        for part, weight in zip(parts, weights, strict=True)
    ]  # fmt: skip


def _part_label(name: str) -> str:
    base = name.removesuffix("_shared")
    label = str(_PART_NAMES[base]) if base in _PART_NAMES else desk.field_label("contact", base)
    return gettext("%(part)s, shared by others") % {"part": label} if base != name else label


def _part_note(part: Mapping[str, Any]) -> str:
    """Return how the two stand to each other; of what others share too, how many do."""
    if part["note"] != "shared":
        return str(NOTES.get(str(part["note"]), part["note"]))
    told = str(part["left"])
    return gettext("%(n)s records have it") % {"n": told} if told else gettext("says less")


# what hangs on them


def views(kind: str, pairs: Sequence[Pair], in_full: bool = False) -> list[View]:
    """Return pairs with what hangs on each record, in a fixed number of questions however many pairs there are."""
    rows = {row.pk: row for pair in pairs for row in (pair.left, pair.right)}
    sides = {pk: Side(row, vendor_url(row.connection, row.resource, row.remote_id)) for pk, row in rows.items()}
    _links(sides)
    _papers(sides)
    _books(sides)
    if kind == "between":
        _waiting(pairs, sides)
    if in_full:
        for side in sides.values():
            side.newest = newest(side.record)
            side.excluded = next((item.reason for item in side.record.exclusions.all()[:1]), "")
    return [View(pair, kind, sides[pair.left_id], sides[pair.right_id]) for pair in pairs]


def _links(sides: Mapping[int, Side]) -> None:
    found = Link.objects.filter(Q(left__in=sides) | Q(right__in=sides)).select_related(
        "left__connection", "right__connection"
    )
    for link in found.defer("left__document", "right__document").order_by("shared", "pk"):
        for near, other in ((link.left_id, link.right), (link.right_id, link.left)):
            if near in sides:
                sides[near].links.append((link, other))


def _papers(sides: Mapping[int, Side]) -> None:
    """Count and add up the documents that name these records, or one merged into them."""
    family = absorbed(sides)
    dropped = Record.objects.filter(pk__in=[pk for pks in family.values() for pk in pks])
    owners: dict[tuple[int, str], int] = {(s.record.connection_id, s.record.remote_id): pk for pk, s in sides.items()}
    belongs = {pk: owner for owner, pks in family.items() for pk in pks}
    for pk, connection_id, remote_id in dropped.values_list("pk", "connection_id", "remote_id"):
        owners.setdefault((connection_id, remote_id), belongs[pk])
    for owner, pks in family.items():
        sides[owner].merged = len(pks)
    if not owners:
        return
    by_account: dict[int, list[str]] = defaultdict(list)
    for connection_id, remote_id in owners:
        by_account[connection_id].append(remote_id)
    wanted = Q()
    for connection_id, ids in by_account.items():
        wanted |= Q(connection=connection_id, party__in=ids)
    rows = (
        Record.objects.filter(wanted, gone=False)
        .order_by()
        .values("connection_id", "connection__vendor", "party", "resource", "currency")
        .annotate(count=Count("id"), total=Sum("amount"))
        .order_by("-count", "resource", "currency")
    )
    for row in rows:
        side = sides[owners[row["connection_id"], row["party"]]]
        kind = plan.resource_label(row["connection__vendor"], row["resource"])
        side.papers.append(Papers(str(kind), row["currency"], row["count"], row["total"]))


def _books(sides: Mapping[int, Side]) -> None:
    """Note which accounts keep the books: those on the left of an integration."""
    accounts = {side.record.connection_id for side in sides.values()}
    books = set(
        Integration.objects.filter(left__in=accounts)
        .exclude(state=Integration.State.DISCONNECTED)
        .values_list("left_id", flat=True)
    )
    for side in sides.values():
        side.is_books = side.record.connection_id in books


def waiting_for() -> Any:
    """Return the lines that wait for another record to be linked, with the key they name it by as `parent`."""
    return (
        Change.objects.filter(state__in=(Change.State.HELD, Change.State.SKIPPED), code__startswith="PARENT-")
        .annotate(parent=Cast(KT("params__parent_key"), TextField()))
        .order_by()
    )


def _waiting(pairs: Sequence[Pair], sides: Mapping[int, Side]) -> None:
    keys = {f"{side.record.resource}:{side.record.remote_id}": pk for pk, side in sides.items()}
    integrations = {pair.integration_id for pair in pairs if isinstance(pair, Candidate)}
    if not integrations:
        return
    rows = waiting_for().filter(integration__in=integrations, parent__in=list(keys))
    for parent, count in rows.values_list("parent").annotate(n=Count("id")).values_list("parent", "n"):
        sides[keys[parent]].waiting = count


def naming(record: Record) -> Any:
    """Return the documents that name a record, or one merged into it, newest first."""
    family = absorbed([record.pk])[record.pk]
    ids = [record.remote_id, *Record.objects.filter(pk__in=family).values_list("remote_id", flat=True)]
    rows = Record.objects.filter(connection=record.connection_id, party__in=ids, gone=False)
    return rows.defer("document").select_related("connection").order_by("-date", "-pk")


def newest(record: Record) -> list[Record]:
    """Return the last few documents that name a record."""
    return list(naming(record)[:NEWEST])


# filters


@dataclass(frozen=True, slots=True)
class Asked:
    """Which pairs a person wants to see, as the address or a form says it; what is not valid is left out."""

    kind: str = "between"
    state: str = "open"
    organization: int | None = None
    integration: int | None = None
    connection: int | None = None
    entity: str = ""
    zone: str = ""
    least: Decimal | None = None
    equal: str = ""
    waiting: bool = False
    older: int | None = None

    @classmethod
    def of(cls, query: Any) -> "Asked":
        """Read it from a QueryDict."""

        def number(name: str) -> int | None:
            text = query.get(name, "")
            return int(text) if text.isdecimal() and len(text) < 12 else None

        return cls(
            kind=desk.pick(query, "kind", KINDS) or "between",
            state=desk.pick(query, "state", STATES_ASKED) or "open",
            organization=number("organization"),
            integration=number("integration"),
            connection=number("connection"),
            entity=query.get("entity", "")[:20],
            zone=desk.pick(query, "zone", ZONES),
            least=_share(query.get("least", "")),
            equal=desk.pick(query, "equal", EQUALS),
            waiting=query.get("waiting") == "1",
            older=number("older"),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return what is asked as names and values, without what goes without saying."""
        told: list[tuple[str, Any]] = [
            ("kind", "" if self.kind == "between" else self.kind),
            ("state", "" if self.state == "open" else self.state),
            ("organization", self.organization), ("integration", self.integration), ("connection", self.connection),
            ("entity", self.entity), ("zone", self.zone), ("least", self.least), ("equal", self.equal),
            ("waiting", "1" if self.waiting else ""), ("older", self.older),
        ]  # fmt: skip
        return [(name, str(value)) for name, value in told if value not in ("", None)]

    @property
    def query(self) -> str:
        return urlencode(self.pairs())

    @property
    def list_url(self) -> str:
        return f"{reverse('admin:duplicates')}?{self.query}" if self.query else reverse("admin:duplicates")


KINDS: Mapping[str, Any] = {"between": _("Between two systems"), "inside": _("Inside one account")}
STATES_ASKED: Mapping[str, Any] = {
    "open": _("Waiting"),
    "later": _("Later"),
    "never": _("Never these two"),
    "same": _("The same"),
}
EQUALS: Mapping[str, Any] = {"email": _("E-mail"), "phone": _("Phone"), "name": _("Name")}


def _share(text: str) -> Decimal | None:
    """Return a score a person typed (0.8, 0,8 or 80), between 0 and 1; None where it is none."""
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", plain):
        return None
    value = Decimal(plain)
    value = value / 100 if value > 1 else value
    return value if value <= 1 else None


def chosen(user: Any, asked: Asked, today: date) -> Any:
    """Return the pairs asked for, likeliest first: a queryset in the order the desk goes through it."""
    model = Candidate if asked.kind == "between" else Double
    rows = model.objects.for_user(user).filter(left__merged_into="", right__merged_into="")
    if asked.kind == "between":
        rows = rows.exclude(integration__state=Integration.State.DISCONNECTED)
    rows = _in_state(rows, asked, today)
    owner = "integration__organization" if asked.kind == "between" else "connection__organization"
    if asked.organization:
        rows = rows.filter(**{owner: asked.organization})
    if asked.integration and asked.kind == "between":
        rows = rows.filter(integration=asked.integration)
    if asked.connection:
        rows = rows.filter(Q(left__connection=asked.connection) | Q(right__connection=asked.connection))
    if asked.entity:
        rows = rows.filter(entity=asked.entity)
    return _narrowed(rows, asked).order_by("-score", "pk")


def _in_state(rows: Any, asked: Asked, today: date) -> Any:
    state = duplicates.Decision
    due = Q(decision=state.OPEN) | Q(decision=state.LATER, until__lte=today)
    if asked.state != "open":
        rows = rows.filter(decision=asked.state)
        return rows.filter(Q(until__gt=today) | Q(until__isnull=True)) if asked.state == "later" else rows
    rows = rows.filter(due, left__gone=False, right__gone=False)
    if asked.kind == "between":
        links = Link.objects.filter(integration=OuterRef("integration"), shared=False)
        rows = rows.exclude(Exists(links.filter(left=OuterRef("left"))))
        rows = rows.exclude(Exists(links.filter(right=OuterRef("right"))))
    return rows


def _narrowed(rows: Any, asked: Asked) -> Any:
    if asked.zone:
        _words, low, high = ZONES[asked.zone]
        rows = rows.filter(score__gte=low, score__lt=high)
    if asked.least is not None:
        rows = rows.filter(score__gte=asked.least)
    if asked.equal:
        key = f"{asked.equal}_key"
        rows = rows.filter(**{f"left__{key}": F(f"right__{key}")}).exclude(**{f"left__{key}": ""})
    if asked.older:
        rows = rows.filter(found_at__lte=timezone.now() - timedelta(days=asked.older))
    if asked.waiting and asked.kind == "between":
        named = Q()
        for near in ("left", "right"):
            named |= Q(parent=Concat(OuterRef(f"{near}__resource"), Value(":"), OuterRef(f"{near}__remote_id")))
        rows = rows.filter(Exists(waiting_for().filter(named, integration=OuterRef("integration"))))
    return rows


def loaded(rows: Any, asked: Asked) -> Any:
    """Return the pairs with all that a page shows of them."""
    near = "integration__organization" if asked.kind == "between" else "connection__organization"
    return rows.select_related("left__connection", "right__connection", "decided_by", near)


def standing(user: Any) -> Any:
    """Return merges a person may see, newest first."""
    return Merge.objects.for_user(user).select_related(
        "keep__connection", "drop__connection", "user", "undone_by", "connection__organization", "change__run"
    )


def words(pair: Pair) -> str:
    """Return a pair in words, for messages and headings."""
    return gettext("%(left)s and %(right)s") % {"left": pair.left, "right": pair.right}


def names(pairs: Iterable[Pair]) -> list[str]:
    """Return pairs in words."""
    return [words(pair) for pair in pairs]
