"""What moved: day by day, what was sent, what waits and what was left out, each with its reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge.hub import voice
from bridge.hub.formats import day as day_words
from bridge.hub.models import Change
from bridge.hub.sheets import sheet
from bridge.jobs import activity
from bridge.portal.frame import Visit, listing, page, portal_view
from connectors.contract import ENTITY_LABELS

STATES = {
    "sent": _("Sent"),
    "going": _("On its way"),
    "waiting": _("Waiting"),
    "not_sent": _("Not sent"),
    "left_out": _("Left out"),
    "taken_back": _("Undone"),
}
_HEAVY = ("before", "after", "sent", "trace", "payload", "source__document", "target__document")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that moved or waits, as the page shows it."""

    change: Change
    at: datetime
    kind: str
    name: str
    who: str
    number: str
    other_number: str
    look: voice.Look
    why: voice.Told | None
    to: str


def narrow(rows: Any) -> Any:
    """Leave what lines do not need in the database."""
    return rows.select_related("source", "target", "connection").defer(*_HEAVY)


def lines(visit: Visit, changes: list[Change]) -> list[Line]:
    """Return changes as lines; whom they are for is found with one question."""
    names = activity.parties(changes)
    return [_line(change, names) for change in changes]


def _line(change: Change, names: dict[tuple[int, str], str]) -> Line:
    source, target = change.source, change.target
    who = names.get((source.connection_id, source.party), "") if source else ""
    number = source.number if source else ""
    other = target.number if target else ""
    return Line(
        change, getattr(change, "at", None) or change.settled_at or change.created_at, voice.kind(change.entity),
        change.title or (source.name if source else ""), who, number, other, voice.state(change), voice.why(change),
        voice.system(change.connection),
    )  # fmt: skip


# What a person asks for


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the page."""

    text: str
    state: str
    entity: str
    first: date | None
    last: date | None

    @property
    def is_any(self) -> bool:
        return bool(self.text or self.state or self.entity or self.first or self.last)


def asked(visit: Visit) -> Asked:
    """Read the filters; what cannot be read is not asked."""
    query = visit.request.GET

    def day(name: str) -> date | None:
        try:
            return parse_date(query.get(name, ""))
        except ValueError:
            return None

    state, entity = query.get("state", ""), query.get("kind", "")
    return Asked(
        query.get("q", "").strip()[:100], state if state in STATES else "", entity if entity in ENTITY_LABELS else "",
        day("first"), day("last"),
    )  # fmt: skip


def rows(visit: Visit, wanted: Asked) -> Any:
    """Return what was asked for, newest first. What was left out is shown to those who look for it."""
    found = activity.moved(visit.user, visit.organization)
    if wanted.state:
        found = found.filter(state__in=activity.STATES[wanted.state])
    elif not wanted.text:
        found = found.filter(state__in=activity.SHOWN_UNASKED)
    if wanted.entity:
        found = found.filter(entity=wanted.entity)
    zone = timezone.get_current_timezone()
    if wanted.first:
        found = found.filter(at__gte=_midnight(wanted.first, zone))
    if wanted.last:
        found = found.filter(at__lt=_midnight(wanted.last + timedelta(days=1), zone))
    return activity.search(found, visit.organization, wanted.text) if wanted.text else found


def _midnight(day: date, zone: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day."""

    day: date
    words: str
    lines: list[Line]


def by_day(found: Iterable[Line]) -> list[Day]:
    """Put lines under their days, in the order they come."""
    days: dict[date, list[Line]] = {}
    for line in found:
        days.setdefault(timezone.localtime(line.at).date(), []).append(line)
    return [Day(day, day_words(day), some) for day, some in days.items()]


@portal_view()
def moved(visit: Visit) -> HttpResponse:
    """Show what moved, day by day."""
    wanted = asked(visit)
    found = listing(visit, narrow(rows(visit, wanted)))
    pairs = list(activity.live(visit.user, visit.organization))
    entities = {flow.entity for item in pairs for flow in item.flows.all() if flow.is_on}
    return page(
        visit,
        "moved",
        gettext("What has moved"),
        as_of=activity.newest_reading(pairs),
        asked=wanted,
        rows=found,
        days=by_day(lines(visit, list(found.object_list))),
        states=STATES.items(),
        kinds=sorted(((entity, voice.kind(entity)) for entity in entities), key=lambda item: item[1]),
        has_pairs=bool(pairs),
    )


@portal_view()
def moved_csv(visit: Visit) -> HttpResponse:
    """Download what was asked for, in the reader's language."""
    heads = [
        gettext("Date"), gettext("Time"), gettext("Kind"), gettext("Name"), gettext("Customer"), gettext("Number"),
        gettext("Number there"), gettext("Amount"), gettext("Currency"), gettext("To"), gettext("State"),
        gettext("Why"), gettext("Who acts"),
    ]  # fmt: skip
    name = f"bridge-{visit.organization.pk}-{timezone.localdate():%Y-%m-%d}"
    return sheet(name, heads, _cells(visit, narrow(rows(visit, asked(visit)))))


def _cells(visit: Visit, found: Any) -> Iterator[list[Any]]:
    some: list[Change] = []
    for change in found.iterator(chunk_size=500):
        some.append(change)
        if len(some) == 500:
            yield from _sheet_rows(visit, some)
            some = []
    yield from _sheet_rows(visit, some)


def _sheet_rows(visit: Visit, some: list[Change]) -> Iterator[list[Any]]:
    for line in lines(visit, some):
        change, local = line.change, timezone.localtime(line.at)
        yield [
            f"{local:%Y-%m-%d}", f"{local:%H:%M}", line.kind, line.name, line.who, line.number, line.other_number,
            _cents(change.amount), change.currency,
            line.to, line.look.words, line.why.words if line.why else "", line.why.who_words if line.why else "",
        ]  # fmt: skip


def _cents(amount: Decimal | None) -> Decimal | None:
    """Return an amount with two decimals, and with more only where it has them."""
    if amount is None:
        return None
    short = amount.quantize(Decimal("0.01"))
    return short if short == amount else amount.normalize()
