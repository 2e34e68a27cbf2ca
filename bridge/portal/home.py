"""Home: one sentence on how things stand, what needs the client, and both sides of the month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache

from bridge.hub import voice, wall
from bridge.hub.charts import Bar, Chart
from bridge.hub.formats import day, instant, month, number
from bridge.hub.models import Change, Connection, Integration, Membership, Record, Run
from bridge.jobs import activity, questions
from bridge.portal import differences
from bridge.portal.frame import Visit, listing, page, portal_view

STALE = timedelta(hours=26)  # longer than any usual pause between two readings
UNSURE = (Run.State.INCOMPLETE, Run.State.INTERRUPTED)


@never_cache
@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Lead to the person's organization; let them choose where there are several."""
    mine = Membership.objects.for_user(request.user).filter(user=request.user).select_related("organization")
    with wall.behind(request.user):
        found = list(mine.order_by("organization__name"))
    if len(found) == 1:
        return redirect("portal:home", found[0].organization_id)
    if not found and request.user.is_staff:
        return redirect("start")
    return render(request, "portal/start.html", {"title": gettext("Your organizations"), "memberships": found})


# How things stand


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for the client: in words, with the page where it is settled."""

    words: str
    address: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The first line of the page: tone (ok, warn, info), sentence and what it means."""

    tone: str
    words: str
    more: str
    as_of: datetime


def needs(visit: Visit) -> list[Need]:
    """Return what waits for the client, nothing that is zero."""
    found = []
    waiting = questions.waiting(visit.user).filter(integration__organization=visit.organization)
    due = list(waiting.values_list("due_on", flat=True)[:500])
    if due:
        words = ngettext("%(n)s question for you", "%(n)s questions for you", len(due)) % {"n": number(len(due))}
        note = gettext("Due %(day)s") % {"day": day(min(item for item in due if item))} if any(due) else ""
        found.append(Need(words, visit.url("questions"), note))
    for connection in visit.rows(Connection).filter(state=Connection.State.ATTENTION):
        words = gettext("Connect %(account)s again") % {"account": voice.account(connection)}
        found.append(Need(words, visit.url("connect", connection.pk), gettext("Until then its work waits.")))
    return found


def standing(visit: Visit, pairs: Sequence[Integration], wanted: Sequence[Need]) -> Standing:
    """Say in one sentence whether all is in order. "In order" is said only of what was looked at, and lately."""
    read_at = activity.newest_reading(pairs)
    as_of = read_at or timezone.now()
    told = {"time": instant(as_of)}
    if wanted:
        words = ngettext("%(n)s thing needs you", "%(n)s things need you", len(wanted)) % {"n": number(len(wanted))}
        return Standing("warn", words, gettext("As of %(time)s.") % told, as_of)
    if not pairs:
        words = gettext("Nothing is connected yet")
        more = gettext("Once your office contact has set it up, this page says every day whether your books are right.")
        return Standing("info", words, more, as_of)
    if read_at is None:
        words = gettext("The first pass is being prepared")
        more = gettext("Nothing is written before the office has looked at it. You need not do anything.")
        return Standing("info", words, more, as_of)
    if _is_behind(visit, pairs, read_at):
        words = gettext("Nothing needs you, but we are behind")
        more = gettext("Both sides were last compared to the end on %(time)s. The office is on it; nothing is lost.")
        return Standing("warn", words, more % told, as_of)
    stuck = visit.rows(Change).filter(integration__in=pairs, state__in=(*activity.STUCK, Change.State.PLANNED)).count()
    differ = sum(differences.count(item) for item in pairs)
    if stuck or differ:
        words = gettext("Nothing needs you")
        more = _left_over(stuck, differ) + " " + gettext("As of %(time)s.") % told
        return Standing("info", words, more, as_of)
    words = gettext("Everything is in order up to %(time)s") % told
    return Standing("ok", words, gettext("Nothing waits, and both sides agree."), as_of)


def _is_behind(visit: Visit, pairs: Sequence[Integration], read_at: datetime) -> bool:
    if any(item.automatic for item in pairs) and timezone.now() - read_at > STALE:
        return True
    for item in pairs:
        last = visit.rows(Run).filter(integration=item, kind=Run.Kind.SYNC, finished_at__isnull=False).first()
        if last is not None and last.state in UNSURE:
            return True
    return False


def _left_over(stuck: int, differ: int) -> str:
    told = []
    if stuck:
        told.append(ngettext("%(n)s record waits.", "%(n)s records wait.", stuck) % {"n": number(stuck)})
    if differ:
        told.append(ngettext("%(n)s amount differs.", "%(n)s amounts differ.", differ) % {"n": number(differ)})
    return " ".join([*told, gettext("Your office contact is on it.")])


# The month


