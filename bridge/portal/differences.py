"""Differences: the amounts of a month that are not the same on both sides, why, who acts, and what people say of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from bridge.hub import voice
from bridge.hub.formats import month as month_words
from bridge.hub.models import Change, Comment, Integration, Record
from bridge.jobs import activity, questions, totals
from bridge.portal.frame import Visit, listing, page, portal_view, tell_error
from connectors.contract import SyncError

KEPT_SECONDS = 300


# The month


@dataclass(frozen=True, slots=True)
class Months:
    """A month in words, with the addresses of its neighbours."""

    text: str
    words: str
    before: str
    before_words: str
    after: str
    after_words: str


def neighbours(first: date) -> Months:
    """Return a month with the one before and the one after."""
    before, after = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
    return Months(
        f"{first:%Y-%m}", month_words(first), f"{before:%Y-%m}", month_words(before), f"{after:%Y-%m}",
        month_words(after),
    )  # fmt: skip


def month_asked(visit: Visit) -> tuple[date, date]:
    """Return the month a person asked for, else the present one of the client."""
    year, _dash, number = visit.request.GET.get("month", "").partition("-")
    if year.isdecimal() and number.isdecimal() and 2000 <= int(year) <= 2100 and 1 <= int(number) <= 12:
        return activity.month_of(date(int(year), int(number), 1))
    return activity.client_month(visit.organization)


# What differs


def compared(integration: Integration, first: date, last: date) -> Any:
    """Compare both sides of a month; kept until something is read or written, for at most five minutes. Within one page
    it is asked for once.
    """
    asked = integration.__dict__.setdefault("_compared", {})
    if (first, last) not in asked:
        asked[first, last] = _compared(integration, first, last)
    return asked[first, last]


def _compared(integration: Integration, first: date, last: date) -> Any:
    newest = integration.runs.values_list("pk", "state", "finished_at").first()
    settled = integration.changes.filter(settled_at__isnull=False).order_by("-settled_at").values_list("pk").first()
    marks = blake2b(repr((newest, settled)).encode(), digest_size=10).hexdigest()
    key = f"portal:compared:{integration.pk}:{first:%Y%m}:{marks}"
    found = cache.get(key)
    if found is None:
        found = totals.reconciliation(integration, first, last)
        cache.set(key, found, KEPT_SECONDS)
    return found


def count(integration: Integration) -> int:
    """Return how many documents differ in the client's present month."""
    if not activity.has_documents(integration):
        return 0
    return len(compared(integration, *activity.client_month(integration.organization)).differences)


@dataclass(frozen=True, slots=True)
class Line:
    """One document, or pair, that differs, as the page shows it."""

    item: Any
    integration: Integration
    cause: str
    why: voice.Told | None
    key: str
    comments: list[Comment] = field(default_factory=list)

    @property
    def document(self) -> Any:
        return self.item.left or self.item.right


def key_of(item: Any) -> str:
    """Return what a difference is remembered by: the documents it is made of."""
    return "|".join(one.remote_id if one else "" for one in (item.left, item.right))[:500]


def lines(visit: Visit, integration: Integration, found: Sequence[Any]) -> list[Line]:
    """Return differences in plain words, each with what people said of it."""
    keys = [key_of(item) for item in found]
    said: dict[str, list[Comment]] = {}
    rows = visit.rows(Comment).filter(integration=integration, about__in=keys).select_related("user")
    for comment in rows:
        said.setdefault(comment.about, []).append(comment)
    far = voice.system(integration.right if activity.near_side(integration) == "left" else integration.left)
    params = _params(visit, integration, found)
    return [
        Line(item, integration, voice.difference(item.kind, far), _why(item, params), key, said.get(key, []))
        for item, key in zip(found, keys, strict=True)
    ]


def _why(item: Any, params: dict[str, Any]) -> voice.Told | None:
    document = item.left or item.right
    told = {**item.params, **(params.get(document.remote_id) or {})} if document else item.params
    return voice.reason(item.code, told)


def _params(visit: Visit, integration: Integration, found: Iterable[Any]) -> dict[str, Any]:
    """Return what fills the reasons, by key of the source document."""
    near = activity.near_side(integration)
    keys = {one.remote_id for item in found if (one := getattr(item, near))}
    sources = visit.rows(Record).filter(
        connection=getattr(integration, near),
        resource__in={key.partition(":")[0] for key in keys},
        remote_id__in={key.partition(":")[2] for key in keys},
    )
    rows = visit.rows(Change).filter(integration=integration, source__in=sources.values("pk")).order_by("pk")
    columns = ("source__resource", "source__remote_id", "params", "error_code", "error_params")
    return {
        f"{name}:{remote}": error_params if error else params
        for name, remote, params, error, error_params in rows.values_list(*columns)
    }


@dataclass(frozen=True, slots=True)
class PairDifferences:
    """What differs between the two sides of one pair in the month."""

    integration: Integration
    name: str
    sides: tuple[str, str]
    rows: Any
    lines: list[Line]
    balance: str


@portal_view()
def differences(visit: Visit) -> HttpResponse:
    """Show what differs this month, pair by pair."""
    first, last = month_asked(visit)
    pairs = [item for item in activity.live(visit.user, visit.organization) if activity.has_documents(item)]
    shown = []
    for item in pairs:
        found = compared(item, first, last)
        rows = listing(visit, list(found.differences) if item.last_good_at else [], 20)
        balance = voice.amounts({currency: amount for currency, amount in found.balance.items() if amount})
        shown.append(
            PairDifferences(
                item, voice.pair(item), (voice.account(item.left), voice.account(item.right)), rows,
                lines(visit, item, list(rows.object_list)), balance,
            )
        )  # fmt: skip
    return page(
        visit,
        "differences",
        gettext("Differences"),
        as_of=activity.newest_reading(pairs),
        pairs=shown,
        month=neighbours(first),
    )


@portal_view(post="answer")
def differences_comment(visit: Visit, integration: int) -> HttpResponse:
    """Keep what a person says about a difference that is there."""
    item = visit.one(Integration, pk=integration, left__isnull=False, right__isnull=False)
    first, last = month_asked(visit)
    back = f"{visit.url('differences', month=f'{first:%Y-%m}')}"
    if visit.request.method == "POST" and activity.has_documents(item):
        about = visit.request.POST.get("about", "")
        if about in {key_of(one) for one in compared(item, first, last).differences}:
            try:
                with visit.acts():
                    questions.remark(item, visit.request.POST.get("text", ""), visit.user, about=about)
                messages.success(visit.request, gettext("Your comment is kept; the office sees it."))
            except SyncError as error:
                tell_error(visit, error)
        else:
            messages.info(visit.request, gettext("This difference is gone meanwhile."))
    return redirect(back)
