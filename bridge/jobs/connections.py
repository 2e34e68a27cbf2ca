"""Connecting accounts: the trip to a vendor's consent page, keys, checks, pausing and forgetting."""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, Environment, Organization, SignInState, User
from bridge.jobs.account import app_of, hosts_of, keep, loaded, opened
from connectors.contract import (
    Activation,
    ApiKey,
    AuthorizationExpired,
    Choice,
    Finding,
    Grant,
    OAuth1,
    OAuth2,
    SettingInvalid,
    SyncError,
)
from connectors.transport import PlainHttp, public_url

log = logging.getLogger("bridge.jobs.connections")

SIGN_IN_MINUTES = 10


def create(organization: Organization, vendor: str, environment: str, user: User | None) -> Connection:
    """Make an empty connection, to be filled by a sign-in."""
    if environment not in registry.connector(vendor).environments:
        raise SettingInvalid("ENVIRONMENT-UNKNOWN", params={"environment": environment})
    return Connection.objects.create(
        organization=organization,
        vendor=vendor,
        environment=environment,
        path_secret=secrets.token_urlsafe(24),
        connected_by=user,
    )


def oauth_of(connection: Connection) -> OAuth2:
    """Return how this vendor is signed in to by code; SettingInvalid where only a key is taken."""
    for way in registry.connector(connection.vendor).sign_in:
        if isinstance(way, OAuth2):
            return way
    raise SettingInvalid("SIGNIN-KEY-ONLY", params={"account": str(connection)})


def key_of(connection: Connection) -> ApiKey | None:
    """Return how a key is taken for this vendor, if it is."""
    for way in registry.connector(connection.vendor).sign_in:
        if isinstance(way, ApiKey):
            return way
    return None


def values_of(connection: Connection) -> OAuth1 | None:
    """Return how several values are taken for this vendor, if they are."""
    for way in registry.connector(connection.vendor).sign_in:
        if isinstance(way, OAuth1):
            return way
    return None


def redirect_uri(vendor: str) -> str:
    """Return the address a vendor returns to; it must be registered there byte for byte."""
    return f"{settings.BRIDGE_BASE_URL}/connect/{vendor}/callback/"


def invitation_url(connection: Connection) -> str:
    """Return the link by which a client connects this account with their own login; it leads nobody else anywhere."""
    return f"{settings.BRIDGE_BASE_URL}/portal/connect/{connection.public_id}/"


def authorize_url(connection: Connection, user: User, session_key: str, next_url: str = "") -> str:
    """Return the vendor's consent page for this trip: one use, ten minutes, bound to person and session."""
    way = oauth_of(connection)
    app = app_of(connection)
    trip = SignInState.objects.create(
        state=secrets.token_urlsafe(32),
        connection=connection,
        user=user,
        session_key=session_key,
        next_url=next_url[:300],
    )
    hosts = registry.hosts(connection.vendor, connection.environment)
    return way.authorize_url(hosts, app, redirect_uri(connection.vendor), trip.state)


def finish_sign_in(state: str, params: Mapping[str, str], user: User, session_key: str) -> tuple[Connection, str]:
    """Take what the vendor returned, store the grant, and return the connection and where to go on.

    SyncErrors: SIGNIN-STATE (used, late, or somebody else's), SIGNIN-REFUSED, SIGNIN-WRONG-ACCOUNT,
    SIGNIN-ACCOUNT-TAKEN, or what the vendor said.
    """
    now = timezone.now()
    with transaction.atomic():
        trip = (
            SignInState.objects.select_for_update(of=("self",)).select_related("connection").filter(state=state).first()
        )
        late = trip is not None and now - trip.created_at > timedelta(minutes=SIGN_IN_MINUTES)
        if trip is None or trip.used_at or late or trip.user_id != user.pk or trip.session_key != session_key:
            raise SettingInvalid("SIGNIN-STATE")
        SignInState.objects.filter(pk=trip.pk).update(used_at=now)
    connection = trip.connection
    if params.get("error"):
        raise SettingInvalid(
            "SIGNIN-REFUSED" if params["error"] == "access_denied" else "SIGNIN-FAILED",
            params={"account": str(connection)},
            detail=params["error"],
        )
    way = oauth_of(connection)
    hosts = registry.hosts(connection.vendor, connection.environment)
    grant, account_id = way.exchange(
        PlainHttp(), hosts, app_of(connection), redirect_uri(connection.vendor), dict(params)
    )
    _settle(connection, grant, account_id, user)
    return connection, trip.next_url


