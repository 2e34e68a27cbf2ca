"""One box: a number, an e-mail address, an amount, a vendor's id, a run or a trace id leads to what it names."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext

from bridge.hub.models import Change, Record, Run, VendorCall
from bridge.jobs import explain
from bridge.staff import desk, plan
from bridge.staff.pages import page, staff_view

SHOWN = 50
_RUN = re.compile(r"^#(\d{1,12})$")


@dataclass(frozen=True, slots=True)
class Hit:
    """A record found, with the newest word on it."""

    record: Record
    resource: str
    change: Change | None
    reason: desk.Explained | None


def amount_of(text: str) -> Decimal | None:
    """Return an amount as people write it: 1 234,50 or 1234.50, with any blank, sign and currency. Never guesses a lone
    1,234.
    """
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace("\u2212", "-")
    plain = re.sub(r"^(-?)(?:CA|US)?[$€]|(?:[$€](?:CA|US)?|CAD|USD|EUR)$", r"\1", plain)
    if re.fullmatch(r"\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d{1,2}", plain):
        plain = plain.replace(",", "")
    try:
        found = Decimal(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else None
    except InvalidOperation:
        return None
    return found if found is not None and abs(found) < Decimal(10) ** 14 else None


def plain(text: str) -> str:
    """Return the words to look for: an amount with blanks, commas or a dollar sign as the bare number."""
    amount = amount_of(text)
    return str(amount) if amount is not None and not re.fullmatch(r"[\d.-]+", text) else text


def hits(found: list[Record]) -> list[Hit]:
    """Return records with the newest change that names each: one question for all of them."""
    ids = [record.pk for record in found]
    newest: dict[int, Change] = {}
    changes = (
        Change.objects.filter(Q(source__in=ids) | Q(target__in=ids)).only(*plan.LINE_COLUMNS).order_by("id")
        if ids
        else ()
    )
    for change in changes:
        for key in (change.source_id, change.target_id):
            if key is not None:
                newest[key] = change
    return [
        Hit(
            record,
            plan.resource_label(record.connection.vendor, record.resource),
            newest.get(record.pk),
            _reason(newest.get(record.pk)),
        )
        for record in found
    ]


def _reason(change: Change | None) -> desk.Explained | None:
    if change is None:
        return None
    return desk.explained(change.reason, change.error_params if change.error_code else change.params, change.entity)


@staff_view(view="hub.view_record")
def find(request: HttpRequest) -> HttpResponse:
    """Show what was found; a run's number leads there at once."""
    text = request.GET.get("q", "").strip()[:200]
    met = _RUN.match(text)
    runs = Run.objects.for_user(request.user)
    if met and runs.filter(pk=int(met.group(1))).exists():
        return redirect("admin:run_page", int(met.group(1)))
    known = explain.find(request.user, plain(text), SHOWN + 1)
    found = known["records"]
    by_trace = []
    if text and len(text) >= 6:
        by_trace = list(
            Change.objects.for_user(request.user)
            .filter(request_id=text)
            .only(*plan.LINE_COLUMNS)
            .order_by("-id")[:SHOWN]
        )
    return page(
        request,
        "staff/find.html",
        gettext("Find"),
        q=text,
        hits=hits(found[:SHOWN]),
        is_cut=len(found) > SHOWN,
        lines=plan.lines(by_trace),
        runs=known["runs"],
        connections=known["connections"],
        calls=_calls(request, text),
        nothing=bool(text) and not (any(known.values()) or by_trace),
    )


def _calls(request: HttpRequest, text: str) -> list[VendorCall]:
    if len(text) < 6:
        return []
    visible = Run.objects.for_user(request.user).values("pk")
    return list(VendorCall.objects.filter(request_id=text, run__in=visible).select_related("connection")[:SHOWN])


urls = [path("find/", find, name="find")]
