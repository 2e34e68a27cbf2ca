"""The documents of a flow where it writes them: which of them Bridge brought, and which people made there by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.hub.models import Change, Connection, Integration, Link, Record
from bridge.jobs import records
from bridge.jobs.context import context_of, scope_of
from bridge.staff import desk
from bridge.staff.integrations import VIEW, crumb, section
from bridge.staff.objects import declared_flow
from bridge.staff.pages import page, staff_view
from bridge.staff.runs import vendor_url
from bridge.staff.templatetags.bridge import say, vendor_label
from connectors.contract import RecipeFlow

PER_PAGE = 50
MOST_PARSED = 5_000  # documents without a write of ours in the ledger whose own word is asked
ORIGINS = {
    "bridge": _("Brought by Bridge"),
    "linked": _("Made there, linked since"),
    "hand": _("Made there by hand"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document with where it comes from and what it stands for."""

    record: Record
    origin: str
    twin: Record | None
    open_url: str

    @property
    def origin_words(self) -> str:
        return str(ORIGINS[self.origin])


@staff_view(view=VIEW)
def documents(request: HttpRequest, pk: int, entity: str) -> HttpResponse:
    """List the documents of a flow at the side it writes to, with their origin, and filter by it (H-28)."""
    integration, declared = declared_flow(request, pk, entity)
    sides = _written_sides(declared)
    if not sides or declared.inside or declared.compose:
        raise Http404
    query = request.GET
    side = desk.pick(query, "side", sides) or sides[0]
    origin = desk.pick(query, "origin", ORIGINS)
    connection: Connection | None = getattr(integration, side)
    first, last = _day(query.get("first", "")), _day(query.get("last", ""))
    rows, told = Record.objects.none(), set[int]()
    if connection is not None:
        rows, told = _records(integration, declared, connection, side)
        rows = _narrowed(_of_origin(rows, told, origin), query.get("text", "").strip(), first, last)
    found = desk.listing(request, rows.order_by("-date", "-id"), PER_PAGE)
    vendors = {name: vendor_label(getattr(registry.recipe(integration.recipe), name)) for name in ("left", "right")}
    return page(
        request,
        "staff/documents.html",
        gettext("%(documents)s at %(vendor)s") % {"documents": say(declared.label), "vendor": vendors[side]},
        [section(), crumb(integration)],
        integration=integration,
        entity=entity,
        vendor=vendors[side],
        other=vendors["left" if side == "right" else "right"],
        listing=found,
        rows=_documents(integration, found.page.object_list, told, side),
        filters=[
            ("origin", gettext("Where it comes from"), [
                desk.Option(value, str(words), chosen=value == origin) for value, words in ORIGINS.items()
            ]),
            ("side", gettext("At"), [
                desk.Option(value, vendors[value], chosen=value == side) for value in sides
            ] if len(sides) > 1 else []),
        ],
        text=query.get("text", ""),
        dates=[
            ("first", gettext("Dated from"), first.isoformat() if first else ""),
            ("last", gettext("Dated up to"), last.isoformat() if last else ""),
        ],
    )  # fmt: skip


def _written_sides(declared: RecipeFlow) -> list[str]:
    """Return the sides this flow may write to, the one it writes to by default first."""
    ways: list[str] = []
    for direction in declared.directions:
        ways += [side for side in ("right", "left") if direction in (side, "both") and side not in ways]
    return ways


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _records(
    integration: Integration, declared: RecipeFlow, connection: Connection, side: str
) -> tuple[QuerySet[Record], set[int]]:
    """Return the documents there, marked `made` (a write of ours made it) and `twinned`; and those without such a write
    that say themselves that they are ours, as after a restore.
    """
    context = context_of(integration)
    places = Q()
    for name in getattr(declared, side):
        places |= Q(resource=name, scope=scope_of(connection, name, context))
    ours = Change.objects.filter(
        target=OuterRef("pk"), action=Change.Action.CREATE, state=Change.State.DONE, integration=integration
    )
    links = Link.objects.filter(integration=integration, **{side: OuterRef("pk")})
    rows = (
        Record.objects.filter(places, connection=connection, gone=False)
        .defer("document")
        .annotate(made=Exists(ours), twinned=Exists(links))
    )
    told = set[int]()
    if declared.entity == "sale":
        unsure = rows.filter(made=False).defer(None).only("resource", "document").order_by("-id")[:MOST_PARSED]
        told = {row.pk for row in unsure.iterator(chunk_size=500) if _says_ours(row, connection)}
    return rows, told


def _says_ours(row: Record, connection: Connection) -> bool:
    record = records.parsed(row, connection)
    return record is not None and record.values.get("source") == "bridge"


def _of_origin(rows: QuerySet[Record], told: set[int], origin: str) -> QuerySet[Record]:
    if origin == "bridge":
        return rows.filter(Q(made=True) | Q(pk__in=told))
    if origin:
        return rows.filter(made=False, twinned=origin == "linked").exclude(pk__in=told)
    return rows


def _narrowed(rows: QuerySet[Record], text: str, first: date | None, last: date | None) -> QuerySet[Record]:
    if text:
        rows = rows.filter(Q(number__icontains=text) | Q(name__icontains=text))
    rows = rows.filter(date__gte=first) if first else rows
    return rows.filter(date__lte=last) if last else rows


def _documents(integration: Integration, rows: Iterable[Any], told: set[int], side: str) -> list[Document]:
    rows = list(rows)
    far = "left" if side == "right" else "right"
    links = Link.objects.filter(integration=integration, **{f"{side}__in": [row.pk for row in rows]}).select_related(
        far
    )
    twins = {getattr(link, f"{side}_id"): getattr(link, far) for link in links.defer(f"{far}__document")}
    connection = getattr(integration, side)
    return [
        Document(
            row,
            "bridge" if row.made or row.pk in told else "linked" if row.twinned else "hand",
            twins.get(row.pk),
            vendor_url(connection, row.resource, row.remote_id),
        )
        for row in rows
    ]


urls: list[URLPattern] = [path("integrations/<int:pk>/documents/<slug:entity>/", documents, name="documents")]