def sign_in_with_key(
    connection: Connection, key: str, user: User | None, values: Mapping[str, str] | None = None
) -> Connection:
    """Take a key a person pasted, with what the vendor wants beside it; SettingInvalid where the shape of one is wrong,
    AuthorizationExpired where the key is refused.
    """
    way = key_of(connection)
    if way is None:
        raise SettingInvalid("SIGNIN-NO-KEY", params={"account": str(connection)})
    grant, account_id = way.grant(key.strip(), hosts_of(connection)), None
    if way.placed:
        given = {item.key: (values or {}).get(item.key, "").strip() for item in way.beside}
        grant, account_id = way.placed(grant, given)
    try:
        _settle(connection, grant, account_id, user)
    except AuthorizationExpired as error:
        raise AuthorizationExpired("SIGNIN-KEY-REFUSED", detail=error.detail) from error
    return connection


def give_address(connection: Connection, text: str) -> None:
    """Keep where the vendor lives, as a person says it; SettingInvalid (field base_url) when that cannot be.

    The simulator is the one place inside the house, and only for connections marked so. An account in use keeps its
    host: what its records come from must not change under them.
    """
    if connection.environment == Environment.LOCAL_SANDBOX:
        address = _sandbox_address(text)
    else:
        address = public_url(text)
    if connection.account_id and _host(address) != _host(connection.base_url):
        raise SettingInvalid("ADDRESS-OTHER", params={"host": _host(connection.base_url)}, field="base_url")
    if address != connection.base_url:
        connection.base_url = address
        connection.save(update_fields=["base_url"])


def _sandbox_address(text: str) -> str:
    """An address at the simulator, whatever its path; blank means the simulator's own."""
    given = text.strip().rstrip("/")
    if given and (urlsplit(given).scheme, urlsplit(given).netloc) != urlsplit(settings.BRIDGE_SANDBOX_URL)[:2]:
        raise SettingInvalid("ADDRESS-SIMULATOR", params={"host": settings.BRIDGE_SANDBOX_URL}, field="base_url")
    return given


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def sign_in_with_values(connection: Connection, values: Mapping[str, str], user: User | None) -> Connection:
    """Take the values a person pasted; SettingInvalid, with the field, where the shape of one is wrong."""
    way = values_of(connection)
    if way is None:
        raise SettingInvalid("SIGNIN-NO-KEY", params={"account": str(connection)})
    given = {item.key: values.get(item.key, "").strip() for item in way.settings}
    _settle(connection, way.grant(given, hosts_of(connection)), None, user)
    return connection


# activation at the vendor: its server brings keys to one address of ours, then a person's browser comes to another


def activation_addresses(connection: Connection) -> tuple[str, str]:
    """Return the two addresses to enter at the vendor. Their unguessable part proves what arrives there."""
    if not connection.path_secret:
        connection.path_secret = secrets.token_urlsafe(24)
        connection.save(update_fields=["path_secret"])
    root = f"{settings.BRIDGE_BASE_URL}/connect/{connection.vendor}"
    return f"{root}/activate/{connection.path_secret}/", f"{root}/identity/{connection.path_secret}/"


def _activated(vendor: str, secret: str) -> tuple[Connection, OAuth1] | None:
    if vendor not in registry.connectors() or len(secret) < 20:
        return None
    connection = Connection.objects.filter(vendor=vendor, path_secret=secret).first()
    way = values_of(connection) if connection else None
    if connection is None or way is None or way.exchange is None:
        return None
    return connection, way


