"""Connections: which accounts are joined, what moves, and connecting or withdrawing them with one's own login there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from bridge import registry
from bridge.hub import voice, wall
from bridge.hub.models import Connection, Environment, Integration, SignInState
from bridge.jobs import activity, members
from bridge.jobs import connections as work
from bridge.portal.frame import Visit, enter, page, portal_view, tell_error
from connectors.contract import ApiKey, OAuth1, OAuth2, SyncError


@dataclass(frozen=True, slots=True)
class Card:
    """One account as the page shows it."""

    connection: Connection
    system: str
    look: voice.Look
    why: voice.Told | None
    moves: list[str]
    as_of: datetime | None
    is_simulator: bool

    @property
    def is_connected(self) -> bool:
        return self.connection.state in (Connection.State.CONNECTED, Connection.State.PAUSED)


def cards(visit: Visit) -> list[Card]:
    """Return the accounts of the organization that are in use or wait to be connected."""
    pairs = list(activity.live(visit.user, visit.organization).prefetch_related("flows"))
    used = {pk for item in pairs for pk in (item.left_id, item.right_id)}
    rows = visit.rows(Connection).filter(~Q(state=Connection.State.DISCONNECTED) | Q(pk__in=used))
    return [_card(item, pairs) for item in rows.order_by("vendor", "account_name", "pk")]


def _card(connection: Connection, pairs: Sequence[Integration]) -> Card:
    mine = [item for item in pairs if connection.pk in (item.left_id, item.right_id)]
    times = [item.last_good_at for item in mine if item.last_good_at]
    why = None
    if connection.state == Connection.State.ATTENTION:
        why = voice.reason("CONNECTION-ATTENTION") if connection.reason_code != "CONNECTION-REVOKED" else None
        why = why or voice.reason(connection.reason_code, connection.reason_params)
    return Card(
        connection,
        voice.system(connection),
        voice.connection_state(connection),
        why,
        [sentence for item in mine for sentence in voice.moves(item)],
        min(times) if times else connection.connected_at,
        connection.environment != Environment.LIVE,
    )


@portal_view()
def connections(visit: Visit) -> HttpResponse:
    """Show the accounts: connected or not, as of when, what moves."""
    return page(visit, "connections", gettext("Connections"), cards=cards(visit))


def way_of(connection: Connection, kind: type[Any]) -> Any:
    """Return how this kind of account is signed in to, if it is in this way."""
    ways = registry.connector(connection.vendor).sign_in
    return next((item for item in ways if isinstance(item, kind)), None)


@portal_view(post="connect")
def connect(visit: Visit, pk: int) -> HttpResponse:
    """Say what will be allowed before a person leaves for the other system; take them there, or take what is pasted."""
    connection = visit.one(Connection, pk=pk)
    request = visit.request
    if request.method == "POST":
        try:
            return _sign_in(visit, connection)
        except SyncError as error:
            tell_error(visit, error)
            connection.refresh_from_db()
    connector = registry.connector(connection.vendor)
    consent, values = way_of(connection, OAuth2), way_of(connection, OAuth1)
    response = page(
        visit,
        "connections",
        gettext("Connect %(account)s") % {"account": voice.account(connection)},
        template="connect",
        as_of=connection.connected_at,
        connection=connection,
        system=voice.system(connection),
        look=voice.connection_state(connection),
        consent=consent,
        key=way_of(connection, ApiKey),
        values=values,
        address=connector.address if values else None,
        rights_asked=[voice.say(text) for text in (consent or values).rights] if consent or values else [],
        is_simulator=connection.environment == Environment.LOCAL_SANDBOX,
        link=work.invitation_url(connection),
    )
    if consent:
        response.form_targets = (_origin(registry.hosts(connection.vendor, connection.environment).authorize),)  # type: ignore[attr-defined]
    return response


def _sign_in(visit: Visit, connection: Connection) -> HttpResponse:
    request = visit.request
    by = request.POST.get("by", "")
    if by == "key":
        work.sign_in_with_key(connection, request.POST.get("key", ""), visit.user, request.POST.dict())
    elif by == "values":
        work.give_address(connection, request.POST.get("base_url", ""))
        work.sign_in_with_values(connection, request.POST.dict(), visit.user)
    else:
        if not request.session.session_key:
            request.session.save()
        back = visit.url("connections")
        return _leave_for(work.authorize_url(connection, visit.user, request.session.session_key or "", next_url=back))
    messages.success(request, _connected(connection))
    return redirect(visit.url("connections"))


def _leave_for(address: str) -> HttpResponse:
    """Send the browser to the other system's page, saying nothing of where it came from."""
    response = redirect(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.form_targets = (_origin(address),)  # type: ignore[attr-defined]
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _connected(connection: Connection) -> str:
    return gettext("%(account)s is connected. What waited goes on by itself.") % {"account": voice.account(connection)}


@never_cache
def callback(request: HttpRequest, vendor: str) -> HttpResponse:
    """Take a client back from the other system's page. The address carries a code: it is used, then left behind."""
    if vendor not in registry.connectors():
        raise Http404
    params = dict(request.GET.items())
    trips = SignInState.objects.filter(user=request.user, connection__vendor=vendor).select_related("connection")
    trip = get_object_or_404(trips, state=params.get("state", ""))
    visit = enter(request, trip.connection.organization_id)
    if not visit.may("connect"):
        raise PermissionDenied
    try:
        connection, _next = work.finish_sign_in(
            params.get("state", ""), params, visit.user, request.session.session_key or ""
        )
    except SyncError as error:
        tell_error(visit, error)
        response = redirect(visit.url("connect", trip.connection_id))
    else:
        messages.success(request, _connected(connection))
        response = redirect(visit.url("connections"))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@portal_view(post="revoke")
def revoke(visit: Visit, pk: int) -> HttpResponse:
    """Say what withdrawing an account means; do it when that was confirmed."""
    connection = visit.one(Connection, pk=pk)
    if visit.request.method == "POST" and visit.request.POST.get("confirmed") == "yes":
        members.revoke(connection, visit.user)
        messages.success(
            visit.request,
            gettext("Our access to %(account)s is gone.") % {"account": voice.account(connection)},
        )
        return redirect(visit.url("connections"))
    pairs = activity.live(visit.user, visit.organization).filter(Q(left=connection) | Q(right=connection))
    way = way_of(connection, OAuth2) or way_of(connection, OAuth1)
    return page(
        visit,
        "connections",
        gettext("Withdraw the access to %(account)s?") % {"account": voice.account(connection)},
        template="revoke",
        connection=connection,
        moves=[sentence for item in pairs.prefetch_related("flows") for sentence in voice.moves(item)],
        after=voice.say(getattr(way, "after_revoke", None)),
    )


# The link somebody is sent, to connect an account with their own login


@never_cache
@login_required
def invited(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Lead from the link that was sent to the page where the account is connected; 404 for anyone else's."""
    with wall.behind(request.user):
        connection = get_object_or_404(Connection.objects.for_user(request.user), public_id=public_id)
    enter(request, connection.organization_id)
    return redirect("portal:connect", connection.organization_id, connection.pk)
