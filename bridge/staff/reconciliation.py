"""Reconciliation: one month of both sides, per day, kind, currency and tax, with the documents of every difference."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bridge.engine.clearing import Account, Stray
from bridge.engine.reconcile import Day, Difference, Document, Reconciliation, Total
from bridge.hub.models import Change, Connection, Integration
from bridge.hub.models import Record as Row
from bridge.jobs import clearing, totals
from bridge.staff import desk
from bridge.staff.charts import Bar, Chart
from bridge.staff.integrations import crumb, get_integration, section
from bridge.staff.pages import page, staff_view
from bridge.staff.plan import resource_label
from bridge.staff.templatetags.bridge import day as day_words
from bridge.staff.templatetags.bridge import money, vendor_label

VIEW = "hub.view_record"
ZERO = Decimal(0)
SHOWN = 100  # movements of one account on the page
CAUSES = {
    "missing": _("Missing in %(account)s"),
    "extra": _("Only in %(account)s"),
    "doubled": _("Twice in %(account)s"),
    "amount": _("Amount differs"),
    "date": _("Date differs"),
    "tax": _("Tax differs"),
    "kind": _("Kind differs"),
    "refund": _("Refund missing or different"),
}


# The month


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, and its neighbours for the buttons."""

    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def text(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def before(self) -> "Month":
        last = self.first - timedelta(days=1)
        return Month(last.year, last.month)

    @property
    def after(self) -> "Month":
        following = self.first + timedelta(days=31)
        return Month(following.year, following.month)


def month_of(request: HttpRequest, integration: Integration) -> Month:
    """Return the month asked for; the client's present one when none, or none that is one, was given."""
    today = integration.organization.today
    year, dash, number = request.GET.get("month", "").partition("-")
    if dash and year.isdecimal() and number.isdecimal() and 2000 <= int(year) <= 2100 and 1 <= int(number) <= 12:
        return Month(int(year), int(number))
    return Month(today.year, today.month)


# What the page shows


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides of some documents of one kind and currency: of a day, or of the month."""

    label: str
    kind: str
    currency: str
    left: Total
    right: Total
    on: date | None = None

    @property
    def difference(self) -> Decimal:
        return self.left.total - self.right.total

    @property
    def tax_difference(self) -> Decimal:
        return self.left.tax - self.right.tax

    @property
    def even(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Cause:
    """One document, or pair, that makes up a difference, in words; `place` is its record's number."""

    item: Difference
    word: str
    kind: str
    why: desk.Explained | None
    place: int | None

    @property
    def document(self) -> Document | None:
        return self.item.left or self.item.right


def kind_words(integration: Integration, kind: str) -> str:
    """Return what people call a kind of document: the vendor's word for the resource, else the word itself."""
    for connection in (integration.left, integration.right):
        if connection is not None:
            words = resource_label(connection.vendor, kind)
            if words != kind:
                return words
    return kind


def by_kind(integration: Integration, days: Iterable[Day]) -> list[Compared]:
    """Return the month's totals by kind and currency."""
    sums: dict[tuple[str, str], list[Total]] = {}
    for item in days:
        pair = sums.setdefault((item.kind, item.currency), [Total(), Total()])
        pair[0], pair[1] = _plus(pair[0], item.left), _plus(pair[1], item.right)
    return [
        Compared(kind_words(integration, kind), kind, currency, left, right)
        for (kind, currency), (left, right) in sorted(sums.items())
    ]


def _plus(one: Total, other: Total) -> Total:
    return Total(one.count + other.count, one.total + other.total, one.tax + other.tax)


@dataclass(slots=True)
class TaxTotal:
    """One tax on one kind of document over the month, both sides."""

    tax: str
    label: str
    currency: str
    left: Decimal = ZERO
    right: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return self.left - self.right


def by_tax(integration: Integration, found: Reconciliation, asked: "Asked") -> list[TaxTotal]:
    """Return the month's taxes one by one, by kind of document; [] where no document tells them so."""
    sums: dict[tuple[str, str, str], TaxTotal] = {}
    for item in found.taxes:
        if (not asked.kind or item.kind == asked.kind) and (not asked.currency or item.currency == asked.currency):
            words = kind_words(integration, item.kind)
            row = sums.setdefault((item.tax, item.kind, item.currency), TaxTotal(item.tax, words, item.currency))
            row.left, row.right = row.left + item.left, row.right + item.right
    return [sums[key] for key in sorted(sums)] if any(tax for tax, _kind, _currency in sums) else []


def causes(integration: Integration, differences: Sequence[Difference]) -> list[Cause]:
    """Return what makes up the differences; records, and what they wait for, are found with one question each."""
    left = _places(integration.left, {item.left.remote_id for item in differences if item.left})
    right = _places(integration.right, {item.right.remote_id for item in differences if item.right})
    reasons = _reasons(integration, {*left.values(), *right.values()})
    there = integration.right if totals.source_side(integration) == "left" else integration.left
    name = vendor_label(there.vendor) if there else ""
    found = []
    for item in differences:
        place = left.get(item.left.remote_id) if item.left else right.get(item.right.remote_id) if item.right else None
        document = item.left or item.right
        kind = kind_words(integration, document.kind) if document else ""
        params = reasons.get((place, item.code), item.params) if place else item.params
        found.append(Cause(item, _word(item, name), kind, desk.explained(item.code, params), place))
    return found


def _reasons(integration: Integration, places: Iterable[int]) -> dict[tuple[int | None, str], dict[str, Any]]:
    """Return what fills the sentence of a code, by record and code."""
    rows = Change.objects.filter(integration=integration, source_id__in=list(places)).order_by("id")
    found: dict[tuple[int | None, str], dict[str, Any]] = {}
    for place, code, params, error, told in rows.values_list(
        "source_id", "code", "params", "error_code", "error_params"
    ):
        found[place, error or code] = (told if error else params) or {}
    return found


def _word(item: Difference, account: str) -> str:
    """Return what differs, in words: of the account sales go to, where one is on one side only."""
    kind: str = item.kind
    words = str(CAUSES.get(kind, kind))
    return words % {"account": account} if "%(" in words else words


def _places(connection: Connection | None, wanted: Set[str]) -> dict[str, int]:
    """Return the rows of records by their keys."""
    if connection is None or not wanted:
        return {}
    names = {one.partition(":")[0] for one in wanted}
    ids = {one.partition(":")[2] for one in wanted}
    rows = Row.objects.filter(connection=connection, resource__in=names, remote_id__in=ids)
    return {f"{name}:{one}": pk for name, one, pk in rows.values_list("resource", "remote_id", "pk")}


def chart_of(found: Reconciliation, month: Month) -> Chart:
    """Draw documents per day: those that tie out, and those that differ."""
    counted: dict[date, list[int]] = {}
    for item in found.days:
        bar = counted.setdefault(item.date, [0, 0])
        bar[0] += max(item.left.count, item.right.count)
    for difference in found.differences:
        document = difference.left or difference.right
        if document and document.date in counted:
            counted[document.date][1] += 1
    bars = []
    place = month.first
    while place < month.after.first:
        whole, differ = counted.get(place, [0, 0])
        bars.append(Bar(day_words(place), (max(0, whole - differ), min(whole, differ))))
        place += timedelta(days=1)
    whole, differ = (sum(sum(bar.values) for bar in bars), sum(bar.values[1] for bar in bars))
    summary = ngettext(
        "%(n)d document this month, of which %(differ)d differs or is missing.",
        "%(n)d documents this month, of which %(differ)d differ or are missing.",
        whole,
    ) % {"n": whole, "differ": differ}
    return Chart(
        gettext("Documents per day"), summary, (gettext("The same on both sides"), gettext("Different or missing")),
        tuple(bars), gettext("Day"),
    )  # fmt: skip


def statement(found: Reconciliation) -> list[tuple[str, str]]:
    """Return one sentence per currency, with its tone: the difference and whether documents account for all of it."""
    sentences = []
    currencies = sorted({*found.balance, *found.unexplained})
    for currency in currencies:
        amount, rest = found.balance.get(currency, ZERO), found.unexplained.get(currency, ZERO)
        number = sum(item.currency == currency for item in found.differences)
        if rest:
            words = gettext("%(currency)s: the sides differ by %(amount)s, of which no document explains %(rest)s.") % {
                "currency": currency, "amount": money(amount, currency), "rest": money(rest, currency),
            }  # fmt: skip
            sentences.append(("bad", words))
        elif number:
            words = ngettext(
                "%(currency)s: the sides differ by %(amount)s; %(n)d document makes up all of it.",
                "%(currency)s: the sides differ by %(amount)s; %(n)d documents make up all of it.",
                number,
            ) % {"currency": currency, "amount": money(amount, currency), "n": number}
            sentences.append(("warn", words))
        else:
            words = gettext("%(currency)s: both sides are the same; the difference is %(amount)s.")
            sentences.append(("ok", words % {"currency": currency, "amount": money(amount, currency)}))
    return sentences


@dataclass(frozen=True, slots=True)
class Cleared:
    """One clearing account of the month, with the movements that are not as expected."""

    label: str
    account: Account
    strays: list[tuple[str, Stray, int | None, int | None]]


STRAYS = {
    "missing": _("Not booked"),
    "extra": _("Booked, not expected"),
    "doubled": _("Booked twice"),
    "account": _("Booked in another account"),
    "amount": _("Amount differs"),
    "date": _("Date differs"),
}


def cleared(integration: Integration, month: Month) -> list[Cleared]:
    """Return the clearing accounts; [] for an integration that books no payments."""
    found = clearing.accounts(integration, month.year, month.number)
    if not found:
        return []
    names = clearing.names(integration)
    strays = [stray for item in found for stray in item.strays]
    source, target = clearing.sides(integration)
    expected = _places(source, {stray.expected.remote_id for stray in strays if stray.expected})
    booked = _places(target, {stray.booked.remote_id for stray in strays if stray.booked})

    def told(stray: Stray) -> tuple[str, Stray, int | None, int | None]:
        return (
            str(STRAYS.get(stray.kind, stray.kind)),
            stray,
            expected.get(stray.expected.remote_id) if stray.expected else None,
            booked.get(stray.booked.remote_id) if stray.booked else None,
        )

    return [Cleared(_account(item, names), item, [told(stray) for stray in item.strays[:SHOWN]]) for item in found]


def _account(item: Account, names: Mapping[str, str]) -> str:
    if not item.account:
        return gettext("no account chosen")
    return f"{names.get(item.account, item.account)} ({item.account})"


# Pages


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to see of the month."""

    month: Month
    kind: str
    currency: str
    uneven: bool


def _asked(request: HttpRequest, integration: Integration) -> Asked:
    query = request.GET
    return Asked(
        month_of(request, integration), query.get("kind", ""), query.get("currency", ""), query.get("only") == "uneven"
    )


def _days(integration: Integration, found: Reconciliation, asked: Asked) -> list[Compared]:
    return [
        Compared(kind_words(integration, item.kind), item.kind, item.currency, item.left, item.right, item.date)
        for item in found.days
        if (not asked.kind or item.kind == asked.kind)
        and (not asked.currency or item.currency == asked.currency)
        and not (asked.uneven and item.even)
    ]


def _differences(found: Reconciliation, asked: Asked) -> list[Difference]:
    return [
        item
        for item in found.differences
        if (not asked.currency or item.currency == asked.currency)
        and (not asked.kind or asked.kind in {side.kind for side in (item.left, item.right) if side})
    ]


def _open(request: HttpRequest, pk: int) -> Integration:
    integration = get_integration(request, pk)
    if integration.left is None or integration.right is None:
        raise Http404
    return integration


@staff_view(view=VIEW)
def reconciliation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one month of both sides."""
    integration = _open(request, pk)
    asked = _asked(request, integration)
    found = totals.month(integration, asked.month.year, asked.month.number)
    listing = desk.listing(request, _differences(found, asked))
    kinds = {item.kind: kind_words(integration, item.kind) for item in found.days}
    return page(
        request,
        "staff/reconciliation.html",
        _("Reconciliation"),
        [section(), crumb(integration)],
        integration=integration,
        asked=asked,
        month=asked.month,
        statement=statement(found),
        totals=by_kind(integration, found.days),
        days=_days(integration, found, asked),
        listing=listing,
        causes=causes(integration, listing.page.object_list),
        taxes=by_tax(integration, found, asked),
        cleared=cleared(integration, asked.month),
        chart=chart_of(found, asked.month),
        labels=[str(integration.left), str(integration.right)],
        as_of=timezone.now(),
        hidden=[],
        filters=[
            ("kind", gettext("Kind"), desk.options(dict.fromkeys(kinds), asked.kind, kinds)),
            ("currency", gettext("Currency"), desk.options(_currencies(found), asked.currency, {})),
            ("only", gettext("Days"), [desk.Option("uneven", gettext("Only those that differ"), None, asked.uneven)]),
        ],
    )


def _currencies(found: Reconciliation) -> dict[str, int | None]:
    return dict.fromkeys(sorted({item.currency for item in found.days}))


@staff_view(view=VIEW)
def reconciliation_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the month: its days, or the documents that differ."""
    integration = _open(request, pk)
    asked = _asked(request, integration)
    found = totals.month(integration, asked.month.year, asked.month.number)
    name = f"bridge-{integration.pk}-{asked.month.text}"
    if request.GET.get("what") == "documents":
        return desk.sheet(f"{name}-documents", _document_heads(integration), _document_rows(integration, found, asked))
    return desk.sheet(f"{name}-days", _day_heads(integration), _day_rows(_days(integration, found, asked)))


def _day_heads(integration: Integration) -> list[str]:
    heads = [gettext("Date"), gettext("Kind"), gettext("Currency")]
    for connection in (integration.left, integration.right):
        heads += [f"{connection} – {word}" for word in (gettext("number"), gettext("total"), gettext("tax"))]
    return [*heads, gettext("Difference"), gettext("Difference of tax")]


def _day_rows(days: Iterable[Compared]) -> Iterator[list[Any]]:
    for item in days:
        left, right = item.left, item.right
        yield [
            item.on.isoformat() if item.on else "", item.label, item.currency, left.count, left.total, left.tax,
            right.count, right.total, right.tax, item.difference, item.tax_difference,
        ]  # fmt: skip


def _document_heads(integration: Integration) -> list[str]:
    heads = [gettext("Cause"), gettext("Kind"), gettext("Currency")]
    for connection in (integration.left, integration.right):
        words = (gettext("Number"), gettext("Date"), gettext("total"), gettext("tax"))
        heads += [f"{connection} – {word}" for word in words]
    return [*heads, gettext("Difference"), gettext("Difference of tax"), gettext("Why"), gettext("Code")]


def _document_rows(integration: Integration, found: Reconciliation, asked: Asked) -> Iterator[list[Any]]:
    for cause in causes(integration, _differences(found, asked)):
        item = cause.item
        yield [
            cause.word, cause.kind, item.currency, *_cells(item.left), *_cells(item.right), item.amount, item.tax,
            cause.why.what if cause.why else "", item.code,
        ]  # fmt: skip


def _cells(document: Document | None) -> list[Any]:
    if document is None:
        return ["", "", None, None]
    return [document.number, document.date.isoformat(), document.total, document.tax]


urls: list[URLPattern] = [
    path("integrations/<int:pk>/reconciliation/", reconciliation, name="reconciliation"),
    path("integrations/<int:pk>/reconciliation.csv", reconciliation_csv, name="reconciliation_csv"),
]