def take_activation(vendor: str, secret: str, form: Mapping[str, str]) -> int:
    """Keep what the vendor's server brought, sealed, and return the status to answer: 200, 400 or 404.

    The shop it speaks for must be the one a person named: nothing else is ever called with these keys.
    """
    found = _activated(vendor, secret)
    if found is None:
        return 404
    connection, way = found
    try:
        brought = way.activation(form) if way.activation else None
    except ValueError:
        brought = None
    if brought is None:
        return 400
    if _host(brought.address) != _host(hosts_of(connection).api):
        log.warning("activation refused: another host connection=%s", connection.pk)
        Connection.objects.filter(pk=connection.pk, state=Connection.State.NEW).update(
            reason_code="ACTIVATION-OTHER", reason_params={"host": _host(brought.address)[:100]}
        )
        return 400
    connection.grant = {
        **connection.grant,
        "pending": {
            "consumer_key": brought.consumer_key,
            "consumer_secret": brought.consumer_secret,
            "verifier": brought.verifier,
            "address": brought.address,
            "at": timezone.now().isoformat(),
        },
    }
    connection.save(update_fields=["sealed_grant"])
    log.info("activation begun connection=%s", connection.pk)
    return 200


class NotYet(Exception):
    """The person's browser came before the vendor's server did."""


def finish_activation(vendor: str, secret: str, query: Mapping[str, str], user: User | None) -> tuple[Connection, str]:
    """Fetch the rest of the values and return the connection and the way back to the vendor.

    LookupError: no address of ours, or not a call of this kind. NotYet: the keys have not come, or were used.
    SyncErrors: ACTIVATION-LATE, what the vendor said, and those of `sign_in_with_values`.
    """
    found = _activated(vendor, secret)
    if found is None:
        raise LookupError(vendor)
    connection, way = found
    try:
        key, back = way.returns(query) if way.returns else ("", "")
    except ValueError as error:
        raise LookupError(vendor) from error
    pending = _claim_activation(connection, key)
    activation = Activation(
        pending["consumer_key"], pending["consumer_secret"], pending["verifier"], pending["address"]
    )
    hosts = hosts_of(connection)
    assert way.exchange  # noqa: S101 - _activated looked
    grant = way.exchange(PlainHttp(public_only=hosts.public_only), hosts, activation)
    _settle(connection, grant, None, user)
    return connection, back


def _claim_activation(connection: Connection, key: str) -> dict[str, str]:
    """Take the waiting keys, once: a second browser finds none."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        kept = row.grant
        pending = kept.pop("pending", None)
        if pending is None or not secrets.compare_digest(pending["consumer_key"].encode(), key.encode()):
            raise NotYet
        row.grant = kept
        row.save(update_fields=["sealed_grant"])
    connection.sealed_grant = row.sealed_grant
    if timezone.now() - datetime.fromisoformat(pending["at"]) > timedelta(minutes=SIGN_IN_MINUTES):
        raise SettingInvalid("ACTIVATION-LATE", params={"account": str(connection)})
    return dict(pending)


def leads_home(connection: Connection, address: str) -> bool:
    """Tell whether an address belongs to the account's own host, so that a browser may be sent there unasked."""
    ours = urlsplit(hosts_of(connection).api)
    there = urlsplit(address)
    return there.scheme in ("https", ours.scheme) and (there.hostname or "") == ours.hostname