@dataclass(frozen=True, slots=True)
class Figure:
    """What one side has of the month in one currency, and the page that lists it."""

    name: str
    count: int
    total: Decimal
    currency: str
    address: str


@dataclass(frozen=True, slots=True)
class PairMonth:
    """Both sides of one pair for the month, its chart, and the amounts that differ."""

    name: str
    integration: Integration
    figures: list[Figure]
    chart: Chart | None
    differ: int


def months(visit: Visit, pairs: Sequence[Integration], first: date, last: date) -> list[PairMonth]:
    """Return both sides of each pair that keeps documents."""
    found = []
    for item in pairs:
        if not activity.has_documents(item):
            continue
        figures = [figure for side in ("left", "right") for figure in _figures(visit, item, side, first, last)]
        differ = differences.count(item) if item.last_good_at else 0
        chart = _chart(item, first, last) if item.last_good_at else None
        found.append(PairMonth(voice.pair(item), item, figures, chart, differ))
    return found


def _figures(visit: Visit, item: Integration, side: str, first: date, last: date) -> list[Figure]:
    told = activity.sums(activity.documents(item, side, first, last))
    name, asked = voice.account(getattr(item, side)), f"{first:%Y-%m}"
    here = visit.organization.currency
    return [
        Figure(name, one.count, one.total, key, visit.url("documents", item.pk, side, month=asked, currency=key))
        for key, one in sorted(told.items())
    ] or [Figure(name, 0, Decimal(0), here, visit.url("documents", item.pk, side, month=asked))]


def _chart(item: Integration, first: date, last: date) -> Chart | None:
    days = activity.per_day(activity.documents(item, activity.near_side(item), first, last))
    if not days:
        return None
    until = min(last, max(max(days), timezone.localdate()))
    every = [first + timedelta(days=offset) for offset in range((until - first).days + 1)]
    both, one = (sum(pair[place] for pair in days.values()) for place in (0, 1))
    told = [
        ngettext("%(n)s document is on both sides.", "%(n)s documents are on both sides.", both) % {"n": number(both)}
    ]
    if one:
        told.append(ngettext("%(n)s document is not yet.", "%(n)s documents are not yet.", one) % {"n": number(one)})
    bars = tuple(Bar(day(when), days.get(when, (0, 0))) for when in every)
    return Chart(
        gettext("Documents per day"),
        " ".join(told),
        (gettext("On both sides"), gettext("Not yet")),
        bars,
        gettext("Day"),
    )


@portal_view()
def home(visit: Visit) -> HttpResponse:
    """Show how things stand, what needs the client, both sides of the month, and what moved last."""
    pairs = list(activity.live(visit.user, visit.organization).prefetch_related("flows"))
    wanted = needs(visit)
    told = standing(visit, pairs, wanted)
    first, last = activity.client_month(visit.organization)
    newest = activity.moved(visit.user, visit.organization).filter(state__in=activity.SHOWN_UNASKED)
    return page(
        visit,
        "home",
        gettext("Home"),
        as_of=told.as_of,
        standing=told,
        needs=wanted,
        months=months(visit, pairs, first, last),
        month_words=month(first),
        month_text=f"{first:%Y-%m}",
        sent=newest.filter(state=Change.State.DONE, settled_at__date__gte=first).count(),
        waiting=newest.filter(state__in=(*activity.WAITING, *activity.NOT_SENT)).count(),
        contact=visit.organization.owner,
        pairs=[(item, voice.moves(item)) for item in pairs],
    )


# The documents behind a figure


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of a side."""

    record: Record
    who: str
    is_minus: bool


@portal_view()
def documents(visit: Visit, integration: int, side: str) -> HttpResponse:
    """List the documents one side has in a month: what its figure on Home counts."""
    item = visit.one(Integration, pk=integration, left__isnull=False, right__isnull=False)
    if side not in ("left", "right") or not activity.has_documents(item):
        raise Http404
    first, last = differences.month_asked(visit)
    rows = activity.documents(item, side, first, last).defer("document")
    if currency := visit.request.GET.get("currency", "")[:3]:
        rows = rows.filter(currency=currency)
    found = listing(visit, rows.order_by("-date", "-pk"))
    wanted: dict[int, list[str]] = {}
    for row in found.object_list:
        wanted.setdefault(row.connection_id, []).append(row.party)
    names = activity.names_of(wanted)
    return page(
        visit,
        "home",
        gettext("Documents of %(account)s") % {"account": voice.account(getattr(item, side))},
        template="documents",
        as_of=item.last_good_at,
        rows=found,
        papers=[Paper(row, names.get((row.connection_id, row.party), ""), row.is_refund) for row in found.object_list],
        sums=activity.sums(rows),
        month=differences.neighbours(first),
        other=voice.account(item.right if side == "left" else item.left),
        back=reverse("portal:home", args=[visit.organization.pk]),
    )
