"""The "Why?" of a record: what it is linked to, what was decided and by which rule, what the next run would do."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import Change, Exclusion, Integration, Link, Record
from bridge.jobs import explain
from bridge.jobs import runs as work
from bridge.staff import desk, plan
from bridge.staff.conflicts import Dispute, disputes_between
from bridge.staff.pages import page, staff_view, tell_error
from bridge.staff.runs import vendor_url
from connectors.contract import SyncError, freeze

WAITING = (Change.State.HELD, Change.State.REJECTED)
_SHOWN_CHANGES = 50
_STATES = {
    **dict(Change.State.choices),
    "linked": _("Linked"),
    "unknown": _("Not read yet"),
    "new": _("Not looked at yet"),
}

TESTS = {
    "equals": _("is"),
    "not_equals": _("is not"),
    "contains": _("contains"),
    "starts_with": _("starts with"),
    "known": _("is known"),
    "unknown": _("is empty"),
    "greater": _("is more than"),
    "less": _("is less than"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "between": _("is between"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "before": _("is before"),
    "after": _("is after"),
    "is_true": _("is yes"),
    "is_false": _("is no"),
}


def record_of(request: HttpRequest, pk: int) -> Record:
    """Return the record if the person may see it; 404 else."""
    rows = Record.objects.for_user(request.user).select_related("connection__organization")
    return get_object_or_404(rows, pk=pk)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that was tried: the field, the test in words, what was wanted, what the record has, the outcome."""

    field: str
    test: str
    wanted: str
    have: str
    passed: bool


def conditions(entity: str, trace: Sequence[Mapping[str, Any]] | None) -> list[Condition]:
    """Return a stored trace in words."""
    return [
        Condition(
            desk.field_label(entity, str(item.get("field", ""))),
            str(TESTS.get(str(item.get("test")), item.get("test", ""))),
            desk.shown(item.get("value")) or "",
            desk.shown(item.get("have")) or gettext("nothing"),
            bool(item.get("passed")),
        )
        for item in trace or ()
        if item.get("field")
    ]


@dataclass(frozen=True, slots=True)
class Disagreed:
    """A field changed on both sides: what both last agreed on, what the source says, what the target has."""

    label: str
    agreed: str
    want: str
    have: str


@dataclass(frozen=True, slots=True)
class Told:
    """One decision that touched the record: a past change, or what the next run would do."""

    line: plan.Line | None
    action: str
    action_label: str
    fields: list[desk.FieldChange]
    reason: desk.Explained | None
    conditions: list[Condition]
    payload: str = ""
    integration: str = ""
    conflicts: tuple["Disagreed", ...] = ()


def _past(change: Change, full: bool) -> Told:
    (line,) = plan.lines([change])
    return Told(
        line,
        change.action,
        change.get_action_display(),
        line.fields,
        line.reason,
        conditions(change.entity, change.trace),
        pretty(change.payload, full) if change.payload else "",
    )


_NEXT = {
    "none": _("Nothing to do"),
    "hold": _("Hold"),
    "conflict": _("Ask a person which side is right"),
    "candidate": _("Ask a person whether two records are the same"),
}


def _next(entity: str, integration: Integration, decision: Any) -> Told:
    labels = {**dict(Change.Action.choices), **_NEXT}
    return Told(
        None,
        decision.action,
        str(labels.get(decision.action, decision.action)),
        desk.field_changes(entity, decision.before, decision.after),
        desk.explained(decision.code, decision.params, entity),
        conditions(entity, decision.trace),
        integration=desk.pair_name(integration),
        conflicts=tuple(
            Disagreed(
                desk.field_label(entity, name), *(desk.shown(freeze(value)) or gettext("nothing") for value in values)
            )
            for name, values in decision.conflicts.items()
        ),
    )


@dataclass(frozen=True, slots=True)
class Twin:
    """A link of the record, seen from it."""

    link: Link
    other: Record
    open_url: str
    can_relink: bool  # only from the left: the link's other end is moved
    why: desk.Explained | None
    disputes: Sequence[Dispute] = ()