def _settle(connection: Connection, grant: Grant, account_id: str | None, user: User | None) -> None:
    """Find out whose grant this is before it is kept: another account than the pinned one is refused."""
    was = (connection.state, connection.account_id)
    probe = Connection(
        public_id=connection.public_id,
        pk=connection.pk,
        organization=connection.organization,
        vendor=connection.vendor,
        environment=connection.environment,
        account_id=account_id or connection.account_id,
        base_url=connection.base_url,
    )
    identity = _identify(probe, grant)
    found = identity.account_id or account_id or ""
    if connection.account_id and found != connection.account_id:
        raise SettingInvalid("SIGNIN-WRONG-ACCOUNT", params={"wanted": connection.account_name, "found": identity.name})
    taken = (
        Connection.objects.filter(vendor=connection.vendor, environment=connection.environment, account_id=found)
        .exclude(pk=connection.pk)
        .exclude(state=Connection.State.DISCONNECTED)
        .first()
    )
    if taken:
        # Name the other client only where it is the same one: a name is somebody's data too.
        other = str(taken.organization) if taken.organization_id == connection.organization_id else ""
        raise SettingInvalid("SIGNIN-ACCOUNT-TAKEN", params={"account": identity.name, "organization": other})
    connection.account_id, connection.account_name = found, identity.name[:300]
    connection.facts = {**connection.facts, **identity.facts}
    connection.state, connection.reason_code, connection.reason_params = Connection.State.CONNECTED, "", {}
    connection.connected_at, connection.connected_by = timezone.now(), user
    try:
        with transaction.atomic():
            keep(connection, grant)
            connection.save(
                update_fields=["account_id", "account_name", "facts", "state", "reason_code", "reason_params",
                               "connected_at", "connected_by"]
            )  # fmt: skip
    except IntegrityError as error:
        raise SettingInvalid("SIGNIN-ACCOUNT-TAKEN", params={"account": identity.name, "organization": ""}) from error
    log.info("connected connection=%s vendor=%s was=%s", connection.pk, connection.vendor, was[0])
    _catch_up(connection)


def _catch_up(connection: Connection) -> None:
    """After a reconnect the waiting work is due at once."""
    from bridge.hub.models import Integration, Run

    now = timezone.now()
    for side in ("left", "right"):
        Integration.objects.filter(**{side: connection}, automatic=True, state__in=Integration.RUNNING).update(
            next_run_at=now
        )
        Run.objects.filter(**{f"integration__{side}": connection}, state__in=Run.WORKING).update(wake_at=now)


def _identify(connection: Connection, grant: Grant) -> Any:
    """Ask the account who it is, with a grant that is not stored yet."""
    from connectors.transport import Api

    connector = registry.connector(connection.vendor)
    with Api(
        connector,
        hosts_of(connection),
        _Bare(grant),
        {"account_id": connection.account_id, **(grant.extra.get("context") or {})},
        deadline_seconds=30,
    ) as api:
        return connector.identify(api)


