"""Signing in: OAuth 2 by code. Access lasts an hour, the refresh token a hundred days since its last use, five years
at most.

The refresh token's value changes about once a day and the old one dies, so what came back is stored before anything
else; two refreshes at once may end the whole grant, so there is one at a time. Both are the caller's to keep.

Source: https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
(read 2026-11)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.contract import (
    App,
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    Http,
    OAuth2,
    RateLimited,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)

SCOPE = "com.intuit.quickbooks.accounting"
# Asks for the seconds that are left of the five years.
_HEADERS = {"x-include-refresh-token-hard-expires-in": "true", "Accept": "application/json"}


def authorize_url(hosts: Hosts, app: App, redirect_uri: str, state: str) -> str:
    """Where a person gives consent and chooses the company."""
    query = {
        "client_id": app.client_id,
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{hosts.authorize}?{urlencode(query)}"


def exchange(
    http: Http, hosts: Hosts, app: App, redirect_uri: str, callback: Mapping[str, str]
) -> tuple[Grant, str | None]:
    """Turn the return from the vendor into a grant and the company's id, which is told nowhere else."""
    if callback.get("error"):
        raise SettingInvalid("QBO-CONSENT", params={"vendor_code": callback["error"][:60]})
    realm = callback.get("realmId", "")
    if not callback.get("code") or not realm.isdigit():
        raise SettingInvalid("QBO-CALLBACK")
    form = {"grant_type": "authorization_code", "code": callback["code"], "redirect_uri": redirect_uri}
    status, body = http.call("POST", hosts.token, form=form, headers=_HEADERS, basic=(app.client_id, app.client_secret))
    return _grant(status, body, "QBO-CODE-GONE", None), realm


def refresh(http: Http, hosts: Hosts, app: App, grant: Grant) -> Grant:
    """A new access token. AuthorizationExpired QBO-GRANT-GONE: rotated or revoked; a person must connect again."""
    if not grant.refresh_token:
        raise AuthorizationExpired("QBO-GRANT-GONE")
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    status, body = http.call("POST", hosts.token, form=form, headers=_HEADERS, basic=(app.client_id, app.client_secret))
    return _grant(status, body, "QBO-GRANT-GONE", grant)


def revoke(http: Http, hosts: Hosts, app: App, grant: Grant) -> None:
    """End the whole grant at the vendor. One that is already gone is fine."""
    token = grant.refresh_token or grant.access_token
    status, body = http.call("POST", hosts.revoke, body={"token": token}, basic=(app.client_id, app.client_secret))
    if status not in (200, 400):
        raise _refused(status, body, "QBO-GRANT-GONE")


def _grant(status: int, body: Mapping[str, Any], gone: str, used: Grant | None) -> Grant:
    if status != 200:
        raise _refused(status, body, gone)
    access = body.get("access_token")
    kept = body.get("refresh_token") or (used.refresh_token if used else None)
    if not isinstance(access, str) or not access or not kept:
        # A page or a half answer with status 200: nothing to store, and nothing proven against the old grant.
        raise VendorUnavailable("QBO-LATER", params={"vendor_code": "token"})
    return Grant(
        access_token=access,
        refresh_token=str(kept),
        expires_in=_seconds(body.get("expires_in")),
        refresh_expires_in=_seconds(body.get("x_refresh_token_expires_in")),
        hard_expires_in=_seconds(body.get("x_refresh_token_hard_expires_in")),
        extra=dict(used.extra) if used else {},
    )


def _seconds(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _refused(status: int, body: Mapping[str, Any], gone: str) -> SyncError:
    error = str(body.get("error") or "")
    params = {"vendor_code": error[:60] or str(status)}
    if status == 429:
        return RateLimited("QBO-3001", params=params)
    if status >= 500 or not error:
        return VendorUnavailable("QBO-LATER", params=params)
    if error == "invalid_grant":
        return AuthorizationExpired(gone, params=params)
    if error in ("invalid_client", "unauthorized_client"):
        return SettingInvalid("QBO-CLIENT", params=params)
    return ContractBroken("QBO-REQUEST", params=params)


def headers(grant: Grant) -> Mapping[str, str]:
    """What authorises a call."""
    return {"Authorization": f"Bearer {grant.access_token}"}


def base_url(hosts: Hosts, grant: Grant, account_id: str) -> str:
    """The root of a company's paths."""
    return f"{hosts.api}/v3/company/{account_id}"


_TOKEN = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
_REVOKE = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
_AUTHORIZE = "https://appcenter.intuit.com/connect/oauth2"

ENVIRONMENTS = {
    "live": Hosts("https://quickbooks.api.intuit.com", _AUTHORIZE, _TOKEN, _REVOKE),
    "vendor_sandbox": Hosts("https://sandbox-quickbooks.api.intuit.com", _AUTHORIZE, _TOKEN, _REVOKE),
    "local_sandbox": Hosts(
        "{sandbox}/quickbooks",
        "{sandbox}/quickbooks/connect/oauth2",
        "{sandbox}/quickbooks/oauth2/v1/tokens/bearer",
        "{sandbox}/quickbooks/v2/oauth2/tokens/revoke",
    ),
}

SIGN_IN = OAuth2(
    authorize_url=authorize_url,
    exchange=exchange,
    refresh=refresh,
    revoke=revoke,
    scopes=(SCOPE,),
    rights=(
        Text(
            "read and write the company's accounting data (QuickBooks has no read-only right)",
            "lire et écrire les données comptables de l’entreprise (QuickBooks n’a pas de droit de lecture seule)",
        ),
    ),
    before=Text(
        "Sign in as an administrator of the company and choose the right company on the next page.",
        "Connectez-vous comme administrateur de l’entreprise et choisissez la bonne entreprise à la page suivante.",
    ),
    sign_up_url="https://quickbooks.intuit.com/",
)