@staff_view(view="hub.view_record")
def record_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show why a record is where it is."""
    record = record_of(request, pk)
    found = explain.why(record)
    full = request.user.has_perm("hub.change_record")
    exclusions = list(
        Exclusion.objects.for_user(request.user).filter(record=record).select_related("user", "integration")
    )
    waiting = [change for change in found.changes if change.state in WAITING]
    entity = next((change.entity for change in found.changes), _entity_of(record))
    disputed = disputes_between(found.links)
    return page(
        request,
        "staff/record.html",
        str(record),
        [(gettext("Find"), reverse("admin:find"))],
        record=record,
        entity=desk.entity_label(entity),
        resource=plan.resource_label(record.connection.vendor, record.resource),
        open_url=vendor_url(record.connection, record.resource, record.remote_id),
        twins=[_twin(record, link, disputed.get(link.pk, [])) for link in found.links],
        chain=[
            (
                item,
                desk.entity_label(item.entity),
                str(_STATES.get(item.state, item.state)),
                desk.explained(item.code, item.params, item.entity),
            )
            for item in found.chain
        ],
        history=[_past(change, full) for change in found.changes[:_SHOWN_CHANGES]],
        upcoming=[_next(entity, integration, decision) for integration, decision in found.next],
        calls=found.calls,
        exclusions=exclusions,
        waiting=waiting,
        excludable=[] if exclusions else _integrations(request, record),
        document=pretty(record.document, full),
        is_masked=not full,
    )


def _entity_of(record: Record) -> str:
    known = registry.connectors().get(record.connection.vendor)
    try:
        return known.resource(record.resource).entity if known else ""
    except KeyError:
        return ""


def _twin(record: Record, link: Link, disputes: Sequence[Dispute] = ()) -> Twin:
    other = link.right if link.left_id == record.pk else link.left
    return Twin(
        link=link,
        other=other,
        open_url=vendor_url(other.connection, other.resource, other.remote_id),
        can_relink=link.left_id == record.pk,
        why=desk.explained(link.why),
        disputes=disputes,
    )


def _integrations(request: HttpRequest, record: Record) -> QuerySet[Integration]:
    """Return the integrations that read this record's account."""
    return (
        Integration.objects.for_user(request.user)
        .filter(Q(left=record.connection_id) | Q(right=record.connection_id))
        .exclude(state=Integration.State.DISCONNECTED)
        .select_related("organization")
    )


# Documents, masked by role

_MAIL = re.compile(r"([^\s@\"']{1,64})@([\w.-]+\.\w+)")
_DIGITS = re.compile(r"\d[\d\s().-]{5,}\d")
_KEPT_KEYS = {"id", "Id", "SyncToken"}


def masked(value: Any, key: str = "") -> Any:
    """Return a document with addresses and phone numbers blotted out, and personal names cut to their first letter."""
    if isinstance(value, Mapping):
        return {name: masked(item, str(name)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, key) for item in value]
    if not isinstance(value, str) or key in _KEPT_KEYS:
        return value
    if "@" not in value and re.search(r"name|line\d|street|addr", key, re.IGNORECASE) and value:
        return f"{value[0]}…"
    text = _MAIL.sub(lambda met: f"{met.group(1)[0]}…@…", value)
    return _DIGITS.sub("…", text) if re.search(r"phone|mobile|fax|number", key, re.IGNORECASE) else text