class _Bare:
    """The least an Api needs: a grant, no limits, no log. Only for the first question to a new account."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    def grant(self) -> Grant:
        return self._grant

    def renew(self, used: Grant) -> Grant:
        raise AuthorizationExpired("SIGNIN-FAILED", params={"account": ""})

    def slot(self, bucket: str) -> Any:
        from contextlib import nullcontext

        return nullcontext()

    def throttled(self, seconds: float) -> None:
        return None

    def paced(self, calls: int, seconds: float) -> None:
        return None

    def allow(self) -> None:
        return None

    def feedback(self, up: bool) -> None:
        return None

    def record(self, call: Any) -> None:
        return None


def check(connection: Connection) -> list[Finding]:
    """Ask the account who it is and what stands in the way; store the findings, facts and state."""
    from connectors.contract import Text

    try:
        was = connection.state
        if was == Connection.State.ATTENTION:
            # The person may have mended it at the vendor: one try.
            Connection.objects.filter(pk=connection.pk).update(state=Connection.State.CONNECTED)
        with opened(connection) as (api, account):
            identity = account.connector.identify(api)
            findings = list(account.connector.diagnose(api)) if account.connector.diagnose else []
        if identity.account_id and connection.account_id and identity.account_id != connection.account_id:
            raise SettingInvalid(
                "SIGNIN-WRONG-ACCOUNT", params={"wanted": connection.account_name, "found": identity.name}
            )
        connection.facts = {**connection.facts, **identity.facts}
        connection.account_name = identity.name[:300] or connection.account_name
        reason, params = "", {}
    except SyncError as error:
        told = registry.catalogue().get(error.code)
        text = told.what if told else Text(error.code, error.code)
        findings = [Finding(error.code, "blocker", text, {key: str(item) for key, item in error.params.items()})]
        if isinstance(error, AuthorizationExpired):  # said first and plainly: all else follows from it
            plain = Text("Not connected: reconnect the account.", "Non connecté : reconnectez le compte.")
            findings.insert(0, Finding("NOT-CONNECTED", "blocker", plain))
        reason, params = error.code, {key: str(item) for key, item in error.params.items()}
    if abs(connection.clock_skew_seconds) > 120:
        text = Text(
            "The vendor's clock and ours differ by {seconds} s.",
            "L’horloge du fournisseur et la nôtre diffèrent de {seconds} s.",
        )
        findings.append(Finding("CLOCK-SKEW", "warning", text, {"seconds": int(connection.clock_skew_seconds)}))
    connection.findings = [
        {"code": item.code, "level": item.level, "en": item.text.say("en", **item.params),
         "fr": item.text.say("fr", **item.params), "params": {key: str(value) for key, value in item.params.items()}}
        for item in findings
    ]  # fmt: skip
    connection.checked_at = timezone.now()
    connection.save(update_fields=["findings", "facts", "account_name", "checked_at"])
    if reason:
        Connection.objects.filter(pk=connection.pk, state=Connection.State.ATTENTION).update(
            reason_code=reason, reason_params=params
        )
    connection.refresh_from_db()
    return findings


def choices(connection: Connection, reference: str, context: Mapping[str, str] | None = None) -> list[Choice]:
    """Read a reference list fresh from the account."""
    wanted = next(item for item in registry.connector(connection.vendor).references if item.key == reference)
    with opened(connection, context) as (api, _):
        return wanted.read(api)


def pause(connection: Connection, user: User | None) -> None:
    """Make no calls until a person resumes."""
    Connection.objects.filter(pk=connection.pk, state=Connection.State.CONNECTED).update(state=Connection.State.PAUSED)
    connection.refresh_from_db()


def resume(connection: Connection, user: User | None) -> None:
    """Call again."""
    Connection.objects.filter(pk=connection.pk, state=Connection.State.PAUSED).update(state=Connection.State.CONNECTED)
    connection.refresh_from_db()
    _catch_up(connection)


def forget(connection: Connection, user: User | None) -> bool:
    """End the grant at the vendor where that is possible, and wipe our copy; True when the vendor confirmed."""
    revoked = False
    try:
        way = oauth_of(connection)
        if way.revoke and connection.sealed_grant:
            hosts = registry.hosts(connection.vendor, connection.environment)
            way.revoke(PlainHttp(deadline_seconds=15), hosts, app_of(connection), loaded(connection))
            revoked = True
    except SyncError as error:
        log.warning("revoke failed connection=%s code=%s", connection.pk, error.code)
    connection.sealed_grant, connection.sealed_webhook_secret = "", ""
    connection.state = Connection.State.DISCONNECTED
    connection.path_secret = secrets.token_urlsafe(24)  # what comes to the old addresses is nobody's
    connection.grant_expires_at = connection.refresh_expires_at = None
    connection.save(
        update_fields=["sealed_grant", "sealed_webhook_secret", "state", "path_secret", "grant_expires_at",
                       "refresh_expires_at"]
    )  # fmt: skip
    return revoked


def in_use(connection: Connection) -> Any:
    """Return the integrations that stand on this connection."""
    from django.db.models import Q

    from bridge.hub.models import Integration

    return Integration.objects.filter(Q(left=connection) | Q(right=connection)).exclude(
        state=Integration.State.DISCONNECTED
    )
