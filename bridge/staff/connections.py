"""Connections: one authorised account at a vendor each. Connect, test, diagnose, pause, reconnect, disconnect."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import (
    Connection,
    Environment,
    Integration,
    Organization,
    Run,
    SignInState,
    VendorApp,
    VendorCall,
)
from bridge.jobs import connections as work
from bridge.staff.pages import page, say_error, staff_view, tell_error
from bridge.staff.templatetags.bridge import say, vendor_label
from connectors.contract import ApiKey, Connector, OAuth1, OAuth2, Setting, SyncError

VIEW, WRITE, ADD = "hub.view_connection", "hub.change_connection", "hub.add_connection"


def section() -> tuple[object, str]:
    """The first crumb of these pages."""
    return (_("Connections"), reverse("admin:connections"))


def crumb(connection: Connection) -> tuple[object, str]:
    """The crumb of one account."""
    return (
        connection.account_name or vendor_label(connection.vendor),
        reverse("admin:connection", args=[connection.pk]),
    )


def get_connection(request: HttpRequest, pk: int) -> Connection:
    """Return one connection this person may see; 404 else."""
    rows = Connection.objects.for_user(request.user).select_related("organization", "connected_by")
    return get_object_or_404(rows, pk=pk)


def integrations_of(connection: Connection) -> list[Integration]:
    """Return the living integrations an account takes part in, with their newest run at hand as `newest_run`."""
    rows = (
        Integration.objects.filter(Q(left=connection) | Q(right=connection))
        .exclude(state=Integration.State.DISCONNECTED)
        .select_related("left", "right", "organization")
        .prefetch_related("flows")
        .annotate(newest_id=Max("runs__pk"))
    )
    found = list(rows)
    runs = Run.objects.in_bulk([row.newest_id for row in found if row.newest_id])
    for row in found:
        row.newest_run = runs.get(row.newest_id)  # type: ignore[attr-defined]
    return found


# list


@staff_view(view=VIEW)
def connection_list(request: HttpRequest) -> HttpResponse:
    """List the accounts, filtered by client, system and state."""
    rows = (
        Connection.objects.for_user(request.user)
        .select_related("organization")
        .prefetch_related(
            Prefetch("integrations_left", Integration.objects.exclude(state=Integration.State.DISCONNECTED)),
            Prefetch("integrations_right", Integration.objects.exclude(state=Integration.State.DISCONNECTED)),
        )
        .order_by("organization__name", "vendor", "account_name", "pk")
    )
    state, vendor, organization = (request.GET.get(name, "") for name in ("state", "vendor", "organization"))
    if state in Connection.State.values:
        rows = rows.filter(state=state)
    else:
        rows = rows.exclude(state=Connection.State.DISCONNECTED)
    if vendor in registry.connectors():
        rows = rows.filter(vendor=vendor)
    if organization.isdecimal():
        rows = rows.filter(organization=int(organization))
    found = list(rows[:500])
    for row in found:
        row.used_by = [*row.integrations_left.all(), *row.integrations_right.all()]  # type: ignore[attr-defined]
    return page(
        request,
        "staff/connections.html",
        _("Connections"),
        rows=found,
        recipes=registry.recipes(),
        organizations=Organization.objects.for_user(request.user).only("id", "name"),
        vendors=[(key, say(item.label)) for key, item in registry.connectors().items()],
        states=Connection.State.choices,
        chosen={"state": state, "vendor": vendor, "organization": organization},
    )


# a new one


@staff_view(view=VIEW, write=ADD)
def connection_new(request: HttpRequest) -> HttpResponse:
    """Ask which client, which system and where; then go to the page that explains consent."""
    given = request.POST if request.method == "POST" else request.GET
    organizations = Organization.objects.for_user(request.user).only("id", "name")
    problems: dict[str, list[str]] = {}
    if request.method == "POST":
        wanted = given.get("organization", "")
        organization = organizations.filter(pk=wanted).first() if wanted.isdecimal() else None
        vendor, environment = given.get("vendor", ""), given.get("environment", "")
        if organization is None:
            problems["organization"] = [gettext("Choose the client this account belongs to.")]
        if vendor not in registry.connectors():
            problems["vendor"] = [gettext("Choose a system.")]
        elif environment not in registry.connector(vendor).environments:
            problems["environment"] = [gettext("Choose where the account lives.")]
        if not problems and organization is not None:
            connection = work.create(organization, vendor, environment, request.user)
            return redirect("admin:connection_connect", connection.pk)
    return page(
        request,
        "staff/connection_new.html",
        _("Connect an account"),
        [section()],
        organizations=organizations,
        vendors=[(key, say(item.label)) for key, item in registry.connectors().items()],
        environments=environments(),
        chosen={name: given.get(name, "") for name in ("organization", "vendor", "environment")},
        problems=problems,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere an account can live, in words."""

    key: str
    label: str
    note: str