def pretty(document: Any, full: bool) -> str:
    """Return a document as indented text; masked unless the person may change records."""
    return json.dumps(document if full else masked(document), indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else repr(value)


# Acting


def _back(record: Record) -> HttpResponse:
    return redirect("admin:record", record.pk)


@require_POST
@staff_view(view="hub.view_record", write="hub.change_run")
def record_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Look again at what waits or was refused for this record."""
    record = record_of(request, pk)
    waiting = list(
        Change.objects.for_user(request.user)
        .filter(Q(source=record) | Q(target=record), state__in=WAITING)
        .select_related("integration")
        .only("id", "integration")
    )
    if not waiting:
        messages.warning(request, gettext("Nothing of this record waits any more."))
        return _back(record)
    try:
        for integration in {change.integration for change in waiting}:
            work.retry(
                integration,
                request.user,
                changes=[item.pk for item in waiting if item.integration_id == integration.pk],
            )
    except SyncError as error:
        tell_error(request, error)
        return _back(record)
    messages.success(
        request,
        ngettext("%(n)d line is looked at again.", "%(n)d lines are looked at again.", len(waiting))
        % {"n": len(waiting)},
    )
    return _back(record)


@require_POST
@staff_view(view="hub.view_record", write="hub.change_record")
def record_fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the record at its vendor again."""
    record = record_of(request, pk)
    try:
        row = explain.fetch_again(record)
    except SyncError as error:
        tell_error(request, error)
        return _back(record)
    if row is None:
        messages.warning(request, gettext("The vendor no longer has this record. What you see is what it had last."))
    else:
        messages.success(request, gettext("Read again: what you see is what the vendor has now."))
    return _back(record)


@require_POST
@staff_view(view="hub.view_record", write="hub.change_link")
def record_relink(request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
    """Link the record to another twin, named by its id at the vendor."""
    record = record_of(request, pk)
    link = get_object_or_404(
        Link.objects.for_user(request.user).filter(left=record).select_related("left__connection", "right__connection"),
        pk=link_pk,
    )
    old = link.right
    wanted = request.POST.get("remote_id", "").strip()
    new = (
        Record.objects.for_user(request.user)
        .filter(connection=old.connection_id, resource=old.resource, scope=old.scope, remote_id=wanted)
        .first()
    )
    if new is None or new.pk == old.pk:
        messages.error(
            request,
            gettext("No other record of %(account)s has the id “%(id)s”. Nothing was changed.")
            % {"account": old.connection, "id": wanted},
        )
        return _back(record)
    taken = Link.objects.filter(integration=link.integration_id, right=new, shared=False).select_related("left").first()
    if taken and not link.shared:
        messages.error(
            request,
            gettext("%(new)s is already linked to %(other)s. Unlink these two first.")
            % {"new": new, "other": taken.left},
        )
        return _back(record)
    if not desk.confirmed(request):
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Link to another record?"),
                sentence=gettext(
                    "%(record)s is taken for the same as %(new)s instead of %(old)s. The next run compares the two and "
                    "plans what differs; nothing is written now."
                )
                % {"record": record, "new": new, "old": old},
                button=gettext("Link"),
                back=reverse("admin:record", args=[record.pk]),
            ),
        )
    try:
        explain.relink(link, new, request.user)
    except SyncError as error:
        tell_error(request, error)
    else:
        messages.success(request, gettext("Linked. The next run compares the two."))
    return _back(record)


@require_POST
@staff_view(view="hub.view_record", write="hub.add_exclusion")
def record_exclude(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the record out of an integration, until someone takes that back."""
    record = record_of(request, pk)
    change = (
        Change.objects.for_user(request.user)
        .filter(source=record)
        .select_related("integration", "source")
        .order_by("-id")
        .first()
    )
    if change is None:
        messages.warning(request, gettext("No run has looked at this record yet, so there is nothing to leave out."))
        return _back(record)
    reason = request.POST.get("reason", "").strip()
    if not (desk.confirmed(request) and reason):
        return desk.ask(
            request,
            desk.Question(
                title=gettext("Leave out %(record)s for ever?") % {"record": record},
                sentence=gettext(
                    "No later run will write this record in this integration, until someone takes the decision back on "
                    "this page. Nothing is deleted at either side."
                ),
                button=gettext("Leave out for ever"),
                back=reverse("admin:record", args=[record.pk]),
                ask_reason=True,
                grave=True,
            ),
            missing=gettext("Say why, so that others understand it later.") if desk.confirmed(request) else "",
        )
    try:
        work.exclude(change, request.user, reason)
    except SyncError as error:
        tell_error(request, error)
    else:
        messages.success(request, gettext("Left out. The decision can be taken back on this page."))
    return _back(record)


@require_POST
@staff_view(view="hub.view_record", write="hub.delete_exclusion")
def record_include(request: HttpRequest, pk: int, exclusion_pk: int) -> HttpResponse:
    """Take back the decision to leave a record out."""
    record = record_of(request, pk)
    exclusion = get_object_or_404(Exclusion.objects.for_user(request.user), pk=exclusion_pk, record=record)
    try:
        work.unexclude(exclusion, request.user)
    except SyncError as error:
        tell_error(request, error)
    else:
        messages.success(request, gettext("Taken back. The next run looks at this record again."))
    return _back(record)


urls = [
    path("records/<int:pk>/", record_page, name="record"),
    path("records/<int:pk>/retry/", record_retry, name="record_retry"),
    path("records/<int:pk>/fetch/", record_fetch, name="record_fetch"),
    path("records/<int:pk>/exclude/", record_exclude, name="record_exclude"),
    path("records/<int:pk>/include/<int:exclusion_pk>/", record_include, name="record_include"),
    path("records/<int:pk>/links/<int:link_pk>/relink/", record_relink, name="record_relink"),
]