def environments(vendor: str = "") -> list[Place]:
    """Return where accounts can live, the simulator last; of one vendor when named."""
    notes = {
        Environment.LIVE: _("The client's real account. What is written there is real."),
        Environment.VENDOR_SANDBOX: _("A test account at the vendor, with invented data."),
        Environment.LOCAL_SANDBOX: _("Our own stand-in, for trying and learning. Nothing leaves this machine."),
    }
    known = registry.connector(vendor).environments if vendor else None
    return [
        Place(value, str(label), str(notes[Environment(value)]))
        for value, label in Environment.choices
        if known is None or value in known
    ]


# one account


@staff_view(view=VIEW)
def connection_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one account: who it is, how healthy, what moves, what it may do, when it was used."""
    connection = get_connection(request, pk)
    connector = registry.connector(connection.vendor)
    used_by = integrations_of(connection)
    return page(
        request,
        "staff/connection.html",
        connection.account_name or vendor_label(connection.vendor),
        [section()],
        connection=connection,
        connector=connector,
        integrations=used_by,
        recipes=registry.recipes(),
        moves=[sentence for row in used_by for sentence in moves(row)],
        rights=rights(connector),
        oauth=oauth(connector),
        calls=calls_of(connection),
        invitation=work.invitation_url(connection),
        findings=connection.findings or [],
        now=timezone.now(),
    )


def oauth(connector: Connector) -> OAuth2 | None:
    """Return how to sign in by consent, if the vendor has it."""
    return next((item for item in connector.sign_in if isinstance(item, OAuth2)), None)


def key_sign_in(connector: Connector) -> ApiKey | None:
    """Return how to sign in by a pasted key, if the vendor has it."""
    return next((item for item in connector.sign_in if isinstance(item, ApiKey)), None)


def value_sign_in(connector: Connector) -> OAuth1 | None:
    """Return how to sign in by several pasted values, if the vendor has it."""
    return next((item for item in connector.sign_in if isinstance(item, OAuth1)), None)


def after_revoke(connector: Connector) -> Any:
    """Return what a person must do at the vendor after we forgot an account; None when nothing."""
    return getattr(oauth(connector) or value_sign_in(connector), "after_revoke", None)


def rights(connector: Connector) -> tuple[Any, ...]:
    """Return the rights asked for, in plain words."""
    found = oauth(connector) or value_sign_in(connector)
    return found.rights if found else ()


def moves(integration: Integration) -> list[str]:
    """Return what moves between two accounts, one sentence for each flow that is on."""
    recipe = registry.recipe(integration.recipe)
    on = {flow.entity for flow in integration.flows.all() if flow.is_on}
    return [say(flow.sentence) for flow in recipe.flows if flow.entity in on and flow.sentence]


@dataclass(frozen=True, slots=True)
class Calls:
    """What an account was asked lately, and what it allows."""

    day: int
    week: int
    failed: int
    last_at: Any
    rates: tuple[tuple[int, float], ...]
    concurrency: int
    recent: list[VendorCall]


def calls_of(connection: Connection) -> Calls:
    """Count the calls of the last day and week, and name the last ones."""
    now = timezone.now()
    day = Q(started_at__gte=now - timedelta(days=1))
    told = VendorCall.objects.filter(connection=connection, started_at__gte=now - timedelta(days=7)).aggregate(
        week=Count("pk"),
        day=Count("pk", filter=day),
        failed=Count("pk", filter=day & ~Q(error_code="")),
        last=Max("started_at"),
    )
    limits = registry.connector(connection.vendor).limits
    recent = VendorCall.objects.filter(connection=connection).order_by("-started_at")[:10]
    return Calls(
        told["day"], told["week"], told["failed"], told["last"], limits.rates, limits.concurrency, list(recent)
    )


# connecting


@staff_view(view=VIEW, write=WRITE)
@never_cache
def connection_connect(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what will be asked before a person leaves for the vendor (M-02, M-14); take them there, or take a key, or
    an address and values.
    """
    connection = get_connection(request, pk)
    connector = registry.connector(connection.vendor)
    problems: dict[str, list[str]] = {}
    back = local_address(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST":
        by = request.POST.get("by", "")
        try:
            if by in ("address", "values"):
                return _take_values(request, connection, back)
            if by == "key":
                work.sign_in_with_key(connection, request.POST.get("key", ""), request.user, request.POST.dict())
                messages.success(request, _connected(connection))
                return redirect(back or reverse("admin:connection", args=[pk]))
            if not request.session.session_key:
                request.session.save()
            address = work.authorize_url(connection, request.user, request.session.session_key, next_url=back)
            return leave_for(address)
        except SyncError as error:
            problems[_field(by, error)] = [say_error(error)]
            connection.refresh_from_db()
    app = VendorApp.objects.filter(vendor=connection.vendor, environment=connection.environment).first()
    consent = oauth(connector)
    response = page(
        request,
        "staff/connect.html",
        gettext("Connect %(vendor)s") % {"vendor": say(connector.label)},
        [section(), crumb(connection)],
        connection=connection,
        connector=connector,
        consent=consent,
        key=key_sign_in(connector),
        beside=beside(request, connection, key_sign_in(connector), problems),
        asked=asked(request, connection, problems),
        app_missing=bool(consent) and (app is None or not app.client_id),
        problems=problems,
        back=back,
        connection_back=reverse("admin:connection", args=[pk]),
    )
    if consent:
        response.form_targets = (origin(registry.hosts(connection.vendor, connection.environment).authorize),)  # type: ignore[attr-defined]
    return response


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the form, as it is shown. A secret never comes back."""

    setting: Setting
    value: str
    problem: bool


def beside(
    request: HttpRequest, connection: Connection, way: ApiKey | None, problems: dict[str, list[str]]
) -> list[Field]:
    """What is given beside a key, as it is shown: the account's own id where it is known."""
    return [
        Field(item, request.POST.get(item.key, connection.account_id if at == 0 else ""), item.key in problems)
        for at, item in enumerate(way.beside if way else ())
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """The form of a sign-in by address and values, and the two addresses of ours that an activation needs."""

    way: OAuth1
    address: Field | None
    values: list[Field]
    activates: bool  # whether the vendor can bring the values itself
    callback_address: str = ""
    identity_address: str = ""
    simulator_address: str = ""  # where the stand-in shows its values


def asked(request: HttpRequest, connection: Connection, problems: dict[str, list[str]]) -> Asked | None:
    """Return what the form shows; None where the vendor is signed in to in another way."""
    connector = registry.connector(connection.vendor)
    way = value_sign_in(connector)
    if way is None:
        return None

    def field(setting: Setting, kept: str = "") -> Field:
        shown = "" if setting.kind == "secret" else request.POST.get(setting.key, kept)
        return Field(setting, shown, setting.key in problems)

    addresses = ("", "")
    known = connection.base_url or connection.environment == Environment.LOCAL_SANDBOX
    if way.exchange and known and request.user.has_perm(WRITE):
        addresses = work.activation_addresses(connection)
    return Asked(
        way,
        field(connector.address, connection.base_url) if connector.address else None,
        [field(item) for item in way.settings],
        way.exchange is not None,
        *addresses,
        registry.hosts(connection.vendor, connection.environment).extra.get("values", ""),
    )


def _take_values(request: HttpRequest, connection: Connection, back: str) -> HttpResponse:
    """Keep the address, and sign in where the values are given too."""
    work.give_address(connection, request.POST.get("base_url", ""))
    here = reverse("admin:connection_connect", args=[connection.pk])
    if request.POST.get("by") == "address":
        messages.success(request, gettext("The address is kept. The two addresses for the activation are below."))
        return redirect(f"{here}?{urlencode({'next': back})}" if back else here)
    work.sign_in_with_values(connection, request.POST.dict(), request.user)
    messages.success(request, _connected(connection))
    return redirect(back or reverse("admin:connection", args=[connection.pk]))


def _field(by: str, error: SyncError) -> str:
    """The place of the form an error belongs to."""
    if by in ("address", "values"):
        return error.field or "values"
    return (error.field or "key") if by == "key" else "consent"


def origin(address: str) -> str:
    """Return scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def leave_for(address: str) -> HttpResponse:
    """Send the browser to a vendor's consent page, saying nothing of where it came from."""
    response = redirect(address)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.form_targets = (origin(address),)  # type: ignore[attr-defined]
    return response


def local_address(request: HttpRequest, address: str) -> str:
    """Return `address` if it is a page of ours, else ""."""
    return address if address and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""


def _connected(connection: Connection) -> str:
    return gettext("%(account)s is connected (id %(id)s).") % {
        "account": connection.account_name or vendor_label(connection.vendor),
        "id": connection.account_id,
    }


def _try_again(request: HttpRequest, trip: SignInState) -> str:
    """The page the trip began on, with the way back it was to take."""
    address = reverse("admin:connection_connect", args=[trip.connection_id])
    back = local_address(request, trip.next_url)
    return f"{address}?{urlencode({'next': back})}" if back else address


@never_cache
def vendor_callback(request: HttpRequest, vendor: str) -> HttpResponse:
    """Take a person back from a vendor's consent page. The address carries a code: it is used, then left behind."""
    if vendor not in registry.connectors():
        raise Http404
    if not request.user.is_authenticated:
        return redirect("account_login")
    if not (request.user.is_staff and request.user.has_perm(WRITE)):
        raise PermissionDenied
    params = dict(request.GET.items())
    trip = (
        SignInState.objects.filter(state=params.get("state", ""), connection__vendor=vendor)
        .select_related("connection")
        .first()
    )
    try:
        connection, wanted = work.finish_sign_in(
            params.get("state", ""), params, request.user, request.session.session_key or ""
        )
    except SyncError as error:
        tell_error(request, error)
        mine = trip if trip and trip.user_id == request.user.pk else None
        response = redirect(_try_again(request, mine) if mine else reverse("admin:connections"))
    else:
        messages.success(request, _connected(connection))
        back = local_address(request, wanted)
        response = redirect(back or reverse("admin:connection", args=[connection.pk]))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
def vendor_identity(request: HttpRequest, vendor: str, secret: str) -> HttpResponse:
    """Take a browser that a vendor sends while we are activated there, finish, and send it back.

    Whoever activates us may be no one of ours: the unguessable address and the keys that came beforehand are the proof.
    It is sent on unasked only to the account's own host.
    """
    query = dict(request.GET.items())
    person = request.user if request.user.is_authenticated else None
    try:
        connection, back = work.finish_activation(vendor, secret, query, person)
    except LookupError:
        raise Http404 from None
    except work.NotYet:
        response = _activation(request, vendor, "waiting")
        response.headers["Refresh"] = "4"
        return response
    except SyncError as error:
        return _activation(request, vendor, "failed", said=say_error(error), code=error.code)
    if work.leads_home(connection, back):
        response = redirect(back)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    return _activation(request, vendor, "done", back=back, host=urlsplit(back).netloc)


def _activation(request: HttpRequest, vendor: str, state: str, **told: str) -> HttpResponse:
    response = render(
        request,
        "staff/activation.html",
        {"title": gettext("Activation"), "connector": registry.connector(vendor), "state": state, **told},
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# looking after


@require_POST
@staff_view(view=VIEW, write=WRITE)
def connection_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Test or diagnose: ask the account who it is and what stands in the way; the answer is on the page after."""
    connection = get_connection(request, pk)
    try:
        findings = work.check(connection)
    except SyncError as error:
        tell_error(request, error)
    else:
        blockers = sum(1 for item in findings if item.level == "blocker")
        if blockers:
            messages.warning(request, gettext("The account answers, but something is in the way. See the findings."))
        else:
            messages.success(request, gettext("The account answers."))
    return redirect("admin:connection", pk)


@require_POST
@staff_view(view=VIEW, write=WRITE)
def connection_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause or resume all reading and writing of one account."""
    connection = get_connection(request, pk)
    try:
        if request.POST.get("do") == "resume":
            work.resume(connection, request.user)
            messages.success(request, gettext("The account is in use again."))
        else:
            work.pause(connection, request.user)
            messages.success(request, gettext("Paused: nothing is read from this account or written to it."))
    except SyncError as error:
        tell_error(request, error)
    return redirect("admin:connection", pk)


@staff_view(view=VIEW, write="hub.delete_connection")
def connection_forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Wipe our access to an account and revoke it at the vendor: after a page that says what that means.

    Integrations still using it are disconnected first, each by its own page with its own effects.
    """
    connection = get_connection(request, pk)
    used_by = integrations_of(connection)
    if request.method == "POST" and not used_by and request.POST.get("confirmed") == "yes":
        try:
            work.forget(connection, request.user)
        except SyncError as error:
            tell_error(request, error)
        else:
            messages.success(request, gettext("Our access to this account is gone."))
            return redirect("admin:connections")
    return page(
        request,
        "staff/connection_forget.html",
        gettext("Disconnect %(account)s?") % {"account": connection},
        [section(), crumb(connection)],
        connection=connection,
        integrations=used_by,
        after=after_revoke(registry.connector(connection.vendor)),
    )


urls: list[URLPattern] = [
    path("connections/", connection_list, name="connections"),
    path("connections/new/", connection_new, name="connection_new"),
    path("connections/<int:pk>/", connection_page, name="connection"),
    path("connections/<int:pk>/connect/", connection_connect, name="connection_connect"),
    path("connections/<int:pk>/check/", connection_check, name="connection_check"),
    path("connections/<int:pk>/pause/", connection_pause, name="connection_pause"),
    path("connections/<int:pk>/disconnect/", connection_forget, name="connection_forget"),
]
